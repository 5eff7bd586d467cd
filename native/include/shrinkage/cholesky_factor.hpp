#pragma once
#include "shrinkage/growing_square.hpp"
#include "shrinkage/path.hpp"

namespace shrinkage {

/// Gram matrix G of the members and the Cholesky factor of G + l2 D, D the diagonal of penalty
/// factors. The factor is brought up to date when it is used: its rows before the first change stay
/// valid, a few new rows are added one by one, otherwise it is computed anew.
class CholeskyFactor {
public:
    CholeskyFactor(const Runtime& runtime, Counts& counts)
        : _blas(runtime.blas), _simd(runtime.simd), _counts(counts) {}

    Index size() const { return _size; }

    void set_l2(double l2) {
        if (l2 != _l2) _valid = 0;
        _l2 = l2;
    }
    void forget_factor() { _valid = 0; }
    /// Where the caller writes the Gram entries of the present members anew; forget_factor() must
    /// follow.
    double* gram() { return _gram.data(); }
    Index gram_ld() const { return _gram.ld(); }
    void restart() { _size = _valid = 0; }

    /// Appends one member. A member that l2 hardly penalises is refused if it depends on those
    /// before it, by the pivot of its row.
    /// @param cross its Gram entries with the members
    bool append(const double* cross, double diagonal, double penalty_factor) {
        _gram.reserve(_size + 1, _size);
        _penalty_factor.resize(static_cast<std::size_t>(_size) + 1);
        double* gram = _gram.data();
        const Index ld = _gram.ld();
        for (Index i = 0; i < _size; ++i) gram[_size * ld + i] = gram[i * ld + _size] = cross[i];
        gram[_size * ld + _size] = diagonal;
        _penalty_factor[_size] = penalty_factor;
        if (_l2 * penalty_factor <= dependent * diagonal) {
            update();
            if (!add_row(dependent * diagonal)) return false;
        }
        ++_size;
        return true;
    }

    /// Removes a member; the last one takes its place.
    void erase(Index position) {
        const Index last = --_size, ld = _gram.ld();
        double* gram = _gram.data();
        std::copy_n(gram + last * ld, last, gram + position * ld);
        gram[position * ld + position] = gram[last * ld + last];
        for (Index j = 0; j < last; ++j) gram[j * ld + position] = gram[position * ld + j];
        _penalty_factor[position] = _penalty_factor[last];
        _valid = std::min(_valid, position);
    }

    /// out = (G + l2 D)^-1 x
    void solve(const double* x, double* out) {
        if (_size == 0) return;
        update();
        std::copy_n(x, _size, out);
        const auto n = static_cast<int>(_size);
        _blas.potrs('L', n, 1, _factor.data(), static_cast<int>(_factor.ld()), out, n);
    }

private:
    static constexpr double dependent = 1e-13;
    /// New rows are added one by one up to this share of the valid ones.
    static constexpr Index row_share = 3;

    void update() {
        _factor.reserve(_size + 1, _valid);
        if (_size - _valid <= _valid / row_share)
            while (_valid < _size && add_row(0.0)) {
            }
        if (_valid < _size) factorise();
    }

    /// Forward substitution of row _valid. @return false if its pivot is not above `least`
    bool add_row(double least) {
        const Index r = _valid, ld = _factor.ld();
        double* factor = _factor.data();
        double* row = _row.reserve(r + 1);
        std::copy_n(_gram.data() + r * _gram.ld(), r + 1, row);
        double pivot = row[r] + _l2 * _penalty_factor[r];
        for (Index j = 0; j < r; ++j) {
            const double* column = factor + j * ld;
            const double entry = row[j] / column[j];
            _simd.f64.axpy(r - j - 1, -entry, column + j + 1, row + j + 1);
            factor[j * ld + r] = entry;
            pivot -= entry * entry;
        }
        if (!(pivot > least)) return false;
        factor[r * ld + r] = std::sqrt(pivot);
        ++_valid;
        return true;
    }

    /// Where rounding makes the matrix indefinite, a little more is added to its diagonal; the
    /// refinement that follows every solve corrects for it.
    void factorise() {
        const auto n = static_cast<int>(_size);
        for (double more = 0.0;; more = std::max(1e-14, 100.0 * more)) {
            const Index ld = _factor.ld();
            for (Index j = 0; j < _size; ++j) {
                double* column = _factor.data() + j * ld;
                std::copy(_gram.data() + j * _gram.ld() + j, _gram.data() + j * _gram.ld() + _size,
                          column + j);
                column[j] += _l2 * _penalty_factor[j] + more * column[j];
            }
            ++_counts.factorised;
            if (_blas.potrf('L', n, _factor.data(), static_cast<int>(ld)) == 0 || more > 1.0) break;
        }
        _valid = _size;
    }

    const Blas& _blas;
    const Kernels& _simd;
    Counts& _counts;
    double _l2 = 0.0;
    Index _size = 0;
    Index _valid = 0;  ///< rows of the factor that belong to the present members and l2
    GrowingSquare _gram, _factor;
    std::vector<double> _penalty_factor;
    GrowingArray<double> _row;
};

}  // namespace shrinkage
