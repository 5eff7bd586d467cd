#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace shrinkage {

/// How far a point is from optimal, in the unit of the loss and of a correlation.
struct Certificate {
    double loss;           ///< |y - Z t|^2 / 2
    double objective;      ///< with the penalty
    double dual_gap;       ///< objective minus a lower bound of its minimum, >= 0
    double kkt_violation;  ///< largest distance of a correlation from where it should be
};

/// Duality gap and optimality conditions of one point t of
///
///     min |y - Z t|^2 / 2 + sum_j v_j (l1 |t_j| + l2 t_j^2 / 2)   with  lower <= t <= upper
///
/// from the correlations c_j = z_j'(y - Z t). The lower bound is the largest of three dual values:
/// the residual, and l2's part of it, scaled by k <= 1 until no correlation exceeds l1 v_j on a
/// side without a bound; the same as if bounds that are not met were not there, because a wide one
/// makes much of a rounding error; and, if every penalised feature has l2 > 0, the residual itself
/// with the conjugate of the elastic net. A bound enters the conjugate; a feature of v_j = 0 must
/// have c_j = 0 up to rounding.
class CertificateSum {
public:
    /// @param magnitude length of vectors whose rounding errors the correlations carry
    void start(double l1, double l2, double magnitude) {
        _l1 = l1;
        _l2 = l2;
        _noise = 1e-11 * magnitude;
        _scale = _met_scale = 1.0;
        _violation = _l1_norm = _l2_norm = _product = _conjugate = 0.0;
        _pressed.clear();
    }

    /// One feature. @param rounding Slot::rounding
    void add(double correlation, double coef, double penalty_factor, double lower, double upper,
             double rounding) {
        const double l1 = _l1 * penalty_factor, l2 = _l2 * penalty_factor;
        if (coef == 0.0 && std::abs(correlation) <= l1) return;  // adds nothing below
        const double slope = correlation - l2 * coef;
        _l1_norm += penalty_factor * std::abs(coef);
        _l2_norm += penalty_factor * coef * coef;
        _violation = std::max(_violation, violation(slope, coef, l1, lower, upper));
        // Without a penalty c_j is 0 but for rounding, off the bounds; a projection makes it so.
        if (l1 + l2 > 0.0 || coef <= lower || coef >= upper) _product += coef * correlation;
        add_scaled_dual(slope, coef, l1, lower, upper, rounding);
        if (_l2 > 0.0) add_conjugate(correlation, l1, l2, lower, upper, rounding);
    }

    /// Features that were not added: all zero. @param largest their largest |c_j| / v_j
    void add_rest(double largest) {
        if (largest <= _l1) return;
        _violation = std::max(_violation, largest - _l1);
        _scale = std::min(_scale, _l1 / largest);
        _met_scale = std::min(_met_scale, _l1 / largest);
        _conjugate = infinity;
    }

    /// @param rr |y - Z t|^2
    Certificate result(double rr) const {
        const double penalty = _l1 * _l1_norm + _l2 * _l2_norm / 2.0;
        double gap = std::min(scaled_gap(rr, penalty, _scale, false),
                              scaled_gap(rr, penalty, _met_scale, true));
        if (_l2 > 0.0) gap = std::min(gap, penalty - _product + _conjugate);
        return {rr / 2.0, rr / 2.0 + penalty, std::max(0.0, gap), _violation};
    }

private:
    struct Pressed {
        double slope, l1, bound;
        bool met;  ///< the coefficient is at the bound
    };

    /// @param only_met leave out bounds that are not met
    double scaled_gap(double rr, double penalty, double k, bool only_met) const {
        double pressed = 0.0;
        for (const Pressed& each : _pressed)
            if (each.met || !only_met)
                pressed += std::max(0.0, k * each.slope - each.l1) * each.bound;
        // With y'r = r'r + t'c nothing large has to cancel:
        //     objective - dual(k) = (1 - k)^2 r'r / 2 + penalty + k^2 l2 t't / 2 - k t'c + pressed
        const double rest = 1.0 - k;
        return rest * rest * rr / 2.0 + penalty + k * k * _l2 * _l2_norm / 2.0 - k * _product +
               pressed;
    }

    static double violation(double slope, double coef, double l1, double lower, double upper) {
        if (coef == 0.0) {
            const bool may_move = slope > 0.0 ? upper > 0.0 : lower < 0.0;
            return may_move ? std::max(0.0, std::abs(slope) - l1) : 0.0;
        }
        const double rest = coef > 0.0 ? slope - l1 : slope + l1;
        if (coef >= upper) return std::max(0.0, -rest);
        if (coef <= lower) return std::max(0.0, rest);
        return std::abs(rest);
    }

    void add_scaled_dual(double slope, double coef, double l1, double lower, double upper,
                         double rounding) {
        const double excess = std::abs(slope) - l1;
        if (excess <= 0.0) return;
        const double side = slope > 0.0 ? upper : -lower;
        // Nearly always: no bound, and no smaller a share than others asked for. Saves a division.
        if (l1 >= std::max(_scale, _met_scale) * std::abs(slope) && !std::isfinite(side)) return;
        const bool met = slope > 0.0 ? coef >= upper : coef <= lower;
        double most = 1.0;
        if (l1 > 0.0)
            most = l1 / std::abs(slope);
        else if (excess > _noise * rounding)
            most = 0.0;
        if (!met) _met_scale = std::min(_met_scale, most);
        if (std::isfinite(side))
            _pressed.push_back({std::abs(slope), l1, side, met});
        else
            _scale = std::min(_scale, most);
    }

    /// Adds the maximum over the bounds of correlation t - l1 |t| - l2 t^2 / 2.
    void add_conjugate(double correlation, double l1, double l2, double lower, double upper,
                       double rounding) {
        const double excess = std::abs(correlation) - l1;
        if (excess <= 0.0) return;
        const double side = correlation > 0.0 ? upper : -lower;
        if (l2 > 0.0) {
            const double t = std::min(excess / l2, side);
            _conjugate += t * (excess - l2 * t / 2.0);
        } else if (std::isfinite(side)) {
            _conjugate += excess * side;
        } else if (excess > _noise * rounding) {
            _conjugate = infinity;
        }
    }

    static constexpr double infinity = std::numeric_limits<double>::infinity();

    double _l1 = 0.0, _l2 = 0.0, _noise = 0.0;
    double _scale = 1.0, _met_scale = 1.0;  ///< k; for the bounds that are met alone
    double _violation = 0.0, _l1_norm = 0.0, _l2_norm = 0.0;
    double _product = 0.0;  ///< t'c
    double _conjugate = 0.0;
    std::vector<Pressed> _pressed;  ///< beyond l1 on a side with a finite bound
};

}  // namespace shrinkage
