#pragma once
#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "shrinkage/leave_one_out.hpp"
#include "shrinkage/ridge_wide.hpp"

namespace shrinkage {

/// Leave-one-out and GCV of ridge from the decomposition of the kernel of the rows alone: with V
/// its eigenvectors,
///
///     error_i = sum_q V_iq (V_q'y) S_iq / sum_q V_iq^2 S_iq / root_weight_i
///
/// l2 has cancelled, so small strengths cost no digits.
class LeaveOneOutByKernel {
public:
    LeaveOneOutByKernel(const Runtime& runtime, const Design& design, std::span<const double> y,
                        std::span<const double> weights, bool fit_intercept, bool standardize,
                        std::span<const double> penalty_factor)
        : _runtime(runtime),
          _y(y),
          _data(scale_columns(runtime, design, y, weights, fit_intercept, standardize)),
          _terms(wide_terms(_data, penalty_factor)),
          _training(training_rows(_data, fit_intercept)) {
        for (const Index row : _training.rows) _wt.push_back(_data.weight[row]);
    }

    LeaveOneOut run(std::span<const double> alphas) {
        LeaveOneOut result;
        if (_training.null_loss == 0.0) {
            // nothing to explain: every prediction is the constant
            result.error.assign(alphas.size(), 0.0);
            result.gcv = result.error;
            result.trace.assign(alphas.size(), _training.constant.empty() ? 0.0 : 1.0);
            result.predictions.assign(_data.rows() * alphas.size(), _data.y_mean);
            return result;
        }
        const Blas& blas = _runtime.blas;
        const std::vector<double> l2 = positive_strengths(alphas, _training.tau);
        const bool with_zero = l2.size() < alphas.size();
        RowKernels kernels = row_kernels(_runtime, _terms, with_zero);
        std::vector<double> plain = with_zero ? kernels.unpenalised() : std::vector<double>{};
        if (!l2.empty())
            add(penalised_basis(blas, std::move(kernels), _data.rows(), _training), l2, result);
        if (with_zero)
            add_limit(unpenalised_basis(blas, std::move(plain), _data.rows(), _training), result);
        return result;
    }

private:
    void add(const KernelBasis& basis, std::span<const double> l2, LeaveOneOut& result) const {
        const LeftOutSums sums(_runtime.blas, basis.curvature, 0, l2);
        const Index n = basis.rows;
        std::vector<double> residual = sums(basis.vectors, basis.along, _wt);
        std::vector<double> freedom = sums.of_squares(basis.vectors, _wt);
        for (Index i = 0; i < n; ++i)
            if (basis.n_free() > 0 && part_in(basis.vectors, n, i) < no_freedom)
                for (std::size_t k = 0; k < l2.size(); ++k)
                    take_limit(basis, i, l2[k], residual[k * n + i], freedom[k * n + i]);
        for (std::size_t k = 0; k < l2.size(); ++k) {
            std::vector<double> multipliers;
            for (const double curvature : basis.curvature)
                multipliers.push_back(1.0 / (curvature + l2[k]));
            add_gcv(basis, multipliers, l2[k], result);
            add_point(residual.data() + k * n, freedom.data() + k * n, result);
        }
    }

    /// Below this, a row has no part in some directions but rounding.
    static constexpr double no_freedom = 1e-10;

    static double part_in(const std::vector<double>& vectors, Index n, Index row) {
        double square = 0.0;
        for (Index at = row; at < static_cast<Index>(vectors.size()); at += n)
            square += vectors[at] * vectors[at];
        return square;
    }

    /// For a row that the free features alone let the fit go through: the limit as a penalty on
    /// them falls to 0. What remains is the row's part in U D^-1 U'(y - K a), with U and D the free
    /// features' eigenvectors and eigenvalues, over that in U D^-1 U'.
    void take_limit(const KernelBasis& basis, Index row, double l2, double& residual,
                    double& freedom) const {
        const double strength = l2 * (1.0 - _wt[row]);
        const KernelSolutions solution = solve_kernel_ridge(
            _runtime.blas, basis, {&strength, 1}, std::numeric_limits<double>::infinity());
        residual = solution.free_dual[row];
        freedom = 0.0;
        for (Index q = 0; q < basis.n_free(); ++q) {
            const double part = basis.free_vectors[q * basis.rows + row];
            freedom += part * part / basis.free_curvature[q];
        }
    }

