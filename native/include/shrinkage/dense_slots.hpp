#pragma once
#include "shrinkage/slots.hpp"

namespace shrinkage {

/// Slots of a dense working set: centred, scaled and weighted copies of columns, side by side.
class DenseSlots : public SlotTable {
public:
    /// @param target y centred and times the root of the weights; must outlive the slots
    DenseSlots(const Runtime& runtime, std::span<const double> target)
        : _simd(runtime.simd), _target(target), _residual(target.begin(), target.end()) {}

    Index rows() const { return static_cast<Index>(_target.size()); }

    /// @return where the caller writes column z_j; valid until the next append
    double* append(const Slot& slot) {
        add(slot);
        _columns.reserve(size() * rows());
        return _columns.data() + (size() - 1) * rows();
    }

    const double* column(int j) const { return _columns.data() + j * rows(); }

    void cross(std::span<const int> rows_list, std::span<const int> list, double* out, Index ld) {
        const auto k = static_cast<Index>(rows_list.size());
        _gathered.reserve(k * rows());
        for (Index q = 0; q < k; ++q)
            std::copy_n(column(rows_list[q]), rows(), _gathered.data() + q * rows());
        _simd.matrix.dot_block(rows(), static_cast<Index>(list.size()), _columns.data(), rows(),
                               list.data(), k, _gathered.data(), rows(), out, ld);
    }

    /// Leaves y - Z_L coef in residual().
    void correlations(std::span<const int> list, std::span<const double> coef, double* out) {
        std::copy(_target.begin(), _target.end(), _residual.begin());
        add_columns(list, coef, -1.0, _residual.data());
        _simd.matrix.dot_columns(rows(), size(), _columns.data(), rows(), nullptr, _residual.data(),
                                 out);
    }

    std::span<const double> residual() const { return _residual; }

    /// out += sign Z_L coef
    void add_columns(std::span<const int> list, std::span<const double> coef, double sign,
                     double* out) const {
        _simd.matrix.add_columns(rows(), static_cast<Index>(list.size()), _columns.data(), rows(),
                                 list.data(), sign, coef.data(), out);
    }

    /// out_i = z_{list_i}' vector
    void dot_columns(std::span<const int> list, const double* vector, double* out) const {
        _simd.matrix.dot_columns(rows(), static_cast<Index>(list.size()), _columns.data(), rows(),
                                 list.data(), vector, out);
    }

private:
    const Kernels& _simd;
    std::span<const double> _target;
    std::vector<double> _residual;
    GrowingArray<double> _columns;
    GrowingArray<double> _gathered;
};

static_assert(Slots<DenseSlots>);

}  // namespace shrinkage
