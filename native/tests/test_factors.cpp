#include <algorithm>
#include <type_traits>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/cholesky_factor.hpp"
#include "shrinkage/conjugate_gradient.hpp"
#include "shrinkage/dense_slots.hpp"
#include "shrinkage/dual_factor.hpp"
#include "shrinkage/inverse_factor.hpp"

using namespace shrinkage;
using testing::Draw;
using testing::infinity;

namespace {

/// A random positive definite matrix of 60 columns or more.
struct Case {
    explicit Case(Index n_cols = 60)
        : rows(n_cols + 20), cols(n_cols), columns(rows * cols), gram(cols * cols) {
        Draw draw(5);
        for (double& value : columns) value = draw.normal() / std::sqrt(double(rows));
        for (Index j = 0; j < cols; ++j)
            for (Index i = 0; i < cols; ++i)
                gram[j * cols + i] = best_kernels().f64.dot(rows, column(i), column(j));
    }
    const double* column(Index j) const { return columns.data() + j * rows; }
    double at(int i, int j) const { return gram[j * cols + i]; }

    /// Largest |(G + l2 D) x - b| over the members; D is 1 + j / 60.
    double misfit(const std::vector<int>& members, double l2, const std::vector<double>& x,
                  const std::vector<double>& b) const {
        double largest = 0.0;
        for (std::size_t i = 0; i < members.size(); ++i) {
            double sum = l2 * factor(members[i]) * x[i] - b[i];
            for (std::size_t k = 0; k < members.size(); ++k)
                sum += at(members[i], members[k]) * x[k];
            largest = std::max(largest, std::abs(sum));
        }
        return largest;
    }
    static double factor(int j) { return 1.0 + j / 60.0; }

    Index rows, cols;
    std::vector<double> columns, gram;
};

std::vector<double> right_hand_side(std::size_t n) {
    std::vector<double> b(n);
    for (std::size_t i = 0; i < n; ++i) b[i] = std::cos(1.0 + double(i));
    return b;
}

struct Environment {
    Interrupt interrupt{[] { return false; }};
    Runtime runtime{plain::blas, best_kernels(), interrupt, 1};
    Counts counts;
};

template <class Factor>
void append(const Case& data, Factor& factor, std::vector<int>& members, int first, int last,
            std::vector<char>& accepted) {
    const int k = last - first, size = static_cast<int>(data.cols);
    const auto n = static_cast<Index>(members.size());
    std::vector<double> cross(static_cast<std::size_t>(n * k) + 1),
        corner(static_cast<std::size_t>(k * k));
    for (int q = 0; q < k; ++q) {
        for (Index i = 0; i < n; ++i) cross[q * n + i] = data.at(members[i], (first + q) % size);
        for (int i = 0; i < k; ++i)
            corner[q * k + i] = data.at((first + i) % size, (first + q) % size);
    }
    accepted.assign(static_cast<std::size_t>(k), 0);
    if constexpr (std::is_same_v<Factor, CholeskyFactor>) {
        std::vector<double> penalty_factor;
        for (int q = 0; q < k; ++q) penalty_factor.push_back(Case::factor((first + q) % size));
        factor.append(penalty_factor, cross.data(), corner.data(), size, accepted.data());
    } else {
        factor.append(k, cross.data(), n, corner.data(), size, accepted.data());
    }
    for (int q = 0; q < k; ++q)
        if (accepted[q]) members.push_back((first + q) % size);
}

void erase(std::vector<int>& members, std::size_t position) {
    members[position] = members.back();
    members.pop_back();
}

}  // namespace

TEST(inverse_follows_appended_and_erased_members) {
    const Case data;
    Environment environment;
    InverseFactor factor(environment.runtime);
    std::vector<int> members;
    std::vector<char> accepted;
    const auto check = [&] {
        const std::vector<double> b = right_hand_side(members.size());
        std::vector<double> x(members.size());
        factor.multiply(b.data(), x.data());
        CHECK(data.misfit(members, 0.0, x, b) <= 1e-11);
    };
    for (const auto& [first, last] : {std::pair{0, 1}, {1, 3}, {3, 8}, {8, 30}, {30, 50}}) {
        append(data, factor, members, first, last, accepted);
        check();
    }
    for (const std::size_t position : {0u, 40u, 47u, 7u}) {
        CHECK(factor.erase(static_cast<Index>(position)));
        erase(members, position);
        check();
    }
    CHECK(factor.size() == 46);
}

