#pragma once
#include "shrinkage/slots.hpp"

namespace shrinkage {

/// Slots of a sparse working set. Column z_j = u_j - shift_j w is kept as its sparse part u_j; w is
/// the root of the weights, and |w| = 1. A column of mostly stored values is kept centred, with all
/// its rows: where a mean is far above the spread, the correction would cancel.
class SparseSlots : public SlotTable {
public:
    /// @param target y centred and times the root of the weights @param root_weight w; both must
    /// outlive the slots
    SparseSlots(std::span<const double> target, std::span<const double> root_weight)
        : _target(target),
          _root_weight(root_weight),
          _residual(target.begin(), target.end()),
          _dense(target.size(), 0.0) {}

    Index rows() const { return static_cast<Index>(_target.size()); }

    /// @param entries rows of the stored values of the raw column x_j
    /// @param mean 0 without an intercept @param inverse_scale 1 / s_j
    void append(const Slot& slot, std::span<const int> entries, std::span<const double> values,
                double mean, double inverse_scale) {
        add(slot);
        const bool centred = 2 * entries.size() > _target.size();
        const double taken = centred ? mean : 0.0;
        int row = 0;
        const auto keep = [&](double value) {
            _rows.push_back(row);
            _values.push_back((value - taken) * inverse_scale * _root_weight[row]);
            ++row;
        };
        for (std::size_t e = 0; e < entries.size(); ++e) {
            if (centred)
                while (row < entries[e]) keep(0.0);
            row = entries[e];
            keep(values[e]);
        }
        if (centred)
            while (row < rows()) keep(0.0);
        _starts.push_back(static_cast<Index>(_rows.size()));
        _shift.push_back((mean - taken) * inverse_scale);
    }

    void cross(std::span<const int> rows_list, std::span<const int> list, double* out, Index ld) {
        for (std::size_t q = 0; q < rows_list.size(); ++q) {
            const int j = rows_list[q];
            double* target = out + static_cast<Index>(q) * ld;
            for (Index e = _starts[j]; e < _starts[j + 1]; ++e) _dense[_rows[e]] = _values[e];
            for (std::size_t i = 0; i < list.size(); ++i)
                target[i] = sparse_dot(list[i], _dense.data()) - _shift[j] * _shift[list[i]];
            for (Index e = _starts[j]; e < _starts[j + 1]; ++e) _dense[_rows[e]] = 0.0;
        }
    }

    /// Leaves y - Z_L coef in residual().
    void correlations(std::span<const int> list, std::span<const double> coef, double* out) {
        std::copy(_target.begin(), _target.end(), _residual.begin());
        add_columns(list, coef, -1.0, _residual.data());
        const double along_weight = dot_weight(_residual.data());
        for (int j = 0; j < size(); ++j)
            out[j] = sparse_dot(j, _residual.data()) - _shift[j] * along_weight;
    }

    std::span<const double> residual() const { return _residual; }

    /// Number of values that the columns keep.
    Index stored(std::span<const int> list) const {
        Index sum = 0;
        for (const int j : list) sum += _starts[j + 1] - _starts[j];
        return sum;
    }

    /// out += sign Z_L coef
    void add_columns(std::span<const int> list, std::span<const double> coef, double sign,
                     double* out) const {
        double shift = 0.0;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const int j = list[i];
            const double factor = sign * coef[i];
            shift += factor * _shift[j];
            for (Index e = _starts[j]; e < _starts[j + 1]; ++e)
                out[_rows[e]] += factor * _values[e];
        }
        if (shift != 0.0)
            for (Index i = 0; i < rows(); ++i) out[i] -= shift * _root_weight[i];
    }

    /// out_i = z_{list_i}' vector
    void dot_columns(std::span<const int> list, const double* vector, double* out) const {
        const double along_weight = dot_weight(vector);
        for (std::size_t i = 0; i < list.size(); ++i)
            out[i] = sparse_dot(list[i], vector) - _shift[list[i]] * along_weight;
    }

private:
    double sparse_dot(int j, const double* vector) const {
        double sum = 0.0;
        for (Index e = _starts[j]; e < _starts[j + 1]; ++e) sum += _values[e] * vector[_rows[e]];
        return sum;
    }
    double dot_weight(const double* vector) const {
        double sum = 0.0;
        for (Index i = 0; i < rows(); ++i) sum += _root_weight[i] * vector[i];
        return sum;
    }

    std::span<const double> _target, _root_weight;
    std::vector<double> _residual;
    std::vector<double> _dense;  ///< zero between calls
    std::vector<int> _rows;
    std::vector<double> _values;
    std::vector<Index> _starts{0};
    std::vector<double> _shift;
};

static_assert(Slots<SparseSlots>);

}  // namespace shrinkage
