#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/path.hpp"
#include "shrinkage/ridge_basis.hpp"

namespace shrinkage {

/// Dual gaps, relative to the loss of the null model. Above the first a point is refined, above the
/// second it gets a factor of its own; above the last it has stalled (the tolerance of the design).
/// Where rounding may hide more than `doubt`, X itself is asked (n x n) or that much is added (p x
/// p).
struct RidgeTolerances {
    static constexpr double refine = 1e-13, refactor = 1e-11, doubt = 1e-10, accept = 1e-9;
};

/// Scaled coefficients at several strengths l2, and what a check against the Gram matrix says of
/// them.
struct RidgeSolutions {
    std::vector<double> coef;       ///< t, terms x m, column-major
    std::vector<double> residual;   ///< c - l2 v t, terms x m: 0 at the solution
    std::vector<double> dual_gap;   ///< relative to the loss of the null model
    std::vector<double> violation;  ///< largest |residual|
    std::vector<double> loss;
};

namespace detail {

/// coef += M diag(S) M'right, each terms x strengths.
inline void add_solution(const Blas& blas, const RidgeBasis& basis, std::span<const double> l2,
                         const std::vector<double>& right, std::vector<double>& coef) {
    const Index rank = basis.rank(), m = static_cast<Index>(l2.size()),
                size = static_cast<Index>(right.size()) / m;
    std::vector<double> along(rank * m);
    multiply(blas, 'T', rank, size, m, basis.directions.data(), size, right.data(), size, 1.0, 0.0,
             along.data(), rank);
    const std::vector<double> multipliers = ridge_multipliers(basis, l2);
    for (Index i = 0; i < rank * m; ++i) along[i] *= multipliers[i];
    multiply(blas, 'N', size, rank, m, basis.directions.data(), size, along.data(), rank, 1.0, 1.0,
             coef.data(), size);
}

}  // namespace detail

namespace detail {

/// c = c0 - G t for each point, and that of the residual without its part along the free
/// directions: c - G M_F (M_F'c).
struct Correlations {
    std::vector<double> of_residual, projected;  ///< terms x m
    std::vector<double> free;                    ///< M_F'c, n_free x m

