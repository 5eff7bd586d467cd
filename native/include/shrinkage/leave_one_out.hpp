#pragma once
#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "shrinkage/cross_products.hpp"
#include "shrinkage/left_out_sums.hpp"

namespace shrinkage {

/// Leave-one-out and GCV of ridge from the decomposition of the cross-products and one more pass
/// over the rows of X, in blocks: with U_iq = (x_i - mean)'direction_q,
///
///     error_i = (y_i - y_mean - sum_q U_iq target_q S_iq) / (1 - wt_i (1 + sum_q U_iq^2 S_iq))
///
/// where the inner 1 stands for the intercept.
class LeaveOneOutByRows {
public:
    LeaveOneOutByRows(const Runtime& runtime, const Design& design, std::span<const double> y,
                      std::span<const double> weights, bool fit_intercept, bool standardize,
                      std::span<const double> penalty_factor)
        : _runtime(runtime),
          _design(design),
          _y(y),
          _weights(weights),
          _fit_intercept(fit_intercept),
          _products(runtime, design, y, weights, fit_intercept, standardize, {}, 0),
          _terms(ridge_terms(_products.problem(), penalty_factor)) {
        const bool any_zero = std::ranges::find(weights, 0.0) != weights.end();
        _n_rows = any_zero ? weights.size() - std::ranges::count(weights, 0.0) : y.size();
    }

    LeaveOneOut run(std::span<const double> alphas) {
        const GramProblem& problem = _products.problem();
        LeaveOneOut result;
        const std::vector<double> l2 = positive_strengths(alphas, problem.units.tau);
        result.predictions.resize(_design.rows() * alphas.size());
        if (problem.null_loss() == 0.0) {
            // nothing to explain: every prediction is the constant
            result.error.assign(alphas.size(), 0.0);
            result.gcv = result.error;
            result.trace.assign(alphas.size(), _fit_intercept ? 1.0 : 0.0);
            std::ranges::fill(result.predictions, problem.units.y_mean);
            return result;
        }
        const Blas& blas = _runtime.blas;
        if (!l2.empty()) add(ridge_basis(blas, _terms, problem.rank_limit), l2, result);
        if (l2.size() < alphas.size()) {
            const double none = 0.0;
            add(unpenalised_basis(blas, _terms, problem.rank_limit), {&none, 1}, result);
        }
        return result;
    }

private:
    /// Below this, a row's 1 - leverage is rounding: the fit goes through it.
    static constexpr double no_freedom = 1e-10;

    double weight(Index row) const {
        return _weights.empty() ? 1.0 / static_cast<double>(_y.size()) : _weights[row];
    }

    /// Appends the points of one basis to the result.
    void add(const RidgeBasis& basis, std::span<const double> l2, LeaveOneOut& result) {
        add_gcv(basis, l2, result);
        const Index rows = _design.rows(), m = static_cast<Index>(l2.size());
        const RowProjection project(_design, _products.problem().units.mean, on_all_columns(basis));
        double* predictions = result.predictions.data() + rows * result.error.size();
        std::vector<double> partial(project.n_blocks() * m, 0.0);
        parallel_for(_runtime, project.n_blocks(), [&](Index block) {
            _runtime.interrupt.check();
            add_block(basis, project, block, l2, predictions, partial.data() + block * m);
        });
        for (Index k = 0; k < m; ++k) {
            double sum = 0.0;
            for (Index block = 0; block < project.n_blocks(); ++block)
                sum += partial[block * m + k];
            result.error.push_back(sum);
        }
    }

    /// With the directions' shares of y and of the rows' freedom, nothing cancels where l2 is
    /// small:
    ///
    ///     mean squared residual = rest + sum_q (target_q kept_q)^2 / curvature_q
    ///     n - trace             = unreached + sum_q kept_q        kept_q = l2 / (curvature_q + l2)
    void add_gcv(const RidgeBasis& basis, std::span<const double> l2, LeaveOneOut& result) const {
        const double n = static_cast<double>(_n_rows);
        const double fitted = static_cast<double>(basis.rank()) + (_fit_intercept ? 1.0 : 0.0);
        double rest = _products.problem().target_square;
        for (Index q = 0; q < basis.rank(); ++q)
            rest -= basis.target[q] * basis.target[q] / basis.curvature[q];
        const double unreached = std::max(0.0, n - fitted);
        if (unreached == 0.0) rest = 0.0;
        for (const double strength : l2) {
            double square = std::max(0.0, rest), left = unreached;
            for (Index q = basis.n_free; q < basis.rank(); ++q) {
                const double kept = strength / (basis.curvature[q] + strength);
                const double residual = basis.target[q] * kept;
                square += residual * residual / basis.curvature[q];
                left += kept;
            }
            result.trace.push_back(n - left);
            result.gcv.push_back(left == 0.0 ? gcv_without_freedom(basis)
                                             : square * (n / left) * (n / left));
        }
    }

