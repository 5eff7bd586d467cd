#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace shrinkage {

namespace detail {

/// Weights of the rows outside a fold, summing to 1. @return weight of the fold
inline double training_weights(std::span<const double> all, std::span<const std::int32_t> fold_ids,
                               std::int32_t fold, std::vector<double>& weights) {
    weights.assign(all.begin(), all.end());
    double inside = 0.0, outside = 0.0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        (fold_ids[i] == fold ? inside : outside) += weights[i];
        if (fold_ids[i] == fold) weights[i] = 0.0;
    }
    for (double& weight : weights) weight /= outside;
    return inside;
}

}  // namespace detail

}  // namespace shrinkage
