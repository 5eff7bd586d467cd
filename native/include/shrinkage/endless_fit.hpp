#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "shrinkage/free_columns.hpp"
#include "shrinkage/likelihood.hpp"

namespace shrinkage {

/// Whether columns without a penalty fit some rows ever better as their coefficients grow, so that
/// no finite ones are best. That depends on the responses alone, not on weights or offsets, so they
/// are left out: Newton's method from 0 on, in bounded steps, until the residuals of a step's
/// quadratic model keep their signs in all rows whose best eta is infinite, which proves a finite
/// optimum (Stiemke's lemma), or the fit has gone far and still goes on.
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
        constexpr int most_steps = 100;
        constexpr double far = 20.0, longest = 2.0;
        _at = _plain.balance(_runtime, _eta.data(), _plain.family().link(_plain.mean_response()),
                             0.0, _u.data());
        for (int step = 0; step < most_steps; ++step) {
            if (_plain.largest_change(_eta, _zero, _at.intercept) > far) return true;
            if (!propose() || !turns_residuals()) return false;
            double share = std::min(1.0, longest / _plain.largest_change(_change, _zero));
            for (std::size_t j = 0; j < _coef.size(); ++j)
                if (_sides[j] * (_coef[j] + share * _step[j]) < 0.0) share = -_coef[j] / _step[j];
            if (!move(share)) return false;
        }
        return false;
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
        _plain.curvature(_eta.data(), _at.intercept, _curvature);
        _step = _columns.correlations(_runtime.simd, _u.data());
        for (std::size_t j = 0; j < _step.size(); ++j)
            if (_coef[j] == 0.0 && _sides[j] * _step[j] < 0.0) _step[j] = 0.0;
        if (!_columns.solve(_runtime, _curvature.data(), _plain.fits_intercept(), _step, damping))
            return false;
        // A coefficient on its limit that the others would push over it.
        for (std::size_t j = 0; j < _step.size(); ++j)
            if (_coef[j] == 0.0 && _sides[j] * _step[j] < 0.0) _step[j] = 0.0;
        _change = _zero;
        _columns.add_product(_runtime.simd, _step, _change.data());
        return true;
    }

    bool turns_residuals() const {
        constexpr double nearly = 0.5;
        double shift = 0.0, sum = 0.0, most = 0.0;
        for (std::size_t i = 0; i < _change.size(); ++i) {
            shift += _curvature[i] * _change[i];
            sum += _curvature[i];
        }
        shift = _plain.fits_intercept() ? shift / sum : 0.0;
        for (std::size_t i = 0; i < _change.size(); ++i)
            if (_plain.wt()[i] > 0.0 && _plain.is_at_an_end(i))
                most = std::max(most, _curvature[i] * (_change[i] - shift) / _u[i]);
        return most > nearly;
    }

    /// Goes a share of the step, or less, so that the loss falls.
    bool move(double share) {
        constexpr double least = 1e-6;
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
    std::vector<double> _eta, _u, _zero;
    std::vector<double> _coef, _step, _change, _curvature;
};

}  // namespace shrinkage
