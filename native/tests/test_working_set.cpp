#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "check.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/sparse_design.hpp"
#include "shrinkage/working_set_crossval.hpp"
#include "solve_problem.hpp"

using namespace shrinkage;

namespace {

Interrupt never([] { return false; });

Runtime runtime_of(int n_threads) { return {plain::blas, best_kernels(), never, n_threads}; }

/// Columns that follow each other, the first ten with an effect; some weights are 0.
struct Data {
    Index n, p;
    std::vector<double> X, y, weights, factor;
    std::vector<std::int32_t> fold_ids;

    Data(Index rows, Index cols) : n(rows), p(cols), y(rows, 3.0), factor(cols, 1.0) {
        testing::Draw draw(11);
        for (Index e = 0; e < n * p; ++e)
            X.push_back(draw.normal() + (e < n ? 0.0 : 0.5 * X[e - n]));
        double sum = 0.0;
        for (Index i = 0; i < n; ++i) {
            for (Index j = 0; j < std::min<Index>(p, 10); ++j) y[i] += X[j * n + i] * (j % 3 - 1.0);
            y[i] += draw.normal();
            weights.push_back(i % 9 == 4 ? 0.0 : draw.between(0.1, 1.0));
            fold_ids.push_back(i % 11 == 0 ? -1 : draw.integer(3));
            sum += weights.back();
        }
        for (double& weight : weights) weight /= sum;
    }

    DenseDesign<double> design() const { return {X.data(), n, p, n, false}; }
    PathTask task(std::span<const double> alphas, double l1_ratio) const {
        return {alphas, l1_ratio, factor, {}, {}, 1000, 1e-9};
    }
};

std::vector<double> grid(double first, double ratio, int n) {
    std::vector<double> alphas;
    for (int k = 0; k < n; ++k) alphas.push_back(first * std::pow(ratio, k / (n - 1.0)));
    return alphas;
}

double largest_of(std::span<const double> values) {
    double largest = 0.0;
    for (const double value : values) largest = std::max(largest, std::abs(value));
    return largest;
}

/// A problem of the stress tests, whose columns are centred and scaled already, as X and y.
struct StressProblem {
    std::vector<double> X, y, values;
    std::vector<std::int32_t> indices, indptr{0};

    explicit StressProblem(const testing::Problem& problem) : X(problem.columns), y(problem.y) {
        const double root = std::sqrt(static_cast<double>(problem.n));
        for (double& value : X) value *= root;
        for (double& value : y) value *= root;
        for (Index j = 0; j < problem.p; ++j) {
            for (Index i = 0; i < problem.n; ++i) {
                if (X[j * problem.n + i] == 0.0) continue;
                indices.push_back(static_cast<std::int32_t>(i));
                values.push_back(X[j * problem.n + i]);
            }
            indptr.push_back(static_cast<std::int32_t>(indices.size()));
        }
    }
};

testing::Outcome solve(const testing::Problem& problem, const Design& design,
                       std::span<const double> y) {
    testing::Outcome outcome;
    const Runtime runtime = runtime_of(1);
    const WorkingSetProblem working_set(runtime, design, y, {}, false, false);
    if (working_set.null_loss() == 0.0) return outcome;
    const PathResult path =
        working_set.path(runtime, {problem.alphas, problem.l1_ratio, problem.penalty_factor,
                                   problem.lower, problem.upper, 5000, 1e-9});
    std::vector<double> t(problem.p);
    for (std::size_t k = 0; k < problem.alphas.size(); ++k) {
        std::fill(t.begin(), t.end(), 0.0);
        for (Index e = path.starts[k]; e < path.starts[k + 1]; ++e)
            t[path.features[e]] = path.values[e];
        const Status status = path.status[k];
        outcome.add(problem, t, problem.alphas[k],
                    status == Status::converged || status == Status::null_model);
    }
    return outcome;
}

void check_outcome(const char* plan, std::uint64_t seed, const testing::Outcome& outcome) {
    if (outcome.is_right()) return;
    check::fail(__FILE__, __LINE__,
                std::string(plan) + " seed " + std::to_string(seed) + ": gap " +
                    std::to_string(outcome.gap) + ", kkt " + std::to_string(outcome.kkt) +
                    " of what is allowed, not certified " + std::to_string(outcome.not_converged));
}

bool same_bits(const PathResult& a, const PathResult& b) {
    return a.starts == b.starts && a.features == b.features && a.values == b.values &&
           a.intercepts == b.intercepts && a.dual_gap == b.dual_gap && a.rounds == b.rounds &&
           a.counts.column_products == b.counts.column_products;
}

}  // namespace

