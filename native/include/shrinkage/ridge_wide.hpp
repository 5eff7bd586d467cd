#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/kernel_ridge.hpp"
#include "shrinkage/ridge_path.hpp"
#include "shrinkage/row_kernel.hpp"
#include "shrinkage/scaled_columns.hpp"

namespace shrinkage {

/// The columns that ridge uses, divided by their scales and by the roots of their penalty factors.
struct WideTerms {
    ColumnSet penalised, free;
    ColumnSet plain;        ///< all of them, without penalty factors: alpha = 0
    bool all_alike = true;  ///< every penalty factor is 1: `plain` is `penalised`

    explicit WideTerms(const Design& design)
        : penalised{design, {}, {}, {}}, free{design, {}, {}, {}}, plain{design, {}, {}, {}} {}
};

/// Free columns get length 1, so that which of them are independent does not depend on their units.
inline WideTerms wide_terms(const ScaledColumns& data, std::span<const double> penalty_factor) {
    WideTerms terms(data.design);
    for (Index j = 0; j < data.cols(); ++j) {
        const double factor = penalty_factor[j], mean = data.mean[j], scale = data.scale[j];
        if (scale == 0.0 || std::isinf(factor)) continue;
        if (factor == 0.0)
            terms.free.add(j, mean, 1.0 / (scale * data.norm[j]));
        else
            terms.penalised.add(j, mean, 1.0 / (scale * std::sqrt(factor)));
        terms.plain.add(j, mean, 1.0 / scale);
        terms.all_alike = terms.all_alike && factor == 1.0;
    }
    return terms;
}

/// Kernels of the rows for each kind of term; empty where nothing needs them.
struct RowKernels {
    std::vector<double> penalised, free, plain;
    bool all_alike;

    const std::vector<double>& unpenalised() const { return all_alike ? penalised : plain; }

    template <class Change>
    void for_each(const Change& change) {
        for (auto* kernel : {&penalised, &free, &plain})
            if (!kernel->empty()) change(*kernel);
    }
};

/// @param with_zero whether alpha = 0 is asked for
inline RowKernels row_kernels(const Runtime& runtime, const WideTerms& terms, bool with_zero) {
    RowKernels kernels;
    kernels.all_alike = terms.all_alike;
    kernels.penalised = row_kernel(runtime, terms.penalised);
    if (terms.free.size() > 0) kernels.free = row_kernel(runtime, terms.free);
    if (with_zero && !terms.all_alike) kernels.plain = row_kernel(runtime, terms.plain);
    return kernels;
}

/// Rows of positive weight and what ridge fits to them.
struct TrainingRows {
    std::vector<Index> rows;
    std::vector<double> root_weight;
    std::vector<double> target;    ///< root weight times centred y
    std::vector<double> constant;  ///< root weights with an intercept, else empty
    double null_loss;
    double tau;

    Index size() const { return static_cast<Index>(rows.size()); }
};

inline TrainingRows training_rows(const ScaledColumns& data, bool fit_intercept) {
    TrainingRows training;
    for (Index i = 0; i < data.rows(); ++i) {
        if (data.weight[i] == 0.0) continue;
        training.rows.push_back(i);
        training.root_weight.push_back(data.root_weight[i]);
        training.target.push_back(data.target[i]);
    }
    if (fit_intercept) training.constant = training.root_weight;
    training.null_loss = data.target_square / 2.0;
    training.tau = data.tau;
    return training;
}

/// Cuts a kernel down to the training rows and gives it their root weights, in place.
inline std::vector<double> weighted_kernel(std::vector<double> kernel, Index all_rows,
                                           const TrainingRows& training) {
    if (kernel.empty()) return kernel;
    const Index n = training.size();
    for (Index b = 0; b < n; ++b)
        for (Index a = 0; a < n; ++a)
            kernel[b * n + a] = kernel[training.rows[b] * all_rows + training.rows[a]] *
                                training.root_weight[a] * training.root_weight[b];
    kernel.resize(n * n);
    return kernel;
}

/// Decomposition on the training rows for alpha > 0.
inline KernelBasis penalised_basis(const Blas& blas, RowKernels kernels, Index all_rows,
                                   const TrainingRows& training) {
    return kernel_basis(blas, weighted_kernel(std::move(kernels.penalised), all_rows, training),
                        weighted_kernel(std::move(kernels.free), all_rows, training),
                        training.constant, training.target, std::numeric_limits<double>::epsilon());
}
/// Decomposition on the training rows for alpha = 0.
inline KernelBasis unpenalised_basis(const Blas& blas, std::vector<double> kernel, Index all_rows,
                                     const TrainingRows& training) {
    return kernel_basis(blas, weighted_kernel(std::move(kernel), all_rows, training), {},
                        training.constant, training.target, rank_tolerance(training.size()));
}

namespace detail {

/// Vectors on the training rows times root weights, on all rows.
inline std::vector<double> on_all_rows(const TrainingRows& training, Index all_rows,
                                       const std::vector<double>& values) {
    const Index n = training.size(), m = static_cast<Index>(values.size()) / n;
    std::vector<double> out(all_rows * m);
    for (Index k = 0; k < m; ++k)
        for (Index i = 0; i < n; ++i)
            out[k * all_rows + training.rows[i]] = values[k * n + i] * training.root_weight[i];
    return out;
}

/// Coefficients in original units from dual vectors on the training rows: one X pass.
inline std::vector<double> coefficients(const Runtime& runtime, const ColumnSet& set,
                                        const TrainingRows& training,
                                        const std::vector<double>& dual) {
    std::vector<double> coef =
        column_products(runtime, set, on_all_rows(training, set.design.rows(), dual));
    for (std::size_t i = 0; i < coef.size(); ++i) coef[i] *= set.factor[i % set.columns.size()];
    return coef;
}

inline std::vector<int> features_of(const ColumnSet& first, const ColumnSet& second) {
    std::vector<int> features;
    for (const ColumnSet* set : {&first, &second})
        for (const Index j : set->columns) features.push_back(static_cast<int>(j));
    return features;
}

}  // namespace detail

/// Ridge at all alphas (decreasing, >= 0) from one decomposition of rows x rows; one more for
/// alpha = 0, where all features are free and the shortest of all solutions is taken. X is read
/// twice.
class WideRidge {
public:
    WideRidge(const Runtime& runtime, const Design& design, std::span<const double> y,
              std::span<const double> weights, bool fit_intercept, bool standardize,
              std::span<const double> penalty_factor)
        : _runtime(runtime),
          _data(scale_columns(runtime, design, y, weights, fit_intercept, standardize)),
          _terms(wide_terms(_data, penalty_factor)),
          _training(training_rows(_data, fit_intercept)),
          _penalty_factor(penalty_factor) {}

