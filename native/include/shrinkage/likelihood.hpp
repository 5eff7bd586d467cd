#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "shrinkage/family.hpp"
#include "shrinkage/row_blocks.hpp"

namespace shrinkage {

/// The responses of all rows with their weights, offsets and family: the loss as a function of eta,
/// knowing nothing of X.
class Likelihood {
public:
    struct Balanced {
        double intercept;
        FamilySums sums;
    };

    /// @param wt sums to 1 @param offset empty: 0
    Likelihood(const Family& family, std::span<const double> y, std::span<const double> wt,
               std::span<const double> offset, bool fit_intercept)
        : _family(family),
          _fit_intercept(fit_intercept),
          _y(y.begin(), y.end()),
          _wt(wt.begin(), wt.end()),
          _offset(offset.begin(), offset.end()) {
        _offset.resize(_y.size(), 0.0);
        for (std::size_t i = 0; i < _y.size(); ++i) {
            if (_wt[i] == 0.0) continue;
            _mean_response += _wt[i] * _y[i];
            _saturated += _wt[i] * _family.saturated(_y[i]);
        }
    }

    const Family& family() const { return _family; }
    bool fits_intercept() const { return _fit_intercept; }
    Index rows() const { return static_cast<Index>(_y.size()); }
    std::span<const double> y() const { return _y; }
    std::span<const double> wt() const { return _wt; }
    std::span<const double> offset() const { return _offset; }
    double mean_response() const { return _mean_response; }
    /// Loss of the fit that has a mean for each row.
    double saturated() const { return _saturated; }
    RowBlocks blocks() const { return RowBlocks(rows(), 64, 64.0); }

    /// Replaces l(y, eta) by T l(y, eta / T) until it is set to 1 again: the larger T, the farther
    /// from 0 there is curvature.
    void set_temperature(double temperature) { _temperature = temperature; }

    /// Loss and residuals u at eta + intercept.
    FamilySums evaluate(const Runtime& runtime, const double* eta, double intercept,
                        double* u) const {
        return sum_over_rows(runtime, eta, [&](Index first, Index n, const double* at) {
            return _family.kernels().evaluate(n, _y.data() + first, _wt.data() + first, at,
                                              intercept / _temperature, u + first);
        });
    }

    /// The same without them: what says where the intercept should go.
    FamilySums derivatives(const Runtime& runtime, const double* eta, double intercept) const {
        return sum_over_rows(runtime, eta, [&](Index first, Index n, const double* at) {
            return _family.kernels().derivatives(n, _y.data() + first, _wt.data() + first, at,
                                                 intercept / _temperature);
        });
    }

    /// The same for a few rows, to be added up.
    /// @param eta of these rows @param u of these rows
    FamilySums evaluate_rows(Index first, Index n, const double* eta, double intercept,
                             double* u) const {
        std::vector<double> softened;
        return scaled(_family.kernels().evaluate(n, _y.data() + first, _wt.data() + first,
                                                 soften(eta, n, softened), intercept / _temperature,
                                                 u));
    }

    /// Whether residuals sum to 0, nearly, and the loss would not fall by more either.
    bool is_balanced(const FamilySums& sums, double enough) const {
        const double rounding = 2e-16 * (_mean_response + 1e-3);
        const double size = std::abs(sums.residual);
        return !_fit_intercept || !(size > rounding) ||
               (size <= enough && size * size <= enough * sums.curvature);
    }

    /// How far the intercept is from where residuals sum to 0.
    double shift_to_balance(const FamilySums& sums) const {
        return _family.shift_to_balance(sums, _mean_response);
    }

    /// The same at the intercept that makes the residuals sum to 0, which depends on eta alone;
    /// intercept 0 if none is fitted.
    /// @param start a guess
    /// @param enough |sum u| that counts as 0 if the loss falls by no more than that either
    Balanced balance(const Runtime& runtime, const double* eta, double start, double enough,
                     double* u) const {
        if (!_fit_intercept) return {0.0, evaluate(runtime, eta, 0.0, u)};
        // At the guess residuals are wanted only if it is good enough, which is rare.
        Balanced at{start, derivatives(runtime, eta, start)};
        if (!search(runtime, eta, enough, at, u)) at.sums = evaluate(runtime, eta, at.intercept, u);
        return at;
    }

    /// The same from a guess that has been evaluated. @return whether the intercept changed
    bool balance_on(const Runtime& runtime, const double* eta, double enough, Balanced& at,
                    double* u) const {
        return _fit_intercept && search(runtime, eta, enough, at, u);
    }

    /// Sum over the rows of (u - from + step D)^2 / wt: how far residuals are from what curvatures
    /// D say of a step of the intercept.
    double deviation(const Runtime& runtime, const double* u, const double* from, const double* D,
                     double step) const {
        const RowBlocks blocks = this->blocks();
        std::vector<double> parts(blocks.count());
        parallel_for(runtime, blocks.count(), [&](Index block) {
            double sum = 0.0;
            for (Index i = blocks.first(block); i < blocks.last(block); ++i) {
                const double apart = u[i] - from[i] + step * D[i];
                if (_wt[i] > 0.0) sum += apart * (apart / _wt[i]);
            }
            parts[block] = sum;
        });
        double sum = 0.0;
        for (const double part : parts) sum += part;
        return sum;
    }

