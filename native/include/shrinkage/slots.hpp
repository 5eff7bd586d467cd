#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <span>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// One column z_j that the active-set method may use: a feature of a whole Gram matrix, or a
/// member of a working set.
struct Slot {
    double c0;              ///< z_j'y
    double diagonal;        ///< z_j'z_j
    double penalty_factor;  ///< v_j, finite; 0 is never penalised
    double lower, upper;    ///< bounds of its coefficient, lower <= 0 <= upper
    /// Length whose rounding errors c_j carries: |z_j| for a centred copy, |x_j| / s_j for a column
    /// that stays sparse.
    double rounding;
};

/// What all kinds of slots know about each one.
class SlotTable {
public:
    int size() const { return static_cast<int>(_c0.size()); }
    std::span<const double> c0() const { return _c0; }
    double diagonal(int j) const { return _diagonal[j]; }
    double penalty_factor(int j) const { return _penalty_factor[j]; }
    double lower(int j) const { return _lower[j]; }
    double upper(int j) const { return _upper[j]; }
    double rounding(int j) const { return _rounding[j]; }
    bool any_bounded() const { return _any_bounded; }
    bool any_free() const { return _any_free; }
    double largest_diagonal() const { return _largest_diagonal; }

protected:
    void set_c0(int j, double c0) { _c0[j] = c0; }
    /// Replaces the lengths of all z_j, whose rounding is that of centred copies.
    void set_diagonals(std::span<const double> diagonals) {
        _diagonal.assign(diagonals.begin(), diagonals.end());
        _largest_diagonal = 0.0;
        for (std::size_t j = 0; j < diagonals.size(); ++j) {
            _rounding[j] = std::sqrt(diagonals[j]);
            _largest_diagonal = std::max(_largest_diagonal, diagonals[j]);
        }
    }
    void add(const Slot& slot) {
        _c0.push_back(slot.c0);
        _diagonal.push_back(slot.diagonal);
        _penalty_factor.push_back(slot.penalty_factor);
        _lower.push_back(slot.lower);
        _upper.push_back(slot.upper);
        _rounding.push_back(slot.rounding);
        _any_bounded = _any_bounded || std::isfinite(slot.lower) || std::isfinite(slot.upper);
        _largest_diagonal = std::max(_largest_diagonal, slot.diagonal);
        _any_free = _any_free || slot.penalty_factor == 0.0;
    }
    void reserve(Index n) {
        for (auto* each : {&_c0, &_diagonal, &_penalty_factor, &_lower, &_upper, &_rounding})
            each->reserve(n);
    }

private:
    std::vector<double> _c0, _diagonal, _penalty_factor, _lower, _upper, _rounding;
    double _largest_diagonal = 0.0;
    bool _any_bounded = false, _any_free = false;
};

/// How small an entry of a residual must be: `penalised` where the slot is, but no smaller than
/// `rounding` times the length whose rounding errors it carries.
struct Accuracy {
    double penalised, rounding;
    double of(const SlotTable& slots, int j) const {
        return std::max(penalised * std::min(1.0, slots.penalty_factor(j)),
                        rounding * slots.rounding(j));
    }
};

/// Columns as the active-set method sees them. Z_L are the slots that `list` names.
template <class S>
concept Slots = std::derived_from<S, SlotTable> &&
                requires(S slots, std::span<const int> list, std::span<const double> coef,
                         double* out, Index ld) {
                    /// out[q ld + i] = z_{rows_q}' z_{list_i}
                    { slots.cross(list, list, out, ld) };
                    /// out_j = z_j'(y - Z_L coef) on all slots, from the data
                    { slots.correlations(list, coef, out) };
                };

/// Array that only grows, by half at least, and keeps what it holds.
template <class T>
class GrowingArray {
public:
    T* reserve(Index n) {
        if (n > static_cast<Index>(_values.size()))
            _values.resize(std::max<Index>(n, static_cast<Index>(_values.size()) * 3 / 2));
        return _values.data();
    }
    T* data() { return _values.data(); }
    const T* data() const { return _values.data(); }

private:
    std::vector<T> _values;
};

}  // namespace shrinkage
