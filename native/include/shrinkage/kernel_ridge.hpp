#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/dense_algebra.hpp"
#include "shrinkage/path.hpp"

namespace shrinkage {

/// Ridge in the space of the rows: with Z the rows times their root weights and K = Z V^-1 Z',
///
///     t = V^-1 Z'a,   (K + l2) a = y
///
/// where everything is orthogonal to the free features and, with an intercept, to the root weights.
struct KernelBasis {
    Index rows = 0;
    std::vector<double> kernel;          ///< K with the free features projected out, full
    std::vector<double> vectors;         ///< eigenvectors that the free part leaves, rows x rank
    std::vector<double> curvature;       ///< their eigenvalues, increasing; rounding is set to 0
    std::vector<double> target;          ///< y without the free part
    std::vector<double> along;           ///< vectors'y
    std::vector<double> free_vectors;    ///< orthonormal basis of the free features, rows x n_free
    std::vector<double> free_curvature;  ///< eigenvalues of their kernel
    std::vector<double> free_along;      ///< free_vectors'y
    std::vector<double> free_cross;      ///< free_vectors'K, with K as given

    Index rank() const { return static_cast<Index>(curvature.size()); }
    Index n_free() const { return static_cast<Index>(free_curvature.size()); }
    /// Whether directions that are not reached may be ones that are reached little.
    bool ill_conditioned() const {
        return !curvature.empty() && curvature.front() < 1e-10 * curvature.back();
    }
};

namespace detail {

/// values -= basis (basis'values), for an orthonormal basis.
inline void project_out(const Blas& blas, Index rows, std::span<const double> basis, Index n_basis,
                        Index m, double* values) {
    std::vector<double> along(n_basis * m);
    multiply(blas, 'T', n_basis, rows, m, basis.data(), rows, values, rows, 1.0, 0.0, along.data(),
             n_basis);
    multiply(blas, 'N', rows, n_basis, m, basis.data(), rows, along.data(), n_basis, -1.0, 1.0,
             values, rows);
}

inline void transpose_square(Index n, std::vector<double>& matrix) {
    for (Index j = 0; j < n; ++j)
        for (Index i = 0; i < j; ++i) std::swap(matrix[j * n + i], matrix[i * n + j]);
}

}  // namespace detail

/// An orthonormal basis of what the free features span.
inline void set_free_part(const Blas& blas, std::vector<double> free_kernel, KernelBasis& basis) {
    const Index n = basis.rows;
    const std::vector<double> values = symmetric_eigen(blas, n, free_kernel.data());
    Index null = 0;
    while (null < n && values[null] <= rank_tolerance(n) * values[n - 1]) ++null;
    basis.free_vectors.assign(free_kernel.begin() + null * n, free_kernel.end());
    basis.free_curvature.assign(values.begin() + null, values.end());
}

/// @param kernel rows x rows, with root weights @param free_kernel of the features without penalty;
/// may be empty
/// @param constant root weights if there is an intercept, else empty; the kernels are orthogonal to
/// it
/// @param tolerance eigenvalues below this share of the largest are rounding
inline KernelBasis kernel_basis(const Blas& blas, std::vector<double> kernel,
                                std::vector<double> free_kernel, std::span<const double> constant,
                                std::span<const double> y, double tolerance) {
    KernelBasis basis;
    const Index n = basis.rows = static_cast<Index>(y.size());
    basis.target.assign(y.begin(), y.end());
    if (!free_kernel.empty()) {
        set_free_part(blas, std::move(free_kernel), basis);
        basis.free_along.resize(basis.n_free());
        basis.free_cross.resize(basis.n_free() * n);
        multiply(blas, 'T', basis.n_free(), n, 1, basis.free_vectors.data(), n, y.data(), n, 1.0,
                 0.0, basis.free_along.data(), basis.n_free());
        multiply(blas, 'T', basis.n_free(), n, n, basis.free_vectors.data(), n, kernel.data(), n,
                 1.0, 0.0, basis.free_cross.data(), basis.n_free());
        detail::project_out(blas, n, basis.free_vectors, basis.n_free(), 1, basis.target.data());
        for (int side = 0; side < 2; ++side) {
            detail::project_out(blas, n, basis.free_vectors, basis.n_free(), n, kernel.data());
            detail::transpose_square(n, kernel);
        }
    }
    basis.kernel = kernel;

    // The free part and the constant are made the largest eigenvectors, so that they can be told
    // from other directions that the kernel does not reach.
    double largest = 0.0;
    for (Index j = 0; j < n; ++j) {
        double sum = 0.0;
        for (Index i = 0; i < n; ++i) sum += std::abs(kernel[j * n + i]);
        largest = std::max(largest, sum);
    }
    std::vector<double> outside = basis.free_vectors;
    outside.insert(outside.end(), constant.begin(), constant.end());
    const Index n_outside = static_cast<Index>(outside.size()) / n;
    if (n_outside > 0)
        blas.syrk('L', 'N', static_cast<Blas::Int>(n), static_cast<Blas::Int>(n_outside),
                  largest > 0.0 ? 2.0 * largest : 1.0, outside.data(), static_cast<Blas::Int>(n),
                  1.0, kernel.data(), static_cast<Blas::Int>(n));
    basis.curvature = symmetric_eigen(blas, n, kernel.data());
    basis.curvature.resize(n - n_outside);
    kernel.resize(n * (n - n_outside));
    basis.vectors = std::move(kernel);
    double limit =
        std::numeric_limits<double>::infinity();  // of a kernel of zeros, all is rounding
    if (largest > 0.0 && !basis.curvature.empty()) limit = tolerance * basis.curvature.back();
    for (double& value : basis.curvature)
        if (value <= limit) value = 0.0;
    basis.along.resize(basis.rank());
    multiply(blas, 'T', basis.rank(), n, 1, basis.vectors.data(), n, y.data(), n, 1.0, 0.0,
             basis.along.data(), basis.rank());
    return basis;
}

/// Ridge at several strengths in the space of the rows.
struct KernelSolutions {
    std::vector<double> dual;       ///< a, rows x m
    std::vector<double> free_dual;  ///< t_F = Z_F'free_dual, rows x m; empty without free features
    std::vector<double> loss;       ///< half the square of the residual
    std::vector<double> dual_gap;   ///< not relative
    std::vector<double> violation;  ///< no |c_j - l2 v_j t_j| / root(v_j) is larger
};

namespace detail {

/// dual += vectors diag(1 / (curvature + l2)) along. Directions without curvature are left out:
/// they reach no feature.
inline void add_dual(const Blas& blas, const KernelBasis& basis, std::span<const double> l2,
                     std::vector<double> along, std::vector<double>& dual) {
    const Index rank = basis.rank(), m = static_cast<Index>(l2.size());
    for (Index k = 0; k < m; ++k)
        for (Index q = 0; q < rank; ++q)
            along[k * rank + q] *=
                basis.curvature[q] > 0.0 ? 1.0 / (basis.curvature[q] + l2[k]) : 0.0;
    multiply(blas, 'N', basis.rows, rank, m, basis.vectors.data(), basis.rows, along.data(), rank,
             1.0, 1.0, dual.data(), basis.rows);
}

/// Fills loss, dual_gap and violation. With rho = y - K a - l2 a, which is 0 at the solution,
///
///     P - D = rho'K rho / (2 l2),  and half the square of rho's part in K's range if l2 = 0
///
/// @return vectors'rho, rank x m
inline std::vector<double> certify(const Blas& blas, const KernelBasis& basis,
                                   std::span<const double> l2, KernelSolutions& solutions) {
    const Index n = basis.rows, m = static_cast<Index>(l2.size()), rank = basis.rank();
    std::vector<double> rest;
    for (Index k = 0; k < m; ++k) rest.insert(rest.end(), basis.target.begin(), basis.target.end());
    multiply(blas, 'N', n, n, m, basis.kernel.data(), n, solutions.dual.data(), n, -1.0, 1.0,
             rest.data(), n);
    for (Index k = 0; k < m; ++k) {
        double square = 0.0;
        for (Index i = k * n; i < (k + 1) * n; ++i) {
            square += rest[i] * rest[i];
            rest[i] -= l2[k] * solutions.dual[i];
        }
        solutions.loss[k] = square / 2.0;
    }
    std::vector<double> along(rank * m);
    multiply(blas, 'T', rank, n, m, basis.vectors.data(), n, rest.data(), n, 1.0, 0.0, along.data(),
             rank);
    for (Index k = 0; k < m; ++k) {
        double in_range = 0.0, square = 0.0;
        for (Index q = 0; q < rank; ++q) {
            const double part = along[k * rank + q] * along[k * rank + q];
            if (basis.curvature[q] > 0.0) in_range += part;
            square += basis.curvature[q] * part;
        }
        solutions.dual_gap[k] = l2[k] > 0.0 ? square / (2.0 * l2[k]) : in_range / 2.0;
        solutions.violation[k] = std::sqrt(square);
    }
    return along;
}

}  // namespace detail

/// Solves, checks against the kernel itself, and refines once where rounding shows. l2 = 0 gives
/// the shortest solution.
/// @param refine_above a dual gap
inline KernelSolutions solve_kernel_ridge(const Blas& blas, const KernelBasis& basis,
                                          std::span<const double> l2, double refine_above) {
    const Index n = basis.rows, m = static_cast<Index>(l2.size()), n_free = basis.n_free();
    KernelSolutions solutions;
    solutions.dual.assign(n * m, 0.0);
    for (auto* figures : {&solutions.loss, &solutions.dual_gap, &solutions.violation})
        figures->resize(m);
    std::vector<double> along;
    for (Index k = 0; k < m; ++k) along.insert(along.end(), basis.along.begin(), basis.along.end());
    detail::add_dual(blas, basis, l2, std::move(along), solutions.dual);
    along = detail::certify(blas, basis, l2, solutions);
    if (std::ranges::any_of(solutions.dual_gap, [&](double gap) { return gap > refine_above; })) {
        detail::add_dual(blas, basis, l2, std::move(along), solutions.dual);
        detail::certify(blas, basis, l2, solutions);
    }
    if (n_free == 0) return solutions;
    // the free features fit what the others leave: t_F = Z_F^+ (y - K a)
    std::vector<double> left;
    for (Index k = 0; k < m; ++k)
        left.insert(left.end(), basis.free_along.begin(), basis.free_along.end());
    multiply(blas, 'N', n_free, n, m, basis.free_cross.data(), n_free, solutions.dual.data(), n,
             -1.0, 1.0, left.data(), n_free);
    for (Index i = 0; i < n_free * m; ++i) left[i] /= basis.free_curvature[i % n_free];
    solutions.free_dual.resize(n * m);
    multiply(blas, 'N', n, n_free, m, basis.free_vectors.data(), n, left.data(), n_free, 1.0, 0.0,
             solutions.free_dual.data(), n);
    return solutions;
}

}  // namespace shrinkage
