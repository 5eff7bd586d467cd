#include <cmath>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/active_set.hpp"
#include "shrinkage/anderson.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/quadratic_slots.hpp"
#include "shrinkage/sparse_design.hpp"
#include "shrinkage/sparse_rows.hpp"
#include "shrinkage/tiled_columns.hpp"

using namespace shrinkage;

namespace {

Interrupt never([] { return false; });

Runtime runtime_of(int n_threads) { return {plain::blas, best_kernels(), never, n_threads}; }

struct Matrix {
    Index n, p;
    std::vector<double> values, d;

    Matrix(Index rows, Index cols, double density) : n(rows), p(cols) {
        testing::Draw draw(23);
        for (Index e = 0; e < n * p; ++e)
            values.push_back(draw.chance(density) ? draw.normal() + 1.0 : 0.0);
        for (Index i = 0; i < n; ++i) d.push_back(draw.uniform());
    }
    double at(Index i, Index j) const { return values[j * n + i]; }
};

/// Compressed columns of a matrix.
struct Compressed {
    std::vector<double> values;
    std::vector<std::int32_t> rows, starts{0};

    explicit Compressed(const Matrix& X) {
        for (Index j = 0; j < X.p; ++j) {
            for (Index i = 0; i < X.n; ++i) {
                if (X.at(i, j) == 0.0) continue;
                values.push_back(X.at(i, j));
                rows.push_back(static_cast<std::int32_t>(i));
            }
            starts.push_back(static_cast<std::int32_t>(values.size()));
        }
    }
};

constexpr double scale = 0.5;
double shift_of(Index j) { return 0.1 * static_cast<double>(j); }

/// Appends columns in two portions, and compares what the copies give with plain loops.
/// @param is_centred whether the copies are, or only their shift() is known
template <class Columns>
void check_columns(const Matrix& X, const Design& design, bool is_centred, int n_threads) {
    const Runtime runtime = runtime_of(n_threads);
    Columns columns(design);
    GrowingSquare gram;
    std::vector<double> sum;
    for (const Index end : {X.p / 2, X.p}) {
        const Index first = columns.size();
        for (Index j = first; j < end; ++j) columns.append(runtime.simd, j, shift_of(j), scale);
        columns.appended();
        columns.weighted_gram(runtime, X.d.data(), first, gram, sum);
    }
    const auto copy = [&](Index i, Index j) {
        return (X.at(i, j) - (is_centred ? shift_of(j) : 0.0)) * scale;
    };
    for (Index j = 0; j < X.p; ++j) {
        CHECK_CLOSE(columns.shift(static_cast<int>(j)), is_centred ? 0.0 : shift_of(j) * scale,
                    1e-15);
        double weighted = 0.0;
        for (Index i = 0; i < X.n; ++i) weighted += copy(i, j) * X.d[i];
        CHECK_CLOSE(sum[j], weighted, 1e-9);
        for (Index k = 0; k < X.p; ++k) {
            double product = 0.0;
            for (Index i = 0; i < X.n; ++i) product += copy(i, j) * copy(i, k) * X.d[i];
            CHECK_CLOSE(gram.data()[j * gram.ld() + k], product, 1e-9);
        }
    }
    const std::vector<int> list{static_cast<int>(X.p) - 1, 0, 2};
    const std::vector<double> coef{0.5, -1.0, 2.0};
    std::vector<double> eta(X.n, 0.25), product(2 * X.p, 0.0);
    const Index step = columns.rows_in_cache();
    for (Index first = 0; first < X.n; first += step) {
        const Index last = std::min(first + step, X.n);
        columns.add_product(runtime.simd, first, last, list, coef.data(), eta.data() + first);
        std::vector<double> u(X.d.begin() + first, X.d.begin() + last);
        u.insert(u.end(), X.d.begin() + first, X.d.begin() + last);
        columns.add_cross_product(runtime.simd, first, last, u.data(), 2, product.data(), X.p);
    }
    for (Index i = 0; i < X.n; ++i) {
        double want = 0.25;
        for (std::size_t k = 0; k < list.size(); ++k) want += coef[k] * copy(i, list[k]);
        CHECK_CLOSE(eta[i], want, 1e-13);
    }
    for (Index j = 0; j < X.p; ++j)
        for (const Index k : {Index{0}, X.p}) CHECK_CLOSE(product[k + j], sum[j], 1e-9);
}

/// Compares products with the weighted Gram matrix that is not formed with plain loops.
void check_products(const Matrix& X, const Design& design, int n_threads) {
    const Runtime runtime = runtime_of(n_threads);
    SparseRows columns(design);
    GrowingSquare gram;
    std::vector<double> sum, sum_again, squares, parts, x, out(X.p);
    for (const Index end : {X.p / 2, X.p}) {
        const Index first = columns.size();
        for (Index j = first; j < end; ++j) columns.append(runtime.simd, j, shift_of(j), scale);
        columns.appended();
        columns.weighted_gram(runtime, X.d.data(), first, gram, sum);
        columns.weighted_squares(X.d.data(), first, sum_again, squares);
    }
    for (Index j = 0; j < X.p; ++j) x.push_back(1.0 - 0.3 * static_cast<double>(j));
    columns.multiply_gram(runtime, X.d.data(), x.data(), parts, out.data());
    for (Index j = 0; j < X.p; ++j) {
        const double* column = gram.data() + j * gram.ld();
        double product = 0.0;
        for (Index k = 0; k < X.p; ++k) product += column[k] * x[k];
        CHECK_CLOSE(out[j], product, 1e-9);
        CHECK_CLOSE(sum_again[j], sum[j], 1e-9);
        CHECK_CLOSE(squares[j], column[j], 1e-9);
    }
}

/// A Gram matrix that others may only multiply with.
class HiddenGram final : public ProductsOf {
public:
    HiddenGram(const std::vector<double>& G, Index p) : _gram(G), _size(p) {}
    void multiply(const double* x, double* out) const override {
        for (Index j = 0; j < _size; ++j) {
            out[j] = 0.0;
            for (Index k = 0; k < _size; ++k) out[j] += _gram[j * _size + k] * x[k];
        }
    }
    double entry_on_diagonal(int j) const override { return _gram[j * _size + j]; }

private:
    const std::vector<double>& _gram;
    Index _size;
};

/// min b'G b / 2 - q'b + l1 |b|_1 as slots for the engine.
QuadraticSlots slots_of(const Runtime& runtime, const std::vector<double>& G, Index p) {
    QuadraticSlots slots(runtime);
    slots.gram().reserve(p, 0);
    for (Index j = 0; j < p; ++j) {
        std::copy_n(G.data() + j * p, p, slots.gram().data() + j * slots.gram().ld());
        slots.add({.c0 = 0.0,
                   .diagonal = G[j * p + j],
                   .penalty_factor = j == 2 ? 0.0 : 1.0,
                   .lower = j == 1 ? 0.0 : -testing::infinity,
                   .upper = j == 3 ? 0.2 : testing::infinity,
                   .rounding = std::sqrt(G[j * p + j])});
    }
    return slots;
}

std::vector<double> random_gram(testing::Draw& draw, Index p) {
    const Index n = p + 5;
    std::vector<double> Z, G(p * p, 0.0);
    for (Index e = 0; e < n * p; ++e) Z.push_back(draw.normal());
    for (Index j = 0; j < p; ++j)
        for (Index k = 0; k < p; ++k)
            for (Index i = 0; i < n; ++i) G[j * p + k] += Z[j * n + i] * Z[k * n + i];
    return G;
}

std::vector<double> solution(const ActiveSet<QuadraticSlots>& engine, Index p) {
    std::vector<double> b(p, 0.0);
    for (std::size_t i = 0; i < engine.features().size(); ++i)
        b[engine.features()[i]] = engine.coef()[i];
    for (const AtBound& each : engine.at_bound()) b[each.slot] = each.value;
    return b;
}

}  // namespace

