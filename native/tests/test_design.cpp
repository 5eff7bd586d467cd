#include <cmath>
#include <memory>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/selected_rows.hpp"
#include "shrinkage/sparse_design.hpp"

using namespace shrinkage;

namespace {

/// The same X in all forms that have columns, with a leading dimension above its rows.
struct Forms {
    Index rows, cols, leading;
    std::vector<double> X;
    std::vector<float> single;
    std::vector<double> values;
    std::vector<int> indices, starts{0};
    std::vector<double> between;  ///< X in every other row
    std::vector<int> odd;
    std::vector<std::unique_ptr<Design>> parents, designs;

    Forms(Index n, Index p) : rows(n), cols(p), leading(n + 3), X((n + 3) * p) {
        testing::Draw draw(static_cast<std::uint64_t>(n * 100 + p));
        for (double& x : X) x = draw.chance(0.4) ? 0.0 : std::round(8.0 * draw.normal()) / 4.0;
        single.assign(X.begin(), X.end());
        designs.push_back(std::make_unique<DenseDesign<double>>(X.data(), n, p, leading, false));
        designs.push_back(
            std::make_unique<DenseDesign<float>>(single.data(), n, p, leading, false));
        for (Index j = 0; j < p; ++j) {
            designs[0]->sparse_column(j, indices, values);
            starts.push_back(static_cast<int>(indices.size()));
        }
        for (Index j = 0; j < p; ++j)
            for (Index i = 0; i < n; ++i) {
                between.insert(between.end(), {99.0, at(i, j)});
                if (j == 0) odd.push_back(static_cast<int>(2 * i + 1));
            }
        designs.push_back(std::make_unique<SelectedRows>(
            *parents.emplace_back(
                std::make_unique<DenseDesign<double>>(between.data(), 2 * n, p, 2 * n, false)),
            odd));
        designs.push_back(std::make_unique<SparseDesign<double, int>>(values.data(), indices.data(),
                                                                      starts.data(), n, p));
    }

    double at(Index i, Index j) const { return X[j * leading + i]; }
};

std::vector<double> random_vector(Index n, std::uint64_t seed) {
    testing::Draw draw(seed);
    std::vector<double> vector;
    for (Index i = 0; i < n; ++i) vector.push_back(draw.uniform());
    return vector;
}

/// Calls back with X in every form, one and two threads.
template <class Check>
void for_all_forms(const Check& check) {
    Interrupt interrupt([] { return false; });
    for (const Index n : {1, 7, 2500}) {
        for (const Index p : {1, 6, 13}) {
            const Forms forms(n, p);
            for (const auto& design : forms.designs) {
                for (const int n_threads : {1, 2}) {
                    check(Runtime{plain::blas, best_kernels(), interrupt, n_threads}, forms,
                          *design);
                }
            }
        }
    }
}

}  // namespace

TEST(products_are_those_of_plain_sums) {
    for_all_forms([](const Runtime& runtime, const Forms& forms, const Design& design) {
        const Index n = forms.rows;
        for (const Index n_vectors : {1, 2, 3, 8, 13}) {
            const std::vector<double> R = random_vector(n * n_vectors, 1);
            std::vector<Index> columns;
            for (Index j = forms.cols - 1; j >= 0; j -= 2) columns.push_back(j);
            const Index k = static_cast<Index>(columns.size()), ld = k + 2;
            std::vector<double> out(static_cast<std::size_t>(ld * n_vectors), -7.0);
            design.products(runtime, columns, R.data(), n_vectors, out.data(), ld);
            for (Index q = 0; q < n_vectors; ++q) {
                for (Index c = 0; c < k; ++c) {
                    double sum = 0.0;
                    for (Index i = 0; i < n; ++i) sum += forms.at(i, columns[c]) * R[q * n + i];
                    CHECK_CLOSE(out[q * ld + c], sum, 1e-10);
                }
                CHECK(out[q * ld + k] == -7.0);
            }
        }
    });
}

