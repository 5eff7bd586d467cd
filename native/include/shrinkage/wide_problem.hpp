#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/kernel_ridge.hpp"
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
    double longest;  ///< no |z_j| is larger

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
    training.longest = data.norm.empty() ? 0.0 : *std::ranges::max_element(data.norm);
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

/// Coefficients in original units from dual vectors on the training rows: one pass over X.
inline std::vector<double> coefficients(const Runtime& runtime, const ColumnSet& set,
                                        const TrainingRows& training,
                                        const std::vector<double>& dual) {
    std::vector<double> coef =
        column_products(runtime, set, on_all_rows(training, set.design.rows(), dual));
    for (std::size_t i = 0; i < coef.size(); ++i) coef[i] *= set.factor[i % set.columns.size()];
    return coef;
}

}  // namespace shrinkage