TEST(tiled_columns_equal_plain_loops) {
    for (const Index n : {Index{7}, Index{200}, Index{2500}})
        for (const int n_threads : {1, 2}) {
            const Matrix X(n, 9, 1.0);
            const DenseDesign<double> design(X.values.data(), X.n, X.p, X.n, false);
            check_columns<TiledColumns>(X, design, true, n_threads);
        }
}

TEST(sparse_rows_equal_plain_loops) {
    for (const Index n : {Index{7}, Index{2500}})
        for (const int n_threads : {1, 2}) {
            const Matrix X(n, 9, 0.3);
            const Compressed columns(X);
            const SparseDesign<double, std::int32_t> design(
                columns.values.data(), columns.rows.data(), columns.starts.data(), X.n, X.p);
            check_columns<SparseRows>(X, design, false, n_threads);
            check_products(X, design, n_threads);
        }
}

TEST(a_replaced_quadratic_is_solved_from_where_the_last_one_ended) {
    constexpr Index p = 12;
    const Runtime runtime = runtime_of(1);
    const EngineSettings settings{1000, p, 1.0};
    for (const Method method : {Method::inverse, Method::cholesky}) {
        testing::Draw draw(31);
        const double l2 = method == Method::cholesky ? 0.3 : 0.0;
        std::vector<double> q(p);
        QuadraticSlots slots = slots_of(runtime, random_gram(draw, p), p);
        ActiveSet<QuadraticSlots> engine(runtime, slots, method, settings);
        for (int change = 0; change < 20; ++change) {
            for (double& value : q) value = 3.0 * draw.normal();
            double y_norm = slots.set_linear_term(q);
            if (change % 3 == 2) {
                const std::vector<double> G = random_gram(draw, p);
                for (Index j = 0; j < p; ++j)
                    std::copy_n(G.data() + j * p, p, slots.gram().data() + j * slots.gram().ld());
                slots.gram_written();
                y_norm = slots.set_linear_term(q);
                engine.gram_changed(y_norm);
            } else {
                engine.linear_term_changed(y_norm);
            }
            CHECK(engine.solve(1.0, l2) == Status::converged);
            ActiveSet<QuadraticSlots> fresh(runtime, slots, method, settings);
            fresh.linear_term_changed(y_norm);
            CHECK(fresh.solve(1.0, l2) == Status::converged);
            const std::vector<double> found = solution(engine, p), want = solution(fresh, p);
            for (Index j = 0; j < p; ++j) CHECK_CLOSE(found[j], want[j], 1e-10);
        }
    }
}

