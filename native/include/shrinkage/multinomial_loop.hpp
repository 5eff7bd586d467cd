#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "shrinkage/descent.hpp"
#include "shrinkage/endless_classes.hpp"
#include "shrinkage/refresh_plan.hpp"

namespace shrinkage {

using MultinomialDescent = BasicDescent<MultinomialPoint>;

/// Newton's method for one alpha on the active (class, feature) pairs: evaluate the trial, judge
/// it, renew the curvatures if that pays, step on.
/// @tparam Columns TiledColumns or SparseRows
template <class Columns>
class MultinomialLoop {
public:
    MultinomialLoop(const Runtime& runtime, const ScaledColumns& data, const FeatureLimits& limits,
                    const MultinomialLikelihood& likelihood, double null_loss, const PathTask& task)
        : _runtime(runtime),
          _data(data),
          _likelihood(likelihood),
          _null_loss(null_loss),
          _task(task),
          _model(runtime, data, limits, _likelihood,
                 task.l1_ratio < 1.0 ? Method::cholesky : Method::inverse, most_engine_rounds),
          _offsets_are_far(_likelihood.largest_offset() > far_offset) {}
    MultinomialLoop(const MultinomialLoop&) = delete;
    MultinomialLoop& operator=(const MultinomialLoop&) = delete;

    MultinomialModel<Columns>& model() { return _model; }
    const MultinomialModel<Columns>& model() const { return _model; }
    const MultinomialLikelihood& likelihood() const { return _likelihood; }
    RefreshPlan& plan() { return _plan; }
    Counts counts() const {
        Counts all = _model.counts();
        all.rejects += _rejects;
        return all;
    }

    typename MultinomialDescent::Limits limits() const {
        constexpr double margin = 0.9;
        const double noise = _task.tol > 0.0 ? std::clamp(0.1 * _task.tol, 1e-14, 1e-11) : 1e-11;
        return {margin * _task.tol * _null_loss, 1e-12 * _null_loss,
                noise * std::sqrt(_data.target_square), _task.max_rounds};
    }

    /// Takes steps until the alpha is solved among the active pairs.
    void descend(MultinomialDescent& descent) {
        while (!descent.is_finished()) {
            _runtime.interrupt.check();
            evaluate(descent.trial);
            _rejects += descent.judge(_model);
            if (descent.is_finished()) return;
            refresh_if_worth_it(descent);
            if (descent.is_struggling() && !_is_softened && _offsets_are_far) soften(descent);
            descent.propose(_model);
        }
    }

    void evaluate(MultinomialPoint& point) { _model.evaluate(point, enough_balance()); }

    /// New curvatures, those at a point.
    void refresh_at(const MultinomialPoint& point) {
        _model.refresh_at(point, 0.0);
        _plan.refreshed();
    }

    /// Whether what is not penalised could fit some rows ever better: the fit is extreme, and
    /// would go on. The model is left with the curvatures of the fit.
    /// @param best the fit of what is not penalised
    bool is_separated(const MultinomialPoint& best) {
        constexpr double extreme = 8.0;
        MultinomialPoint start = best;
        start.coef.assign(start.coef.size(), 0.0);
        start.product.forget();
        evaluate(start);
        if (_model.largest_change(start, best) < extreme) return false;
        std::vector<double> weights(_likelihood.wt().begin(), _likelihood.wt().end());
        std::vector<double> offset(_likelihood.offset().size(), 0.0);
        double counted = 0.0;
        for (const double each : weights) counted += each > 0.0 ? 1.0 : 0.0;
        for (double& each : weights) each = each > 0.0 ? 1.0 / counted : 0.0;
        _likelihood.exchange(weights, offset);
        const bool found = EndlessClasses<Columns>(_runtime, _likelihood, _model).found(start);
        _likelihood.exchange(weights, offset);
        refresh_at(best);
        return found;
    }

private:
    static constexpr Index most_engine_rounds = 1000;
    static constexpr double far_offset = 10.0;

    /// |sum u| that is small beside the gap, for coefficients of length 1. Very small: where means
    /// underflow, what scaling the dual point costs is of first order.
    double enough_balance() const { return 1e-4 * _task.tol * _null_loss; }

    /// Where rows are misfit by far (as offsets may have it) the loss is flat there, and a
    /// quadratic model knows nothing. Solves the softened losses T l(y, eta / T), T falling to 1,
    /// each from the solution before.
    void soften(MultinomialDescent& descent) {
        constexpr double per_stage = 0.7, reach = 5.0;
        constexpr Index most_rounds = 100;
        _is_softened = true;
        MultinomialDescent stage;
        stage.best = descent.best;
        Index rounds = 0;
        double temperature = largest_spread(descent.best) / reach;
        for (; temperature > 1.0 && rounds < descent.rounds_left(); temperature *= per_stage) {
            _likelihood.set_temperature(temperature);
            MultinomialPoint from = stage.best;
            evaluate(from);
            refresh_at(from);
            typename MultinomialDescent::Limits rough = limits();
            rough.enough = 1e-6 * _null_loss;
            rough.most_rounds = std::min(most_rounds, descent.rounds_left() - rounds);
            rough.is_rough = true;
            stage.start(descent.l1, descent.l2, from, rough);
            stage.propose(_model);
            descend(stage);
            rounds += stage.rounds();
        }
        _likelihood.set_temperature(1.0);
        evaluate(stage.best);
        descent.move_to(stage.best, rounds);
        refresh_at(descent.best);
        descent.refreshed(true);
        _is_softened = false;
    }

    void refresh_if_worth_it(MultinomialDescent& descent) {
        using Wish = typename MultinomialDescent::Wish;
        constexpr double damped = 0.1;
        const Wish wish = descent.wish(_model.step_cost(), _model.gram_cost());
        if (wish != Wish::refresh && !_offsets_are_far) return;  // a shorter step will do
        switch (wish) {
            case Wish::nothing:
                return;
            case Wish::refresh:
                refresh_at(descent.best);
                break;
            case Wish::dampen:
                _model.refresh_at(descent.best, damped);
                break;
            case Wish::majorise:
                _model.refresh_at(descent.best, 1.0);
                break;
        }
        descent.refreshed(true);
    }

    /// Largest difference between classes of eta + intercept, over the rows that weigh something.
    double largest_spread(const MultinomialPoint& point) const {
        const Index n = _data.rows(), K = _likelihood.n_classes();
        double largest = 0.0;
        for (Index i = 0; i < n; ++i) {
            if (_likelihood.wt()[i] == 0.0) continue;
            double low = std::numeric_limits<double>::infinity(), high = -low;
            for (Index k = 0; k < K; ++k) {
                const double eta = point.eta[k * n + i] + point.intercept.values[k];
                low = std::min(low, eta);
                high = std::max(high, eta);
            }
            largest = std::max(largest, high - low);
        }
        return largest;
    }

    const Runtime& _runtime;
    const ScaledColumns& _data;
    MultinomialLikelihood _likelihood;  ///< of its own, because it is softened at times
    double _null_loss;
    const PathTask& _task;
    MultinomialModel<Columns> _model;
    bool _offsets_are_far;
    bool _is_softened = false;
    RefreshPlan _plan;
    Index _rejects = 0;
};

}  // namespace shrinkage
