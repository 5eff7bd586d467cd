#pragma once
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/gram_chains.hpp"
#include "shrinkage/gram_crossval.hpp"
#include "shrinkage/ridge_path.hpp"

namespace shrinkage {

/// The plan "cross-products": one pass over X gives the moments of all rows and of each fold's. X
/// is read again only for alpha = 0 where columns are nearly dependent.
class CrossProducts {
public:
    /// @param design must outlive the cross-products
    /// @param weights one per row, summing to 1; empty means 1/rows each
    /// @param fold_ids fold of each row, negative for none; empty: no folds
    CrossProducts(const Runtime& runtime, const Design& design, std::span<const double> y,
                  std::span<const double> weights, bool fit_intercept, bool standardize,
                  std::span<const int> fold_ids, Index n_folds)
        : _design(design),
          _y(y.begin(), y.end()),
          _weights(weights.begin(), weights.end()),
          _fit_intercept(fit_intercept),
          _standardize(standardize),
          _n_folds(fold_ids.empty() ? 0 : n_folds) {
        const auto pointer = [](auto span) { return span.empty() ? nullptr : span.data(); };
        std::vector<Moments> moments = moments_by_fold(runtime, design, y.data(), pointer(weights),
                                                       pointer(fold_ids), n_folds);
        std::vector<RowGroup> groups(moments.size());
        for (std::size_t g = 0; g < groups.size(); ++g) groups[g].moments = std::move(moments[g]);
        for (std::size_t i = 0; i < y.size(); ++i) {
            if (!weights.empty() && weights[i] == 0.0) continue;
            const bool in_fold = !fold_ids.empty() && fold_ids[i] >= 0;
            ++(in_fold ? groups[fold_ids[i]] : groups.back()).n_rows;
        }
        RowGroup all = groups[0];
        for (std::size_t g = 1; g < groups.size(); ++g) merge(all, groups[g], all);
        _problem = make_gram_problem(all.moments, all.n_rows, fit_intercept, standardize);
        if (_n_folds == 0) return;
        for (RowGroup& group : groups) {
            const Index width = group.moments.width();
            mirror(width, group.moments.products.data(), width);
        }
        _groups = std::move(groups);
    }

    const GramProblem& problem() const { return _problem; }
    Index n_folds() const { return _n_folds; }

    /// Bytes of the cross-products held.
    Index nbytes() const {
        std::size_t values = _problem.gram.size();
        for (const RowGroup& group : _groups) values += group.moments.products.size();
        return static_cast<Index>(values * sizeof(double));
    }

    /// z_j' times the residual of the null model. The task's alphas do not matter.
    std::vector<double> null_correlations(const Runtime& runtime, const PathTask& task) const {
        return shrinkage::null_correlations(runtime, scaled(_problem), task.penalty_factor,
                                            task.lower, task.upper, task.max_rounds);
    }

    PathResult path(const Runtime& runtime, const PathTask& task) const {
        return gram_path_in_chains(runtime, scaled(_problem), task);
    }

    FoldResult crossval(const Runtime& runtime, const PathTask& task) const {
        return fit_folds(runtime, [&](const Runtime& inner, const GramProblem& problem) {
            return gram_path(inner, scaled(problem), task);
        });
    }

    PathResult ridge(const Runtime& runtime, std::span<const double> alphas,
                     std::span<const double> penalty_factor) const {
        const TrainingData data{_design, _y, _weights};
        return RidgePath(runtime, _problem, penalty_factor, &data).run(alphas);
    }

    FoldResult ridge_crossval(const Runtime& runtime, std::span<const double> alphas,
                              std::span<const double> penalty_factor) const {
        return fit_folds(runtime, [&](const Runtime& inner, const GramProblem& problem) {
            return RidgePath(inner, problem, penalty_factor, nullptr).run(alphas);
        });
    }

private:
    static ScaledGram scaled(const GramProblem& problem) {
        const ProblemUnits& units = problem.units;
        return {.gram = problem.gram.data(),
                .ld = problem.cols(),
                .c0 = problem.correlation,
                .scale = units.scale,
                .mean = units.mean,
                .y_mean = units.y_mean,
                .yy = problem.target_square,
                .tau = units.tau,
                .max_rank = problem.rank_limit};
    }

    template <class Fit>
    FoldResult fit_folds(const Runtime& runtime, const Fit& fit) const {
        return crossval_groups(runtime, _groups, _n_folds, _fit_intercept, _standardize, fit);
    }

    const Design& _design;
    std::vector<double> _y, _weights;
    bool _fit_intercept, _standardize;
    Index _n_folds;
    std::vector<RowGroup> _groups;  ///< the folds, then the rows that are never held out
    GramProblem _problem;           ///< of all rows
};

}  // namespace shrinkage
