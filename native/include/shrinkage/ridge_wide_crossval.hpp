#pragma once
#include <algorithm>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/ridge_wide.hpp"

namespace shrinkage {

namespace detail {

/// Centres the columns that a kernel came from about their weighted means over the training rows:
///
///     (x_i - m)'(x_j - m) = K_ij - k_i - k_j + w'k     with  k = K w,  m = X'w
inline void centre_kernel(Index n, const std::vector<double>& weight, std::vector<double>& kernel) {
    std::vector<double> along(n, 0.0);
    double both = 0.0;
    for (Index j = 0; j < n; ++j)
        for (Index i = 0; i < n && weight[j] > 0.0; ++i) along[i] += weight[j] * kernel[j * n + i];
    for (Index i = 0; i < n; ++i) both += weight[i] * along[i];
    for (Index j = 0; j < n; ++j)
        for (Index i = 0; i < n; ++i) kernel[j * n + i] += both - along[i] - along[j];
}

/// values[held, k] += kernel[held, training] (root weight * dual[:, k]) from column `first` on.
inline void add_predictions(const Blas& blas, const std::vector<double>& kernel, Index all_rows,
                            const TrainingRows& training, std::span<const Index> held,
                            const std::vector<double>& dual, double* values) {
    const Index n = training.size(), n_held = static_cast<Index>(held.size());
    std::vector<double> cross(n_held * n);
    for (Index b = 0; b < n; ++b)
        for (Index a = 0; a < n_held; ++a)
            cross[b * n_held + a] =
                kernel[training.rows[b] * all_rows + held[a]] * training.root_weight[b];
    multiply(blas, 'N', n_held, n, static_cast<Index>(dual.size()) / n, cross.data(), n_held,
             dual.data(), n, 1.0, 1.0, values, n_held);
}

}  // namespace detail

/// Cross-validation of ridge in the space of the rows. Each fold has the scales and tau of its own
/// training rows: with `standardize` it needs a kernel of its own, else one kernel serves all,
/// centred anew. Folds run in threads; the result has the same bits for any number of them.
class WideRidgeFolds {
public:
    WideRidgeFolds(const Runtime& runtime, const Design& design, std::span<const double> y,
                   std::span<const double> weights, bool fit_intercept, bool standardize,
                   std::span<const double> penalty_factor, std::span<const double> alphas)
        : _runtime(runtime),
          _inner{runtime.blas, runtime.simd, runtime.interrupt, 1},
          _design(design),
          _y(y),
          _weight(design.rows(), 1.0 / static_cast<double>(design.rows())),
          _fit_intercept(fit_intercept),
          _standardize(standardize),
          _penalty_factor(penalty_factor),
          _alphas(alphas) {
        if (!weights.empty()) _weight.assign(weights.begin(), weights.end());
        _with_zero = !alphas.empty() && alphas.back() == 0.0;
    }

    FoldResult run(std::span<const int> fold_ids, Index n_folds) {
        const Index n = _design.rows(), m = static_cast<Index>(_alphas.size());
        if (!_standardize) {
            const ScaledColumns all =
                scale_columns(_runtime, _design, _y, _weight, _fit_intercept, false);
            _shared = row_kernels(_runtime, wide_terms(all, _penalty_factor), _with_zero);
            _shared.free.clear();  // free columns get length 1 in each fold
        }
        FoldResult result;
        result.error.assign(n_folds * m, 0.0);
        result.train_error.assign(n_folds * m, 0.0);
        result.weight.assign(n_folds, 0.0);
        result.predictions.assign(n * m, std::numeric_limits<double>::quiet_NaN());
        parallel_for(_runtime, n_folds, [&](Index k) { fit_fold(fold_ids, k, result); });
        return result;
    }

private:
    void fit_fold(std::span<const int> fold_ids, Index fold, FoldResult& result) const {
        const Index n = _design.rows(), m = static_cast<Index>(_alphas.size());
        std::vector<Index> held;
        std::vector<double> weight = _weight;
        double held_weight = 0.0, total = 0.0;
        for (Index i = 0; i < n; ++i) {
            if (fold_ids[i] == fold) {
                held.push_back(i);
                held_weight += weight[i];
                weight[i] = 0.0;
            }
            total += weight[i];
        }
        for (double& each : weight) each /= total;
        result.weight[fold] = held_weight;

        const ScaledColumns data =
            scale_columns(_inner, _design, _y, weight, _fit_intercept, _standardize);
        const Index n_held = static_cast<Index>(held.size());
        std::vector<double> predictions(n_held * m, data.y_mean);
        if (data.target_square > 0.0)
            predict(data, held, predictions, result.train_error.data() + fold * m);
        for (Index k = 0; k < m; ++k) {
            double squares = 0.0;
            for (Index i = 0; i < n_held; ++i) {
                const double prediction = predictions[k * n_held + i];
                const double apart = _y[held[i]] - prediction;
                squares += _weight[held[i]] * apart * apart;
                result.predictions[k * n + held[i]] = prediction;
            }
            result.error[fold * m + k] = squares / held_weight;
        }
    }

    /// Kernels of all rows, centred and scaled by the training rows of `data`.
    RowKernels fold_kernels(const ScaledColumns& data) const {
        const WideTerms terms = wide_terms(data, _penalty_factor);
        if (_standardize) return row_kernels(_inner, terms, _with_zero);
        RowKernels kernels = _shared;
        if (terms.free.size() > 0) kernels.free = row_kernel(_inner, terms.free);
        if (_fit_intercept)
            kernels.for_each(
                [&](auto& kernel) { detail::centre_kernel(_design.rows(), data.weight, kernel); });
        return kernels;
    }

    /// Adds the fits on the training rows of `data` to the predictions, n_held x alphas.
    void predict(const ScaledColumns& data, std::span<const Index> held,
                 std::vector<double>& predictions, double* train_error) const {
        const Blas& blas = _runtime.blas;
        const Index n = _design.rows(), n_held = static_cast<Index>(held.size());
        const RowKernels kernels = fold_kernels(data);
        const TrainingRows training = training_rows(data, _fit_intercept);
        const double refine_above = RidgeTolerances::refine * training.null_loss;
        const std::vector<double> l2 = positive_strengths(_alphas, training.tau);
        if (!l2.empty()) {
            _inner.interrupt.check();
            const KernelSolutions solutions = solve_kernel_ridge(
                blas, penalised_basis(blas, kernels, n, training), l2, refine_above);
            detail::add_predictions(blas, kernels.penalised, n, training, held, solutions.dual,
                                    predictions.data());
            if (!kernels.free.empty())
                detail::add_predictions(blas, kernels.free, n, training, held, solutions.free_dual,
                                        predictions.data());
            for (std::size_t k = 0; k < l2.size(); ++k) train_error[k] = 2.0 * solutions.loss[k];
        }
        if (_with_zero) {
            const double none = 0.0;
            const KernelSolutions solution = solve_kernel_ridge(
                blas, unpenalised_basis(blas, kernels.unpenalised(), n, training), {&none, 1},
                refine_above);
            detail::add_predictions(blas, kernels.unpenalised(), n, training, held, solution.dual,
                                    predictions.data() + l2.size() * n_held);
            train_error[l2.size()] = 2.0 * solution.loss[0];
        }
    }

    const Runtime& _runtime;
    const Runtime _inner;  ///< one thread: folds share the others
    const Design& _design;
    std::span<const double> _y;
    std::vector<double> _weight;
    bool _fit_intercept, _standardize, _with_zero;
    std::span<const double> _penalty_factor, _alphas;
    RowKernels _shared;  ///< without `standardize`
};

}  // namespace shrinkage