    /// The limit as alpha falls to 0. Directions that no feature reaches outweigh all others,
    /// except in rows that have no part in them.
    void add_limit(const KernelBasis& basis, LeaveOneOut& result) const {
        const Index n = basis.rows;
        std::vector<double> unreached, reached;
        for (const double curvature : basis.curvature) {
            unreached.push_back(curvature > 0.0 ? 0.0 : 1.0);
            reached.push_back(curvature > 0.0 ? 1.0 / curvature : 0.0);
        }
        const bool full = std::ranges::find(unreached, 1.0) == unreached.end();
        add_gcv(basis, full ? reached : unreached, 0.0, result);
        std::vector<double> residual(n), freedom(n);
        for (Index i = 0; i < n; ++i) {
            const auto sums = [&](const std::vector<double>& multipliers) {
                residual[i] = freedom[i] = 0.0;
                for (Index q = 0; q < basis.rank(); ++q) {
                    const double v = basis.vectors[q * n + i];
                    residual[i] += v * basis.along[q] * multipliers[q];
                    freedom[i] += v * v * multipliers[q];
                }
            };
            sums(unreached);
            if (freedom[i] < no_freedom) sums(reached);
        }
        add_point(residual.data(), freedom.data(), result);
    }

    /// Mean squared residual / (1 - trace / n)^2 = n^2 sum (along S)^2 / (sum S)^2
    void add_gcv(const KernelBasis& basis, const std::vector<double>& multipliers, double l2,
                 LeaveOneOut& result) const {
        double squares = 0.0, sum = 0.0;
        for (Index q = 0; q < basis.rank(); ++q) {
            squares += multipliers[q] * multipliers[q] * basis.along[q] * basis.along[q];
            sum += multipliers[q];
        }
        const double n = static_cast<double>(basis.rows);
        const bool only_unreached =
            l2 == 0.0 && std::ranges::find(basis.curvature, 0.0) != basis.curvature.end();
        result.trace.push_back(only_unreached ? n - sum : n - l2 * sum);
        result.gcv.push_back(n * n * squares / (sum * sum));
    }

    /// Turns one column of ratios into predictions and their mean squared error.
    void add_point(const double* residual, const double* freedom, LeaveOneOut& result) const {
        const std::size_t start = result.predictions.size();
        result.predictions.resize(start + _data.rows(), std::numeric_limits<double>::quiet_NaN());
        double error = 0.0;
        for (Index i = 0; i < _training.size(); ++i) {
            const double left_out = residual[i] / freedom[i] / _training.root_weight[i];
            const Index row = _training.rows[i];
            result.predictions[start + row] = _y[row] - left_out;
            error += _wt[i] * left_out * left_out;
        }
        result.error.push_back(error);
    }

    const Runtime& _runtime;
    std::span<const double> _y;
    const ScaledColumns _data;
    const WideTerms _terms;
    const TrainingRows _training;
    std::vector<double> _wt;  ///< of the training rows
};

/// By whichever is smaller, the cross-products of the columns or the kernel of the rows. The kernel
/// needs a design that has columns.
inline LeaveOneOut leave_one_out(const Runtime& runtime, const Design& design,
                                 std::span<const double> y, std::span<const double> weights,
                                 bool fit_intercept, bool standardize,
                                 std::span<const double> penalty_factor,
                                 std::span<const double> alphas) {
    if (design.cols() >= design.rows() && design.has_columns())
        return LeaveOneOutByKernel(runtime, design, y, weights, fit_intercept, standardize,
                                   penalty_factor)
            .run(alphas);
    return LeaveOneOutByRows(runtime, design, y, weights, fit_intercept, standardize,
                             penalty_factor)
        .run(alphas);
}

}  // namespace shrinkage
