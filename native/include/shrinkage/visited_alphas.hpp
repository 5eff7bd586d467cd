#pragma once
#include <cmath>
#include <span>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// An alpha that a path visits: one that was asked for, or a step on a long way to it.
struct VisitedAlpha {
    double alpha;
    bool asked;
};

/// Puts steps between alphas that are more than a factor of 2 apart: a far jump lets in many
/// columns that must leave again, one by one, which costs more than the steps (500 x 10000, to 0.01
/// alpha_max at once: 2031 deletions instead of 200).
/// @param alphas decreasing @param start where the way begins; 0 if there is no such place
inline std::vector<VisitedAlpha> visit(std::span<const double> alphas, double start) {
    constexpr double long_way = 0.5, step = 0.75;
    std::vector<VisitedAlpha> visited;
    double previous = start;
    for (const double alpha : alphas) {
        if (alpha > 0.0 && alpha < long_way * previous) {
            const double n_steps = std::ceil(std::log(alpha / previous) / std::log(step));
            for (double k = 1.0; k < n_steps; ++k)
                visited.push_back({previous * std::pow(alpha / previous, k / n_steps), false});
        }
        visited.push_back({alpha, true});
        previous = alpha;
    }
    return visited;
}

}  // namespace shrinkage
