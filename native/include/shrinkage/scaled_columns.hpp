#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/design.hpp"

namespace shrinkage {

/// The scaled problem of the working-set plan: what one pass over X tells about every column.
///
///     z_j = root_weight (x_j - mean_j) / scale_j      target = root_weight (y - y_mean)
///
/// `root_weight` is the square root of the weights, which sum to 1, so inner products are weighted
/// means. Columns z_j exist only where an algorithm copies them.
struct ScaledColumns {
    explicit ScaledColumns(const Design& X) : design(X) {}

    const Design& design;
    std::vector<double> weight, root_weight;  ///< one per row
    std::vector<double> target;
    double y_mean = 0.0;         ///< 0 without an intercept
    double y_spread = 0.0;       ///< weighted standard deviation about the mean; 0 for a constant y
    double target_square = 0.0;  ///< |target|^2, twice the loss of the null model
    double tau = 1.0;            ///< unit of y in the L2 penalty
    Index rank_limit = 0;        ///< no more columns than this can be independent
    std::vector<double> mean;    ///< what is subtracted: 0 without an intercept
    std::vector<double> scale;   ///< 0: no spread, the column never enters
    std::vector<double> spread;  ///< standard deviation about the mean, always
    std::vector<double> norm;    ///< |z_j|; 0 where the scale is
    std::vector<double> rounding;  ///< |x_j| / scale_j: rounding of x_j'r / scale_j in units of |r|
    std::vector<double> correlation;  ///< z_j'target

    Index rows() const { return design.rows(); }
    Index cols() const { return design.cols(); }
    double target_norm() const { return std::sqrt(target_square); }
};

namespace detail {

/// Weighted mean with one correction, so that mean/sd = 1e6 costs no digits of what is left.
inline double weighted_mean(std::span<const double> values, std::span<const double> weight) {
    double mean = 0.0, rest = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) mean += weight[i] * values[i];
    for (std::size_t i = 0; i < values.size(); ++i) rest += weight[i] * (values[i] - mean);
    return mean + rest;
}

/// Fills target, y_mean, y_spread, target_square, tau.
inline void scale_target(std::span<const double> y, bool fit_intercept, bool standardize,
                         ScaledColumns& data) {
    const double mean = weighted_mean(y, data.weight);
    double about_mean = 0.0, about_zero = 0.0, largest = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) {
        if (data.weight[i] == 0.0) continue;
        about_mean += data.weight[i] * (y[i] - mean) * (y[i] - mean);
        about_zero += data.weight[i] * y[i] * y[i];
        largest = std::max(largest, std::abs(y[i]));
    }
    data.y_spread = std::sqrt(about_mean);
    if (data.y_spread <= 1e-13 * largest) data.y_spread = 0.0;
    data.y_mean = fit_intercept ? mean : 0.0;
    const bool constant = fit_intercept && data.y_spread == 0.0;
    data.target.assign(y.size(), 0.0);
    if (!constant)
        for (std::size_t i = 0; i < y.size(); ++i)
            data.target[i] = data.root_weight[i] * (y[i] - data.y_mean);
    data.target_square = fit_intercept ? data.y_spread * data.y_spread : about_zero;
    data.tau = standardize && data.target_square > 0.0 ? std::sqrt(data.target_square) : 1.0;
}

/// Turns the moments of one column into its scale, norm and correlation.
/// @param square mean square about the true mean @param product x_j'(wt target)
inline void scale_column(Index j, double mean, double square, double product, bool fit_intercept,
                         bool standardize, ScaledColumns& data) {
    const double root_mean_square = std::hypot(std::sqrt(square), mean);
    double spread = std::sqrt(square);
    if (spread <= 1e-13 * root_mean_square) spread = 0.0;
    const bool any = fit_intercept || standardize ? spread > 0.0 : root_mean_square > 0.0;
    const double scale = any ? (standardize ? spread : 1.0) : 0.0;
    const double length = fit_intercept ? spread : root_mean_square;
    data.mean[j] = fit_intercept ? mean : 0.0;
    data.spread[j] = spread;
    data.scale[j] = scale;
    data.norm[j] = any ? length / scale : 0.0;
    data.rounding[j] = any ? root_mean_square / scale : 0.0;
    data.correlation[j] = any ? product / scale : 0.0;
}

}  // namespace detail

/// Read X once, in blocks of columns.
/// @param weights one per row, summing to 1; empty means 1/rows each
inline ScaledColumns scale_columns(const Runtime& runtime, const Design& design,
                                   std::span<const double> y, std::span<const double> weights,
                                   bool fit_intercept, bool standardize) {
    ScaledColumns data(design);
    const auto rows = static_cast<std::size_t>(design.rows());
    const auto cols = static_cast<std::size_t>(design.cols());
    data.weight.assign(rows, 1.0 / static_cast<double>(rows));
    if (!weights.empty()) data.weight.assign(weights.begin(), weights.end());
    data.root_weight.resize(rows);
    for (std::size_t i = 0; i < rows; ++i) data.root_weight[i] = std::sqrt(data.weight[i]);
    const auto n_effective = std::count_if(data.weight.begin(), data.weight.end(),
                                           [](double weight) { return weight > 0.0; });
    data.rank_limit = n_effective - (fit_intercept ? 1 : 0);
    detail::scale_target(y, fit_intercept, standardize, data);

    std::vector<double> weighted_target(rows), square(cols);
    for (std::size_t i = 0; i < rows; ++i)
        weighted_target[i] = data.root_weight[i] * data.target[i];
    for (auto* column :
         {&data.mean, &data.scale, &data.spread, &data.norm, &data.rounding, &data.correlation})
        column->resize(cols);
    const double* wt = weights.empty() ? nullptr : data.weight.data();
    design.column_moments(runtime, 0, design.cols(), wt, weighted_target.data(), data.mean.data(),
                          square.data(), data.correlation.data());
    // With an intercept the weighted target sums to 0 but for rounding, which a large mean
    // magnifies.
    double sum = 0.0;
    for (const double value : weighted_target) sum += fit_intercept ? value : 0.0;
    for (Index j = 0; j < design.cols(); ++j)
        detail::scale_column(j, data.mean[j], square[j], data.correlation[j] - data.mean[j] * sum,
                             fit_intercept, standardize, data);
    return data;
}

}  // namespace shrinkage
