#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include "shrinkage/dense_algebra.hpp"

namespace shrinkage {

/// Errors of ridge on each row when it alone is left out, at each alpha. The scales and tau stay
/// those of all rows; the mean of the loss is over the rows that remain.
struct LeaveOneOut {
    std::vector<double> error;        ///< weighted mean of the squared errors
    std::vector<double> predictions;  ///< rows x alphas, by column; NaN in rows of weight 0
    std::vector<double> gcv;          ///< mean squared residual / (1 - trace / number of rows)^2
    std::vector<double> trace;        ///< of the hat matrix, 1 for the intercept included
};

/// Sums over the directions in which ridge solutions are diagonal, for a row i that is left out:
///
///     sum_q values_iq S_iq,   S_iq = 1 / (curvature_q + l2 (1 - wt_i)),  1 for the leading free
///     ones
///
/// A row takes its part of the mean loss along, so to the others, in units of the whole mean, the
/// penalty is 1 - wt_i times as strong.
class LeftOutSums {
public:
    LeftOutSums(const Blas& blas, std::span<const double> curvature, Index n_free,
                std::span<const double> l2)
        : _blas(blas), _curvature(curvature), _n_free(n_free), _l2(l2) {}

    /// sum_q values_iq factors_q S_iq
    /// @param values rows x directions @param wt one per row @return rows x strengths
    std::vector<double> operator()(const std::vector<double>& values,
                                   std::span<const double> factors,
                                   std::span<const double> wt) const {
        const bool equal = std::ranges::all_of(wt, [&](double each) { return each == wt[0]; });
        return equal ? by_product(values, factors, wt) : by_row(values, factors, wt);
    }

    /// sum_q values_iq^2 S_iq
    std::vector<double> of_squares(std::vector<double> values, std::span<const double> wt) const {
        for (double& value : values) value *= value;
        return (*this)(values, std::vector<double>(_curvature.size(), 1.0), wt);
    }

private:
    Index rank() const { return static_cast<Index>(_curvature.size()); }
    Index n_strengths() const { return static_cast<Index>(_l2.size()); }
    double multiplier(Index q, double l2) const {
        return q < _n_free ? 1.0 : 1.0 / (_curvature[q] + l2);
    }

    std::vector<double> by_product(const std::vector<double>& values,
                                   std::span<const double> factors,
                                   std::span<const double> wt) const {
        const Index rows = static_cast<Index>(wt.size()), m = n_strengths();
        std::vector<double> multipliers, sums(rows * m);
        for (Index k = 0; k < m; ++k)
            for (Index q = 0; q < rank(); ++q)
                multipliers.push_back(factors[q] * multiplier(q, _l2[k] * (1.0 - wt[0])));
        multiply(_blas, 'N', rows, rank(), m, values.data(), rows, multipliers.data(), rank(), 1.0,
                 0.0, sums.data(), rows);
        return sums;
    }

    std::vector<double> by_row(const std::vector<double>& values, std::span<const double> factors,
                               std::span<const double> wt) const {
        const Index rows = static_cast<Index>(wt.size()), m = n_strengths();
        std::vector<double> sums(rows * m), strength(m), row(m);
        for (Index i = 0; i < rows; ++i) {
            std::ranges::fill(row, 0.0);
            for (Index k = 0; k < m; ++k) strength[k] = _l2[k] * (1.0 - wt[i]);
            for (Index q = 0; q < rank(); ++q) {
                const double value = values[q * rows + i] * factors[q];
                for (Index k = 0; k < m; ++k) row[k] += value * multiplier(q, strength[k]);
            }
            for (Index k = 0; k < m; ++k) sums[k * rows + i] = row[k];
        }
        return sums;
    }

    const Blas& _blas;
    std::span<const double> _curvature;
    Index _n_free;
    std::span<const double> _l2;
};

}  // namespace shrinkage