    PathResult path(std::span<const double> alphas) {
        const Index m = static_cast<Index>(alphas.size());
        if (_training.null_loss == 0.0) return constant_target_path(m, _data.y_mean);
        const std::vector<double> l2 = positive_strengths(alphas, _training.tau);
        const bool with_zero = static_cast<Index>(l2.size()) < m;
        RowKernels kernels = row_kernels(_runtime, _terms, with_zero);
        std::vector<double> plain = with_zero ? kernels.unpenalised() : std::vector<double>{};
        PathResult path;
        path.counts.factorised = 1 + (_terms.free.size() > 0) + with_zero;
        append_penalised(
            penalised_basis(_runtime.blas, std::move(kernels), _data.rows(), _training), l2, path);
        if (with_zero)
            append_unpenalised(
                unpenalised_basis(_runtime.blas, std::move(plain), _data.rows(), _training), path);
        path.counts.column_products = _products;
        return path;
    }

private:
    double refine_above() const { return RidgeTolerances::refine * _training.null_loss; }

    std::vector<double> coefficients(const ColumnSet& set, const std::vector<double>& dual) {
        _products += set.size() * static_cast<Index>(dual.size()) / _training.size();
        return detail::coefficients(_runtime, set, _training, dual);
    }

    void append_penalised(const KernelBasis& basis, const std::vector<double>& l2,
                          PathResult& path) {
        const Index n_penalised = _terms.penalised.size(), n_free = _terms.free.size();
        const KernelSolutions solutions =
            solve_kernel_ridge(_runtime.blas, basis, l2, refine_above());
        std::vector<double> dual = solutions.dual;
        dual.insert(dual.end(), basis.target.begin(), basis.target.end());
        const std::vector<double> penalised = coefficients(_terms.penalised, dual);
        const std::vector<double> free =
            n_free > 0 ? coefficients(_terms.free, solutions.free_dual) : std::vector<double>{};

        const Index m = static_cast<Index>(l2.size());
        double largest_root = 0.0;
        for (Index i = 0; i < n_penalised; ++i) {
            const Index j = _terms.penalised.columns[i];
            const double scale = _data.scale[j], factor = _penalty_factor[j];
            _unit = std::max(_unit, std::abs(penalised[m * n_penalised + i]) * scale);
            largest_root = std::max(largest_root, std::sqrt(factor));
        }
        const std::vector<int> features = detail::features_of(_terms.penalised, _terms.free);
        PointWriter writer(features, means(features), _data.y_mean, path);
        std::vector<double> coef(n_penalised + n_free);
        for (Index k = 0; k < m; ++k) {
            std::copy_n(penalised.begin() + k * n_penalised, n_penalised, coef.begin());
            std::copy_n(free.begin() + k * n_free, n_free, coef.begin() + n_penalised);
            writer.append(coef.data(), solutions.loss[k],
                          solutions.dual_gap[k] / _training.null_loss,
                          relative(solutions.violation[k] * largest_root), false);
        }
    }

    void append_unpenalised(const KernelBasis& basis, PathResult& path) {
        const double none = 0.0;
        const KernelSolutions solutions =
            solve_kernel_ridge(_runtime.blas, basis, {&none, 1}, refine_above());
        const std::vector<double> coef = coefficients(_terms.plain, solutions.dual);
        const std::vector<int> features(_terms.plain.columns.begin(), _terms.plain.columns.end());
        const Index rank = std::ranges::count_if(basis.curvature, [](double w) { return w > 0.0; });
        PointWriter(features, means(features), _data.y_mean, path)
            .append(coef.data(), solutions.loss[0], solutions.dual_gap[0] / _training.null_loss,
                    relative(solutions.violation[0]), rank < _terms.plain.size());
    }

    double relative(double violation) const { return _unit > 0.0 ? violation / _unit : 0.0; }

    std::vector<double> means(const std::vector<int>& features) const {
        std::vector<double> values;
        for (const int j : features) values.push_back(_data.mean[j]);
        return values;
    }

    const Runtime& _runtime;
    const ScaledColumns _data;
    const WideTerms _terms;
    const TrainingRows _training;
    std::span<const double> _penalty_factor;
    double _unit = 0.0;  ///< largest |c_j| / v_j of the null model
    Index _products = 0;
};

}  // namespace shrinkage
