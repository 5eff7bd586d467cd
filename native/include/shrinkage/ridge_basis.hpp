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
    std::vector<double> gram;            ///< terms x terms, full
    std::vector<double> correlation;     ///< c0 per term

    Index size() const { return static_cast<Index>(features.size()); }
};

inline RidgeTerms ridge_terms(const GramProblem& problem, std::span<const double> penalty_factor) {
    RidgeTerms terms;
    for (const bool free : {true, false}) {
        for (Index j = 0; j < problem.cols(); ++j)
            if (problem.units.scale[j] > 0.0 && std::isfinite(penalty_factor[j]) &&
                (penalty_factor[j] == 0.0) == free)
                terms.features.push_back(static_cast<int>(j));
        if (free) terms.n_free = terms.size();
    }
    const Index size = terms.size();
    terms.gram.resize(size * size);
    for (Index b = 0; b < size; ++b) {
        const double* column = problem.gram.data() + terms.features[b] * problem.cols();
        for (Index a = 0; a < size; ++a) terms.gram[b * size + a] = column[terms.features[a]];
        terms.correlation.push_back(problem.correlation[terms.features[b]]);
        terms.penalty_factor.push_back(penalty_factor[terms.features[b]]);
    }
    return terms;
}

/// Directions M in which every ridge solution is diagonal:
///
///     t(l2) = M diag(S) M'c0,   S_q = 1 for the first n_free directions, else 1 / (curvature_q +
///     l2)
///
/// M'GM is 1 on the free directions and diag(curvature) on the others, and 0 elsewhere.
struct RidgeBasis {
    Index free_terms = 0;            ///< how many leading terms are free here
    Index n_free = 0;                ///< how many independent directions they have
    std::vector<double> directions;  ///< M, terms x rank, column-major
    std::vector<double> curvature;   ///< one per direction; 1 where free
    std::vector<double> target;      ///< M'c0

    Index rank() const { return static_cast<Index>(curvature.size()); }
    bool singular() const { return n_free < free_terms; }
};

namespace detail {

/// Directions M with M'GM = 1 that span the range of G; of all solutions of G t = c, t = M M'c is
/// the shortest. The rank is judged on columns of equal length, so that it does not depend on their
/// units.
/// @param gram n x n with leading dimension ld @param most  no more directions than this
inline std::vector<double> whitening(const Blas& blas, Index n, const double* gram, Index ld,
                                     Index most) {
    std::vector<double> length(n), vectors(n * n);
    for (Index j = 0; j < n; ++j) length[j] = std::sqrt(gram[j * ld + j]);
    for (Index j = 0; j < n; ++j)
        for (Index i = 0; i < n; ++i) vectors[j * n + i] = gram[j * ld + i] / length[i] / length[j];
    const std::vector<double> values = symmetric_eigen(blas, n, vectors.data());
    Index null = 0;
    while (null < n && (values[null] <= rank_tolerance(n) * values[n - 1] || n - null > most))
        ++null;
    for (Index q = 0; q < n; ++q) {
        const double scale = q < null ? 1.0 : 1.0 / std::sqrt(values[q]);
        for (Index i = 0; i < n; ++i) vectors[q * n + i] *= scale / length[i];
    }
    const Index rank = n - null;
    std::vector<double> directions(vectors.begin() + null * n, vectors.end());
    if (null == 0 || rank == 0) return directions;

    // Columns of different length: t = M M'c is not yet the shortest. Take away what lies in the
    // null space N, by directions -= N (N'N)^-1 N' directions.
    const auto order = static_cast<Blas::Int>(n), n_null = static_cast<Blas::Int>(null),
               n_rank = static_cast<Blas::Int>(rank);
    for (Index q = 0; q < null; ++q) {
        double square = 0.0;
        for (Index i = 0; i < n; ++i) square += vectors[q * n + i] * vectors[q * n + i];
        for (Index i = 0; i < n; ++i) vectors[q * n + i] /= std::sqrt(square);
    }
    std::vector<double> inner(null * null), along(null * rank);
    blas.gemm('T', 'N', n_null, n_null, order, 1.0, vectors.data(), order, vectors.data(), order,
              0.0, inner.data(), n_null);
    blas.gemm('T', 'N', n_null, n_rank, order, 1.0, vectors.data(), order, directions.data(), order,
              0.0, along.data(), n_null);
    if (blas.potrf('L', n_null, inner.data(), n_null) != 0) return directions;
    blas.potrs('L', n_null, n_rank, inner.data(), n_null, along.data(), n_null);
    blas.gemm('N', 'N', order, n_rank, n_null, -1.0, vectors.data(), order, along.data(), n_null,
              1.0, directions.data(), order);
    return directions;
}

inline void set_target(const RidgeTerms& terms, RidgeBasis& basis) {
    const Index size = terms.size();
    basis.target.assign(basis.rank(), 0.0);
    for (Index q = 0; q < basis.rank(); ++q)
        for (Index i = 0; i < size; ++i)
            basis.target[q] += basis.directions[q * size + i] * terms.correlation[i];
}

}  // namespace detail

