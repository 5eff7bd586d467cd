#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// A distribution with its canonical link. l(y, eta) is half the unit deviance but for the terms
/// that depend on y alone, which saturated() has.
///
///     binomial   l = log(1 + exp(eta)) - y eta     mu = 1 / (1 + exp(-eta))     0 <= y <= 1
///     poisson    l = exp(eta) - y eta              mu = exp(eta)                y >= 0
class Family {
public:
    enum class Name { binomial, poisson };

    Family(Name name, const Kernels& simd)
        : _name(name), _kernels(name == Name::binomial ? simd.binomial : simd.poisson) {}

    const FamilyKernels& kernels() const { return _kernels; }

    double mean(double eta) const {
        return is_binomial() ? 1.0 / (1.0 + std::exp(-eta)) : std::exp(std::min(eta, 709.0));
    }
    /// The eta whose mean is `mean`, moved off the ends where eta is infinite.
    double link(double mean) const {
        constexpr double least = 1e-15;
        if (!is_binomial()) return std::log(std::max(mean, least));
        mean = std::clamp(mean, least, 1.0 - least);
        return std::log(mean / (1.0 - mean));
    }
    /// l(y, eta) of the eta that fits y best.
    double saturated(double y) const {
        return is_binomial() ? -times_log(y, y) - times_log(1.0 - y, 1.0 - y) : y - times_log(y, y);
    }
    /// Twice l(y, eta) - saturated(y).
    double unit_deviance(double y, double eta) const {
        const double loss =
            is_binomial() ? std::max(eta, 0.0) + std::log1p(std::exp(-std::abs(eta))) - y * eta
                          : std::exp(std::min(eta, 709.0)) - y * eta;
        return 2.0 * std::max(0.0, loss - saturated(y));
    }

    /// How far a common shift of eta should go to make the residuals sum to 0: exactly so for
    /// Poisson, for the others a step of Halley's method, or of Newton's from afar.
    /// @param mean_response weighted mean of y
    double shift_to_balance(const FamilySums& sums, double mean_response) const {
        const double step = sums.residual / sums.curvature;
        if (is_binomial()) {
            const double bend = step * sums.slope / sums.curvature;
            return std::abs(bend) < 1.0 ? step / (1.0 + 0.5 * bend) : step;
        }
        return std::abs(step) < 0.5 ? std::log1p(step) : std::log(mean_response / sums.curvature);
    }

    /// Curvatures in relation to this are too small to be told from 0.
    /// @param mean_response weighted mean of y
    double curvature_floor(double mean_response) const {
        return is_binomial() ? 1e-10 : 1e-10 * mean_response;
    }
    /// Whether the eta that fits y best is infinite.
    bool is_at_an_end(double y) const { return y == 0.0 || (is_binomial() && y == 1.0); }
    /// Whether a common shift of eta multiplies all means by the same.
    bool has_exponential_means() const { return !is_binomial(); }
    /// Whether the loss is nearly linear far from its minimum, on both sides.
    bool has_flat_sides() const { return is_binomial(); }
    /// Whether a curvature is known that bounds the loss from above on both sides (Jaakkola and
    /// Jordan, 2000).
    bool has_majoriser() const { return is_binomial(); }
    double majorising_curvature(double eta) const {
        return std::abs(eta) < 1e-4 ? 0.25 : (mean(eta) - 0.5) / eta;
    }

    /// Bregman distance of the conjugate between mu + t (y - mu) and mu: what scaling the dual
    /// point by 1 - t costs. >= 0, and 0 at t = 0.
    double conjugate_distance(double y, double eta, double t) const {
        const double mu = mean(eta), apart = t * (y - mu);
        const double first = relative_entropy(mu, apart, eta);
        if (!is_binomial()) return first - apart;
        return first + relative_entropy(1.0 / (1.0 + std::exp(eta)), -apart, -eta);
    }

private:
    bool is_binomial() const { return _name == Name::binomial; }
    /// m log(m / mean) with m = mean + apart. @param log_mean of a mean that underflows
    static double relative_entropy(double mean, double apart, double log_mean) {
        constexpr double least = 1e-290;
        const double moved = mean + apart;
        if (!(moved > 0.0)) return 0.0;
        return moved * (mean > least ? std::log1p(apart / mean) : std::log(moved) - log_mean);
    }
    static double times_log(double x, double y) { return x > 0.0 ? x * std::log(y) : 0.0; }

    Name _name;
    const FamilyKernels& _kernels;
};

}  // namespace shrinkage
