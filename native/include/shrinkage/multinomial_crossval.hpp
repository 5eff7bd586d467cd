#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "shrinkage/multinomial_problem.hpp"
#include "shrinkage/predictor.hpp"
#include "shrinkage/training_weights.hpp"

namespace shrinkage {

namespace detail {

/// X coef + intercept of one class for each alpha: rows x alphas x classes, the first fastest.
inline std::vector<double> class_predictors(const Runtime& runtime, const Design& design,
                                            const PathResult& path) {
    const auto K = path.n_classes, p = design.cols();
    std::vector<std::int64_t> starts{0};
    std::vector<std::int32_t> features(path.features.size());
    for (std::size_t m = 0; m + 1 < path.starts.size(); ++m) {
        Index e = path.starts[m];
        for (Index k = 0; k < K; ++k) {
            for (; e < path.starts[m + 1] && path.features[e] / p == k; ++e)
                features[e] = static_cast<std::int32_t>(path.features[e] % p);
            starts.push_back(e);
        }
    }
    return linear_predictor(runtime, design, {starts, features, path.values, path.intercepts});
}

/// Weighted mean unit deviance over the rows of a fold, one per alpha; NaN if they weigh nothing.
inline void held_out_deviance(const Runtime& runtime, const MultinomialProblem& problem,
                              const PathResult& path, std::span<const std::int32_t> fold_ids,
                              std::int32_t fold, double* errors) {
    const MultinomialLikelihood& likelihood = problem.likelihood();
    const Index n = likelihood.rows(), K = likelihood.n_classes();
    const std::vector<double> eta = class_predictors(runtime, problem.columns().design, path);
    std::vector<double> at(K);
    for (std::size_t m = 0; m < path.loss.size(); ++m) {
        double sum = 0.0, total = 0.0;
        for (Index i = 0; i < n; ++i) {
            const double wt = likelihood.wt()[i];
            if (fold_ids[i] != fold || wt == 0.0) continue;
            for (Index k = 0; k < K; ++k)
                at[k] =
                    eta[(static_cast<Index>(m) * K + k) * n + i] + likelihood.offset()[k * n + i];
            sum += wt * likelihood.unit_deviance(i, at);
            total += wt;
        }
        errors[m] = total > 0.0 ? sum / total : std::numeric_limits<double>::quiet_NaN();
    }
}

}  // namespace detail

/// Cross-validates a path: one fold a thread, each with its own null model and scales. Held-out
/// rows get weight 0, so X is not copied.
/// @param fold_ids one per row, the fold that holds it out; -1 if none does
inline FoldResult cross_validate(const Runtime& runtime, const MultinomialProblem& problem,
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
        PathResult path = problem.reweighted(one_thread, weights).path(one_thread, task);
        detail::held_out_deviance(one_thread, problem, path, fold_ids, id,
                                  result.error.data() + fold * n_alphas);
        for (std::size_t m = 0; m < n_alphas; ++m)
            result.train_error[fold * n_alphas + m] = 2.0 * path.loss[m];
        result.paths[fold] = std::move(path);
    });
    return result;
}

}  // namespace shrinkage
