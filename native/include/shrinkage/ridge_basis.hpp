#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "shrinkage/dense_algebra.hpp"
#include "shrinkage/gram_problem.hpp"

namespace shrinkage {

/// The part of a Gram problem that ridge can use: features with spread and a finite penalty factor,
/// the free ones (factor 0) first.
struct RidgeTerms {
    std::vector<int> features;
    Index n_free = 0;
    std::vector<double> penalty_factor;  ///< per term
    std::vector<double> correlation;     ///< c0 per term
    std::vector<double> own_gram;        ///< empty where that of the problem is in the right order
    const double* problem_gram = nullptr;

    Index size() const { return static_cast<Index>(features.size()); }
    /// terms x terms, full
    const double* gram() const { return own_gram.empty() ? problem_gram : own_gram.data(); }
    /// |z_j|
    double length(Index j) const { return std::sqrt(gram()[j * size() + j]); }
};

/// @param problem must outlive the terms
inline RidgeTerms ridge_terms(const GramProblem& problem, std::span<const double> penalty_factor) {
    RidgeTerms terms;
    for (const bool free : {true, false}) {
        for (Index j = 0; j < problem.cols(); ++j)
            if (problem.units.scale[j] > 0.0 && std::isfinite(penalty_factor[j]) &&
                (penalty_factor[j] == 0.0) == free)
                terms.features.push_back(static_cast<int>(j));
        if (free) terms.n_free = terms.size();
    }
    for (const int j : terms.features) {
        terms.correlation.push_back(problem.correlation[j]);
        terms.penalty_factor.push_back(penalty_factor[j]);
    }
    terms.problem_gram = problem.gram.data();
    if (terms.size() == problem.cols() && std::ranges::is_sorted(terms.features)) return terms;
    for (const int j : terms.features)
        for (const int i : terms.features)
            terms.own_gram.push_back(problem.gram[j * problem.cols() + i]);
    return terms;
}

/// Directions M in which every ridge solution is diagonal:
///
///     t(l2) = M diag(S) M'c0   with S_q = 1 for the first n_free directions,
///                                   S_q = 1 / (curvature_q + l2) for the others
///
/// M'GM is 1 on the free directions and diag(curvature) on the others, and 0 elsewhere.
struct RidgeBasis {
    Index free_terms = 0;            ///< how many leading terms are free here
    Index n_free = 0;                ///< how many independent directions they have
    std::vector<double> directions;  ///< M, terms x rank, column-major
    std::vector<double> curvature;   ///< one per direction; 1 where free
    std::vector<double> target;      ///< M'c0
    double condition = 1.0;          ///< largest over smallest eigenvalue of the free terms' part

