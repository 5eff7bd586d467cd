#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "shrinkage/scaled_columns.hpp"
#include "shrinkage/screening.hpp"
#include "shrinkage/working_set.hpp"

namespace shrinkage {

/// Checks the columns outside the working set at all alphas of a batch, reading only those that the
/// bounds of Screening do not certify.
class ColumnCheck {
public:
    struct Violators {
        Index first;  ///< first alpha with a violation; batch.size if none
        std::vector<std::pair<double, Index>> columns;  ///< largest |c_j| / (v_j l1), and j
    };

    ColumnCheck(const Runtime& runtime, const ScaledColumns& data, const FeatureLimits& limits)
        : _runtime(runtime),
          _data(data),
          _limits(limits),
          _screening(runtime.simd, data.rows(), data.cols(), data.design.stored_per_column()),
          _weighted(data.rows() * Batch::capacity),
          _unit(data.cols(), 0.0) {}

    Screening& screening() { return _screening; }
    /// Columns read so far; once for all the residuals that they are multiplied with.
    Index columns_read() const { return _columns_read; }
    /// Largest |c_j| / v_j at an alpha that exceeds l1, but no more than rounding allows; 0 if
    /// none.
    double largest_outside(Index q) const {
        return _screening.any_candidates() ? _largest_outside[q] : 0.0;
    }

    /// Makes all penalised features that may enter candidates.
    /// @param correlations with `residual`, of the null model
    /// @return largest |c_j| / v_j, as far as bounds let it count: alpha_max at l1_ratio 1
    double start(const std::vector<double>& correlations, const double* residual) {
        double largest = 0.0;
        for (Index j = 0; j < _data.cols(); ++j) {
            if (!_limits.is_usable(j) || _limits.is_free(j)) continue;
            const double factor = _limits.penalty_factor(j);
            _unit[j] = 1.0 / (_data.scale[j] * factor);
            _screening.add(j, {_data.norm[j] / factor, _data.rounding[j] / factor,
                               correlations[j] / factor, _limits.sign(j)});
            largest = std::max(largest, _screening.towards_limit(j, correlations[j] / factor));
        }
        _screening.start(residual);
        return largest;
    }

    /// z_j'r for all columns; 0 for those without spread. @param residual of the scaled problem
    std::vector<double> correlations_of_all(const double* residual) {
        std::vector<Index> columns;
        for (Index j = 0; j < _data.cols(); ++j)
            if (_data.scale[j] > 0.0) columns.push_back(j);
        std::vector<double> found, all(_data.cols(), 0.0);
        multiply(columns, residual, 1, found);
        for (std::size_t i = 0; i < columns.size(); ++i)
            all[columns[i]] = found[i] / _data.scale[columns[i]];
        return all;
    }

    /// Checks the alphas from `first` on.
    Violators check(const Batch& batch, Index first) {
        Violators found{batch.size, {}};
        std::fill(_largest_outside.begin() + first, _largest_outside.end(), 0.0);
        const std::vector<Index> touched = _screening.touched(_runtime, batch, first);
        _excess.assign(touched.size(), 0.0);
        // The last residuals first: as references they certify most columns at the others.
        const Index late = std::max<Index>(0, batch.size - 3);
        read(touched, batch, late, batch.size);
        const Index n = static_cast<Index>(touched.size());
        _screening.refer(touched, batch, _correlations.data() + (batch.last() - late) * n,
                         _correlations.data() + (batch.before() - late) * n);
        compare(touched, nullptr, batch, late, first, found);
        if (first < late) {
            const std::vector<Index> positions =
                _screening.still_touched(touched, batch, first, late);
            std::vector<Index> columns;
            for (const Index position : positions) columns.push_back(touched[position]);
            read(columns, batch, first, late);
            compare(columns, positions.data(), batch, first, first, found);
        }
        for (Index i = 0; i < n; ++i)
            if (_excess[i] > 0.0) found.columns.emplace_back(_excess[i], touched[i]);
        return found;
    }

private:
    /// out[q n + i] = (x_j - mean_j)' root_weight r_q for j = columns[i], n of them.
    void multiply(const std::vector<Index>& columns, const double* residuals, Index n_residuals,
                  std::vector<double>& out) {
        const Index n = static_cast<Index>(columns.size()), rows = _data.rows();
        std::array<double, Batch::capacity> sums{};
        for (Index q = 0; q < n_residuals; ++q) {
            for (Index i = 0; i < rows; ++i) {
                const double value = _data.root_weight[i] * residuals[q * rows + i];
                _weighted[q * rows + i] = value;
                sums[q] += value;
            }
        }
        out.resize(n * n_residuals);
        _data.design.products(_runtime, columns, _weighted.data(), n_residuals, out.data(), n);
        _columns_read += n;
        // With an intercept the residuals sum to 0 but for rounding, which a large mean magnifies.
        for (Index q = 0; q < n_residuals; ++q)
            for (Index i = 0; i < n; ++i) out[q * n + i] -= _data.mean[columns[i]] * sums[q];
    }

    /// _correlations[(q - first) n + i] = z_j'r_q / v_j for j = columns[i] and first <= q < end.
    void read(const std::vector<Index>& columns, const Batch& batch, Index first, Index end) {
        multiply(columns, batch.residual(first), end - first, _correlations);
        const Index n = static_cast<Index>(columns.size());
        for (Index q = 0; q < end - first; ++q)
            for (Index i = 0; i < n; ++i) _correlations[q * n + i] *= _unit[columns[i]];
    }

    /// Compares what was read for the alphas begin .. with the limits of those from `first` on.
    /// @param positions of the columns among the touched ones; null: all of them
    void compare(const std::vector<Index>& columns, const Index* positions, const Batch& batch,
                 Index begin, Index first, Violators& found) {
        constexpr double smallest = 1e-300;
        const Index n = static_cast<Index>(columns.size());
        const Index end = n > 0 ? begin + static_cast<Index>(_correlations.size()) / n : begin;
        for (Index q = std::max(begin, first); q < end; ++q) {
            const double l1 = batch.l1[q];
            const double* r = batch.residual(q);
            const double length = std::sqrt(_runtime.simd.f64.dot(_data.rows(), r, r));
            for (Index i = 0; i < n; ++i) {
                const Index j = columns[i];
                const double correlation = _correlations[(q - begin) * n + i];
                const double noise = 1e-15 * _screening.rounding(j) * length;
                // Without an L1 penalty every column belongs to the working set.
                if (l1 > 0.0 && std::abs(correlation) + noise <= l1) continue;
                const double size = _screening.towards_limit(j, correlation);
                const double slack =
                    std::max(1e-11 * l1, 1e-14 * _screening.norm(j) * _data.target_norm());
                if (l1 == 0.0 || size + noise > l1 + slack) {
                    double& excess = _excess[positions ? positions[i] : i];
                    excess = std::max({excess, size / std::max(l1, smallest), smallest});
                    found.first = std::min(found.first, q);
                } else {
                    _largest_outside[q] = std::max(_largest_outside[q], size);
                }
            }
        }
    }

    const Runtime& _runtime;
    const ScaledColumns& _data;
    const FeatureLimits& _limits;
    Screening _screening;
    std::vector<double> _weighted;  ///< residuals times the root of the weights
    std::vector<double> _unit;      ///< 1 / (scale_j v_j)
    std::vector<double> _correlations;
    std::vector<double> _excess;  ///< of the touched columns; 0: no violation
    std::array<double, Batch::capacity> _largest_outside{};
    Index _columns_read = 0;
};

}  // namespace shrinkage
