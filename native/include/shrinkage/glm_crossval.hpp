#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "shrinkage/glm_problem.hpp"
#include "shrinkage/predictor.hpp"
#include "shrinkage/selected_rows.hpp"
#include "shrinkage/training_weights.hpp"

namespace shrinkage {

namespace detail {

/// Rows whose `fold_ids` are (or are not) `fold`.
inline std::vector<int> rows_of_fold(std::span<const std::int32_t> fold_ids, std::int32_t fold,
                                     bool inside) {
    std::vector<int> rows;
    for (std::size_t i = 0; i < fold_ids.size(); ++i)
        if ((fold_ids[i] == fold) == inside) rows.push_back(static_cast<int>(i));
    return rows;
}

/// The path of the rows outside a fold. Those of a tall X are gathered where they are copied
/// anyway; otherwise held-out rows get weight 0, which costs less than gathering many columns.
/// @param weights of all rows, 0 in the fold
inline PathResult training_path(const Runtime& runtime, const GlmProblem& problem,
                                const PathTask& task, std::span<const std::int32_t> fold_ids,
                                std::int32_t fold, std::span<const double> weights) {
    const Design& design = problem.columns().design;
    std::vector<int> rows;
    if (!design.is_sparse() && design.rows() > design.cols())
        rows = rows_of_fold(fold_ids, fold, false);
    if (rows.empty()) return problem.reweighted(runtime, weights).path(runtime, task);
    std::vector<double> selected;
    for (const int i : rows) selected.push_back(weights[i]);
    const SelectedRows training(design, rows);
    return problem.selected(runtime, training, rows, selected).path(runtime, task);
}

/// X coef' + intercept of some rows for all models of a path: rows x models, column-major.
inline std::vector<double> linear_predictor_of(const Runtime& runtime, const Design& design,
                                               const std::vector<int>& rows,
                                               const PathResult& path) {
    const std::vector<std::int64_t> starts(path.starts.begin(), path.starts.end());
    const auto n = static_cast<Index>(rows.size());
    if (design.is_sparse()) {
        const std::vector<double> all = linear_predictor(
            runtime, design, {starts, path.features, path.values, path.intercepts});
        std::vector<double> eta;
        for (std::size_t m = 0; m < path.intercepts.size(); ++m)
            for (const int i : rows) eta.push_back(all[m * design.rows() + i]);
        return eta;
    }
    // The features that the path uses are gathered once, not for each of its models.
    std::vector<std::int32_t> place(design.cols(), -1), features;
    std::vector<double> values;
    for (const std::int32_t j : path.features) {
        if (place[j] < 0) {
            place[j] = static_cast<std::int32_t>(values.size() / std::max<Index>(n, 1));
            values.resize(values.size() + n);
            design.gather_block(runtime.simd, {0, n, rows.data()}, j, j + 1,
                                values.data() + values.size() - n, n);
        }
        features.push_back(place[j]);
    }
    const Index cols = n > 0 ? static_cast<Index>(values.size()) / n : 0;
    const DenseDesign<double> gathered(values.data(), n, cols, n, false);
    return linear_predictor(runtime, gathered, {starts, features, path.values, path.intercepts});
}

/// Weighted mean unit deviance over the rows of a fold, one per model; NaN if they weigh nothing.
inline void held_out_deviance(const Runtime& runtime, const GlmProblem& problem,
                              const PathResult& path, std::span<const std::int32_t> fold_ids,
                              std::int32_t fold, double* errors) {
    const Likelihood& likelihood = problem.likelihood();
    const std::vector<int> rows = rows_of_fold(fold_ids, fold, true);
    std::vector<double> eta = linear_predictor_of(runtime, problem.columns().design, rows, path);
    const auto n = static_cast<Index>(rows.size());
    std::vector<double> y, weight, offset, u(rows.size());
    double total = 0.0, saturated = 0.0;
    for (const int i : rows) {
        y.push_back(likelihood.y()[i]);
        weight.push_back(likelihood.wt()[i]);
        offset.push_back(likelihood.offset()[i]);
        total += weight.back();
        if (weight.back() > 0.0)
            saturated += weight.back() * likelihood.family().saturated(y.back());
    }
    for (std::size_t m = 0; m < path.intercepts.size(); ++m) {
        double* at = eta.data() + m * rows.size();
        runtime.simd.f64.axpy(n, 1.0, offset.data(), at);
        const FamilySums sums =
            likelihood.family().kernels().evaluate(n, y.data(), weight.data(), at, 0.0, u.data());
        errors[m] = total > 0.0 ? 2.0 * std::max(0.0, sums.loss - saturated) / total
                                : std::numeric_limits<double>::quiet_NaN();
    }
}

}  // namespace detail

/// Cross-validates a path: one fold a thread, each with its own null model and scales.
/// @param fold_ids one per row, the fold that holds it out; -1 if none does
inline FoldResult cross_validate(const Runtime& runtime, const GlmProblem& problem,
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
            detail::training_weights(problem.likelihood().wt(), fold_ids, id, weights);
        PathResult path = detail::training_path(one_thread, problem, task, fold_ids, id, weights);
        detail::held_out_deviance(one_thread, problem, path, fold_ids, id,
                                  result.error.data() + fold * n_alphas);
        for (std::size_t m = 0; m < n_alphas; ++m)
            result.train_error[fold * n_alphas + m] = 2.0 * path.loss[m];
        result.paths[fold] = std::move(path);
    });
    return result;
}

}  // namespace shrinkage
