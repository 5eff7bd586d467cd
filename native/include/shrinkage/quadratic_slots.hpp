#pragma once
#include "shrinkage/growing_square.hpp"
#include "shrinkage/slots.hpp"

namespace shrinkage {

/// A matrix G that is known only by its products.
class ProductsOf {
public:
    virtual ~ProductsOf() = default;
    /// out = G x, one entry a slot
    virtual void multiply(const double* x, double* out) const = 0;
    virtual double entry_on_diagonal(int j) const = 0;
};

/// A vector, one entry a slot, with its product.
struct KnownProduct {
    std::vector<double> x, product;
};

/// Slots of a quadratic b'G b / 2 - q'b whose G and q are replaced now and then, and which grows.
/// G is held as it is or, where there are more slots than rows, by columns W with G = W'W, or
/// it is known only by its products.
class QuadraticSlots : public SlotTable {
public:
    explicit QuadraticSlots(const Runtime& runtime) : _simd(runtime.simd) {}

    using SlotTable::add;

    /// Rows of W; 0 if G is held as it is.
    Index rows() const { return _rows; }
    bool holds_gram() const { return _rows == 0 && !_operator; }
    bool has_operator() const { return _operator != nullptr; }
    /// Forgets G, to be written the other way. @param rows of W, or 0
    void hold(Index rows) {
        _rows = rows;
        _operator = nullptr;
        if (holds_gram())
            _columns = {};
        else
            _gram = {};
    }
    /// Forgets G, and asks for its products from now on. @param products must outlive the slots
    void hold(const ProductsOf& products) {
        hold(0);
        _gram = {};
        _operator = &products;
    }

    /// G with one row and column a slot, full and symmetric: reserve() it, write, and call
    /// gram_written().
    GrowingSquare& gram() { return _gram; }
    const GrowingSquare& gram() const { return _gram; }
    /// W with one column a slot: write as with the Gram matrix. @return room for n slots
    double* reserve_columns(Index n) { return _columns.reserve(n * _rows); }
    const double* column(int j) const { return _columns.data() + j * _rows; }
    void gram_written() {
        _known.x.clear();
        _diagonals.resize(static_cast<std::size_t>(size()));
        for (int j = 0; j < size(); ++j) _diagonals[j] = entry_on_diagonal(j);
        set_diagonals(_diagonals);
    }
    /// G_jj, which is positive.
    double entry_on_diagonal(int j) const {
        if (_operator) return _operator->entry_on_diagonal(j);
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
        std::vector<double> unit, product;
        if (_operator) {
            unit.resize(static_cast<std::size_t>(size()));
            product.resize(unit.size());
        }
        for (std::size_t q = 0; q < rows_list.size(); ++q) {
            double* target = out + static_cast<Index>(q) * ld;
            if (_operator) {
                unit[rows_list[q]] = 1.0;
                multiply(unit.data(), product.data());
                unit[rows_list[q]] = 0.0;
                for (std::size_t i = 0; i < list.size(); ++i) target[i] = product[list[i]];
            } else if (holds_gram()) {
                const double* source = gram_column(rows_list[q]);
                for (std::size_t i = 0; i < list.size(); ++i) target[i] = source[list[i]];
            } else {
                dot_columns(list, column(rows_list[q]), target);
            }
        }
    }

    void correlations(std::span<const int> list, std::span<const double> coef, double* out) {
        std::copy(c0().begin(), c0().end(), out);
        if (_operator)
            _simd.f64.axpy(size(), -1.0, product_of(list, coef).product.data(), out);
        else
            add_product(list, coef, -1.0, out);
    }

    /// Only with an operator. out = G x, one entry a slot
    void multiply(const double* x, double* out) const {
        ++_n_products;
        _operator->multiply(x, out);
    }
    Index n_products() const { return _n_products; }

    /// Only with an operator: G[:, list] coef, which is remembered until another vector is asked
    /// for. Whoever changes both parts alike changes what is remembered, but rounding adds up: it
    /// is computed anew now and then.
    KnownProduct& product_of(std::span<const int> list, std::span<const double> coef) {
        constexpr Index most_uses = 16;
        _asked.assign(static_cast<std::size_t>(size()), 0.0);
        for (std::size_t i = 0; i < list.size(); ++i) _asked[list[i]] = coef[i];
        if (++_uses <= most_uses && _asked == _known.x) return _known;
        _uses = 0;
        std::swap(_known.x, _asked);
        _known.product.resize(_known.x.size());
        multiply(_known.x.data(), _known.product.data());
        return _known;
    }

    /// out += sign G[:, list] coef
    void add_product(std::span<const int> list, std::span<const double> coef, double sign,
                     double* out) const {
        if (_operator) {
            std::vector<double> x(static_cast<std::size_t>(size()), 0.0), product(x.size());
            for (std::size_t i = 0; i < list.size(); ++i) x[list[i]] = coef[i];
            multiply(x.data(), product.data());
            _simd.f64.axpy(size(), sign, product.data(), out);
            return;
        }
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
    const ProductsOf* _operator = nullptr;
    KnownProduct _known;
    std::vector<double> _asked;
    Index _uses = 0;  ///< of what is known
    mutable Index _n_products = 0;
};

static_assert(Slots<QuadraticSlots>);

}  // namespace shrinkage