TEST(random_degenerate_problems_are_certified_on_a_working_set) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        testing::Draw draw(seed);
        const testing::Problem problem = testing::random_problem(draw);
        const StressProblem data(problem);
        const DenseDesign<double> dense(data.X.data(), problem.n, problem.p, problem.n, false);
        check_outcome("dense", seed, solve(problem, dense, data.y));
        if (seed % 3 != 0) continue;
        const SparseDesign<double, std::int32_t> sparse(data.values.data(), data.indices.data(),
                                                        data.indptr.data(), problem.n, problem.p);
        check_outcome("sparse", seed, solve(problem, sparse, data.y));
    }
}

TEST(screening_touches_every_column_that_exceeds_the_limit) {
    const Runtime runtime = runtime_of(1);
    const Data data(30, 500);
    testing::Draw draw(3);
    const DenseDesign<double> design = data.design();
    const ScaledColumns columns = scale_columns(runtime, design, data.y, {}, true, true);
    Screening screening(runtime.simd, data.n, data.p, static_cast<double>(data.n));
    for (Index j = 0; j < data.p; ++j)
        screening.add(j, {columns.norm[j], columns.rounding[j], columns.correlation[j], 0});
    screening.start(columns.target.data());
    Batch batch(data.n);
    batch.size = Batch::capacity;
    std::vector<double> exact(data.p * batch.size), z(data.n);
    for (Index q = 0; q < batch.size; ++q)
        for (Index i = 0; i < data.n; ++i)
            batch.residual(q)[i] =
                columns.target[i] * (1.0 - 0.1 * static_cast<double>(q)) + 0.02 * draw.normal();
    for (Index j = 0; j < data.p; ++j) {
        design.copy_column(runtime.simd, j, columns.mean[j], 1.0 / columns.scale[j],
                           columns.root_weight.data(), z.data());
        for (Index q = 0; q < batch.size; ++q)
            exact[q * data.p + j] = runtime.simd.f64.dot(data.n, z.data(), batch.residual(q));
    }
    for (Index q = 0; q < batch.size; ++q) batch.l1[q] = 0.5 - 0.03 * static_cast<double>(q);
    const std::vector<Index> touched = screening.touched(runtime, batch, 0);
    CHECK(touched.size() < 250);
    for (Index j = 0; j < data.p; ++j)
        for (Index q = 0; q < batch.size; ++q)
            if (std::abs(exact[q * data.p + j]) > batch.l1[q])
                CHECK(std::binary_search(touched.begin(), touched.end(), j));
}

TEST(a_path_reads_x_a_few_times) {
    const Runtime runtime = runtime_of(1);
    const Data data(100, 2000);
    const DenseDesign<double> design = data.design();
    const WorkingSetProblem problem(runtime, design, data.y, {}, true, true);
    for (const double l1_ratio : {1.0, 0.5}) {
        const std::vector<double> alphas =
            grid(largest_of(problem.columns().correlation) / l1_ratio, 1e-2, 100);
        const PathResult path = problem.path(runtime, data.task(alphas, l1_ratio));
        CHECK(path.counts.column_products <= 10 * data.p);
        CHECK(path.counts.rounds <= 400);
        CHECK(path.status[0] == Status::null_model);
        for (const double gap : path.dual_gap) CHECK(gap <= 1e-12);
    }
}

TEST(a_long_way_is_visited_in_steps) {
    const std::vector<double> alphas{1.0, 0.6, 0.01, 0.0};
    const std::vector<VisitedAlpha> visited = visit(alphas, 1.0);
    std::vector<double> asked;
    for (std::size_t k = 0; k < visited.size(); ++k) {
        if (visited[k].asked) asked.push_back(visited[k].alpha);
        if (k > 0 && visited[k].alpha > 0.0)
            CHECK(visited[k].alpha < visited[k - 1].alpha &&
                  visited[k].alpha > 0.5 * visited[k - 1].alpha);
    }
    CHECK(asked == alphas);
    CHECK(visited.size() > alphas.size());
    CHECK(visit(std::vector<double>{0.3}, 0.0).size() == 1);
}