    /// Whether eta of row i fits ever better towards one side.
    bool is_at_an_end(std::size_t i) const { return _family.is_at_an_end(_y[i]); }

    /// Largest difference between two vectors of eta, over the rows that weigh something.
    double largest_change(std::span<const double> eta, std::span<const double> other,
                          double shift = 0.0) const {
        double largest = 0.0;
        for (std::size_t i = 0; i < _y.size(); ++i)
            if (_wt[i] > 0.0) largest = std::max(largest, std::abs(eta[i] + shift - other[i]));
        return largest;
    }

    /// Curvatures h at eta + intercept, not less than the family's floor times `raised`.
    void curvature(const double* eta, double intercept, std::vector<double>& h,
                   double raised = 1.0) const {
        h.resize(_y.size());
        std::vector<double> softened;
        _family.kernels().curvature(rows(), _wt.data(), soften(eta, rows(), softened),
                                    intercept / _temperature, h.data());
        const double floor = raised * _family.curvature_floor(_mean_response);
        for (std::size_t i = 0; i < h.size(); ++i)
            h[i] = std::max(h[i] / _temperature, floor * _wt[i]);
    }

    /// Curvatures between those of the loss (share 0) and those whose quadratic model is never
    /// below the loss (share 1). @return false: none of the latter are known
    bool majorise(const double* eta, double intercept, double share, std::vector<double>& h) const {
        if (!_family.has_majoriser()) return false;
        curvature(eta, intercept, h);
        for (std::size_t i = 0; i < h.size(); ++i)
            h[i] += share * (_wt[i] / _temperature *
                                 _family.majorising_curvature((eta[i] + intercept) / _temperature) -
                             h[i]);
        return true;
    }

    /// sum_i wt_i conjugate_distance: at most t^2 times Pearson's statistic.
    double conjugate_distance(const double* eta, double intercept, double t) const {
        double sum = 0.0;
        for (std::size_t i = 0; i < _y.size(); ++i)
            if (_wt[i] > 0.0)
                sum += _wt[i] * _family.conjugate_distance(_y[i], eta[i] + intercept, t);
        return sum;
    }

    /// sum_i wt_i (y_i - mu_i)^2 / V(mu_i)
    double pearson(const double* eta, double intercept, const double* u) const {
        constexpr Index step = 512;
        double h[step], sum = 0.0;
        for (Index first = 0; first < rows(); first += step) {
            const Index n = std::min(step, rows() - first);
            _family.kernels().curvature(n, _wt.data() + first, eta + first, intercept, h);
            for (Index i = 0; i < n; ++i)
                if (const double each = u[first + i]; each != 0.0) sum += each * (each / h[i]);
        }
        return sum;
    }

private:
    /// @param kernel(first, n, eta of these rows, softened): the sums over them
    template <class Kernel>
    FamilySums sum_over_rows(const Runtime& runtime, const double* eta,
                             const Kernel& kernel) const {
        const RowBlocks blocks = this->blocks();
        std::vector<FamilySums> parts(blocks.count());
        parallel_for(runtime, blocks.count(), [&](Index block) {
            const Index first = blocks.first(block), n = blocks.last(block) - first;
            std::vector<double> softened;
            parts[block] = kernel(first, n, soften(eta + first, n, softened));
        });
        FamilySums sums;
        for (const FamilySums& part : parts) sums += part;
        return scaled(sums);
    }

    FamilySums scaled(FamilySums sums) const {
        sums.loss *= _temperature;
        sums.curvature /= _temperature;
        sums.slope /= _temperature * _temperature;
        return sums;
    }

    /// Newton's method inside a bracket. @return whether it moved, and residuals were written
    bool search(const Runtime& runtime, const double* eta, double enough, Balanced& at,
                double* u) const {
        constexpr int most_steps = 100;
        double longest = 3.0 * _temperature;
        double low = -std::numeric_limits<double>::infinity(), high = -low;
        bool moved = false;
        for (int step = 0; step < most_steps && !is_balanced(at.sums, enough); ++step) {
            const FamilySums& sums = at.sums;
            (sums.residual > 0.0 ? low : high) = at.intercept;
            const double wanted = shift_to_balance(sums);
            double next =
                at.intercept +
                (std::abs(wanted) < longest ? wanted : std::copysign(longest, sums.residual));
            if (!(next > low && next < high)) next = 0.5 * (low + high);
            if (next == at.intercept || !std::isfinite(next)) break;
            at = {next, evaluate(runtime, eta, next, u)};
            moved = true;
            longest *= 2.0;
        }
        return moved;
    }

    const double* soften(const double* eta, Index n, std::vector<double>& buffer) const {
        if (_temperature == 1.0) return eta;
        buffer.assign(eta, eta + n);
        for (double& each : buffer) each /= _temperature;
        return buffer.data();
    }

    Family _family;
    bool _fit_intercept;
    std::vector<double> _y, _wt, _offset;
    double _mean_response = 0.0, _saturated = 0.0;
    double _temperature = 1.0;
};

}  // namespace shrinkage
