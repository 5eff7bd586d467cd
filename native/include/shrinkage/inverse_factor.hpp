#pragma once
#include "shrinkage/growing_square.hpp"

namespace shrinkage {

/// Inverse of a growing and shrinking Gram matrix, full and symmetric so that every access is
/// contiguous. Appending k columns costs 4 k a^2 multiplications, erasing one a^2.
class InverseFactor {
public:
    explicit InverseFactor(const Runtime& runtime) : _blas(runtime.blas), _simd(runtime.simd) {}

    Index size() const { return _size; }

    /// out = inverse x
    void multiply(const double* x, double* out) const {
        _simd.matrix.dot_columns(_size, _size, _inverse.data(), _inverse.ld(), nullptr, x, out);
    }

    /// Appends up to `room` of k candidates, in order. One that depends on the columns before it
    /// (Schur complement <= 1e-10 of its diagonal) is refused: the inverse would blow up.
    /// @param cross Gram entries of candidates with members, size() x k, leading dimension ld
    /// @param corner Gram entries among candidates, k x k @param accepted one flag a candidate
    void append(Index k, const double* cross, Index ld, const double* corner, Index room,
                char* accepted) {
        _inverse.reserve(_size + k, _size);
        const Index stride = _inverse.ld();
        double* border = _border.reserve(stride * k);
        multiply_block(k, cross, ld, border, stride);
        const Index n_new = factor_schur(k, cross, ld, corner, room, accepted, border, stride);
        // [V; -I] L^-T extends the inverse by one product: border and corner come out of it too.
        for (Index i = 0; i < n_new; ++i) {
            double* column = border + i * stride;
            std::fill(column + _size, column + _size + n_new, 0.0);
            column[_size + i] = -1.0;
            const double* row = _schur.data() + i * k;
            _simd.matrix.add_columns(_size + i, i, border, stride, nullptr, -1.0, row, column);
            const double pivot = 1.0 / row[i];
            for (Index e = 0; e <= _size + i; ++e) column[e] *= pivot;
        }
        clear_border(n_new);
        _size += n_new;
        add_product(n_new, border, stride);
    }

    /// Removes a member; the last one takes its place.
    /// @return false if rounding has spoilt the inverse, which must then be rebuilt
    bool erase(Index position) {
        const Index last = _size - 1, stride = _inverse.ld();
        double* inverse = _inverse.data();
        double* removed = _border.reserve(stride);
        std::copy_n(inverse + position * stride, _size, removed);
        const double pivot = removed[position];
        removed[position] = removed[last];
        std::copy_n(inverse + last * stride, _size, inverse + position * stride);
        inverse[position * stride + position] = inverse[last * stride + last];
        for (Index j = 0; j < last; ++j)
            inverse[j * stride + position] = inverse[position * stride + j];
        _size = last;
        if (!(pivot > 0.0)) return false;
        _simd.matrix.rank_update(last, 1, -1.0 / pivot, removed, stride, inverse, stride);
        return true;
    }

    /// Starts afresh with n members. @return where the caller writes their Gram matrix (ld());
    /// invert() must follow
    double* restart(Index n) {
        _inverse.reserve(n, 0);
        _size = n;
        return _inverse.data();
    }
    Index ld() const { return _inverse.ld(); }

    /// @return false if the Gram matrix is not positive definite; there are no members then
    bool invert() {
        const auto n = static_cast<int>(_size), stride = static_cast<int>(_inverse.ld());
        double* inverse = _inverse.data();
        if (n == 0) return true;
        if (_blas.potrf('L', n, inverse, stride) != 0) {
            _size = 0;
            return false;
        }
        _blas.potri('L', n, inverse, stride);
        for (Index j = 0; j < _size; ++j)
            for (Index i = j + 1; i < _size; ++i) inverse[i * stride + j] = inverse[j * stride + i];
        return true;
    }

private:
    /// From this many columns on BLAS is faster than the kernels.
    static constexpr Index blas_from = 9;
    static constexpr double dependent = 1e-10;

    void multiply_block(Index k, const double* x, Index ld_x, double* out, Index ld_out) const {
        if (k < blas_from)
            _simd.matrix.dot_block(_size, _size, _inverse.data(), _inverse.ld(), nullptr, k, x,
                                   ld_x, out, ld_out);
        else if (_size > 0)
            _blas.gemm('N', 'N', static_cast<int>(_size), static_cast<int>(k),
                       static_cast<int>(_size), 1.0, _inverse.data(),
                       static_cast<int>(_inverse.ld()), x, static_cast<int>(ld_x), 0.0, out,
                       static_cast<int>(ld_out));
    }

    /// Cholesky factor of corner - cross' V over the accepted candidates, row after row in _schur;
    /// their columns of V move to the front. @return how many were accepted
    Index factor_schur(Index k, const double* cross, Index ld, const double* corner, Index room,
                       char* accepted, double* border, Index stride) {
        double* factor = _schur.reserve(k * k);
        double* complement = _complement.reserve(k);
        _kept.clear();
        Index n_new = 0;
        for (Index q = 0; q < k; ++q) {
            double* row = factor + n_new * k;
            const double* image = border + q * stride;
            _simd.matrix.dot_columns(_size, n_new, cross, ld, _kept.data(), image, complement);
            double pivot = corner[q * k + q] - _simd.f64.dot(_size, cross + q * ld, image);
            for (Index i = 0; i < n_new; ++i) {
                double entry = corner[q * k + _kept[i]] - complement[i];
                for (Index l = 0; l < i; ++l) entry -= factor[i * k + l] * row[l];
                row[i] = entry / factor[i * k + i];
                pivot -= row[i] * row[i];
            }
            accepted[q] = n_new < room && pivot > dependent * corner[q * k + q];
            if (!accepted[q]) continue;
            row[n_new] = std::sqrt(pivot);
            if (n_new != q) std::copy_n(image, _size, border + n_new * stride);
            _kept.push_back(static_cast<int>(q));
            ++n_new;
        }
        return n_new;
    }

    void clear_border(Index n_new) {
        double* inverse = _inverse.data();
        for (Index j = 0; j < _size; ++j)
            std::fill_n(inverse + j * _inverse.ld() + _size, n_new, 0.0);
        for (Index j = _size; j < _size + n_new; ++j)
            std::fill_n(inverse + j * _inverse.ld(), _size + n_new, 0.0);
    }

    void add_product(Index k, const double* v, Index ld) {
        const auto n = static_cast<int>(_size), stride = static_cast<int>(_inverse.ld());
        if (k < blas_from)
            _simd.matrix.rank_update(n, k, 1.0, v, ld, _inverse.data(), stride);
        else
            _blas.gemm('N', 'T', n, n, static_cast<int>(k), 1.0, v, static_cast<int>(ld), v,
                       static_cast<int>(ld), 1.0, _inverse.data(), stride);
    }

    const Blas& _blas;
    const Kernels& _simd;
    Index _size = 0;
    GrowingSquare _inverse;
    GrowingArray<double> _border, _schur, _complement;
    std::vector<int> _kept;
};

}  // namespace shrinkage
