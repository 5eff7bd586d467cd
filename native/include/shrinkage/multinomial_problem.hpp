#pragma once
#include <cmath>
#include <span>
#include <vector>

#include "shrinkage/multinomial_path.hpp"

namespace shrinkage {

namespace detail {

/// Where the mean of each class is its share, moved off the ends where an intercept is infinite.
/// Far-apart offsets leave a loss of straight pieces, on which Newton's method has nothing to go
/// by. So they are first made smaller, and restored by halves, each solution starting the next.
inline MultinomialLikelihood::Balanced balance_from_nothing(const Runtime& runtime,
                                                            const MultinomialLikelihood& likelihood,
                                                            std::vector<double>& u) {
    constexpr double near = 8.0, least = 1e-15;
    const Index n = likelihood.rows(), K = likelihood.n_classes();
    const std::span<const double> offset = likelihood.offset();
    const double spread = likelihood.largest_offset();
    PerClass start;
    for (Index k = 0; k < K; ++k) {
        double mean = 0.0;
        for (Index i = 0; i < n; ++i) mean += likelihood.wt()[i] * offset[k * n + i];
        start.values.push_back(std::log(std::max(likelihood.mean_response()[k], least)) - mean);
    }
    double smaller = 1.0;
    while (smaller * spread > near) smaller *= 0.5;
    u.resize(offset.size());
    for (; smaller < 1.0; smaller *= 2.0) {
        std::vector<double> eta(offset.begin(), offset.end());
        for (double& each : eta) each *= smaller;
        const auto at =
            likelihood.balance(runtime, eta.data(), smaller * std::move(start), 0.0, u.data());
        start = (1.0 / smaller) * at.intercept;
    }
    return likelihood.balance(runtime, offset.data(), start, 0.0, u.data());
}

inline MultinomialNull fit_null(const Runtime& runtime, const MultinomialLikelihood& likelihood) {
    constexpr double perfect = 1e-13;
    std::vector<double> u;
    const auto at = balance_from_nothing(runtime, likelihood, u);
    MultinomialNull null{at.intercept, std::max(at.loss - likelihood.saturated(), 0.0),
                         std::vector<double>(u.size(), 0.0)};
    double square = 0.0;
    const Index n = likelihood.rows();
    for (std::size_t e = 0; e < u.size(); ++e) {
        const double wt = likelihood.wt()[e % n];
        if (wt == 0.0) continue;
        null.residual[e] = u[e] / wt;
        square += u[e] * null.residual[e];
    }
    if (std::sqrt(square) <= perfect) null.residual.assign(u.size(), 0.0);
    return null;
}

}  // namespace detail

/// A multinomial model: its classes, its null model, and what one pass over X tells.
class MultinomialProblem {
public:
    /// @param design must have columns, and outlive the problem
    /// @param y rows x classes, row by row
    /// @param weights one per row, summing to 1; empty means 1/rows each
    /// @param offset like y; empty: 0
    MultinomialProblem(const Runtime& runtime, const Design& design, Index n_classes,
                       std::span<const double> y, std::span<const double> weights,
                       std::span<const double> offset, bool fit_intercept, bool standardize)
        : _likelihood(runtime.simd, n_classes, y, all_weights(design, weights), offset,
                      fit_intercept),
          _null(detail::fit_null(runtime, _likelihood)),
          _columns(columns_of(runtime, design, weights, standardize)),
          _standardize(standardize) {}

    const ScaledColumns& columns() const { return _columns; }
    const MultinomialLikelihood& likelihood() const { return _likelihood; }
    const MultinomialNull& null() const { return _null; }

    /// The same problem with other weights, scaled by them.
    MultinomialProblem reweighted(const Runtime& runtime, std::span<const double> weights) const {
        return MultinomialProblem(runtime, *this, weights);
    }

    /// z_j'u_k of the model of intercepts, offset and features of penalty factor 0, class by
    /// class. The task's alphas do not matter.
    std::vector<double> null_correlations(const Runtime& runtime, const PathTask& task) const {
        if (_columns.design.is_sparse())
            return path_of<SparseRows>(runtime, task).null_correlations();
        return path_of<TiledColumns>(runtime, task).null_correlations();
    }

    /// One row for each alpha of the task.
    PathResult path(const Runtime& runtime, const PathTask& task) const {
        PathResult result;
        if (_columns.design.is_sparse())
            path_of<SparseRows>(runtime, task).run(result);
        else
            path_of<TiledColumns>(runtime, task).run(result);
        return result;
    }

private:
    MultinomialProblem(const Runtime& runtime, const MultinomialProblem& other,
                       std::span<const double> weights)
        : _likelihood(other._likelihood.reweighted(weights)),
          _null(detail::fit_null(runtime, _likelihood)),
          _columns(columns_of(runtime, other._columns.design, weights, other._standardize)),
          _standardize(other._standardize) {}

    template <class Columns>
    MultinomialPath<Columns> path_of(const Runtime& runtime, const PathTask& task) const {
        return MultinomialPath<Columns>(runtime, _columns, _likelihood, _null, task);
    }

    static std::vector<double> all_weights(const Design& design, std::span<const double> weights) {
        const auto rows = static_cast<std::size_t>(design.rows());
        if (!weights.empty()) return {weights.begin(), weights.end()};
        return std::vector<double>(rows, 1.0 / static_cast<double>(rows));
    }

    ScaledColumns columns_of(const Runtime& runtime, const Design& design,
                             std::span<const double> weights, bool standardize) const {
        const auto n = static_cast<std::size_t>(design.rows());
        ScaledColumns columns = scale_columns(runtime, design, std::span(_null.residual).first(n),
                                              weights, _likelihood.fits_intercept(), standardize);
        columns.tau = 1.0;
        columns.target_square = 0.0;
        for (std::size_t e = 0; e < _null.residual.size(); ++e)
            columns.target_square +=
                _likelihood.wt()[e % n] * _null.residual[e] * _null.residual[e];
        return columns;
    }

    MultinomialLikelihood _likelihood;
    MultinomialNull _null;
    ScaledColumns _columns;
    bool _standardize;
};

}  // namespace shrinkage
