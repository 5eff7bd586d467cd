#pragma once
#include <cmath>
#include <utility>
#include <vector>

#include "shrinkage/blas.hpp"

/// BLAS and LAPACK by plain loops, so that the core is tested without Python.
namespace plain {

using Int = shrinkage::Blas::Int;

inline void dgemm(const char* trans_a, const char* trans_b, const Int* m, const Int* n,
                  const Int* k, const double* alpha, const double* a, const Int* lda,
                  const double* b, const Int* ldb, const double* beta, double* c, const Int* ldc) {
    const bool a_is_transposed = *trans_a != 'N', b_is_transposed = *trans_b != 'N';
    for (Int j = 0; j < *n; ++j) {
        double* target = c + std::ptrdiff_t(j) * *ldc;
        for (Int i = 0; i < *m; ++i) target[i] = *beta == 0.0 ? 0.0 : *beta * target[i];
        for (Int l = 0; l < *k; ++l) {
            const double factor = *alpha * (b_is_transposed ? b[std::ptrdiff_t(l) * *ldb + j]
                                                            : b[std::ptrdiff_t(j) * *ldb + l]);
            for (Int i = 0; i < *m; ++i)
                target[i] += factor * (a_is_transposed ? a[std::ptrdiff_t(i) * *lda + l]
                                                       : a[std::ptrdiff_t(l) * *lda + i]);
        }
    }
}

inline void dsyrk(const char* uplo, const char* trans, const Int* n, const Int* k,
                  const double* alpha, const double* a, const Int* lda, const double* beta,
                  double* c, const Int* ldc) {
    const bool is_transposed = *trans != 'N';
    for (Int j = 0; j < *n; ++j) {
        const Int first = *uplo == 'L' ? j : 0, last = *uplo == 'L' ? *n : j + 1;
        for (Int i = first; i < last; ++i) {
            double sum = 0.0;
            for (Int l = 0; l < *k; ++l)
                sum += is_transposed
                           ? a[std::ptrdiff_t(i) * *lda + l] * a[std::ptrdiff_t(j) * *lda + l]
                           : a[std::ptrdiff_t(l) * *lda + i] * a[std::ptrdiff_t(l) * *lda + j];
            double& entry = c[std::ptrdiff_t(j) * *ldc + i];
            entry = *alpha * sum + (*beta == 0.0 ? 0.0 : *beta * entry);
        }
    }
}

inline double& entry(double* a, Int lda, bool lower, Int i, Int j) {
    return lower ? a[std::ptrdiff_t(j) * lda + i] : a[std::ptrdiff_t(i) * lda + j];
}

inline void dtrsv(const char* uplo, const char* trans, const char*, const Int* n, const double* a,
                  const Int* lda, double* x, const Int*) {
    const bool lower = *uplo == 'L', is_transposed = *trans != 'N';
    const auto at = [&](Int i, Int j) {
        return a[std::ptrdiff_t(is_transposed ? i : j) * *lda + (is_transposed ? j : i)];
    };
    const bool forwards = lower != is_transposed;
    for (Int step = 0; step < *n; ++step) {
        const Int i = forwards ? step : *n - 1 - step;
        for (Int l = forwards ? 0 : i + 1; l < (forwards ? i : *n); ++l) x[i] -= at(i, l) * x[l];
        x[i] /= at(i, i);
    }
}

/// Only side 'L'.
inline void dtrsm(const char*, const char* uplo, const char* trans, const char* diag, const Int* m,
                  const Int* n, const double*, const double* a, const Int* lda, double* b,
                  const Int* ldb) {
    const Int step = 1;
    for (Int q = 0; q < *n; ++q)
        dtrsv(uplo, trans, diag, m, a, lda, b + std::ptrdiff_t(q) * *ldb, &step);
}

/// Lower factor L, in the lower triangle or as L' in the upper one.
inline void dpotrf(const char* uplo, const Int* n, double* a, const Int* lda, Int* info) {
    const bool lower = *uplo == 'L';
    *info = 0;
    for (Int j = 0; j < *n; ++j) {
        double pivot = entry(a, *lda, lower, j, j);
        for (Int l = 0; l < j; ++l) pivot -= std::pow(entry(a, *lda, lower, j, l), 2);
        if (!(pivot > 0.0)) {
            *info = j + 1;
            return;
        }
        pivot = std::sqrt(pivot);
        entry(a, *lda, lower, j, j) = pivot;
        for (Int i = j + 1; i < *n; ++i) {
            double value = entry(a, *lda, lower, i, j);
            for (Int l = 0; l < j; ++l)
                value -= entry(a, *lda, lower, i, l) * entry(a, *lda, lower, j, l);
            entry(a, *lda, lower, i, j) = value / pivot;
        }
    }
}

inline void solve_factor(bool lower, Int n, const double* factor, Int lda, double* b) {
    double* a = const_cast<double*>(factor);
    for (Int i = 0; i < n; ++i) {
        for (Int l = 0; l < i; ++l) b[i] -= entry(a, lda, lower, i, l) * b[l];
        b[i] /= entry(a, lda, lower, i, i);
    }
    for (Int i = n - 1; i >= 0; --i) {
        for (Int l = i + 1; l < n; ++l) b[i] -= entry(a, lda, lower, l, i) * b[l];
        b[i] /= entry(a, lda, lower, i, i);
    }
}

inline void dpotrs(const char* uplo, const Int* n, const Int* n_rhs, const double* a,
                   const Int* lda, double* b, const Int* ldb, Int* info) {
    *info = 0;
    for (Int q = 0; q < *n_rhs; ++q)
        solve_factor(*uplo == 'L', *n, a, *lda, b + std::ptrdiff_t(q) * *ldb);
}

inline void dpotri(const char* uplo, const Int* n, double* a, const Int* lda, Int* info) {
    *info = 0;
    std::vector<double> inverse(std::size_t(*n) * *n, 0.0);
    for (Int j = 0; j < *n; ++j) {
        inverse[std::size_t(j) * *n + j] = 1.0;
        solve_factor(*uplo == 'L', *n, a, *lda, inverse.data() + std::size_t(j) * *n);
    }
    for (Int j = 0; j < *n; ++j)
        for (Int i = j; i < *n; ++i)
            entry(a, *lda, *uplo == 'L', i, j) = inverse[std::size_t(j) * *n + i];
}

/// Eigenvalues and vectors by Jacobi rotations; eigenvalues increase.
inline void dsyevd(const char* job, const char* uplo, const Int* n, double* a, const Int* lda,
                   double* w, double* work, const Int* lwork, Int* iwork, const Int* liwork,
                   Int* info) {
    *info = 0;
    if (*lwork == -1 || *liwork == -1) {
        work[0] = 1.0;
        iwork[0] = 1;
        return;
    }
    const Int size = *n;
    std::vector<double> s(std::size_t(size) * size), v(s.size(), 0.0);
    for (Int j = 0; j < size; ++j) {
        v[std::size_t(j) * size + j] = 1.0;
        for (Int i = j; i < size; ++i)
            s[std::size_t(j) * size + i] = s[std::size_t(i) * size + j] =
                entry(a, *lda, *uplo == 'L', i, j);
    }
    const auto rotate = [size](std::vector<double>& m, Int p, Int q, double cosine, double sine,
                               bool columns) {
        for (Int k = 0; k < size; ++k) {
            double& x = columns ? m[std::size_t(p) * size + k] : m[std::size_t(k) * size + p];
            double& y = columns ? m[std::size_t(q) * size + k] : m[std::size_t(k) * size + q];
            const double old = x;
            x = cosine * old - sine * y;
            y = sine * old + cosine * y;
        }
    };
    for (int sweep = 0; sweep < 60; ++sweep) {
        double off = 0.0;
        for (Int p = 0; p < size; ++p)
            for (Int q = p + 1; q < size; ++q) {
                const double pq = s[std::size_t(q) * size + p];
                off += pq * pq;
                if (pq == 0.0) continue;
                const double theta =
                    (s[std::size_t(q) * size + q] - s[std::size_t(p) * size + p]) / (2.0 * pq);
                const double t =
                    (theta >= 0 ? 1.0 : -1.0) / (std::abs(theta) + std::hypot(theta, 1.0));
                const double cosine = 1.0 / std::hypot(t, 1.0), sine = t * cosine;
                rotate(s, p, q, cosine, sine, true);
                rotate(s, p, q, cosine, sine, false);
                rotate(v, p, q, cosine, sine, true);
            }
        if (off == 0.0) break;
    }
    std::vector<Int> order(static_cast<std::size_t>(size));
    for (Int j = 0; j < size; ++j) order[j] = j;
    for (Int i = 1; i < size; ++i)
        for (Int j = i; j > 0 && s[std::size_t(order[j]) * size + order[j]] <
                                     s[std::size_t(order[j - 1]) * size + order[j - 1]];
             --j)
            std::swap(order[j], order[j - 1]);
    for (Int j = 0; j < size; ++j) {
        w[j] = s[std::size_t(order[j]) * size + order[j]];
        if (*job == 'V')
            for (Int i = 0; i < size; ++i)
                a[std::ptrdiff_t(j) * *lda + i] = v[std::size_t(order[j]) * size + i];
    }
}

inline const shrinkage::Blas blas{dgemm, dsyrk, dtrsv, dtrsm, dpotrf, dpotri, dpotrs, dsyevd};

}  // namespace plain
