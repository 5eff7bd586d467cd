#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "shrinkage/free_columns.hpp"
#include "shrinkage/likelihood.hpp"

namespace shrinkage {

/// Whether columns without a penalty fit some rows ever better as their coefficients grow, so that
/// no finite ones are best. That depends on the responses alone, not on weights or offsets, so they
/// are left out: Newton's method from 0 on, until the residuals of a step's quadratic model, which
/// no column correlates with, keep their signs in all rows whose best eta is infinite. That proves
/// a finite optimum (Stiemke's lemma). Without one the fit goes on without end, or correlations
/// stay in a direction that has lost its curvature.
class EndlessFit {
public:
    /// @param sides 1: the coefficient may only grow, -1: only fall, 0: both
    EndlessFit(const Runtime& runtime, const Likelihood& given, const FreeColumns& columns,
               std::span<const double> sides)
        : _runtime(runtime),
          _columns(columns),
          _sides(sides),
          _plain(given.family(), given.y(), equal_weights(given), {}, given.fits_intercept()),
          _eta(given.y().size(), 0.0),
          _u(_eta),
          _zero(_eta),
          _coef(sides.size(), 0.0) {}

    bool found() {
        constexpr int most_steps = 200;
        constexpr double far = 600.0, longest = 4.0;
        _at = _plain.balance(_runtime, _eta.data(), _plain.family().link(_plain.mean_response()),
                             0.0, _u.data());
        for (int step = 0; step < most_steps; ++step) {
            if (_plain.largest_change(_eta, _zero, _at.intercept) > far) return true;
            if (!propose()) return false;
            if (!turns_residuals()) return !explains_correlations();
            if (_most_are_gone) return true;
            double share = std::min(1.0, longest / _plain.largest_change(_change, _zero));
            for (std::size_t j = 0; j < _coef.size(); ++j)
                if (_sides[j] * (_coef[j] + share * _step[j]) < 0.0) share = -_coef[j] / _step[j];
            if (share == 0.0) return false;
            if (!move(share)) return true;
        }
        return true;
    }

private:
    static std::vector<double> equal_weights(const Likelihood& given) {
        std::vector<double> weights(given.wt().begin(), given.wt().end());
        double counted = 0.0;
        for (const double each : weights) counted += each > 0.0 ? 1.0 : 0.0;
        for (double& each : weights) each = each > 0.0 ? 1.0 / counted : 0.0;
        return weights;
    }

    /// The step of coefficients that may move, and how it changes eta.
    bool propose() {
        constexpr double damping = 1e-10;
        constexpr double hardly_raised = 1e-150;
        _plain.curvature(_eta.data(), _at.intercept, _curvature, hardly_raised);
        _step = _columns.correlations(_runtime.simd, _u.data());
        for (std::size_t j = 0; j < _step.size(); ++j)
            if (_coef[j] == 0.0 && _sides[j] * _step[j] < 0.0) _step[j] = 0.0;
        _correlations = _step;
        if (!_columns.solve(_runtime, _curvature.data(), _plain.fits_intercept(), _step, damping))
            return false;
        // A coefficient on its limit that the others would push over it.
        for (std::size_t j = 0; j < _step.size(); ++j)
            if (_coef[j] == 0.0 && _sides[j] * _step[j] < 0.0) _step[j] = 0.0;
        _change = _zero;
        _columns.add_product(_runtime.simd, _step, _change.data());
        return true;
    }

    bool turns_residuals() {
        constexpr double nearly = 0.5;
        double shift = 0.0, sum = 0.0;
        for (std::size_t i = 0; i < _change.size(); ++i) {
            shift += _curvature[i] * _change[i];
            sum += _curvature[i];
        }
        shift = _plain.fits_intercept() ? shift / sum : 0.0;
        constexpr double gone = 30.0;
        Index n_ends = 0, n_turned = 0, n_near = 0;
        _left = _zero;
        for (std::size_t i = 0; i < _change.size(); ++i) {
            if (_plain.wt()[i] == 0.0) continue;
            const double explained = _curvature[i] * (_change[i] - shift);
            _left[i] = _u[i] - explained;
            if (!_plain.is_at_an_end(i)) continue;
            ++n_ends;
            if (!(explained / _u[i] > nearly)) continue;
            ++n_turned;
            n_near += std::abs(_eta[i] + _at.intercept) < gone;
        }
        _most_are_gone = n_near == 0 && 2 * n_turned >= n_ends;
        return n_turned > 0;
    }

    /// Whether the residuals of the model are what no column that may move correlates with.
    bool explains_correlations() const {
        constexpr double most = 0.1, rounding = 1e-14;
        const std::vector<double> left = _columns.correlations(_runtime.simd, _left.data());
        double before = 0.0, after = 0.0;
        for (std::size_t j = 0; j < left.size(); ++j) {
            if (_correlations[j] == 0.0) continue;
            before = std::max(before, std::abs(_correlations[j]));
            after = std::max(after, std::abs(left[j]));
        }
        return after <= most * before + rounding;
    }

    /// Goes a share of the step, or less, so that the loss falls.
    bool move(double share) {
        const double least = 1e-6 * share;
        std::vector<double> eta(_eta.size()), u(_eta.size());
        for (; share > least; share *= 0.5) {
            for (std::size_t i = 0; i < eta.size(); ++i) eta[i] = _eta[i] + share * _change[i];
            const Likelihood::Balanced next =
                _plain.balance(_runtime, eta.data(), _at.intercept, 0.0, u.data());
            if (!(next.sums.loss < _at.sums.loss)) continue;
            _at = next;
            _eta = std::move(eta);
            _u = std::move(u);
            for (std::size_t j = 0; j < _coef.size(); ++j) _coef[j] += share * _step[j];
            return true;
        }
        return false;
    }

    const Runtime& _runtime;
    const FreeColumns& _columns;
    std::span<const double> _sides;
    Likelihood _plain;
    Likelihood::Balanced _at{};
    bool _most_are_gone = false;  ///< half of these rows are fitted to rounding, and turn
    std::vector<double> _eta, _u, _zero;
    std::vector<double> _coef, _step, _change, _curvature;
    std::vector<double> _correlations, _left;  ///< before the step; the model's residuals after
};

}  // namespace shrinkage
