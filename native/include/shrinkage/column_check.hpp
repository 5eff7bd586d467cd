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
          _weighted(data.rows() * Batch::capacity) {}

    Screening& screening() { return _screening; }
    /// Columns read so far; once for all the residuals that they are multiplied with.
    Index columns_read() const { return _columns_read; }
    /// Largest |c_j| / v_j at an alpha among the columns that were read and do not violate there.
    double largest_outside(Index q) const { return _largest_outside[q]; }

    /// Makes all penalised features that may enter candidates.
    /// @param correlations with `residual`, of the null model
    /// @return largest |c_j| / v_j, as far as bounds let it count: alpha_max at l1_ratio 1
    double start(const std::vector<double>& correlations, const double* residual) {
        double largest = 0.0;
        for (Index j = 0; j < _data.cols(); ++j) {
            if (!_limits.is_usable(j) || _limits.is_free(j)) continue;
            const double factor = _limits.penalty_factor(j);
            _screening.add(j, {_data.norm[j] / factor, _data.rounding[j] / factor,
                               correlations[j] / factor, _limits.sign(j)});
            largest = std::max(largest, _screening.towards_limit(j, correlations[j] / factor));
        }
        _screening.start(residual);
        return largest;
    }

    /// out[q n + i] = z_j'r_q for j = columns[i], n of them, and the residuals of the scaled
    /// problem.
    std::vector<double> multiply(const std::vector<Index>& columns, const double* residuals,
                                 Index n_residuals) {
        const Index n = static_cast<Index>(columns.size()), rows = _data.rows();
        std::array<double, Batch::capacity> sums{};
        for (Index q = 0; q < n_residuals; ++q) {
            for (Index i = 0; i < rows; ++i) {
                const double value = _data.root_weight[i] * residuals[q * rows + i];
                _weighted[q * rows + i] = value;
                sums[q] += value;
            }
        }
        std::vector<double> out(n * n_residuals);
        _data.design.products(_runtime, columns, _weighted.data(), n_residuals, out.data(), n);
        _columns_read += n;
        for (Index i = 0; i < n; ++i) {
            const Index j = columns[i];
            for (Index q = 0; q < n_residuals; ++q)
                out[q * n + i] = (out[q * n + i] - _data.mean[j] * sums[q]) / _data.scale[j];
        }
        return out;
    }

    /// Checks the alphas from `first` on.
    Violators check(const Batch& batch, Index first) {
        Violators found{batch.size, {}};
        std::fill(_largest_outside.begin() + first, _largest_outside.end(), 0.0);
        const std::vector<Index> touched = _screening.touched(_runtime, batch, first);
        _excess.assign(touched.size(), 0.0);
        // The last residuals first: as references they certify most columns at the others.
        const Index late = std::max<Index>(0, batch.size - 3);
        const std::vector<double> last = correlations_per_factor(touched, batch, late, batch.size);
        const Index n = static_cast<Index>(touched.size());
        _screening.refer(touched, batch, last.data() + (batch.last() - late) * n,
                         last.data() + (batch.before() - late) * n);
        compare(touched, nullptr, last, batch, late, first, found);
        if (first < late) {
            const std::vector<Index> positions =
                _screening.still_touched(touched, batch, first, late);
            std::vector<Index> columns;
            for (const Index position : positions) columns.push_back(touched[position]);
            const std::vector<double> early = correlations_per_factor(columns, batch, first, late);
            compare(columns, positions.data(), early, batch, first, first, found);
        }
        for (Index i = 0; i < n; ++i)
            if (_excess[i] > 0.0) found.columns.emplace_back(_excess[i], touched[i]);
        return found;
    }

private:
    std::vector<double> correlations_per_factor(const std::vector<Index>& columns,
                                                const Batch& batch, Index first, Index end) {
        std::vector<double> found = multiply(columns, batch.residual(first), end - first);
        for (std::size_t e = 0; e < found.size(); ++e)
            found[e] /= _limits.penalty_factor(columns[e % columns.size()]);
        return found;
    }

    /// Compares correlations at the alphas begin .. with the limits of those from `first` on.
    /// @param positions of the columns among the touched ones; null: all of them
    void compare(const std::vector<Index>& columns, const Index* positions,
                 const std::vector<double>& correlations, const Batch& batch, Index begin,
                 Index first, Violators& found) {
        constexpr double smallest = 1e-300;
        const Index n = static_cast<Index>(columns.size());
        if (n == 0) return;
        const Index end = begin + static_cast<Index>(correlations.size()) / n;
        for (Index q = std::max(begin, first); q < end; ++q) {
            const double l1 = batch.l1[q];
            const double* r = batch.residual(q);
            const double length = std::sqrt(_runtime.simd.f64.dot(_data.rows(), r, r));
            for (Index i = 0; i < n; ++i) {
                const Index j = columns[i];
                const double size = _screening.towards_limit(j, correlations[(q - begin) * n + i]);
                const double noise = 1e-15 * _screening.rounding(j) * length;
                const double slack =
                    std::max(1e-11 * l1, 1e-14 * _screening.norm(j) * _data.target_norm());
                // Without an L1 penalty every column belongs to the working set.
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
    std::vector<double> _excess;
    std::array<double, Batch::capacity> _largest_outside{};
    Index _columns_read = 0;
};

}  // namespace shrinkage