    Index rank() const { return static_cast<Index>(curvature.size()); }
    bool singular() const { return n_free < free_terms; }
};

namespace detail {

/// directions -= N (N'N)^-1 N'directions, all with n rows.
inline void take_away(const Blas& blas, Index n, std::vector<double> null_space,
                      std::vector<double>& directions) {
    if (null_space.empty()) return;
    const Index null = static_cast<Index>(null_space.size()) / n;
    const Index rank = static_cast<Index>(directions.size()) / n;
    for (Index q = 0; q < null; ++q) {
        double* column = null_space.data() + q * n;
        double square = 0.0;
        for (Index i = 0; i < n; ++i) square += column[i] * column[i];
        for (Index i = 0; i < n; ++i) column[i] /= std::sqrt(square);
    }
    std::vector<double> inner(null * null), along(null * rank);
    multiply(blas, 'T', null, n, null, null_space.data(), n, null_space.data(), n, 1.0, 0.0,
             inner.data(), null);
    multiply(blas, 'T', null, n, rank, null_space.data(), n, directions.data(), n, 1.0, 0.0,
             along.data(), null);
    const auto order = static_cast<Blas::Int>(null);
    if (blas.potrf('L', order, inner.data(), order) != 0) return;
    blas.potrs('L', order, static_cast<Blas::Int>(rank), inner.data(), order, along.data(), order);
    multiply(blas, 'N', n, null, rank, null_space.data(), n, along.data(), null, -1.0, 1.0,
             directions.data(), n);
}

/// Directions M with M'GM = 1 that span the range of G, so that G M M'c = c. The rank is judged on
/// columns of equal length, so that it does not depend on their units.
/// @param gram n x n with leading dimension ld @param most no more directions than this
/// @param shortest whether M M'c is the shortest t with G t = c; else it is so in units of lengths
/// @param condition set to the largest over the smallest eigenvalue that is not rounding
inline std::vector<double> whitening(const Blas& blas, Index n, const double* gram, Index ld,
                                     Index most, bool shortest, double& condition) {
    std::vector<double> length(n), vectors(n * n);
    for (Index j = 0; j < n; ++j) length[j] = std::sqrt(gram[j * ld + j]);
    for (Index j = 0; j < n; ++j)
        for (Index i = 0; i < n; ++i) vectors[j * n + i] = gram[j * ld + i] / length[i] / length[j];
    const std::vector<double> values = symmetric_eigen(blas, n, vectors.data());
    Index null = 0;
    while (null < n && (values[null] <= rank_tolerance(n) * values[n - 1] || n - null > most))
        ++null;
    if (null < n) condition = values[n - 1] / values[null];
    for (Index q = 0; q < n; ++q) {
        const double scale = q < null ? 1.0 : 1.0 / std::sqrt(values[q]);
        for (Index i = 0; i < n; ++i) vectors[q * n + i] *= scale / length[i];
    }
    std::vector<double> directions(vectors.begin() + null * n, vectors.end());
    vectors.resize(null * n);
    if (shortest) take_away(blas, n, std::move(vectors), directions);
    return directions;
}

/// V^-1/2 (G_PP - cross'cross) V^-1/2 with cross = M_F'G_FP: what the free directions leave of the
/// penalised terms.
inline std::vector<double> penalised_gram(const Blas& blas, const RidgeTerms& terms,
                                          const std::vector<double>& cross,
                                          std::span<const double> inverse_root) {
    const Index size = terms.size(), free = terms.n_free, penalised = size - free;
    const Index n_free = penalised == 0 ? 0 : static_cast<Index>(cross.size()) / penalised;
    std::vector<double> left(penalised * penalised);
    for (Index j = 0; j < penalised; ++j)
        std::copy_n(terms.gram() + (free + j) * size + free, penalised,
                    left.data() + j * penalised);
    multiply(blas, 'T', penalised, n_free, penalised, cross.data(), n_free, cross.data(), n_free,
             -1.0, 1.0, left.data(), penalised);
    for (Index j = 0; j < penalised; ++j)
        for (Index i = 0; i < penalised; ++i)
            left[j * penalised + i] *= inverse_root[i] * inverse_root[j];
    return left;
}

inline void set_target(const RidgeTerms& terms, RidgeBasis& basis) {
    const Index size = terms.size();
    basis.target.assign(basis.rank(), 0.0);
    for (Index q = 0; q < basis.rank(); ++q)
        for (Index i = 0; i < size; ++i)
            basis.target[q] += basis.directions[q * size + i] * terms.correlation[i];
}

}  // namespace detail

/// Directions of the first `free_terms` terms alone, without a penalty.
/// @param shortest see whitening
inline RidgeBasis free_basis(const Blas& blas, const RidgeTerms& terms, Index free_terms,
                             Index rank_limit, bool shortest) {
    const Index size = terms.size();
    RidgeBasis basis;
    basis.free_terms = free_terms;
    const std::vector<double> own = detail::whitening(blas, free_terms, terms.gram(), size,
                                                      rank_limit, shortest, basis.condition);
    basis.n_free = free_terms == 0 ? 0 : static_cast<Index>(own.size()) / free_terms;
    basis.directions.assign(basis.n_free * size, 0.0);
    for (Index q = 0; q < basis.n_free; ++q)
        std::copy_n(own.data() + q * free_terms, free_terms, basis.directions.data() + q * size);
    basis.curvature.assign(basis.n_free, 1.0);
    detail::set_target(terms, basis);
    return basis;
}

/// Directions for alpha = 0: every term is free, and the shortest of all solutions is asked for.
inline RidgeBasis unpenalised_basis(const Blas& blas, const RidgeTerms& terms, Index rank_limit) {
    return free_basis(blas, terms, terms.size(), rank_limit, true);
}

/// Directions for alpha > 0: the free ones, and the penalised ones as they are once the free ones
/// are projected out. Directions without curvature are left out: no solution has a part in them.
inline RidgeBasis ridge_basis(const Blas& blas, const RidgeTerms& terms, Index rank_limit) {
    RidgeBasis basis = free_basis(blas, terms, terms.n_free, rank_limit, false);
    const Index size = terms.size(), free = terms.n_free, penalised = size - free;
    const Index n_free = basis.n_free;
    std::vector<double> inverse_root, cross(n_free * penalised);
    for (Index j = free; j < size; ++j)
        inverse_root.push_back(1.0 / std::sqrt(terms.penalty_factor[j]));
    multiply(blas, 'T', n_free, free, penalised, basis.directions.data(), size,
             terms.gram() + free * size, size, 1.0, 0.0, cross.data(), n_free);
    std::vector<double> vectors = detail::penalised_gram(blas, terms, cross, inverse_root);
    const std::vector<double> values = symmetric_eigen(blas, penalised, vectors.data());
    Index null = 0;
    while (null < penalised &&
           (values[null] <= std::numeric_limits<double>::epsilon() * values[penalised - 1] ||
            n_free + penalised - null > rank_limit))
        ++null;
    vectors.erase(vectors.begin(), vectors.begin() + null * penalised);
    const Index rank = penalised - null;
    for (Index i = 0; i < rank * penalised; ++i) vectors[i] *= inverse_root[i % penalised];
    basis.curvature.insert(basis.curvature.end(), values.begin() + null, values.end());
    if (free == 0) {
        basis.directions = std::move(vectors);
    } else {
        basis.directions.resize((n_free + rank) * size, 0.0);
        double* own = basis.directions.data() + n_free * size;
        for (Index q = 0; q < rank; ++q)
            std::copy_n(vectors.data() + q * penalised, penalised, own + q * size + free);
        // the free terms follow the penalised ones: -M_F cross own
        std::vector<double> along(n_free * rank);
        multiply(blas, 'N', n_free, penalised, rank, cross.data(), n_free, own + free, size, 1.0,
                 0.0, along.data(), n_free);
        multiply(blas, 'N', free, n_free, rank, basis.directions.data(), size, along.data(), n_free,
                 -1.0, 0.0, own, size);
    }
    detail::set_target(terms, basis);
    return basis;
}

/// S of RidgeBasis for each l2: rank x m, column-major.
inline std::vector<double> ridge_multipliers(const RidgeBasis& basis, std::span<const double> l2) {
    std::vector<double> multipliers;
    multipliers.reserve(basis.curvature.size() * l2.size());
    for (const double strength : l2)
        for (Index q = 0; q < basis.rank(); ++q)
            multipliers.push_back(q < basis.n_free ? 1.0 : 1.0 / (basis.curvature[q] + strength));
    return multipliers;
}

}  // namespace shrinkage
