#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/sparse_design.hpp"
#include "shrinkage/working_set_crossval.hpp"

namespace {

using namespace shrinkage;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A problem with y = X coef + noise, columns that follow each other, and its tasks.
struct Case {
    Index rows, cols;
    std::vector<double> X, y, weights, penalty_factor, lower, upper, alphas;
    double l1_ratio = 1.0;
    bool fit_intercept = true, standardize = true;

    Case(Index n, Index p, unsigned seed)
        : rows(n), cols(p), X(n * p), y(n), penalty_factor(p, 1.0) {
        std::mt19937 random(seed);
        std::normal_distribution<double> normal;
        for (Index j = 0; j < p; ++j)
            for (Index i = 0; i < n; ++i)
                X[j * n + i] = normal(random) + (j > 0 ? 0.5 * X[(j - 1) * n + i] : 0.0);
        for (Index i = 0; i < n; ++i) {
            y[i] = 2.0 + normal(random);
            for (Index j = 0; j < std::min<Index>(p, 10); ++j) y[i] += X[j * n + i] * (j % 3 - 1.0);
        }
    }

    PathTask task() const { return {alphas, l1_ratio, penalty_factor, lower, upper, 1000, 1e-9}; }
    /// A grid from alpha_max down to `ratio` times it.
    void set_alphas(const WorkingSetProblem& problem, const Runtime& runtime, int n, double ratio) {
        const std::vector<double> c = problem.null_correlations(runtime, task());
        double largest = 0.0;
        for (Index j = 0; j < cols; ++j)
            if (penalty_factor[j] > 0.0)
                largest = std::max(largest, std::abs(c[j]) / penalty_factor[j]);
        alphas.clear();
        for (int k = 0; k < n; ++k)
            alphas.push_back(largest / l1_ratio * std::pow(ratio, k / std::max(1.0, n - 1.0)));
    }
};

struct Fixture {
    Interrupt interrupt{[] { return false; }};
    Runtime runtime(int n_threads) { return {plain::blas, best_kernels(), interrupt, n_threads}; }
};

}  // namespace

TEST(smoke) {
    Fixture fixture;
    const Runtime runtime = fixture.runtime(1);
    Case lasso(60, 400, 1);
    const DenseDesign<double> design(lasso.X.data(), lasso.rows, lasso.cols, lasso.rows, false);
    for (const bool standardize : {true, false}) {
        const WorkingSetProblem problem(runtime, design, lasso.y, {}, true, standardize);
        lasso.set_alphas(problem, runtime, 30, 1e-2);
        const PathResult path = problem.path(runtime, lasso.task());
        for (const double gap : path.dual_gap) CHECK(gap <= 1e-9);
    }
}
