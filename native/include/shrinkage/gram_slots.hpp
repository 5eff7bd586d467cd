#pragma once
#include "shrinkage/slots.hpp"

namespace shrinkage {

/// Slots over a whole Gram matrix: one for each feature, in the order of the features.
class GramSlots : public SlotTable {
public:
    /// @param gram full symmetric, column-major with leading dimension `ld`; only read
    GramSlots(const Runtime& runtime, const double* gram, Index ld)
        : _simd(runtime.simd), _gram(gram), _ld(ld) {}

    using SlotTable::add;
    using SlotTable::reserve;

    void cross(std::span<const int> rows, std::span<const int> list, double* out, Index ld) const {
        for (std::size_t q = 0; q < rows.size(); ++q) {
            const double* source = column(rows[q]);
            double* target = out + static_cast<Index>(q) * ld;
            for (std::size_t i = 0; i < list.size(); ++i) target[i] = source[list[i]];
        }
    }

    void correlations(std::span<const int> list, std::span<const double> coef, double* out) const {
        std::copy(c0().begin(), c0().end(), out);
        add_product(list, coef, -1.0, out);
    }

    /// out += sign G[:, list] coef
    void add_product(std::span<const int> list, std::span<const double> coef, double sign,
                     double* out) const {
        _simd.matrix.add_columns(size(), static_cast<Index>(list.size()), _gram, _ld, list.data(),
                                 sign, coef.data(), out);
    }

private:
    const double* column(int j) const { return _gram + static_cast<Index>(j) * _ld; }

    const Kernels& _simd;
    const double* _gram;
    Index _ld;
};

static_assert(Slots<GramSlots>);

}  // namespace shrinkage