TEST(so_many_members_that_a_factor_takes_over_are_optimal) {
    constexpr Index p = 450, many = detail::most_inverted<QuadraticSlots>;
    const Runtime runtime = runtime_of(1);
    testing::Draw draw(33);
    std::vector<double> q(p);
    std::size_t most = 0, fewest = p;
    QuadraticSlots slots = slots_of(runtime, random_gram(draw, p), p);
    ActiveSet<QuadraticSlots> engine(runtime, slots, Method::inverse, {1000, p, 1.0});
    for (int change = 0; change < 6; ++change) {
        GrowingSquare& gram = slots.gram();
        for (Index j = 0; j < p; ++j)  // never the same, and well conditioned
            gram.data()[j * gram.ld() + j] += static_cast<double>(p);
        slots.gram_written();
        for (double& value : q) value = 100.0 * draw.normal();
        engine.gram_changed(slots.set_linear_term(q));
        for (const double l1 : {150.0, 4.0, 0.1, 30.0}) {
            CHECK(engine.solve(l1, 0.0) == Status::converged);
            most = std::max(most, engine.features().size());
            fewest = std::min(fewest, engine.features().size());
            const std::vector<double> b = solution(engine, p);
            for (Index j = 0; j < p; ++j) {
                double c = q[j];
                for (Index k = 0; k < p; ++k) c -= gram.data()[j * gram.ld() + k] * b[k];
                const double limit = j == 2 ? 0.0 : l1;
                double violation =
                    b[j] != 0.0 ? std::abs(c - std::copysign(limit, b[j])) : std::abs(c) - limit;
                if (j == 1 && b[j] == 0.0) violation = c - limit;  // not below 0
                if (j == 3 && b[j] == 0.2) violation = limit - c;  // held at its bound
                CHECK(violation <= 1e-9 * l1);
                CHECK((j != 1 || b[j] >= 0.0) && (j != 3 || b[j] <= 0.2));
            }
        }
    }
    CHECK(most > static_cast<std::size_t>(many) && fewest < static_cast<std::size_t>(many) / 2);
}

