// Random degenerate problems through every plan of the core: fuzz_plans [first case] [how many].
// Case k is the same on every machine; a failure prints k, and `fuzz_plans k 1` repeats it.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/cross_products.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/predictor.hpp"
#include "shrinkage/sparse_design.hpp"
#include "shrinkage/working_set_crossval.hpp"

namespace {

using namespace shrinkage;

using testing::Draw;
using testing::infinity;

struct Problem {
    Index rows, cols;
    std::vector<double> X, y, weights, penalty_factor, lower, upper, alphas;
    std::vector<int> fold_ids;
    Index n_folds;
    double l1_ratio;
    bool fit_intercept, standardize;
    double mean_to_spread;  ///< of columns, at most about

    PathTask task() const { return {alphas, l1_ratio, penalty_factor, lower, upper, 2000, 1e-9}; }
};

void fill_columns(Draw& draw, Problem& problem) {
    const Index n = problem.rows;
    const int kind = draw.integer(6);
    for (Index j = 0; j < problem.cols; ++j) {
        double* x = problem.X.data() + j * n;
        double walk = 0.0;
        for (Index i = 0; i < n; ++i) {
            const double noise = draw.normal();
            const double near_before = (j > 0 ? x[i - n] : 0.0) + 1e-5 * noise;
            walk += noise;
            const double values[] = {
                noise, walk, near_before, std::round(noise), noise > 0.3 ? 1.0 : 0.0, noise + 1e6};
            x[i] = values[kind];
        }
        const double* other = problem.X.data() + draw.integer(static_cast<int>(j) + 1) * n;
        if (draw.chance(0.1)) std::transform(other, other + n, x, [](double v) { return -v; });
        if (draw.chance(0.1)) std::fill(x, x + n, draw.chance(0.5) ? 0.0 : 0.1);
    }
    for (Index j = 0; j < problem.cols; ++j) {
        double* x = problem.X.data() + j * n;
        if (draw.chance(0.1)) std::transform(x, x + n, x, [](double v) { return 1e6 * v; });
    }
    problem.mean_to_spread = kind == 5 ? 1e6 : kind == 2 ? 1e4 : 1.0;
}

void fill_weights(Draw& draw, Problem& problem) {
    double sum = 0.0;
    for (Index i = 0; i < problem.rows; ++i) {
        problem.weights.push_back(i > 0 && draw.chance(0.2) ? 0.0 : draw.between(0.01, 1.0));
        sum += problem.weights.back();
    }
    for (double& weight : problem.weights) weight /= sum;
}

Problem make_problem(std::uint64_t seed) {
    Draw draw(seed);
    Problem problem;
    const Index n = problem.rows = 1 + draw.integer(40);
    const Index p = problem.cols = 1 + draw.integer(60);
    problem.X.resize(static_cast<std::size_t>(n * p));
    fill_columns(draw, problem);
    for (Index i = 0; i < n; ++i) problem.y.push_back(draw.normal() + problem.X[i]);
    if (draw.chance(0.05)) std::fill(problem.y.begin(), problem.y.end(), 3.0);
    if (draw.chance(0.3)) fill_weights(draw, problem);
    const bool bounded = draw.chance(0.3), factors = draw.chance(0.3);
    for (Index j = 0; j < p; ++j) {
        // few free features, or they fit y
        const double special[] = {infinity, draw.between(0.1, 3.0), j < n / 4 ? 0.0 : 1.0};
        const bool is_special = factors && draw.chance(0.25);
        problem.penalty_factor.push_back(is_special ? special[draw.integer(3)] : 1.0);
        if (!bounded) continue;
        problem.lower.push_back(draw.chance(0.5) ? -infinity : -draw.uniform());
        problem.upper.push_back(draw.chance(0.5) ? infinity : draw.uniform());
    }
    const int n_folds = 2 + draw.integer(4);
    problem.n_folds = n_folds;
    for (Index i = 0; i < n; ++i) problem.fold_ids.push_back(static_cast<int>(i % (n_folds + 1)));
    for (int& fold : problem.fold_ids) fold = fold == n_folds ? -1 : fold;
    problem.l1_ratio = draw.chance(0.5) ? 1.0 : draw.between(0.05, 1.0);
    problem.fit_intercept = draw.chance(0.75);
    problem.standardize = draw.chance(0.7);
    return problem;
}

/// @param unit what a correlation is at most
void set_alphas(const std::vector<double>& null_correlations, double unit, Problem& problem) {
    double largest = 0.0;
    for (Index j = 0; j < problem.cols; ++j) {
        const double factor = problem.penalty_factor[j];
        if (factor > 0.0 && factor < infinity) {
            largest = std::max(largest, std::abs(null_correlations[j]) / factor);
        }
    }
    // free features may leave nothing but rounding
    if (!(largest > 1e-12 * unit)) largest = 1.0;
    for (int k = 0; k < 12; ++k) {
        problem.alphas.push_back(largest / problem.l1_ratio * std::pow(10.0, -0.3 * k));
    }
}

/// @return what is wrong with a path, or nothing; the sanitizers see to the rest
std::string fault_of(const Problem& problem, const PathResult& path) {
    const std::size_t m = problem.alphas.size();
    if (path.starts.size() != m + 1 || path.status.size() != m || path.loss.size() != m) {
        return "a point is missing";
    }
    for (std::size_t k = 0; k < m; ++k) {
        if (!std::isfinite(path.intercepts[k]) || !(path.loss[k] >= 0.0)) return "not finite";
        const bool solved =
            path.status[k] != Status::max_rounds && path.status[k] != Status::stalled;
        if (solved && path.dual_gap[k] <= 1e-9) continue;
        char text[100];
        std::snprintf(text, sizeof text, "point %zu ended with status %d and gap %.1e", k,
                      static_cast<int>(path.status[k]), path.dual_gap[k]);
        return text;
    }
    for (std::size_t i = 0; i < path.values.size(); ++i) {
        const auto j = static_cast<std::size_t>(path.features[i]);
        const double slack = 1e-12 * std::abs(path.values[i]);
        if (!std::isfinite(path.values[i])) return "a coefficient is not finite";
        if (problem.penalty_factor[j] == infinity) return "an excluded feature entered";
        if (problem.lower.empty()) continue;
        if (path.values[i] < problem.lower[j] - slack ||
            path.values[i] > problem.upper[j] + slack) {
            return "a bound is crossed";
        }
    }
    return "";
}

/// Compressed columns of a dense X.
struct CompressedColumns {
    std::vector<double> values;
    std::vector<int> rows;
    std::vector<std::int32_t> starts{0};