    /// The limit of GCV as alpha falls to 0, for a fit that goes through every row: residuals
    /// shrink as l2 M'coef, and n - trace as l2 |M|^2.
    double gcv_without_freedom(const RidgeBasis& basis) const {
        const Index size = _terms.size();
        const std::vector<double> coef = unpenalised_coef(basis);
        double residual = 0.0, freedom = 0.0;
        for (Index q = 0; q < basis.rank(); ++q) {
            double along = 0.0;
            for (Index i = 0; i < size; ++i) {
                const double direction = basis.directions[q * size + i];
                along += direction * coef[i];
                freedom += direction * direction;
            }
            residual += along * along;
        }
        const double ratio = static_cast<double>(_n_rows) / freedom;
        return residual * ratio * ratio;
    }

    std::vector<double> unpenalised_coef(const RidgeBasis& basis) const {
        std::vector<double> coef(_terms.size());
        multiply(_runtime.blas, 'N', _terms.size(), basis.rank(), 1, basis.directions.data(),
                 _terms.size(), basis.target.data(), basis.rank(), 1.0, 0.0, coef.data(),
                 _terms.size());
        return coef;
    }

    /// The directions for a raw row minus the means: columns x rank.
    std::vector<double> on_all_columns(const RidgeBasis& basis) const {
        const Index cols = _design.cols();
        std::vector<double> out(cols * basis.rank(), 0.0);
        for (Index q = 0; q < basis.rank(); ++q)
            for (Index i = 0; i < _terms.size(); ++i) {
                const Index j = _terms.features[i];
                out[q * cols + j] =
                    basis.directions[q * _terms.size() + i] / _products.problem().units.scale[j];
            }
        return out;
    }

    /// @param predictions of all rows @param error one per strength: sums over these rows
    void add_block(const RidgeBasis& basis, const RowProjection& project, Index block,
                   std::span<const double> l2, double* predictions, double* error) const {
        const Index first = project.first_row(block), count = project.rows_in(block);
        std::vector<double> wt;
        for (Index i = 0; i < count; ++i) wt.push_back(weight(first + i));
        const std::vector<double> U = project(_runtime, block);
        const LeftOutSums sums(_runtime.blas, basis.curvature, basis.n_free, l2);
        const std::vector<double> fit = sums(U, basis.target, wt);
        const std::vector<double> leverage = sums.of_squares(U, wt);
        std::vector<double> free_leverage(count, 0.0);
        for (Index i = 0; i < basis.n_free * count; ++i) free_leverage[i % count] += U[i] * U[i];
        const double own = _fit_intercept ? 1.0 : 0.0, y_mean = _products.problem().units.y_mean;
        for (std::size_t k = 0; k < l2.size(); ++k) {
            for (Index i = 0; i < count; ++i) {
                const Index at = k * count + i, row = first + i;
                double& prediction = predictions[k * _design.rows() + row];
                prediction = std::numeric_limits<double>::quiet_NaN();
                if (wt[i] == 0.0) continue;
                const double left_out =
                    1.0 - wt[i] * (own + free_leverage[i]) < no_freedom
                        ? limit_without_freedom(basis, U, count, i, wt[i], l2[k])
                        : (_y[row] - y_mean - fit[at]) / (1.0 - wt[i] * (own + leverage[at]));
                prediction = _y[row] - left_out;
                error[k] += wt[i] * left_out * left_out;
            }
        }
    }

    /// The error of a row that the free features alone let the fit go through: its limit as a
    /// penalty on them falls to 0. Residual and 1 - leverage both vanish, and the ratio of their
    /// derivatives remains: with free columns of length 1 (as they are where alpha = 0),
    ///
    ///     z_i'G_FF^-1 t_F / (wt_i |G_FF^-1 z_i|^2)
    double limit_without_freedom(const RidgeBasis& basis, const std::vector<double>& U, Index count,
                                 Index i, double wt, double l2) const {
        const Index size = _terms.size();
        const double strength = l2 * (1.0 - wt);
        const std::vector<double> multipliers = ridge_multipliers(basis, {&strength, 1});
        double residual = 0.0, leverage = 0.0;
        for (Index j = 0; j < basis.free_terms; ++j) {
            const double length = l2 > 0.0 ? _terms.length(j) : 1.0;
            double along = 0.0, coef = 0.0;
            for (Index q = 0; q < basis.rank(); ++q) {
                const double direction = length * basis.directions[q * size + j];
                coef += direction * multipliers[q] * basis.target[q];
                if (q < basis.n_free) along += direction * U[q * count + i];
            }
            residual += along * coef;
            leverage += along * along;
        }
        return residual / (wt * leverage);
    }

    const Runtime& _runtime;
    const Design& _design;
    std::span<const double> _y, _weights;
    const bool _fit_intercept;
    const CrossProducts _products;
    const RidgeTerms _terms;
    std::size_t _n_rows;  ///< of positive weight
};

}  // namespace shrinkage
