#include <cmath>
#include <cstdint>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/glm_crossval.hpp"
#include "shrinkage/sparse_design.hpp"

using namespace shrinkage;

namespace {

Interrupt never([] { return false; });

Runtime runtime_of(int n_threads) { return {plain::blas, best_kernels(), never, n_threads}; }

/// A random model with what may go wrong in it: duplicates, constants, weights of 0, bounds,
/// penalty factors of 0 and infinity.
struct Model {
    Index n, p;
    Family::Name family;
    bool is_sparse, fit_intercept, standardize;
    double l1_ratio;
    std::vector<double> X, y, wt, offset, factor, lower, upper, alphas;
    std::vector<double> values;
    std::vector<std::int32_t> rows, starts{0};

    explicit Model(std::uint64_t seed) {
        testing::Draw draw(seed);
        n = 12 + draw.integer(60);
        p = 1 + draw.integer(draw.chance(0.3) ? 80 : 20);
        family = draw.chance(0.5) ? Family::Name::binomial : Family::Name::poisson;
        is_sparse = draw.chance(0.4);
        fit_intercept = draw.chance(0.8);
        standardize = draw.chance(0.5);
        l1_ratio = draw.chance(0.5) ? 1.0 : draw.chance(0.3) ? 0.0 : draw.uniform();
        make_columns(draw);
        make_rows(draw);
        make_penalty(draw);
        for (double alpha = 0.3; alpha > 1e-3; alpha *= 0.6) alphas.push_back(alpha);
    }

