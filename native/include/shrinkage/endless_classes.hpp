#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "shrinkage/multinomial_model.hpp"

namespace shrinkage {

/// EndlessFit for several classes: whether features without a penalty fit some rows ever better.
/// Newton's method in bounded steps from where all coefficients are 0, until the residuals of a
/// step's quadratic model, which no feature correlates with, keep their signs for all classes that
/// a row is not in. That proves a finite optimum (Stiemke's lemma).
/// @tparam Columns TiledColumns or SparseRows
template <class Columns>
class EndlessClasses {
public:
    /// @param plain what the model sees: equal weights and no offsets, on which the answer does not
    /// depend
    EndlessClasses(const Runtime& runtime, const MultinomialLikelihood& plain,
                   MultinomialModel<Columns>& model)
        : _runtime(runtime), _plain(plain), _model(model) {}

    /// @param start where all coefficients are 0
    bool found(MultinomialPoint start) {
        constexpr int most_steps = 200;
        constexpr double affordable = 1e7, extreme = 20.0;
        const double work =
            std::pow(static_cast<double>(_model.size()), 2) * static_cast<double>(_plain.rows());
        const double far = work <= affordable ? 600.0 : extreme;
        _model.evaluate(start, 0.0);
        MultinomialPoint point = start;
        for (int step = 0; step < most_steps; ++step) {
            _runtime.interrupt.check();
            if (_model.largest_change(start, point) > far) return true;
            _model.refresh_at(point, 0.0, hardly_raised);
            // Curvatures that are lost in rounding: the fit has gone far, or features depend.
            if (!propose(point))
                return !_free.empty() && _model.largest_change(start, point) > extreme;
            const bool turns = turns_residuals(point);
            if (!turns && explains_correlations(point)) return false;
            if (turns ? _most_are_gone : !has_sides()) return true;
            if (!move(point, longest_share(point))) return true;
        }
        return true;
    }

private:
    static constexpr double hardly_raised = 1e-150;

    /// The step of the coefficients that may grow without end, where bounds leave but one side to
    /// that side of 0.
    /// @return false: there is none, or the features depend on each other
    bool propose(const MultinomialPoint& point) {
        _free.clear();
        for (int s = 0; s < static_cast<int>(_model.size()); ++s) {
            const bool is_pushed_out = point.coef[s] == 0.0 && side(s) * point.gradient[s] < 0.0;
            if (may_move(s) && !is_pushed_out) _free.push_back(s);
        }
        std::vector<double> step;
        for (bool any = true; any;) {
            if (_free.empty() || !newton_step(point, step)) return false;
            // A coefficient on its limit that the others would push over it stays.
            std::vector<int> kept;
            for (std::size_t i = 0; i < _free.size(); ++i)
                if (point.coef[_free[i]] != 0.0 || side(_free[i]) * step[i] >= 0.0)
                    kept.push_back(_free[i]);
            any = kept.size() < _free.size();
            _free = std::move(kept);
        }
        _next = point;
        _next.product.forget();
        for (std::size_t i = 0; i < _free.size(); ++i) _next.coef[_free[i]] += step[i];
        const PerClass intercept = _model.intercept_at(point, _next.coef);
        _model.evaluate(_next, 0.0);
        _end = _next.coef;
        _change.resize(point.eta.size());
        for (std::size_t e = 0; e < _change.size(); ++e) {
            const std::size_t k = e / static_cast<std::size_t>(_plain.rows());
            _change[e] =
                _next.eta[e] - point.eta[e] + intercept.values[k] - point.intercept.values[k];
        }
        return true;
    }

    /// The Newton step of the free coefficients, damped more where curvatures are lost in rounding.
    bool newton_step(const MultinomialPoint& point, std::vector<double>& step) const {
        constexpr double least = 1e-10, most = 1e-3, more = 100.0;
        const std::size_t m = _free.size();
        const auto order = static_cast<Blas::Int>(m);
        for (double damping = least; damping < most; damping *= more) {
            std::vector<double> gram(m * m);
            _model.slots().cross(_free, _free, gram.data(), static_cast<Index>(m));
            for (std::size_t i = 0; i < m; ++i) gram[i * m + i] *= 1.0 + damping;
            if (_runtime.blas.potrf('L', order, gram.data(), order) != 0) continue;
            step.clear();
            for (const int s : _free) step.push_back(point.gradient[s]);
            _runtime.blas.potrs('L', order, 1, gram.data(), order, step.data(), order);
            return true;
        }
        return false;
    }

