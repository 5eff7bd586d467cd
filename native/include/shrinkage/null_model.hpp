#pragma once
#include <cmath>
#include <vector>

#include "shrinkage/likelihood.hpp"

namespace shrinkage {

/// The fit with intercept and offset only.
struct NullModel {
    double intercept;
    double loss;                   ///< half the mean unit deviance
    std::vector<double> residual;  ///< y - mu; 0 in all rows if the fit is perfect
};

/// Where the best intercept is infinite (one class, only zero counts) one that fits to rounding is
/// returned.
inline NullModel fit_null_model(const Runtime& runtime, const Likelihood& likelihood) {
    constexpr double perfect = 1e-13;
    const auto rows = static_cast<std::size_t>(likelihood.rows());
    std::vector<double> u(rows);
    const double start = likelihood.family().link(likelihood.mean_response());
    const Likelihood::Balanced at =
        likelihood.balance(runtime, likelihood.offset().data(), start, 0.0, u.data());
    NullModel null{at.intercept, at.sums.loss - likelihood.saturated(), std::vector<double>(rows)};
    double square = 0.0, largest = 0.0;
    for (std::size_t i = 0; i < rows; ++i) {
        const double wt = likelihood.wt()[i];
        if (wt == 0.0) continue;
        null.residual[i] = u[i] / wt;
        square += u[i] * null.residual[i];
        largest = std::max(largest, likelihood.y()[i]);
    }
    if (std::sqrt(square) <= perfect * std::max(largest, 1e-3)) null.residual.assign(rows, 0.0);
    null.loss = std::max(null.loss, 0.0);
    return null;
}

}  // namespace shrinkage
