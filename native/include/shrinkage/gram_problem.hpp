#pragma once
#include <cmath>
#include <vector>

#include "shrinkage/moments.hpp"

namespace shrinkage {

/// What turns a scaled coefficient t into one in original units, t / scale, and gives the
/// intercept.
struct ProblemUnits {
    std::vector<double> mean;   ///< what is subtracted: 0 without an intercept
    std::vector<double> scale;  ///< 0: no spread, the column never enters
    double y_mean = 0.0;        ///< 0 without an intercept
    double tau = 1.0;           ///< unit of y in the L2 penalty
};

/// The scaled problem that cross-products give:
///
///     z_j = root_weight (x_j - mean_j) / scale_j      gram = Z'Z      correlation = Z'y
///
/// with y centred like a column. Inner products are weighted means.
struct GramProblem {
    ProblemUnits units;
    std::vector<double> spread;       ///< standard deviation about the mean, always
    double y_spread = 0.0;            ///< 0 for a constant y
    double target_square = 0.0;       ///< |y|^2, twice the loss of the null model
    Index rank_limit = 0;             ///< no more columns than this can be independent
    std::vector<double> gram;         ///< cols x cols, full; 0 where the scale is
    std::vector<double> correlation;  ///< c0 = Z'y

    Index cols() const { return static_cast<Index>(spread.size()); }
    double null_loss() const { return target_square / 2.0; }
};

namespace detail {

/// Standard deviation from a sum of squares, 0 if that is the rounding of a constant.
inline double spread_of(double square, double mean) {
    const double spread = std::sqrt(square);
    return spread <= 1e-13 * std::hypot(spread, mean) ? 0.0 : spread;
}

}  // namespace detail

/// @param moments of the training rows @param n_rows number of them with positive weight
inline GramProblem make_gram_problem(const Moments& moments, Index n_rows, bool fit_intercept,
                                     bool standardize) {
    const Index width = moments.width(), cols = width - 1;
    const auto product = [&](Index i, Index j) {  // i <= j
        const double about_mean = moments.products[j * width + i] / moments.weight;
        return fit_intercept ? about_mean : about_mean + moments.mean[i] * moments.mean[j];
    };
    const auto spread = [&](Index j) {
        return detail::spread_of(moments.products[j * width + j] / moments.weight, moments.mean[j]);
    };
    GramProblem problem;
    problem.rank_limit = n_rows - (fit_intercept ? 1 : 0);
    problem.y_spread = spread(cols);
    problem.target_square =
        fit_intercept ? problem.y_spread * problem.y_spread : product(cols, cols);
    ProblemUnits& units = problem.units;
    units.mean.assign(cols, 0.0);
    units.y_mean = fit_intercept ? moments.mean[cols] : 0.0;
    if (standardize && problem.target_square > 0.0) units.tau = std::sqrt(problem.target_square);
    std::vector<double> inverse(cols, 0.0);
    for (Index j = 0; j < cols; ++j) {
        problem.spread.push_back(spread(j));
        const bool only_zeros = problem.spread[j] == 0.0 && moments.mean[j] == 0.0;
        const bool enters = fit_intercept || standardize ? problem.spread[j] > 0.0 : !only_zeros;
        units.scale.push_back(enters ? (standardize ? problem.spread[j] : 1.0) : 0.0);
        if (enters) inverse[j] = 1.0 / units.scale[j];
        if (fit_intercept) units.mean[j] = moments.mean[j];
    }
    problem.gram.resize(cols * cols);
    problem.correlation.resize(cols);
    for (Index j = 0; j < cols; ++j) {
        for (Index i = 0; i <= j; ++i)
            problem.gram[j * cols + i] =
                inverse[j] == 0.0 ? 0.0 : product(i, j) * inverse[i] * inverse[j];
        problem.correlation[j] = problem.target_square > 0.0 ? product(j, cols) * inverse[j] : 0.0;
    }
    mirror(cols, problem.gram.data(), cols);
    return problem;
}

}  // namespace shrinkage
