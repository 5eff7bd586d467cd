#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/sparse_design.hpp"
#include "shrinkage/uninformative_columns.hpp"

using namespace shrinkage;

namespace {

/// X by columns, by rows and as its stored entries; some columns are constant or repeat another.
struct Forms {
    std::vector<double> by_column, by_row, values, spread;
    std::vector<int> indices, starts{0};
    std::vector<std::unique_ptr<Design>> designs;

    Forms(Index n, Index p, const std::vector<std::pair<Index, Index>>& copies,
          const std::vector<Index>& constant)
        : by_column(n * p), by_row(n * p), spread(p) {
        testing::Draw draw(static_cast<std::uint64_t>(n + p));
        for (double& x : by_column) x = draw.chance(0.4) ? 0.0 : draw.normal();
        for (const auto& [from, to] : copies) {
            std::copy_n(&by_column[from * n], n, &by_column[to * n]);
        }
        for (const Index j : constant) std::fill_n(&by_column[j * n], n, 3.0);
        for (Index j = 0; j < p; ++j) {
            for (Index i = 0; i < n; ++i) {
                const double x = by_column[j * n + i];
                by_row[i * p + j] = x;
                spread[j] += 1.0 + x * x;  // any number that equal columns share
                if (x == 0.0) continue;
                indices.push_back(static_cast<int>(i));
                values.push_back(x);
            }
            starts.push_back(static_cast<int>(values.size()));
        }
        for (const Index j : constant) spread[j] = 0.0;
        designs.push_back(std::make_unique<DenseDesign<double>>(by_column.data(), n, p, n, false));
        designs.push_back(std::make_unique<DenseDesign<double>>(by_row.data(), n, p, p, true));
        designs.push_back(std::make_unique<SparseDesign<double, int>>(values.data(), indices.data(),
                                                                      starts.data(), n, p));
    }
};

UninformativeColumns look(const Design& design, const std::vector<double>& spread, int n_threads) {
    Interrupt interrupt([] { return false; });
    return uninformative_columns({plain::blas, best_kernels(), interrupt, n_threads}, design,
                                 spread);
}

}  // namespace

TEST(constant_and_repeated_columns_are_found) {
    for (const Index n : {2, 5, 700}) {
        const Forms forms(n, 600, {{3, 8}, {8, 599}, {0, 257}}, {4, 300});
        for (const auto& design : forms.designs) {
            for (const int n_threads : {1, 2}) {
                const UninformativeColumns found = look(*design, forms.spread, n_threads);
                CHECK((found.constant == std::vector<Index>{4, 300}));
                for (const Index j : {8, 257, 599})
                    CHECK(std::ranges::count(found.repeated, j) == 1);
            }
        }
    }
}

TEST(columns_that_differ_in_one_row_are_no_repeats) {
    Forms forms(700, 2, {{0, 1}}, {});
    for (const Index row : {0, 255, 256, 501, 699}) {
        double& x = forms.by_column[700 + row];
        const double before = std::exchange(x, x + 1.0);
        CHECK(look(*forms.designs[0], forms.spread, 1).repeated.empty());
        x = before;
    }
    CHECK(look(*forms.designs[0], forms.spread, 1).repeated == std::vector<Index>{1});
}

TEST(a_zero_of_either_sign_is_the_same) {
    const std::vector<double> X{0.0, 1.0, -0.0, 1.0, 0.0, 0.0, -0.0, -0.0},
        spread{1.0, 1.0, 1.0, 1.0};
    const DenseDesign<double> design(X.data(), 2, 4, 2, false);
    CHECK((look(design, spread, 1).repeated == std::vector<Index>{1, 3}));
}