TEST(threads_change_no_bit) {
    const Data data(60, 20000);
    const DenseDesign<double> design = data.design();
    const auto solve_with = [&](int n_threads) {
        const Runtime runtime = runtime_of(n_threads);
        const WorkingSetProblem problem(runtime, design, data.y, data.weights, true, true);
        const std::vector<double> alphas = grid(largest_of(problem.columns().correlation), 0.1, 20);
        const PathTask task = data.task(alphas, 1.0);
        std::vector<PathResult> paths{problem.path(runtime, task)};
        FoldResult folds = cross_validate(runtime, problem, task, data.fold_ids, 3);
        for (PathResult& path : folds.paths) paths.push_back(std::move(path));
        paths.push_back({});
        paths.back().values = std::move(folds.error);
        return paths;
    };
    const std::vector<PathResult> one = solve_with(1), two = solve_with(2);
    CHECK(one.size() == 5 && two.size() == 5);
    for (std::size_t k = 0; k < one.size(); ++k) CHECK(same_bits(one[k], two[k]));
}

TEST(a_fold_is_the_problem_of_the_rows_outside_it) {
    const Runtime runtime = runtime_of(1);
    const Data data(60, 150);
    const DenseDesign<double> design = data.design();
    const WorkingSetProblem problem(runtime, design, data.y, data.weights, true, true);
    const std::vector<double> alphas = grid(largest_of(problem.columns().correlation), 0.05, 12);
    const FoldResult folds =
        cross_validate(runtime, problem, data.task(alphas, 0.9), data.fold_ids, 3);
    for (std::int32_t fold = 0; fold < 3; ++fold) {
        std::vector<Index> rows;
        double inside = 0.0;
        for (Index i = 0; i < data.n; ++i) {
            if (data.fold_ids[i] != fold)
                rows.push_back(i);
            else
                inside += data.weights[i];
        }
        std::vector<double> X, y, weights;
        for (const Index i : rows) {
            y.push_back(data.y[i]);
            weights.push_back(data.weights[i] / (1.0 - inside));
        }
        for (Index j = 0; j < data.p; ++j)
            for (const Index i : rows) X.push_back(data.X[j * data.n + i]);
        const auto n = static_cast<Index>(rows.size());
        const DenseDesign<double> part(X.data(), n, data.p, n, false);
        const WorkingSetProblem training(runtime, part, y, weights, true, true);
        const PathResult path = training.path(runtime, data.task(alphas, 0.9));
        CHECK_CLOSE(folds.weight[fold], inside, 1e-14);
        for (std::size_t k = 0; k < alphas.size(); ++k) {
            const std::size_t at = fold * alphas.size() + k;
            CHECK_CLOSE(folds.train_error[at], 2.0 * path.loss[k], 1e-10);
            double error = 0.0;
            for (Index i = 0; i < data.n; ++i) {
                if (data.fold_ids[i] != fold) continue;
                double eta = path.intercepts[k];
                for (Index e = path.starts[k]; e < path.starts[k + 1]; ++e)
                    eta += data.X[path.features[e] * data.n + i] * path.values[e];
                error += data.weights[i] / inside * (data.y[i] - eta) * (data.y[i] - eta);
            }
            CHECK_CLOSE(folds.error[at], error, 1e-10);
        }
    }
}

TEST(a_constant_target_has_nothing_to_solve) {
    const Runtime runtime = runtime_of(1);
    Data data(20, 40);
    std::fill(data.y.begin(), data.y.end(), 0.3);
    const DenseDesign<double> design = data.design();
    const WorkingSetProblem problem(runtime, design, data.y, data.weights, true, true);
    const std::vector<double> alphas = grid(1.0, 0.1, 3);
    const PathResult path = problem.path(runtime, data.task(alphas, 1.0));
    CHECK(path.features.empty() && path.starts == std::vector<Index>(4, 0));
    for (const Status status : path.status) CHECK(status == Status::constant_target);
    for (const double intercept : path.intercepts) CHECK_CLOSE(intercept, 0.3, 1e-15);
}
