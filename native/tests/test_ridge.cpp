#include <algorithm>
#include <cmath>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/leave_one_out_wide.hpp"
#include "shrinkage/ridge_wide_crossval.hpp"

using namespace shrinkage;

namespace {

Interrupt never([] { return false; });
const Runtime runtime{plain::blas, kernels_baseline, never, 2};
const std::vector<double> alphas{10.0, 1.0, 1e-2, 1e-4, 0.0};
constexpr Index m = 5;

/// Both plans take any shape, so each can judge the other.
struct Data {
    Index n, p;
    std::vector<double> X, y, weights, penalty_factor;
    std::vector<int> fold_ids;

    Data(Index rows, Index cols) : n(rows), p(cols), penalty_factor(cols, 1.0) {
        testing::Draw draw(static_cast<std::uint64_t>(rows));
        for (Index i = 0; i < n * p; ++i) X.push_back(draw.normal() + 1.0);
        double sum = 0.0;
        for (Index i = 0; i < n; ++i) {
            y.push_back(X[i] + 2.0 * X[n + i] + draw.normal());
            weights.push_back(i == 3 ? 0.0 : draw.between(0.5, 1.5));
            fold_ids.push_back(static_cast<int>(i % 3) - (i == 0 ? 1 : 0));
            sum += weights.back();
        }
        for (double& weight : weights) weight /= sum;
        for (Index j = 0; j < p; ++j) penalty_factor[j] = draw.between(0.5, 2.0);
        penalty_factor[1] = 0.0;
        penalty_factor[2] = testing::infinity;
    }

    DenseDesign<double> design() const { return {X.data(), n, p, n, false}; }
};

std::vector<double> dense_coefs(const PathResult& path, Index p) {
    std::vector<double> coef(p * m);
    for (Index k = 0; k < m; ++k)
        for (Index at = path.starts[k]; at < path.starts[k + 1]; ++at)
            coef[k * p + path.features[at]] = path.values[at];
    return coef;
}

void check_same(const std::vector<double>& found, const std::vector<double>& expected) {
    CHECK(found.size() == expected.size());
    for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
        if (std::isnan(expected[i])) CHECK(std::isnan(found[i]));
        if (!std::isnan(expected[i])) CHECK_CLOSE(found[i], expected[i], 1e-7);
    }
}

/// Every shape with every choice of intercept and scale.
template <class Body>
void for_each_case(const Body& body) {
    for (const auto& [n, p] : {std::pair<Index, Index>{20, 6}, {9, 15}}) {
        const Data data(n, p);
        for (const bool fit_intercept : {true, false})
            for (const bool standardize : {true, false}) body(data, fit_intercept, standardize);
    }
}

}  // namespace

TEST(ridge_by_columns_and_by_rows_agree) {
    for_each_case([](const Data& data, bool fit_intercept, bool standardize) {
        const auto design = data.design();
        const CrossProducts cross(runtime, design, data.y, data.weights, fit_intercept, standardize,
                                  {}, 0);
        const PathResult by_columns = cross.ridge(runtime, alphas, data.penalty_factor);
        const PathResult by_rows = WideRidge(runtime, design, data.y, data.weights, fit_intercept,
                                             standardize, data.penalty_factor)
                                       .path(alphas);
        check_same(dense_coefs(by_rows, data.p), dense_coefs(by_columns, data.p));
        check_same(by_rows.intercepts, by_columns.intercepts);
        check_same(by_rows.loss, by_columns.loss);
        for (Index k = 0; k < m; ++k) {
            CHECK(by_columns.dual_gap[k] <= 1e-12);
            CHECK(by_rows.dual_gap[k] <= 1e-12);
            CHECK(by_columns.status[k] == by_rows.status[k]);
        }
    });
}

TEST(ridge_folds_by_columns_and_by_rows_agree) {
    for_each_case([](const Data& data, bool fit_intercept, bool standardize) {
        const auto design = data.design();
        const CrossProducts cross(runtime, design, data.y, data.weights, fit_intercept, standardize,
                                  data.fold_ids, 3);
        const FoldResult by_columns = cross.ridge_crossval(runtime, alphas, data.penalty_factor);
        const FoldResult by_rows =
            WideRidgeFolds(runtime, design, data.y, data.weights, fit_intercept, standardize,
                           data.penalty_factor, alphas)
                .run(data.fold_ids, 3);
        check_same(by_rows.error, by_columns.error);
        check_same(by_rows.train_error, by_columns.train_error);
        check_same(by_rows.weight, by_columns.weight);
    });
}

TEST(leave_one_out_by_columns_and_by_rows_agree) {
    for_each_case([](const Data& data, bool fit_intercept, bool standardize) {
        const auto design = data.design();
        const LeaveOneOut by_columns =
            LeaveOneOutByRows(runtime, design, data.y, data.weights, fit_intercept, standardize,
                              data.penalty_factor)
                .run(alphas);
        const LeaveOneOut by_kernel =
            LeaveOneOutByKernel(runtime, design, data.y, data.weights, fit_intercept, standardize,
                                data.penalty_factor)
                .run(alphas);
        check_same(by_kernel.error, by_columns.error);
        check_same(by_kernel.predictions, by_columns.predictions);
        check_same(by_kernel.gcv, by_columns.gcv);
        check_same(by_kernel.trace, by_columns.trace);
    });
}

TEST(one_decomposition_serves_all_strengths) {
    const Data data(20, 6);
    const auto design = data.design();
    const std::vector<double> factors(6, 1.0);
    const CrossProducts cross(runtime, design, data.y, {}, true, true, {}, 0);
    std::vector<double> many;
    for (int k = 0; k < 50; ++k) many.push_back(std::exp(-0.2 * k));
    CHECK(cross.ridge(runtime, many, factors).counts.factorised == 1);
    CHECK(
        WideRidge(runtime, design, data.y, {}, true, true, factors).path(many).counts.factorised ==
        1);
}