TEST(a_quadratic_held_by_columns_has_the_same_solution_as_by_its_gram_matrix) {
    constexpr Index n = 10, p = 40;
    const Runtime runtime = runtime_of(1);
    const EngineSettings settings{1000, n, 1.0, 1e-13};
    testing::Draw draw(32);
    QuadraticSlots by_gram(runtime), by_columns(runtime);
    by_columns.hold(n);
    double* W = by_columns.reserve_columns(p);
    for (Index e = 0; e < n * p; ++e) W[e] = draw.normal();
    by_gram.gram().reserve(p, 0);
    for (Index j = 0; j < p; ++j) {
        double* column = by_gram.gram().data() + j * by_gram.gram().ld();
        for (Index k = 0; k < p; ++k) {
            column[k] = 0.0;
            for (Index i = 0; i < n; ++i) column[k] += W[j * n + i] * W[k * n + i];
        }
        const double factor = 1.0 + 0.1 * static_cast<double>(j % 5);
        const Slot slot{0.0,
                        column[j],
                        factor,
                        j == 1 ? 0.0 : -testing::infinity,
                        j == 3 ? 0.02 : testing::infinity,
                        std::sqrt(column[j])};
        by_gram.add(slot);
        by_columns.add(slot);
        CHECK_CLOSE(by_columns.entry_on_diagonal(static_cast<int>(j)), column[j], 1e-12);
    }
    std::vector<double> q(p);
    ActiveSet<QuadraticSlots> one(runtime, by_gram, Method::cholesky, settings);
    ActiveSet<QuadraticSlots> other(runtime, by_columns, Method::cholesky, settings);
    for (const double l1 : {3.0, 0.3, 0.0})
        for (int change = 0; change < 5; ++change) {
            for (double& value : q) value = 3.0 * draw.normal();
            one.linear_term_changed(by_gram.set_linear_term(q));
            other.linear_term_changed(by_columns.set_linear_term(q));
            CHECK(one.solve(l1, 0.5) == Status::converged);
            CHECK(other.solve(l1, 0.5) == Status::converged);
            const std::vector<double> want = solution(one, p), found = solution(other, p);
            for (Index j = 0; j < p; ++j) CHECK_CLOSE(found[j], want[j], 1e-9);
        }
}

