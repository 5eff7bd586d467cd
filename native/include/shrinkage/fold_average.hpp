#pragma once
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// Mean over folds of numbers for m alphas, weighted by W_k, and its standard error:
///
///     mean = sum_k W_k e_k / sum_k W_k
///     se = sqrt(sum_k W_k (e_k - mean)^2 / sum_k W_k / (n_folds - 1)),  NaN for one fold
struct FoldAverage {
    std::vector<double> mean, se;

    /// @param values n_folds x m, fold by fold
    FoldAverage(const double* values, std::span<const double> weights, Index m) {
        const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
        const auto n_folds = static_cast<Index>(weights.size());
        mean.assign(static_cast<std::size_t>(m), 0.0);
        for (Index k = 0; k < n_folds; ++k) {
            const double share = weights[k] / total;
            for (Index i = 0; i < m; ++i) mean[i] += share * values[k * m + i];
        }
        se.assign(static_cast<std::size_t>(m),
                  n_folds > 1 ? 0.0 : std::numeric_limits<double>::quiet_NaN());
        if (n_folds < 2) return;
        for (Index k = 0; k < n_folds; ++k) {
            const double share = weights[k] / total / static_cast<double>(n_folds - 1);
            for (Index i = 0; i < m; ++i) {
                const double apart = values[k * m + i] - mean[i];
                se[i] += share * apart * apart;
            }
        }
        for (double& variance : se) variance = std::sqrt(variance);
    }
};

}  // namespace shrinkage