/// Directions of the first `free_terms` terms alone, without a penalty. With all terms: alpha = 0.
inline RidgeBasis free_basis(const Blas& blas, const RidgeTerms& terms, Index free_terms,
                             Index rank_limit) {
    const Index size = terms.size();
    const std::vector<double> own =
        detail::whitening(blas, free_terms, terms.gram.data(), size, rank_limit);
    RidgeBasis basis;
    basis.free_terms = free_terms;
    basis.n_free = free_terms == 0 ? 0 : static_cast<Index>(own.size()) / free_terms;
    basis.directions.assign(basis.n_free * size, 0.0);
    for (Index q = 0; q < basis.n_free; ++q)
        std::copy_n(own.data() + q * free_terms, free_terms, basis.directions.data() + q * size);
    basis.curvature.assign(basis.n_free, 1.0);
    detail::set_target(terms, basis);
    return basis;
}

/// The free directions, and the penalised ones as they are once the free ones are projected out.
/// Directions without curvature are left out: no solution has a part in them.
inline RidgeBasis ridge_basis(const Blas& blas, const RidgeTerms& terms, Index rank_limit) {
    RidgeBasis basis = free_basis(blas, terms, terms.n_free, rank_limit);
    const Index size = terms.size(), free = terms.n_free, penalised = size - free;
    const auto ld = static_cast<Blas::Int>(size), n_free = static_cast<Blas::Int>(basis.n_free),
               n_terms = static_cast<Blas::Int>(free),
               n_penalised = static_cast<Blas::Int>(penalised);
    std::vector<double> root(penalised), left(penalised * penalised);
    for (Index j = 0; j < penalised; ++j) root[j] = 1.0 / std::sqrt(terms.penalty_factor[free + j]);
    for (Index j = 0; j < penalised; ++j)
        std::copy_n(terms.gram.data() + (free + j) * size + free, penalised,
                    left.data() + j * penalised);
    // cross = M_F'G_FP, and left = G_PP - cross'cross
    std::vector<double> cross(std::max<Index>(1, basis.n_free) * penalised);
    if (n_free > 0 && n_penalised > 0) {
        blas.gemm('T', 'N', n_free, n_penalised, n_terms, 1.0, basis.directions.data(), ld,
                  terms.gram.data() + free * size, ld, 0.0, cross.data(), n_free);
        blas.gemm('T', 'N', n_penalised, n_penalised, n_free, -1.0, cross.data(), n_free,
                  cross.data(), n_free, 1.0, left.data(), n_penalised);
    }
    for (Index j = 0; j < penalised; ++j)
        for (Index i = 0; i < penalised; ++i) left[j * penalised + i] *= root[i] * root[j];
    const std::vector<double> values = symmetric_eigen(blas, penalised, left.data());
    Index null = 0;
    while (null < penalised &&
           (values[null] <= std::numeric_limits<double>::epsilon() * values[penalised - 1] ||
            basis.n_free + penalised - null > rank_limit))
        ++null;

    const Index rank = penalised - null;
    basis.curvature.insert(basis.curvature.end(), values.begin() + null, values.end());
    basis.directions.resize((basis.n_free + rank) * size, 0.0);
    double* own = basis.directions.data() + basis.n_free * size;
    for (Index q = 0; q < rank; ++q)
        for (Index i = 0; i < penalised; ++i)
            own[q * size + free + i] = root[i] * left[(null + q) * penalised + i];
    if (n_free > 0 && rank > 0) {
        const auto n_rank = static_cast<Blas::Int>(rank);
        std::vector<double> along(basis.n_free * rank);
        blas.gemm('N', 'N', n_free, n_rank, n_penalised, 1.0, cross.data(), n_free, own + free, ld,
                  0.0, along.data(), n_free);
        blas.gemm('N', 'N', n_terms, n_rank, n_free, -1.0, basis.directions.data(), ld,
                  along.data(), n_free, 0.0, own, ld);
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
