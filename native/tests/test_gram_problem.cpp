#include <algorithm>
#include <cmath>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/cross_products.hpp"
#include "shrinkage/dense_design.hpp"

using namespace shrinkage;

namespace {

constexpr Index n = 40, p = 5, n_folds = 4;

struct Data {
    std::vector<double> X, y, weights;
    std::vector<int> fold_ids;

    explicit Data(double mean) {
        testing::Draw draw(7);
        for (Index i = 0; i < n * p; ++i) X.push_back(mean + draw.normal());
        std::fill_n(X.begin() + 3 * n, n, 0.1);  // without spread
        double sum = 0.0;
        for (Index i = 0; i < n; ++i) {
            y.push_back(2.0 + X[i] - X[n + i] + draw.normal());
            weights.push_back(i % 9 == 4 ? 0.0 : draw.between(0.1, 1.0));
            fold_ids.push_back(i % 7 == 0 ? -1 : draw.integer(n_folds));
            sum += weights.back();
        }
        for (double& weight : weights) weight /= sum;
    }

    DenseDesign<double> design() const { return {X.data(), n, p, n, false}; }
};

Interrupt never([] { return false; });
const Runtime runtime{plain::blas, kernels_baseline, never, 2};

std::vector<RowGroup> groups_of(const Data& data) {
    const auto design = data.design();
    std::vector<Moments> moments = moments_by_fold(
        runtime, design, data.y.data(), data.weights.data(), data.fold_ids.data(), n_folds);
    std::vector<RowGroup> groups;
    for (Moments& each : moments) {
        mirror(p + 1, each.products.data(), p + 1);
        groups.push_back({std::move(each), 1});
    }
    return groups;
}

double eta(const Data& data, const PathResult& path, Index k, Index row) {
    double value = path.intercepts[k];
    for (Index at = path.starts[k]; at < path.starts[k + 1]; ++at)
        value += data.X[path.features[at] * n + row] * path.values[at];
    return value;
}

}  // namespace

TEST(training_groups_are_the_other_rows) {
    const Data data(1e6);
    const std::vector<RowGroup> training = training_groups(groups_of(data), n_folds);
    for (int fold = 0; fold < n_folds; ++fold) {
        std::vector<double> others = data.weights;
        for (Index i = 0; i < n; ++i)
            if (data.fold_ids[i] == fold) others[i] = 0.0;
        const auto design = data.design();
        const Moments expected =
            moments_by_fold(runtime, design, data.y.data(), others.data(), nullptr, 0)[0];
        const Moments& found = training[fold].moments;
        CHECK(training[fold].n_rows == n_folds);  // one for each other group
        CHECK_CLOSE(found.weight, expected.weight, 1e-14);
        for (Index j = 0; j <= p; ++j) {
            CHECK_CLOSE(found.mean[j], expected.mean[j], 1e-8);
            for (Index i = 0; i <= j; ++i)
                // means of a million are stored to 1e-10
                CHECK_CLOSE(found.products[j * (p + 1) + i], expected.products[j * (p + 1) + i],
                            1e-9);
        }
    }
}

TEST(a_gram_problem_is_the_inner_products_of_scaled_columns) {
    const Data data(3.0);
    const auto design = data.design();
    const Moments moments =
        moments_by_fold(runtime, design, data.y.data(), data.weights.data(), nullptr, 0)[0];
    for (const bool fit_intercept : {true, false})
        for (const bool standardize : {true, false}) {
            const GramProblem problem = make_gram_problem(moments, n, fit_intercept, standardize);
            const ProblemUnits& units = problem.units;
            CHECK((units.scale[3] == 0.0) == (fit_intercept || standardize));
            CHECK(problem.rank_limit == n - (fit_intercept ? 1 : 0));
            const auto z = [&](Index j, Index i) {
                return units.scale[j] == 0.0 ? 0.0
                                             : (data.X[j * n + i] - units.mean[j]) / units.scale[j];
            };
            for (Index a = 0; a < p; ++a) {
                double c0 = 0.0;
                for (Index i = 0; i < n; ++i)
                    c0 += data.weights[i] * z(a, i) * (data.y[i] - units.y_mean);
                CHECK_CLOSE(problem.correlation[a], c0, 1e-12);
                for (Index b = 0; b < p; ++b) {
                    double product = 0.0;
                    for (Index i = 0; i < n; ++i) product += data.weights[i] * z(a, i) * z(b, i);
                    CHECK_CLOSE(problem.gram[b * p + a], product, 1e-11);
                }
            }
        }
}

TEST(held_out_errors_need_no_rows) {
    const Data data(3.0);
    const auto design = data.design();
    const std::vector<double> alphas{0.5, 0.1, 0.01}, factors(p, 1.0);
    const PathTask task{alphas, 0.7, factors, {}, {}, 100, 1e-9};
    for (const bool fit_intercept : {true, false}) {
        const CrossProducts cross(runtime, design, data.y, data.weights, fit_intercept, true,
                                  data.fold_ids, n_folds);
        const FoldResult folds = cross.crossval(runtime, task);
        for (Index fold = 0; fold < n_folds; ++fold)
            for (Index k = 0; k < 3; ++k) {
                double inside = 0.0, weight = 0.0, outside = 0.0;
                for (Index i = 0; i < n; ++i) {
                    const double apart = data.y[i] - eta(data, folds.paths[fold], k, i);
                    const double square = data.weights[i] * apart * apart;
                    (data.fold_ids[i] == fold ? inside : outside) += square;
                    if (data.fold_ids[i] == fold) weight += data.weights[i];
                }
                CHECK_CLOSE(folds.weight[fold], weight, 1e-14);
                CHECK_CLOSE(folds.error[fold * 3 + k], inside / weight, 1e-12);
                CHECK_CLOSE(folds.train_error[fold * 3 + k], outside / (1.0 - weight), 1e-12);
            }
    }
}
