#pragma once
#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "shrinkage/dense_algebra.hpp"
#include "shrinkage/gram_problem.hpp"
#include "shrinkage/path.hpp"

namespace shrinkage {

/// Moments of some rows, and how many of them have a positive weight.
struct RowGroup {
    Moments moments;
    Index n_rows = 0;
};

inline void merge(const RowGroup& a, const RowGroup& b, RowGroup& into) {
    merge(a.moments, b.moments, into.moments);
    into.n_rows = a.n_rows + b.n_rows;
}

/// For each of the first n_folds groups, all the others together: what came before it, merged with
/// what comes after. Nothing is subtracted, so no digits are lost.
inline std::vector<RowGroup> training_groups(const std::vector<RowGroup>& groups, Index n_folds) {
    RowGroup nothing = groups[0];
    nothing.n_rows = 0;
    nothing.moments.weight = 0.0;
    std::ranges::fill(nothing.moments.products, 0.0);
    std::vector<RowGroup> training(n_folds);
    RowGroup after = nothing;
    for (Index k = static_cast<Index>(groups.size()) - 1; k >= 0; --k) {
        if (k < n_folds) training[k] = after;
        merge(groups[k], after, after);
    }
    RowGroup before = std::move(nothing);
    for (Index k = 0; k < n_folds; ++k) {
        merge(before, training[k], training[k]);
        merge(before, groups[k], before);
    }
    return training;
}

namespace detail {

/// The features that occur on a path, and their coefficients as features x alphas.
struct DensePath {
    std::vector<int> features;
    std::vector<double> coef;

    DensePath(const PathResult& path, Index cols) {
        std::vector<int> place(cols, -1);
        for (const int j : path.features) place[j] = 0;
        for (Index j = 0; j < cols; ++j) {
            if (place[j] < 0) continue;
            place[j] = static_cast<int>(features.size());
            features.push_back(static_cast<int>(j));
        }
        const std::size_t m = path.intercepts.size();
        coef.assign(features.size() * m, 0.0);
        for (std::size_t k = 0; k < m; ++k)
            for (Index at = path.starts[k]; at < path.starts[k + 1]; ++at)
                coef[k * features.size() + place[path.features[at]]] = path.values[at];
    }
};

}  // namespace detail

/// Weighted mean squared error of each point of a path on held-out rows, from their moments alone:
///
///     (S_yy - 2 b'S_xy + b'S_xx b) / weight + ((held mean of y - y_mean) - (held mean - mean)'b)^2
///
/// @param held with products mirrored to a full square; without weight every error is NaN
inline std::vector<double> held_out_errors(const Blas& blas, const PathResult& path,
                                           const Moments& held, const ProblemUnits& units) {
    const Index width = held.width(), cols = width - 1;
    const detail::DensePath dense(path, cols);
    const Index size = static_cast<Index>(dense.features.size());
    const Index m = static_cast<Index>(path.intercepts.size());
    std::vector<double> products(size * size), cross(size), apart(size), image(size * m);
    for (Index b = 0; b < size; ++b) {
        const Index j = dense.features[b];
        const double* column = held.products.data() + j * width;
        for (Index a = 0; a < size; ++a) products[b * size + a] = column[dense.features[a]];
        cross[b] = column[cols];
        apart[b] = held.mean[j] - units.mean[j];
    }
    multiply(blas, 'N', size, size, m, products.data(), size, dense.coef.data(), size, 1.0, 0.0,
             image.data(), size);
    std::vector<double> errors(m, std::numeric_limits<double>::quiet_NaN());
    if (held.weight == 0.0) return errors;
    for (Index k = 0; k < m; ++k) {
        const double* coef = dense.coef.data() + k * size;
        double squares = held.products[cols * width + cols];
        double offset = held.mean[cols] - units.y_mean;
        for (Index i = 0; i < size; ++i) {
            squares += coef[i] * (image[k * size + i] - 2.0 * cross[i]);
            offset -= coef[i] * apart[i];
        }
        errors[k] = std::max(0.0, squares / held.weight) + offset * offset;
    }
    return errors;
}

/// Fits outside each fold, with scales and tau of its own, and judges inside. Folds run in threads;
/// the result has the same bits for any number of them.
/// @param groups with products mirrored: the folds, then the rows that are never held out
/// @param fit (runtime, problem) -> PathResult
template <class Fit>
FoldResult crossval_groups(const Runtime& runtime, const std::vector<RowGroup>& groups,
                           Index n_folds, bool fit_intercept, bool standardize, const Fit& fit) {
    std::vector<RowGroup> training = training_groups(groups, n_folds);
    const Runtime inner{runtime.blas, runtime.simd, runtime.interrupt, 1};
    FoldResult result;
    result.paths.resize(n_folds);
    std::vector<std::vector<double>> errors(n_folds);
    parallel_for(runtime, n_folds, [&](Index k) {
        const GramProblem problem =
            make_gram_problem(training[k].moments, training[k].n_rows, fit_intercept, standardize);
        training[k] = {};
        result.paths[k] = fit(inner, problem);
        errors[k] =
            held_out_errors(runtime.blas, result.paths[k], groups[k].moments, problem.units);
    });
    for (Index k = 0; k < n_folds; ++k) {
        result.weight.push_back(groups[k].moments.weight);
        result.error.insert(result.error.end(), errors[k].begin(), errors[k].end());
        for (const double loss : result.paths[k].loss) result.train_error.push_back(2.0 * loss);
    }
    return result;
}

}  // namespace shrinkage
