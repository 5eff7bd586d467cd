#pragma once
#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

#include "shrinkage/dense_slots.hpp"
#include "shrinkage/path.hpp"
#include "shrinkage/scaled_columns.hpp"
#include "shrinkage/sparse_slots.hpp"

namespace shrinkage {

/// What the penalty and the bounds let each feature do in the scaled problem (t = scale * coef).
class FeatureLimits {
public:
    FeatureLimits(const ScaledColumns& data, const PathTask& task) : _data(data), _task(task) {}

    double penalty_factor(Index j) const { return _task.penalty_factor[j]; }
    double lower(Index j) const { return _task.lower.empty() ? -infinity : bound(_task.lower, j); }
    double upper(Index j) const { return _task.upper.empty() ? infinity : bound(_task.upper, j); }
    /// A coefficient in original units without the rounding that took it out of its bounds.
    double within_bounds(Index j, double coef) const {
        if (!_task.lower.empty()) coef = std::max(coef, _task.lower[j]);
        if (!_task.upper.empty()) coef = std::min(coef, _task.upper[j]);
        return coef;
    }
    /// False: its coefficient is 0 whatever the data say.
    bool is_usable(Index j) const {
        return _data.scale[j] > 0.0 && penalty_factor(j) < infinity &&
               (lower(j) < 0.0 || upper(j) > 0.0);
    }
    bool is_free(Index j) const { return penalty_factor(j) == 0.0 && is_usable(j); }
    /// The only sign that the coefficient can have; 0 for both.
    int sign(Index j) const { return lower(j) == 0.0 ? 1 : upper(j) == 0.0 ? -1 : 0; }

private:
    static constexpr double infinity = std::numeric_limits<double>::infinity();
    double bound(std::span<const double> bounds, Index j) const {
        return bounds[j] == 0.0 ? 0.0 : bounds[j] * _data.scale[j];
    }

    const ScaledColumns& _data;
    const PathTask& _task;
};

/// The features that the active-set method may use, with its slots for their columns.
/// @tparam Slots DenseSlots or SparseSlots
template <class Slots>
class WorkingSet {
public:
    WorkingSet(const Runtime& runtime, const ScaledColumns& data, const FeatureLimits& limits)
        : _simd(runtime.simd), _data(data), _limits(limits), _slots(make_slots(runtime, data)) {}

    Slots& slots() { return _slots; }
    Index size() const { return static_cast<Index>(_features.size()); }
    Index feature(int slot) const { return _features[slot]; }

    void append(Index j) {
        _features.push_back(j);
        if constexpr (is_sparse) {
            _rows.clear();
            _values.clear();
            _data.design.sparse_column(j, _rows, _values);
            _slots.append(slot_of(j, _data.correlation[j], _data.rounding[j]), _rows, _values,
                          _data.mean[j], 1.0 / _data.scale[j]);
        } else {
            const Index rows = _data.rows();
            _values.resize(rows);
            _data.design.copy_column(_simd, j, _data.mean[j], 1.0 / _data.scale[j],
                                     _data.root_weight.data(), _values.data());
            // From the centred copy, because a large mean costs the raw product digits.
            const double c0 = _simd.f64.dot(rows, _values.data(), _data.target.data());
            double* column = _slots.append(slot_of(j, c0, _data.norm[j]));
            std::copy(_values.begin(), _values.end(), column);
        }
    }

private:
    static constexpr bool is_sparse = std::is_same_v<Slots, SparseSlots>;
    static Slots make_slots(const Runtime& runtime, const ScaledColumns& data) {
        if constexpr (is_sparse)
            return Slots(data.target, data.root_weight);
        else
            return Slots(runtime, data.target);
    }

    Slot slot_of(Index j, double c0, double rounding) const {
        return {.c0 = c0,
                .diagonal = _data.norm[j] * _data.norm[j],
                .penalty_factor = _limits.penalty_factor(j),
                .lower = _limits.lower(j),
                .upper = _limits.upper(j),
                .rounding = rounding};
    }

    const Kernels& _simd;
    const ScaledColumns& _data;
    const FeatureLimits& _limits;
    Slots _slots;
    std::vector<Index> _features;
    std::vector<int> _rows;
    std::vector<double> _values;
};

}  // namespace shrinkage
