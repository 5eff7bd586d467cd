#pragma once
#include "shrinkage/growing_square.hpp"
#include "shrinkage/slots.hpp"

namespace shrinkage {

/// Slots of a quadratic b'G b / 2 - q'b whose G and q are replaced now and then, and which grows.
/// G is held as it is or, where there are far more slots than rows, by columns W with G = W'W.
class QuadraticSlots : public SlotTable {
public:
    explicit QuadraticSlots(const Runtime& runtime) : _simd(runtime.simd) {}

    using SlotTable::add;

    /// Rows of W; 0 if G is held as it is.
    Index rows() const { return _rows; }
    bool holds_gram() const { return _rows == 0; }
    /// Forgets G, to be written the other way. @param rows of W, or 0
    void hold(Index rows) {
        _rows = rows;
        if (holds_gram())
            _columns = {};
        else
            _gram = {};
    }

    /// G with one row and column a slot, full and symmetric: reserve() it, write, and call
    /// gram_written().
    GrowingSquare& gram() { return _gram; }
    const GrowingSquare& gram() const { return _gram; }
    /// W with one column a slot: write as with the Gram matrix. @return room for n slots
    double* reserve_columns(Index n) { return _columns.reserve(n * _rows); }
    const double* column(int j) const { return _columns.data() + j * _rows; }
    void gram_written() {
        _diagonals.resize(static_cast<std::size_t>(size()));
        for (int j = 0; j < size(); ++j) _diagonals[j] = entry_on_diagonal(j);
        set_diagonals(_diagonals);
    }
    /// G_jj, which is positive.
    double entry_on_diagonal(int j) const {
        if (holds_gram()) return gram_column(j)[j];
        return std::max(_simd.f64.dot(_rows, column(j), column(j)), 1e-300);
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

    void cross(std::span<const int> rows_list, std::span<const int> list, double* out,
               Index ld) const {
        for (std::size_t q = 0; q < rows_list.size(); ++q) {
            double* target = out + static_cast<Index>(q) * ld;
            if (holds_gram()) {
                const double* source = gram_column(rows_list[q]);
                for (std::size_t i = 0; i < list.size(); ++i) target[i] = source[list[i]];
            } else {
                dot_columns(list, column(rows_list[q]), target);
            }
        }
    }

    void correlations(std::span<const int> list, std::span<const double> coef, double* out) const {
        std::copy(c0().begin(), c0().end(), out);
        add_product(list, coef, -1.0, out);
    }

    /// out += sign G[:, list] coef
    void add_product(std::span<const int> list, std::span<const double> coef, double sign,
                     double* out) const {
        if (holds_gram()) {
            _simd.matrix.add_columns(size(), static_cast<Index>(list.size()), _gram.data(),
                                     _gram.ld(), list.data(), sign, coef.data(), out);
            return;
        }
        std::vector<double> sum(static_cast<std::size_t>(_rows), 0.0),
            product(static_cast<std::size_t>(size()));
        add_columns(list, coef, sign, sum.data());
        _simd.matrix.dot_columns(_rows, size(), _columns.data(), _rows, nullptr, sum.data(),
                                 product.data());
        for (int j = 0; j < size(); ++j) out[j] += product[j];
    }

    /// out += sign W_L coef
    void add_columns(std::span<const int> list, std::span<const double> coef, double sign,
                     double* out) const {
        _simd.matrix.add_columns(_rows, static_cast<Index>(list.size()), _columns.data(), _rows,
                                 list.data(), sign, coef.data(), out);
    }

    /// out_i = w_{list_i}' vector
    void dot_columns(std::span<const int> list, const double* vector, double* out) const {
        _simd.matrix.dot_columns(_rows, static_cast<Index>(list.size()), _columns.data(), _rows,
                                 list.data(), vector, out);
    }

private:
    const double* gram_column(int j) const { return _gram.data() + j * _gram.ld(); }

    const Kernels& _simd;
    Index _rows = 0;
    GrowingSquare _gram;
    GrowingArray<double> _columns;
    std::vector<double> _diagonals;
};

static_assert(Slots<QuadraticSlots>);

}  // namespace shrinkage