    double at(Index i, Index j) const { return X[j * n + i]; }
    PathTask task() const { return {alphas, l1_ratio, factor, lower, upper, 300, 1e-8}; }

private:
    void make_columns(testing::Draw& draw) {
        for (Index j = 0; j < p; ++j) {
            const bool copies = j > 0 && draw.chance(0.1), constant = draw.chance(0.05);
            const Index from = copies ? draw.integer(static_cast<int>(j)) : 0;
            for (Index i = 0; i < n; ++i) {
                double value = draw.chance(is_sparse ? 0.4 : 1.0) ? draw.normal() : 0.0;
                if (copies) value = at(i, from);
                if (constant) value = 2.0;
                X.push_back(value);
                if (value == 0.0) continue;
                values.push_back(value);
                rows.push_back(static_cast<std::int32_t>(i));
            }
            starts.push_back(static_cast<std::int32_t>(values.size()));
        }
    }
    void make_rows(testing::Draw& draw) {
        const bool weighted = draw.chance(0.5), has_offset = draw.chance(0.3);
        double sum = 0.0;
        for (Index i = 0; i < n; ++i) {
            const double eta = at(i, 0) - 0.5 * at(i, p / 2) + 0.5 * draw.normal();
            y.push_back(family == Family::Name::binomial ? (eta > 0.0 ? 1.0 : 0.0)
                                                         : std::floor(std::exp(eta)));
            if (i < 2) y.back() = static_cast<double>(i);  // never constant
            wt.push_back(!weighted || i < 2 ? 1.0 : draw.chance(0.2) ? 0.0 : draw.uniform());
            sum += wt.back();
            if (has_offset) offset.push_back(draw.normal());
        }
        for (double& each : wt) each /= sum;
    }
    void make_penalty(testing::Draw& draw) {
        factor.assign(p, 1.0);
        if (draw.chance(0.3))
            for (double& v : factor)
                v = draw.chance(0.1) ? testing::infinity : draw.between(0.5, 2.0);
        if (draw.chance(0.2)) factor[p / 2] = 0.0;
        if (!draw.chance(0.3)) return;
        lower.assign(p, -testing::infinity);
        upper.assign(p, testing::infinity);
        for (Index j = 0; j < p; ++j) {
            if (factor[j] == 0.0) continue;
            if (draw.chance(0.3)) lower[j] = draw.chance(0.5) ? 0.0 : -0.1;
            if (draw.chance(0.3)) upper[j] = draw.chance(0.3) ? 0.0 : 0.1;
        }
    }
};

/// Objective in original units, from its definition.
double objective(const Model& model, const GlmProblem& problem, double alpha,
                 const std::vector<double>& coef, double intercept) {
    const Family family(model.family, best_kernels());
    double sum = 0.0;
    for (Index i = 0; i < model.n; ++i) {
        double eta = intercept + (model.offset.empty() ? 0.0 : model.offset[i]);
        for (Index j = 0; j < model.p; ++j) eta += model.at(i, j) * coef[j];
        if (model.wt[i] > 0.0) sum += model.wt[i] * family.unit_deviance(model.y[i], eta) / 2.0;
    }
    for (Index j = 0; j < model.p; ++j) {
        if (coef[j] == 0.0) continue;
        const double t = (model.standardize ? problem.columns().scale[j] : 1.0) * coef[j];
        sum += alpha * model.factor[j] *
               (model.l1_ratio * std::abs(t) + (1.0 - model.l1_ratio) / 2.0 * t * t);
    }
    return sum;
}

/// No feasible point nearby is better by more than the gap says: the objective is convex, so that
/// none anywhere is.
void check_optimal(const Model& model, const GlmProblem& problem, const PathResult& path,
                   std::size_t k, testing::Draw& draw) {
    std::vector<double> coef(model.p, 0.0);
    for (Index e = path.starts[k]; e < path.starts[k + 1]; ++e)
        coef[path.features[e]] = path.values[e];
    const double least = objective(model, problem, model.alphas[k], coef, path.intercepts[k]) -
                         1e-8 * problem.null().loss - 1e-13;
    for (int trial = 0; trial < 60; ++trial) {
        std::vector<double> other = coef;
        const double size = std::pow(10.0, -draw.between(1.0, 5.0));
        const bool many = draw.chance(0.3);
        for (Index j = 0; j < model.p; ++j) {
            if (many ? coef[j] == 0.0 : j != trial % model.p) continue;
            if (problem.columns().scale[j] == 0.0 || !std::isfinite(model.factor[j])) continue;
            other[j] = coef[j] + size * draw.normal();
            if (model.lower.empty()) continue;
            other[j] = std::clamp(other[j], model.lower[j], model.upper[j]);
        }
        const double shift = model.fit_intercept && draw.chance(0.5) ? size * draw.normal() : 0.0;
        CHECK(objective(model, problem, model.alphas[k], other, path.intercepts[k] + shift) >=
              least);
    }
}

/// @return how many alphas were not certified
int check_model(std::uint64_t seed) {
    const Model model(seed);
    const DenseDesign<double> dense(model.X.data(), model.n, model.p, model.n, false);
    const SparseDesign<double, std::int32_t> sparse(model.values.data(), model.rows.data(),
                                                    model.starts.data(), model.n, model.p);
    const Design& design = model.is_sparse ? static_cast<const Design&>(sparse) : dense;
    const GlmProblem problem(runtime_of(1), design, model.family, model.y, model.wt, model.offset,
                             model.fit_intercept, model.standardize);
    const PathResult path = problem.path(runtime_of(1), model.task());
    testing::Draw draw(seed + 1);
    int uncertified = 0;
    for (std::size_t k = 0; k < model.alphas.size(); ++k) {
        const Status status = path.status[k];
        const bool certified = status == Status::converged || status == Status::null_model;
        if (certified) CHECK(path.dual_gap[k] <= 1e-8);
        if (certified) check_optimal(model, problem, path, k, draw);
        uncertified += !certified && status != Status::separated;
    }
    if (uncertified > 0) std::printf("seed %d: %d not certified\n", int(seed), uncertified);
    return uncertified;
}

}  // namespace

TEST(random_models_are_solved_and_certified) {
    int uncertified = 0;
    for (std::uint64_t seed = 1; seed <= 120; ++seed) uncertified += check_model(seed);
    CHECK(uncertified == 0);
}