    bool has_sides() const {
        return std::any_of(_free.begin(), _free.end(), [this](int s) { return side(s) != 0.0; });
    }

    bool may_move(int slot) const {
        return _model.slots().penalty_factor(slot) == 0.0 && !std::isnan(side(slot));
    }

    /// Where a coefficient may go without end: 1 up, -1 down, 0 both, NaN nowhere.
    double side(int slot) const {
        const bool only_up = std::isfinite(_model.slots().lower(slot));
        const bool only_down = std::isfinite(_model.slots().upper(slot));
        if (only_up && only_down) return std::numeric_limits<double>::quiet_NaN();
        return only_up ? 1.0 : only_down ? -1.0 : 0.0;
    }

    /// Whether the step turns a residual of the model, or nearly so, for a class that a row is not
    /// in.
    bool turns_residuals(const MultinomialPoint& point) {
        constexpr double nearly = 0.5, gone = 1e-13;
        const Index n = _plain.rows(), K = _plain.n_classes();
        const ClassCurvatures& curvatures = _model.curvatures();
        Index n_ends = 0, n_turned = 0, n_near = 0;
        _left.u.assign(point.u.size(), 0.0);
        _any_are_gone = false;
        for (Index i = 0; i < n; ++i) {
            if (_plain.wt()[i] == 0.0) continue;
            double sum = 0.0;
            for (Index k = 0; k < K; ++k) sum += curvatures.root[k * n + i] * _change[k * n + i];
            for (Index k = 0; k < K; ++k) {
                const Index e = k * n + i;
                const double root = curvatures.root[e], change = _change[e];
                const double explained =
                    curvatures.diagonal[e] * change - root * (sum - root * change);
                _left.u[e] = point.u[e] - explained;
                if (_plain.y()[e] > 0.0) continue;
                ++n_ends;
                const bool is_near = -point.u[e] > gone * _plain.wt()[i];
                _any_are_gone = _any_are_gone || !is_near;
                if (!(explained / point.u[e] > nearly)) continue;
                ++n_turned;
                n_near += is_near;
            }
        }
        _most_are_gone = n_near == 0 && 2 * n_turned >= n_ends;
        return n_turned > 0;
    }

    /// Whether the residuals of the model are what no feature correlates with on a side that it may
    /// move to.
    bool explains_correlations(const MultinomialPoint& point) {
        constexpr double most = 0.1, rounding = 1e-14;
        _model.differentiate(_left);
        double before = 0.0, after = 0.0;
        for (int s = 0; s < static_cast<int>(_model.size()); ++s) {
            if (!may_move(s)) continue;
            const double left = _left.gradient[s], side = this->side(s);
            before = std::max(before, std::abs(point.gradient[s]));
            after = std::max(after, side == 0.0 ? std::abs(left) : side * left);
        }
        return after <= most * before || (after <= rounding && !_any_are_gone);
    }

    /// What of the step changes no eta by much and lets no coefficient pass its limit.
    double longest_share(const MultinomialPoint& point) const {
        constexpr double longest = 4.0;
        double largest = 0.0;
        for (std::size_t e = 0; e < _change.size(); ++e)
            if (point.u[e] != 0.0) largest = std::max(largest, std::abs(_change[e]));
        double share = std::min(1.0, longest / largest);
        for (const int s : _free) {
            const double from = point.coef[s], step = _end[s] - from;
            if (side(s) * (from + share * step) < 0.0) share = -from / step;
        }
        return share;
    }

    /// Goes a share of the step, or less, so that the loss falls.
    bool move(MultinomialPoint& point, double share) {
        const double least = 1e-6 * share;
        for (; share > least; share *= 0.5) {
            _next.product.forget();
            for (std::size_t s = 0; s < _end.size(); ++s)
                _next.coef[s] = point.coef[s] + share * (_end[s] - point.coef[s]);
            _model.evaluate(_next, 0.0);
            if (!(_next.loss < point.loss)) continue;
            std::swap(point, _next);
            return true;
        }
        return false;
    }

    const Runtime& _runtime;
    const MultinomialLikelihood& _plain;
    MultinomialModel<Columns>& _model;
    std::vector<int> _free;
    MultinomialPoint _next;
    MultinomialPoint _left;       ///< its u: the model's residuals after the step
    std::vector<double> _end;     ///< coefficients after the whole step
    std::vector<double> _change;  ///< of eta by the step, as the model has it
    bool _most_are_gone = false;  ///< half of these means are fitted to rounding, and turn
    bool _any_are_gone = false;   ///< some mean is fitted to rounding
};

}  // namespace shrinkage