    Correlations(const Blas& blas, const RidgeTerms& terms, const RidgeBasis& basis, Index m,
                 const std::vector<double>& coef) {
        const Index size = terms.size(), n_free = basis.n_free;
        for (Index k = 0; k < m; ++k)
            of_residual.insert(of_residual.end(), terms.correlation.begin(),
                               terms.correlation.end());
        multiply(blas, 'N', size, size, m, terms.gram(), size, coef.data(), size, -1.0, 1.0,
                 of_residual.data(), size);
        projected = of_residual;
        if (n_free == 0) return;
        std::vector<double> image(size * n_free);
        free.resize(n_free * m);
        multiply(blas, 'N', size, size, n_free, terms.gram(), size, basis.directions.data(), size,
                 1.0, 0.0, image.data(), size);
        multiply(blas, 'T', n_free, size, m, basis.directions.data(), size, of_residual.data(),
                 size, 1.0, 0.0, free.data(), n_free);
        multiply(blas, 'N', size, n_free, m, image.data(), size, free.data(), n_free, -1.0, 1.0,
                 projected.data(), size);
    }
};

/// Size of the rounding in c_j / |z_j|.
inline double rounding_of_fit(const RidgeTerms& terms, double y_norm, const double* coef) {
    double length = y_norm;
    for (Index j = 0; j < terms.size(); ++j) length += terms.length(j) * std::abs(coef[j]);
    return std::numeric_limits<double>::epsilon() * length;
}

}  // namespace detail

/// Fill everything but `coef`. The free part of the residual is projected out first; then, with the
/// dual of the L2 penalty,
///
///     P - D = |M_F'c|^2 / 2 + sum over penalised j of (c_j - l2 v_j t_j)^2 / (2 l2 v_j)
///
/// The cross-products carry rounding errors of their own; what those can hide is added where it
/// matters.
inline void certify(const Blas& blas, const GramProblem& problem, const RidgeTerms& terms,
                    const RidgeBasis& basis, std::span<const double> l2,
                    RidgeSolutions& solutions) {
    const Index size = terms.size(), m = static_cast<Index>(l2.size());
    detail::Correlations all(blas, terms, basis, m, solutions.coef);
    for (Index k = 0; k < m; ++k) {
        const double* coef = solutions.coef.data() + k * size;
        double* c = all.of_residual.data() + k * size;
        const double rounding =
            detail::rounding_of_fit(terms, std::sqrt(problem.target_square), coef);
        double gap = 0.0, hidden = 0.0, violation = 0.0, fitted = 0.0;
        for (Index q = k * basis.n_free; q < (k + 1) * basis.n_free; ++q)
            gap += all.free[q] * all.free[q];
        for (Index j = 0; j < size; ++j) {
            fitted += coef[j] * (terms.correlation[j] + c[j]);
            if (j >= basis.free_terms) {
                const double strength = l2[k] * terms.penalty_factor[j];
                const double rest = std::abs(all.projected[k * size + j] - strength * coef[j]);
                const double noise = rounding * terms.length(j);
                // Where free features fit y, rounding may be all there is.
                const double certain = basis.n_free > 0 ? std::max(0.0, rest - 4.0 * noise) : rest;
                gap += certain * certain / strength;
                hidden += noise * noise / strength;
                c[j] -= strength * coef[j];
            }
            violation = std::max(violation, std::abs(c[j]));
        }
        gap *= 0.5 / problem.null_loss();
        hidden *= 0.5 / problem.null_loss();
        solutions.dual_gap[k] = hidden > RidgeTolerances::doubt ? gap + hidden : gap;
        solutions.violation[k] = violation;
        solutions.loss[k] = 0.5 * std::max(0.0, problem.target_square - fitted);
    }
    solutions.residual = std::move(all.of_residual);
}

namespace detail {

/// One point by a Cholesky factor of its own. It does not mind columns of very different length, as
/// a decomposition does. Empty if the factor fails.
inline RidgeSolutions factor_point(const Blas& blas, const GramProblem& problem,
                                   const RidgeTerms& terms, const RidgeBasis& basis, double l2) {
    const Index size = terms.size();
    const auto order = static_cast<Blas::Int>(size);
    std::vector<double> factor(terms.gram(), terms.gram() + size * size);
    for (Index j = 0; j < size; ++j) factor[j * size + j] += l2 * terms.penalty_factor[j];
    if (blas.potrf('L', order, factor.data(), order) != 0) return {};
    RidgeSolutions point{std::vector<double>(size), terms.correlation, {0.0}, {0.0}, {0.0}};
    for (int pass = 0; pass < 2; ++pass) {
        blas.potrs('L', order, 1, factor.data(), order, point.residual.data(), order);
        for (Index j = 0; j < size; ++j) point.coef[j] += point.residual[j];
        certify(blas, problem, terms, basis, {&l2, 1}, point);
    }
    return point;
}

}  // namespace detail

/// Ridge at the strengths l2, in the directions of `basis`; refined where rounding shows.
inline RidgeSolutions solve_ridge(const Blas& blas, const GramProblem& problem,
                                  const RidgeTerms& terms, const RidgeBasis& basis,
                                  std::span<const double> l2, Counts& counts) {
    const Index size = terms.size(), m = static_cast<Index>(l2.size()), rank = basis.rank();
    RidgeSolutions solutions{std::vector<double>(size * m),
                             {},
                             std::vector<double>(m),
                             std::vector<double>(m),
                             std::vector<double>(m)};
    std::vector<double> along = ridge_multipliers(basis, l2);
    for (Index i = 0; i < rank * m; ++i) along[i] *= basis.target[i % rank];
    multiply(blas, 'N', size, rank, m, basis.directions.data(), size, along.data(), rank, 1.0, 0.0,
             solutions.coef.data(), size);
    certify(blas, problem, terms, basis, l2, solutions);
    const auto above = [&](double limit) {
        return std::ranges::any_of(solutions.dual_gap, [limit](double gap) { return gap > limit; });
    };
    if (above(RidgeTolerances::refine)) {
        detail::add_solution(blas, basis, l2, solutions.residual, solutions.coef);
        certify(blas, problem, terms, basis, l2, solutions);
    }
    for (Index k = 0; k < m && size > 0; ++k) {
        if (l2[k] == 0.0 || !(solutions.dual_gap[k] > RidgeTolerances::refactor)) continue;
        ++counts.factorised;
        const RidgeSolutions point = detail::factor_point(blas, problem, terms, basis, l2[k]);
        if (point.dual_gap.empty() || !(point.dual_gap[0] < solutions.dual_gap[k])) continue;
        std::ranges::copy(point.coef, solutions.coef.begin() + k * size);
        std::ranges::copy(point.residual, solutions.residual.begin() + k * size);
        solutions.dual_gap[k] = point.dual_gap[0];
        solutions.violation[k] = point.violation[0];
        solutions.loss[k] = point.loss[0];
    }
    return solutions;
}

/// Largest |c_j| / v_j of the null model, with the free features fitted: the unit of violations.
inline double null_correlation(const Blas& blas, const RidgeTerms& terms, const RidgeBasis& free) {
    const Index size = terms.size();
    std::vector<double> coef(size), correlation = terms.correlation;
    multiply(blas, 'N', size, free.n_free, 1, free.directions.data(), size, free.target.data(),
             free.n_free, 1.0, 0.0, coef.data(), size);
    multiply(blas, 'N', size, size, 1, terms.gram(), size, coef.data(), size, -1.0, 1.0,
             correlation.data(), size);
    double largest = 0.0;
    for (Index j = terms.n_free; j < size; ++j)
        largest = std::max(largest, std::abs(correlation[j]) / terms.penalty_factor[j]);
    return largest;
}

}  // namespace shrinkage