TEST(a_quadratic_known_by_products_has_the_same_solution_as_by_its_gram_matrix) {
    constexpr Index p = 40;
    const Runtime runtime = runtime_of(1);
    const EngineSettings settings{1000, p, 1.0};
    testing::Draw draw(34);
    std::vector<double> G = random_gram(draw, p), q(p);
    const HiddenGram hidden(G, p);
    for (const double l2 : {0.0, 0.5}) {
        const Method method = l2 > 0.0 ? Method::cholesky : Method::inverse;
        QuadraticSlots by_gram = slots_of(runtime, G, p), by_products = slots_of(runtime, G, p);
        ActiveSet<QuadraticSlots> one(runtime, by_gram, method, settings);
        ActiveSet<QuadraticSlots> other(runtime, by_products, method, settings);
        by_products.set_linear_term(q);
        CHECK(other.solve(1.0, l2) == Status::converged);  // by its Gram matrix, so far
        by_products.hold(hidden);
        by_products.gram_written();
        other.gram_changed(0.0);
        for (const double l1 : {30.0, 3.0, 0.3})
            for (int change = 0; change < 5; ++change) {
                for (double& value : q) value = 30.0 * draw.normal();
                one.linear_term_changed(by_gram.set_linear_term(q));
                other.linear_term_changed(by_products.set_linear_term(q));
                CHECK(one.solve(l1, l2) == Status::converged);
                CHECK(other.solve(l1, l2) == Status::converged);
                const std::vector<double> want = solution(one, p), found = solution(other, p);
                for (Index j = 0; j < p; ++j) CHECK_CLOSE(found[j], want[j], 1e-8);
            }
        CHECK(by_products.n_products() > 0);
        const std::vector<int> some{0, 2, 7}, others{1, 5};
        std::vector<double> entries(some.size() * others.size());
        by_products.cross(others, some, entries.data(), static_cast<Index>(some.size()));
        for (std::size_t i = 0; i < entries.size(); ++i)
            CHECK_CLOSE(entries[i], G[others[i / 3] * p + some[i % 3]], 1e-12);
    }
}

TEST(what_was_asked_for_roughly_is_solved_with_fewer_products) {
    constexpr Index p = 60;
    const Runtime runtime = runtime_of(1);
    testing::Draw draw(35);
    const std::vector<double> G = random_gram(draw, p);
    std::vector<double> q(p);
    for (double& value : q) value = 30.0 * draw.normal();
    const HiddenGram hidden(G, p);
    Index fewest = 0;
    for (const double accuracy : {1e-3, 1e-12}) {
        QuadraticSlots slots(runtime);
        slots.hold(hidden);
        for (Index j = 0; j < p; ++j)
            slots.add({.c0 = 0.0,
                       .diagonal = G[j * p + j],
                       .penalty_factor = 1.0,
                       .lower = -testing::infinity,
                       .upper = testing::infinity,
                       .rounding = std::sqrt(G[j * p + j])});
        ActiveSet<QuadraticSlots> engine(runtime, slots, Method::inverse, {1000, p, 1.0});
        engine.set_accuracy(accuracy, std::max(accuracy, 1e-11));
        engine.linear_term_changed(slots.set_linear_term(q));
        CHECK(engine.solve(3.0, 0.0) == Status::converged);
        const std::vector<double> b = solution(engine, p);
        for (Index j = 0; j < p; ++j) {
            double c = q[j];
            for (Index k = 0; k < p; ++k) c -= G[j * p + k] * b[k];
            const double violation =
                b[j] != 0.0 ? std::abs(c - std::copysign(3.0, b[j])) : std::abs(c) - 3.0;
            CHECK(violation <= 3.0 * std::max(20.0 * accuracy, 1e-9));
        }
        if (accuracy > 1e-6)
            fewest = slots.n_products();
        else
            CHECK(slots.n_products() > fewest);
    }
}

TEST(anderson_solves_a_linear_iteration_of_two_variables_in_three_steps) {
    // x -> A x + b with eigenvalues 0.5 and -0.3: depth 2 is exact in two variables.
    Anderson anderson;
    std::vector<double> x{0.0, 0.0};
    const auto step = [](const std::vector<double>& at) {
        return std::vector<double>{0.1 * at[0] + 0.4 * at[1] + 1.0,
                                   0.4 * at[0] + 0.1 * at[1] - 2.0};
    };
    for (int k = 0; k < 3; ++k) {
        std::vector<double> to = step(x);
        anderson.accelerate(x, to, [](std::size_t, double) { return false; });
        x = to;
    }
    const std::vector<double> fixed = step(x);
    CHECK_CLOSE(x[0], fixed[0], 1e-10);
    CHECK_CLOSE(x[1], fixed[1], 1e-10);
}