TEST(column_moments_are_those_of_plain_sums) {
    for_all_forms([](const Runtime& runtime, const Forms& forms, const Design& design) {
        const Index n = forms.rows, p = forms.cols;
        std::vector<double> wt_y = random_vector(n, 2);
        std::vector<double> weights = random_vector(n, 3);
        double total = 0.0;
        for (Index i = 1; i < n; i += 5) weights[i] = wt_y[i] = 0.0;
        for (const double weight : weights) total += weight;
        for (double& weight : weights) weight /= total;
        const double* const choices[] = {nullptr, weights.data()};
        for (const double* wt : choices) {
            std::vector<double> mean(p), square(p), product(p);
            design.column_moments(runtime, 0, p, wt, wt_y.data(), mean.data(), square.data(),
                                  product.data());
            for (Index j = 0; j < p; ++j) {
                double sum = 0.0, about_mean = 0.0, xy = 0.0;
                const auto w = [&](Index i) { return wt ? wt[i] : 1.0 / static_cast<double>(n); };
                for (Index i = 0; i < n; ++i) sum += w(i) * forms.at(i, j);
                for (Index i = 0; i < n; ++i) {
                    about_mean += w(i) * std::pow(forms.at(i, j) - sum, 2);
                    xy += wt_y[i] * forms.at(i, j);
                }
                CHECK_CLOSE(mean[j], sum, 1e-12);
                CHECK_CLOSE(square[j], about_mean, 1e-12);
                CHECK_CLOSE(product[j], xy, 1e-10);
            }
        }
    });
}

TEST(a_constant_column_has_no_spread_however_it_is_stored) {
    const Index n = 50;
    const std::vector<double> x(n, 0.1), weights = [&] {
        std::vector<double> wt(n, 0.0);
        for (Index i = 0; i < n; i += 2) wt[i] = 1.0 / 25.0;
        return wt;
    }();
    std::vector<int> rows, starts{0, static_cast<int>(n)};
    for (Index i = 0; i < n; ++i) rows.push_back(static_cast<int>(i));
    const DenseDesign<double> dense(x.data(), n, 1, n, false);
    const SparseDesign<double, int> sparse(x.data(), rows.data(), starts.data(), n, 1);
    Interrupt interrupt([] { return false; });
    const Runtime runtime{plain::blas, best_kernels(), interrupt, 1};
    const Design* const designs[] = {&dense, &sparse};
    for (const Design* design : designs) {
        double mean = 0.0, square = 1.0, product = 0.0;
        design->column_moments(runtime, 0, 1, weights.data(), x.data(), &mean, &square, &product);
        CHECK(std::sqrt(square) <= 1e-13 * 0.1);
    }
}

TEST(copies_and_sums_of_columns_are_exact) {
    for_all_forms([](const Runtime& runtime, const Forms& forms, const Design& design) {
        const Index n = forms.rows, j = forms.cols - 1;
        const std::vector<double> root = random_vector(n, 4);
        std::vector<double> out(static_cast<std::size_t>(n));
        design.copy_column(runtime.simd, j, 0.5, 3.0, root.data(), out.data());
        for (Index i = 0; i < n; ++i) {
            CHECK_CLOSE(out[i], (forms.at(i, j) - 0.5) * 3.0 * root[i],
                        1e-14 * (1.0 + std::abs(out[i])));
        }
        const std::vector<int> columns{static_cast<int>(j), 0, static_cast<int>(j)};
        const std::vector<double> coef{2.0, -1.0, 0.25};
        const Index first = n / 3, last = n - n / 4;
        std::vector<double> eta(static_cast<std::size_t>(last - first), 1.0);
        design.add_columns(runtime.simd, columns, coef, first, last, eta.data());
        for (Index i = first; i < last; ++i) {
            CHECK_CLOSE(eta[i - first], 1.0 + 2.25 * forms.at(i, j) - forms.at(i, 0), 1e-13);
        }
    });
}
