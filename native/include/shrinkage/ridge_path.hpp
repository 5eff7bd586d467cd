#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/least_squares.hpp"
#include "shrinkage/path.hpp"
#include "shrinkage/ridge_solutions.hpp"

namespace shrinkage {

/// The fit of an intercept alone, when it leaves nothing to explain.
inline PathResult constant_target_path(Index n_alphas, double intercept) {
    PathResult path;
    path.starts.resize(n_alphas + 1, 0);
    path.intercepts.assign(n_alphas, intercept);
    for (auto* values : {&path.loss, &path.dual_gap, &path.kkt_violation})
        values->assign(n_alphas, 0.0);
    path.status.assign(n_alphas, Status::constant_target);
    path.rounds.assign(n_alphas, 0);
    return path;
}

/// Appends points to a path whose features are given in any order.
class PointWriter {
public:
    /// @param mean what was subtracted from each feature listed
    PointWriter(std::span<const int> features, std::vector<double> mean, double y_mean,
                PathResult& path)
        : _features(features), _mean(std::move(mean)), _y_mean(y_mean), _path(path) {
        for (std::size_t i = 0; i < features.size(); ++i) _order.push_back(static_cast<int>(i));
        std::ranges::sort(_order, {}, [&](int i) { return features[i]; });
    }

    /// @param coef in original units, one per feature listed
    void append(const double* coef, double loss, double dual_gap, double kkt_violation,
                bool singular) {
        double intercept = _y_mean;
        for (const int i : _order) {
            if (coef[i] == 0.0) continue;
            _path.features.push_back(_features[i]);
            _path.values.push_back(coef[i]);
            intercept -= _mean[i] * coef[i];
        }
        _path.starts.push_back(static_cast<Index>(_path.features.size()));
        _path.intercepts.push_back(intercept);
        _path.loss.push_back(loss);
        _path.dual_gap.push_back(dual_gap);
        _path.kkt_violation.push_back(kkt_violation);
        _path.rounds.push_back(1);
        const Status solved = singular ? Status::singular : Status::converged;
        _path.status.push_back(dual_gap <= RidgeTolerances::accept ? solved : Status::stalled);
    }

private:
    std::span<const int> _features;
    std::vector<int> _order;
    std::vector<double> _mean;
    double _y_mean;
    PathResult& _path;
};

/// The strengths l2 of the alphas above 0; they come first, because alphas decrease.
inline std::vector<double> positive_strengths(std::span<const double> alphas, double tau) {
    std::vector<double> l2;
    for (const double alpha : alphas)
        if (alpha > 0.0) l2.push_back(alpha / tau);
    return l2;
}

/// Ridge at all alphas (decreasing, >= 0) from one decomposition; one more for alpha = 0, where all
/// features are free and the shortest of all solutions is taken.
class RidgePath {
public:
    /// @param data where the problem comes from, or null: then alpha = 0 is as good as its
    /// cross-products are
    RidgePath(const Runtime& runtime, const GramProblem& problem,
              std::span<const double> penalty_factor, const TrainingData* data)
        : _runtime(runtime),
          _problem(problem),
          _terms(ridge_terms(problem, penalty_factor)),
          _data(data) {}

    PathResult run(std::span<const double> alphas) {
        const Blas& blas = _runtime.blas;
        if (_problem.null_loss() == 0.0)
            return constant_target_path(static_cast<Index>(alphas.size()), _problem.units.y_mean);
        _unit = null_correlation(
            blas, _terms, free_basis(blas, _terms, _terms.n_free, _problem.rank_limit, false));
        const std::vector<double> l2 = positive_strengths(alphas, _problem.units.tau);
        PathResult path;
        if (!l2.empty()) {
            ++path.counts.factorised;
            _runtime.interrupt.check();
            const RidgeBasis basis = ridge_basis(blas, _terms, _problem.rank_limit);
            append(solve_ridge(blas, _problem, _terms, basis, l2, path.counts), basis.singular(),
                   path);
        }
        if (l2.size() < alphas.size()) append_unpenalised(path);
        return path;
    }

private:
    /// Largest over smallest eigenvalue of the cross-products from which on X is looked at again.
    static constexpr double ill_conditioned = 1e10;

    void append_unpenalised(PathResult& path) const {
        const Blas& blas = _runtime.blas;
        ++path.counts.factorised;
        _runtime.interrupt.check();
        const RidgeBasis basis = unpenalised_basis(blas, _terms, _problem.rank_limit);
        const bool tall = _terms.size() <= _problem.rank_limit + 1;
        if (_data && tall && (basis.singular() || basis.condition > ill_conditioned)) {
            path.counts.factorised += 2;
            const LeastSquares again(_runtime, _problem, _terms, *_data);
            append(again.solve(), again.singular(), path);
            return;
        }
        const double none = 0.0;
        append(solve_ridge(blas, _problem, _terms, basis, {&none, 1}, path.counts),
               basis.singular(), path);
    }

    void append(RidgeSolutions solutions, bool singular, PathResult& path) const {
        std::vector<double> mean;
        for (const int j : _terms.features) mean.push_back(_problem.units.mean[j]);
        PointWriter writer(_terms.features, std::move(mean), _problem.units.y_mean, path);
        for (std::size_t k = 0; k < solutions.loss.size(); ++k) {
            double* coef = solutions.coef.data() + k * _terms.features.size();
            for (std::size_t i = 0; i < _terms.features.size(); ++i)
                coef[i] /= _problem.units.scale[_terms.features[i]];
            writer.append(coef, solutions.loss[k], solutions.dual_gap[k],
                          _unit > 0.0 ? solutions.violation[k] / _unit : 0.0, singular);
        }
    }

    const Runtime& _runtime;
    const GramProblem& _problem;
    const RidgeTerms _terms;
    const TrainingData* _data;
    double _unit = 0.0;  ///< largest |c_j| / v_j of the null model
};

}  // namespace shrinkage
