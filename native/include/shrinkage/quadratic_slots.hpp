#pragma once
#include "shrinkage/growing_square.hpp"
#include "shrinkage/slots.hpp"

namespace shrinkage {

/// Slots of a quadratic b'G b / 2 - q'b whose G and q are replaced now and then, and which grows.
class QuadraticSlots : public SlotTable {
public:
    explicit QuadraticSlots(const Runtime& runtime) : _simd(runtime.simd) {}

    using SlotTable::add;

    /// G with one row and column a slot, full and symmetric: reserve() it, write, and call
    /// gram_written().
    GrowingSquare& gram() { return _gram; }
    const GrowingSquare& gram() const { return _gram; }
    void gram_written() {
        _diagonals.resize(static_cast<std::size_t>(size()));
        for (int j = 0; j < size(); ++j) _diagonals[j] = column(j)[j];
        set_diagonals(_diagonals);
    }

    /// @return a length that |y| has at least if q = Z'y
    double set_linear_term(std::span<const double> q) {
        double largest = 0.0;
        for (int j = 0; j < size(); ++j) {
            set_c0(j, q[j]);
            if (diagonal(j) > 0.0) largest = std::max(largest, std::abs(q[j]) / rounding(j));
        }
        return largest;
    }

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
        _simd.matrix.add_columns(size(), static_cast<Index>(list.size()), _gram.data(), _gram.ld(),
                                 list.data(), sign, coef.data(), out);
    }

private:
    const double* column(int j) const { return _gram.data() + j * _gram.ld(); }

    const Kernels& _simd;
    GrowingSquare _gram;
    std::vector<double> _diagonals;
};

static_assert(Slots<QuadraticSlots>);

}  // namespace shrinkage
