#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "shrinkage/predictor.hpp"
#include "shrinkage/training_weights.hpp"
#include "shrinkage/working_set_problem.hpp"

namespace shrinkage {

namespace detail {

/// Weighted mean of (y - eta)^2 over the rows of a fold, one per model; NaN if they weigh nothing.
inline void held_out_errors(const Runtime& runtime, const WorkingSetProblem& problem,
                            const PathResult& path, std::span<const std::int32_t> fold_ids,
                            std::int32_t fold, double* errors) {
    const ScaledColumns& columns = problem.columns();
    const std::vector<std::int64_t> starts(path.starts.begin(), path.starts.end());
    const std::vector<double> eta = linear_predictor(
        runtime, columns.design, {starts, path.features, path.values, path.intercepts});
    for (std::size_t m = 0; m < path.intercepts.size(); ++m) {
        double sum = 0.0, total = 0.0;
        for (std::size_t i = 0; i < fold_ids.size(); ++i) {
            if (fold_ids[i] != fold) continue;
            const double apart = problem.y()[i] - eta[m * fold_ids.size() + i];
            sum += columns.weight[i] * apart * apart;
            total += columns.weight[i];
        }
        errors[m] = total > 0.0 ? sum / total : std::numeric_limits<double>::quiet_NaN();
    }
}

}  // namespace detail

/// Cross-validates a path: one fold a thread, each with its own scales and tau. Held-out rows get
/// weight 0, so X is not copied. Nothing is taken over from the path of all rows: its support in
/// the working set of a fold saves no reading of X, because extrapolation finds the same columns.
/// @param fold_ids one per row, the fold that holds it out; -1 if none does
inline FoldResult cross_validate(const Runtime& runtime, const WorkingSetProblem& problem,
                                 const PathTask& task, std::span<const std::int32_t> fold_ids,
                                 Index n_folds) {
    const std::size_t n_alphas = task.alphas.size();
    FoldResult result;
    result.weight.resize(n_folds);
    result.paths.resize(n_folds);
    result.error.resize(n_folds * n_alphas);
    result.train_error.resize(n_folds * n_alphas);
    const Runtime one_thread{runtime.blas, runtime.simd, runtime.interrupt, 1};
    parallel_for(runtime, n_folds, [&](Index fold) {
        const auto id = static_cast<std::int32_t>(fold);
        std::vector<double> weights;
        result.weight[fold] =
            detail::training_weights(problem.columns().weight, fold_ids, id, weights);
        const WorkingSetProblem training = problem.reweighted(one_thread, weights);
        PathResult path = training.path(one_thread, task);
        detail::held_out_errors(one_thread, problem, path, fold_ids, id,
                                result.error.data() + fold * n_alphas);
        for (std::size_t m = 0; m < n_alphas; ++m)
            result.train_error[fold * n_alphas + m] = 2.0 * path.loss[m];
        result.paths[fold] = std::move(path);
    });
    return result;
}

}  // namespace shrinkage
