#pragma once
#include <algorithm>
#include <limits>
#include <stdexcept>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// Eigenvalues, increasing, of a symmetric matrix; its eigenvectors replace it, column by column.
/// One call of LAPACK: it can't be interrupted and takes seconds from 2000 columns on.
/// @param matrix n x n, column-major; the lower triangle is read
inline std::vector<double> symmetric_eigen(const Blas& blas, Index n, double* matrix) {
    std::vector<double> values(static_cast<std::size_t>(n));
    if (n == 0) return values;
    const Index work_size = 1 + 6 * n + 2 * n * n;
    if (work_size > std::numeric_limits<Blas::Int>::max())
        throw std::length_error("shrinkage: a decomposition of this size was planned by mistake");
    const char job = 'V', triangle = 'L';
    const Blas::Int order = static_cast<Blas::Int>(n), n_work = static_cast<Blas::Int>(work_size),
                    n_integers = 3 + 5 * order;
    std::vector<double> work(static_cast<std::size_t>(n_work));
    std::vector<Blas::Int> integers(static_cast<std::size_t>(n_integers));
    Blas::Int info = 0;
    blas.dsyevd(&job, &triangle, &order, matrix, &order, values.data(), work.data(), &n_work,
                integers.data(), &n_integers, &info);
    if (info != 0) throw std::runtime_error("shrinkage: LAPACK's dsyevd did not converge");
    return values;
}

/// Eigenvalues of a Gram matrix or kernel of order n below this share of the largest are rounding.
inline double rank_tolerance(Index n) {
    return 4.0 * std::numeric_limits<double>::epsilon() *
           static_cast<double>(std::max<Index>(n, 8));
}

/// out = scale op(a) b + keep out, with out rows x m and b inner x m; op(a) is a or a'. Any size
/// may be 0.
inline void multiply(const Blas& blas, char trans, Index rows, Index inner, Index m,
                     const double* a, Index lda, const double* b, Index ldb, double scale,
                     double keep, double* out, Index ld_out) {
    if (rows == 0 || m == 0) return;
    if (inner == 0) {
        for (Index q = 0; q < m; ++q)
            for (Index i = 0; i < rows; ++i) out[q * ld_out + i] *= keep;
        return;
    }
    const auto to_int = [](Index value) { return static_cast<Blas::Int>(value); };
    blas.gemm(trans, 'N', to_int(rows), to_int(m), to_int(inner), scale, a, to_int(lda), b,
              to_int(ldb), keep, out, to_int(ld_out));
}

}  // namespace shrinkage