TEST(inverse_refuses_a_member_twice_and_beyond_its_room) {
    const Case data;
    Environment environment;
    InverseFactor factor(environment.runtime);
    std::vector<int> members;
    std::vector<char> accepted;
    append(data, factor, members, 0, 10, accepted);
    append(data, factor, members, 58, 64, accepted);  // 58, 59 and 0 .. 3 again
    CHECK((accepted == std::vector<char>{1, 1, 0, 0, 0, 0}));
    CHECK(factor.size() == 12);
    const double one = 1.0;
    char flag = 1;
    std::vector<double> none(12, 0.0);
    factor.append(1, none.data(), 12, &one, 0, &flag);
    CHECK(!flag);
}

TEST(inverse_is_rebuilt_from_the_gram_matrix) {
    const Case data;
    Environment environment;
    InverseFactor factor(environment.runtime);
    std::vector<int> members(20);
    double* gram = factor.restart(20);
    for (int j = 0; j < 20; ++j) {
        members[j] = j;
        for (int i = 0; i < 20; ++i) gram[j * factor.ld() + i] = data.at(i, j);
    }
    CHECK(factor.invert());
    const std::vector<double> b = right_hand_side(20);
    std::vector<double> x(20);
    factor.multiply(b.data(), x.data());
    CHECK(data.misfit(members, 0.0, x, b) <= 1e-12);
    gram = factor.restart(2);
    gram[0] = gram[1] = gram[factor.ld()] = gram[factor.ld() + 1] = 1.0;
    CHECK(!factor.invert());
}

TEST(cholesky_follows_members_and_l2) {
    const Case data;
    Environment environment;
    CholeskyFactor factor(environment.runtime, environment.counts);
    std::vector<int> members;
    std::vector<char> accepted;
    double l2 = 0.3;
    const auto check = [&] {
        const std::vector<double> b = right_hand_side(members.size());
        std::vector<double> x(members.size());
        factor.solve(b.data(), nullptr, x.data());
        CHECK(data.misfit(members, l2, x, b) <= 1e-12);
    };
    const auto leave = [&](std::size_t position) {
        factor.erase(static_cast<Index>(position));
        erase(members, position);
    };
    for (const double each : {0.3, 0.0}) {
        factor.restart({});
        factor.set_l2(l2 = each);
        members.clear();
        for (const auto& [first, last] : {std::pair{0, 30}, {30, 31}, {31, 45}}) {
            append(data, factor, members, first, last, accepted);
            check();
        }
        const Index before = environment.counts.factorised;
        for (const std::size_t position : {44u, 3u, 0u}) {
            leave(position);
            check();
        }
        append(data, factor, members, 50, 55, accepted);  // not yet in the factor
        for (const std::size_t position : {44u, 20u, 6u}) leave(position);
        check();
        CHECK(environment.counts.factorised == before);  // rotations and blocks
        while (members.size() > 5) leave(1);
        check();
        CHECK(environment.counts.factorised == before + 1);  // where so many left
        factor.set_l2(l2 = 0.1);
        check();
    }
    append(data, factor, members, members[1], members[1] + 1, accepted);  // no harm with l2
    CHECK(accepted[0]);
    check();
}

TEST(a_factor_serves_several_values_of_l2) {
    const Case data(300);
    Environment environment;
    CholeskyFactor factor(environment.runtime, environment.counts);
    std::vector<int> members;
    std::vector<char> accepted;
    const std::vector<double> accuracy(300, 1e-11);
    double l2 = 0.3;
    const auto check = [&] {
        const std::vector<double> b = right_hand_side(members.size());
        std::vector<double> x(members.size());
        factor.solve(b.data(), accuracy.data(), x.data());
        CHECK(data.misfit(members, l2, x, b) <= 1.1e-11);
    };
    factor.set_l2(l2);
    append(data, factor, members, 0, 240, accepted);
    check();
    for (int k = 1; k <= 20; ++k) {
        factor.set_l2(l2 *= 0.93);
        check();
        append(data, factor, members, 239 + k, 240 + k, accepted);
        check();
        factor.erase(5 * k);
        erase(members, static_cast<std::size_t>(5 * k));
        check();
    }
    CHECK(environment.counts.factorised > 1);
    CHECK(environment.counts.factorised <= 12);  // of 21 values
    const Index before = environment.counts.factorised;
    factor.set_l2(l2 *= 1e-6);  // too far
    check();
    CHECK(environment.counts.factorised == before + 1);
    factor.set_l2(l2 = 0.0);
    check();
    CHECK(environment.counts.factorised == before + 2);
    // A member that depends on others is found out by a factor of the present l2 alone.
    factor.set_l2(l2 = 0.3);
    check();
    factor.set_l2(l2 = 0.29);
    check();
    factor.set_l2(l2 = 1e-14);
    append(data, factor, members, members[1], members[1] + 1, accepted);
    CHECK(!accepted[0]);
}

