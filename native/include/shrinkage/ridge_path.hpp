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
struct RidgeTolerances {
    static constexpr double refine = 1e-13, refactor = 1e-11, accept = 1e-9;
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

/// Size of the rounding in c_j / |z_j|, where that may be all there is: free features that fit y.
inline double rounding_of_fit(const RidgeTerms& terms, const RidgeBasis& basis, double y_norm,
                              const double* coef) {
    if (basis.n_free == 0) return 0.0;
    double length = y_norm;
    for (Index j = 0; j < terms.size(); ++j) length += terms.length(j) * std::abs(coef[j]);
    return 4.0 * std::numeric_limits<double>::epsilon() * length;
}

}  // namespace detail

/// Fill everything but `coef`. The free part of the residual is projected out first; then, with the
/// dual of the L2 penalty,
///
///     P - D = |M_F'c|^2 / 2 + sum over penalised j of (c_j - l2 v_j t_j)^2 / (2 l2 v_j)
inline void certify(const Blas& blas, const GramProblem& problem, const RidgeTerms& terms,
                    const RidgeBasis& basis, std::span<const double> l2,
                    RidgeSolutions& solutions) {
    const Index size = terms.size(), m = static_cast<Index>(l2.size());
    detail::Correlations all(blas, terms, basis, m, solutions.coef);
    for (Index k = 0; k < m; ++k) {
        const double* coef = solutions.coef.data() + k * size;
        double* c = all.of_residual.data() + k * size;
        const double rounding =
            detail::rounding_of_fit(terms, basis, std::sqrt(problem.target_square), coef);
        double gap = 0.0, violation = 0.0, fitted = 0.0;
        for (Index q = k * basis.n_free; q < (k + 1) * basis.n_free; ++q)
            gap += all.free[q] * all.free[q];
        for (Index j = 0; j < size; ++j) {
            fitted += coef[j] * (terms.correlation[j] + c[j]);
            if (j >= basis.free_terms) {
                const double strength = l2[k] * terms.penalty_factor[j];
                const double rest = std::abs(all.projected[k * size + j] - strength * coef[j]);
                const double certain = std::max(0.0, rest - rounding * terms.length(j));
                gap += certain * certain / strength;
                c[j] -= strength * coef[j];
            }
            violation = std::max(violation, std::abs(c[j]));
        }
        solutions.dual_gap[k] = 0.5 * gap / problem.null_loss();
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

/// The fit of an intercept alone, when it leaves nothing to explain.
inline PathResult constant_target_path(Index n_alphas, double intercept) {
    PathResult path;
    path.starts.resize(n_alphas + 1, 0);
    path.intercepts.assign(n_alphas, intercept);
    for (auto* values : {&path.loss, &path.dual_gap, &path.kkt_violation})
        values->assign(n_alphas, 0.0);
    path.status.assign(n_alphas, Status::constant_target);
    path.rounds.assign(n_alphas, 0);
    return path;
}

/// Appends points to a path whose features are given in any order.
class PointWriter {
public:
    /// @param mean what was subtracted from each feature listed
    PointWriter(std::span<const int> features, std::vector<double> mean, double y_mean,
                PathResult& path)
        : _features(features), _mean(std::move(mean)), _y_mean(y_mean), _path(path) {
        for (std::size_t i = 0; i < features.size(); ++i) _order.push_back(static_cast<int>(i));
        std::ranges::sort(_order, {}, [&](int i) { return features[i]; });
    }

    /// @param coef in original units, one per feature listed
    void append(const double* coef, double loss, double dual_gap, double kkt_violation,
                bool singular) {
        double intercept = _y_mean;
        for (const int i : _order) {
            if (coef[i] == 0.0) continue;
            _path.features.push_back(_features[i]);
            _path.values.push_back(coef[i]);
            intercept -= _mean[i] * coef[i];
        }
        _path.starts.push_back(static_cast<Index>(_path.features.size()));
        _path.intercepts.push_back(intercept);
        _path.loss.push_back(loss);
        _path.dual_gap.push_back(dual_gap);
        _path.kkt_violation.push_back(kkt_violation);
        _path.rounds.push_back(1);
        const Status solved = singular ? Status::singular : Status::converged;
        _path.status.push_back(dual_gap <= RidgeTolerances::accept ? solved : Status::stalled);
    }

private:
    std::span<const int> _features;
    std::vector<int> _order;
    std::vector<double> _mean;
    double _y_mean;
    PathResult& _path;
};

/// The strengths l2 of the alphas above 0; they come first, because alphas decrease.
inline std::vector<double> positive_strengths(std::span<const double> alphas, double tau) {
    std::vector<double> l2;
    for (const double alpha : alphas)
        if (alpha > 0.0) l2.push_back(alpha / tau);
    return l2;
}

/// Ridge at all alphas (decreasing, >= 0) from one decomposition; one more for alpha = 0, where the
/// features are free and the shortest of all solutions is taken.
inline PathResult ridge_path(const Runtime& runtime, const GramProblem& problem,
                             std::span<const double> penalty_factor,
                             std::span<const double> alphas) {
    const Blas& blas = runtime.blas;
    const Index m = static_cast<Index>(alphas.size());
    if (problem.null_loss() == 0.0) return constant_target_path(m, problem.units.y_mean);
    const RidgeTerms terms = ridge_terms(problem, penalty_factor);
    PathResult path;
    std::vector<double> mean, inverse;
    for (const int j : terms.features) {
        mean.push_back(problem.units.mean[j]);
        inverse.push_back(1.0 / problem.units.scale[j]);
    }
    PointWriter writer(terms.features, std::move(mean), problem.units.y_mean, path);
    const double unit = null_correlation(
        blas, terms, free_basis(blas, terms, terms.n_free, problem.rank_limit, false));
    const auto append = [&](const RidgeBasis& basis, std::span<const double> l2) {
        ++path.counts.factorised;
        runtime.interrupt.check();
        RidgeSolutions solutions = solve_ridge(blas, problem, terms, basis, l2, path.counts);
        for (std::size_t k = 0; k < l2.size(); ++k) {
            double* coef = solutions.coef.data() + k * terms.size();
            for (Index i = 0; i < terms.size(); ++i) coef[i] *= inverse[i];
            writer.append(coef, solutions.loss[k], solutions.dual_gap[k],
                          unit > 0.0 ? solutions.violation[k] / unit : 0.0, basis.singular());
        }
    };
    const std::vector<double> l2 = positive_strengths(alphas, problem.units.tau);
    if (!l2.empty()) append(ridge_basis(blas, terms, problem.rank_limit), l2);
    if (static_cast<Index>(l2.size()) < m)
        append(unpenalised_basis(blas, terms, problem.rank_limit), std::vector{0.0});
    return path;
}

}  // namespace shrinkage