    explicit CompressedColumns(const Design& dense) {
        for (Index j = 0; j < dense.cols(); ++j) {
            dense.sparse_column(j, rows, values);
            starts.push_back(static_cast<std::int32_t>(rows.size()));
        }
    }
};

std::string fault_of_folds(const FoldResult& folds, const Problem& problem) {
    for (std::size_t k = 0; k < folds.weight.size(); ++k) {
        if (folds.weight[k] == 0.0) continue;
        for (std::size_t a = 0; a < problem.alphas.size(); ++a) {
            if (!(folds.error[k * problem.alphas.size() + a] >= 0.0)) return "a fold without error";
        }
    }
    return "";
}

std::string run(Problem& problem) {
    Interrupt interrupt([] { return false; });
    const Runtime runtime{plain::blas, best_kernels(), interrupt, 1};
    const Index n = problem.rows, p = problem.cols;
    const DenseDesign<double> dense(problem.X.data(), n, p, n, false);
    const CompressedColumns columns(dense);
    const SparseDesign<double, std::int32_t> sparse(columns.values.data(), columns.rows.data(),
                                                    columns.starts.data(), n, p);

    const CrossProducts gram(runtime, dense, problem.y, problem.weights, problem.fit_intercept,
                             problem.standardize, problem.fold_ids, problem.n_folds);
    const std::vector<double>& spread = gram.problem().spread;
    const double unit = *std::max_element(spread.begin(), spread.end()) * gram.problem().y_spread;
    set_alphas(gram.null_correlations(runtime, problem.task()), unit, problem);
    const WorkingSetProblem wide(runtime, dense, problem.y, problem.weights, problem.fit_intercept,
                                 problem.standardize);
    const WorkingSetProblem thin(runtime, sparse, problem.y, problem.weights, problem.fit_intercept,
                                 problem.standardize);
    const PathResult paths[] = {gram.path(runtime, problem.task()),
                                wide.path(runtime, problem.task()),
                                thin.path(runtime, problem.task())};
    const std::string plans[] = {"cross-products: ", "working set: ", "sparse working set: "};
    // A mean far above the spread leaves too few digits where columns aren't centred, or only by a
    // correction: there the core may give up, but not crash.
    const bool digits_are_lost = problem.mean_to_spread > 1.0 && !problem.fit_intercept;
    const std::size_t judged = digits_are_lost ? 0 : problem.mean_to_spread > 1e5 ? 2 : 3;
    for (std::size_t i = 0; i < judged; ++i) {
        const std::string fault = fault_of(problem, paths[i]);
        if (!fault.empty()) return plans[i] + fault;
        for (std::size_t k = 0; k < problem.alphas.size(); ++k) {
            // at a gap of 1e-9 two fits may be apart by its square root
            const double apart = std::abs(paths[i].loss[k] - paths[0].loss[k]);
            if (apart > 1e-4 * gram.problem().null_loss()) return "the plans disagree";
        }
    }
    return fault_of_folds(gram.crossval(runtime, problem.task()), problem);
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
    const std::uint64_t cases = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000;
    std::uint64_t failures = 0;
    for (std::uint64_t k = first; k < first + cases; ++k) {
        Problem problem = make_problem(k);
        const std::string fault = run(problem);
        if (!fault.empty()) {
            ++failures;
            std::printf("case %llu (%td x %td): %s\n", static_cast<unsigned long long>(k),
                        problem.rows, problem.cols, fault.c_str());
        }
    }
    std::printf("%llu cases, %llu failures\n", static_cast<unsigned long long>(cases),
                static_cast<unsigned long long>(failures));
    return failures == 0 ? 0 : 1;
}