TEST(cholesky_refuses_dependent_members_and_more_than_its_room) {
    const Case data;
    Environment environment;
    CholeskyFactor factor(environment.runtime, environment.counts);
    std::vector<int> members;
    std::vector<char> accepted;
    append(data, factor, members, 0, 10, accepted);
    append(data, factor, members, 9, 12, accepted);
    CHECK((accepted == std::vector<char>{0, 1, 1}));
    append(data, factor, members, 58, 64, accepted);  // 58, 59 and 0 .. 3 again
    CHECK((accepted == std::vector<char>{1, 1, 0, 0, 0, 0}));
    CHECK(factor.size() == 14);
    const std::vector<double> b = right_hand_side(14), none(28, 0.0), corner{1.0, 1.0, 1.0, 1.0};
    std::vector<double> x(14);
    factor.solve(b.data(), nullptr, x.data());
    CHECK(data.misfit(members, 0.0, x, b) <= 1e-12);
    std::vector<char> flags{0, 0};
    factor.append(std::vector{1.0, 1.0}, none.data(), corner.data(), 2, flags.data());
    CHECK((flags == std::vector<char>{1, 0}));  // twice the same
    factor.append(std::vector{1.0}, none.data(), corner.data(), 0, flags.data());
    CHECK(factor.size() == 15);
}

TEST(dual_solves_more_members_than_rows) {
    const Case data;
    Environment environment;
    const Index rows = 20;  // the first rows only: 60 members in 20 dimensions
    const std::vector<double> target(rows, 0.1);
    DenseSlots slots(environment.runtime, target);
    std::vector<double> gram(60 * 60);
    for (int j = 0; j < 60; ++j) {
        double* column = slots.append({0.0, 1.0, Case::factor(j), -infinity, infinity, 1.0});
        std::copy_n(data.column(j), rows, column);
    }
    Case small = data;
    for (int j = 0; j < 60; ++j)
        for (int i = 0; i < 60; ++i)
            small.gram[j * 60 + i] = best_kernels().f64.dot(rows, data.column(i), data.column(j));
    DualFactor<DenseSlots> factor(environment.runtime, slots, environment.counts);
    std::vector<int> members;
    for (int j = 0; j < 40; ++j) members.push_back(j);
    double l2 = 0.2;
    factor.set_l2(l2);
    factor.restart(members);
    const auto check = [&] {
        const std::vector<double> b = right_hand_side(members.size());
        std::vector<double> x(members.size());
        factor.solve(members, b.data(), {}, x.data());
        CHECK(small.misfit(members, l2, x, b) <= 1e-11);
    };
    check();
    for (int j = 40; j < 42; ++j) {
        factor.append(j);
        members.push_back(j);
    }
    check();
    factor.erase(members[3]);
    erase(members, 3);
    check();
    CHECK(environment.counts.factorised == 1);  // changes went by Woodbury
    for (int j = 42; j < 60; ++j) {
        factor.append(j);
        members.push_back(j);
    }
    check();
    factor.set_l2(l2 = 0.05);
    check();
}

TEST(conjugate_gradient_solves_sparse_columns) {
    const Case data;
    Environment environment;
    const Index rows = data.rows;
    const std::vector<double> target(rows, 0.1);
    const std::vector<double> root_weight(rows, 1.0 / std::sqrt(double(rows)));
    SparseSlots slots(target, root_weight);
    Case centred = data;
    std::vector<int> members;
    for (int j = 0; j < 60; ++j) {
        std::vector<int> entries;
        std::vector<double> values;
        double mean = 0.0;
        for (int i = 0; i < rows; ++i) {
            if ((i + j) % 4 != 0) continue;
            entries.push_back(i);
            values.push_back(data.column(j)[i]);
            mean += values.back() / double(rows);
        }
        slots.append({0.0, 1.0, Case::factor(j), -infinity, infinity, 1.0}, entries, values, mean,
                     2.0);
        for (int i = 0; i < rows; ++i)
            centred.columns[j * rows + i] =
                (((i + j) % 4 == 0 ? data.column(j)[i] : 0.0) - mean) * 2.0 * root_weight[0];
        members.push_back(j);
    }
    for (int j = 0; j < 60; ++j)
        for (int i = 0; i < 60; ++i)
            centred.gram[j * 60 + i] =
                best_kernels().f64.dot(rows, centred.column(i), centred.column(j));
    std::vector<double> cross(60 * 60);
    slots.cross(members, members, cross.data(), 60);
    for (std::size_t e = 0; e < cross.size(); ++e) CHECK_CLOSE(cross[e], centred.gram[e], 1e-14);

    ConjugateGradient solver(environment.runtime, slots, environment.counts);
    solver.set_l2(0.01);
    const std::vector<double> b = right_hand_side(60);
    std::vector<double> x(60, 0.0);
    solver.solve(members, b.data(), {1e-10, 1e-13}, x.data());
    CHECK(centred.misfit(members, 0.01, x, b) <= 2e-10);
}
