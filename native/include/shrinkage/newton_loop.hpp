#pragma once
#include <array>
#include <utility>
#include <vector>

#include "shrinkage/descent.hpp"
#include "shrinkage/null_model.hpp"
#include "shrinkage/refresh_plan.hpp"

namespace shrinkage {

/// Newton's method for some alphas at once on the active columns, which share passes and
/// curvatures: evaluate the trials, judge them, renew the curvatures if that pays, step on.
/// @tparam Columns TiledColumns or SparseRows
template <class Columns>
class NewtonLoop {
public:
    NewtonLoop(const Runtime& runtime, const ScaledColumns& data, const FeatureLimits& limits,
               const Likelihood& likelihood, double null_loss, const PathTask& task)
        : _runtime(runtime),
          _data(data),
          _likelihood(likelihood),
          _null_loss(null_loss),
          _task(task),
          _model(runtime, data, limits, _likelihood,
                 task.l1_ratio < 1.0 ? Method::cholesky : Method::inverse, most_engine_rounds) {}
    NewtonLoop(const NewtonLoop&) = delete;
    NewtonLoop& operator=(const NewtonLoop&) = delete;

    NewtonModel<Columns>& model() { return _model; }
    const NewtonModel<Columns>& model() const { return _model; }
    const Likelihood& likelihood() const { return _likelihood; }
    RefreshPlan& plan() { return _plan; }
    Counts counts() const {
        Counts all = _model.counts();
        all.rejects += _rejects;
        return all;
    }

    Descent::Limits limits() const {
        constexpr double margin = 0.9;
        return {margin * _task.tol * _null_loss, 1e-12 * _null_loss,
                1e-11 * std::sqrt(_data.target_square), _task.max_rounds};
    }

    /// Takes steps until each alpha is solved among the active columns.
    void descend(std::span<Descent> descents) {
        for (;;) {
            std::vector<GlmPoint*> points;
            std::vector<Descent*> open;
            for (Descent& descent : descents) {
                if (descent.is_finished()) continue;
                open.push_back(&descent);
                points.push_back(&descent.trial);
            }
            if (open.empty()) return;
            _runtime.interrupt.check();
            _model.evaluate(points, enough_balance());
            std::erase_if(open, [&](Descent* descent) {
                _rejects += descent->judge(_model);
                if (descent->is_only_rough() && (descent->l1 > 0.0 || descent->l2 > 0.0) &&
                    _model.fit_free(descent->best, descent->noise(), enough_balance()))
                    descent->smoothed(_model);
                return descent->is_finished();
            });
            if (open.empty()) return;
            refresh_if_worth_it(open);
            for (Descent* descent : open) {
                if (descent->is_struggling() && !_is_softened &&
                    _likelihood.family().has_flat_sides())
                    soften(*descent, open);
                descent->propose(_model);
            }
        }
    }

    void evaluate(GlmPoint& point) { _model.evaluate(std::array{&point}, enough_balance()); }

    /// New curvatures, those at a point.
    void refresh_at(const GlmPoint& point) {
        std::vector<double> h;
        _likelihood.curvature(point.eta.data(), point.intercept, h);
        _model.refresh(std::move(h));
        _plan.refreshed();
    }

    /// Whether what is not penalised could fit some rows ever better: where the fit is extreme, the
    /// next Newton step still goes on, though no correlation is left.
    bool is_separated(Descent& descent) {
        constexpr double extreme = 15.0, still = 1e-5;
        const bool unpenalised = descent.l1 + descent.l2 == 0.0;
        if (!descent.has_converged() || !(unpenalised || _model.slots().any_free())) return false;
        if (largest_eta(descent.best, _likelihood.offset()) < extreme) return false;
        if (!unpenalised) return _model.free_step(descent.best) > still;
        refresh_at(descent.best);
        descent.propose(_model);
        evaluate(descent.trial);
        return largest_eta(descent.trial, descent.best.eta, descent.best.intercept) > still;
    }

private:
    static constexpr Index most_engine_rounds = 1000;

    /// |sum u| that is small beside the gap, for coefficients of length 1. Very small: where means
    /// underflow, what scaling the dual point costs is of first order.
    double enough_balance() const { return 1e-4 * _task.tol * _null_loss; }

    /// Where rows are misfit by far the loss is flat there, and a quadratic model knows nothing.
    /// Solves the softened losses T l(y, eta / T), T falling to 1, each from the solution before.
    void soften(Descent& descent, const std::vector<Descent*>& open) {
        constexpr double per_stage = 0.7, reach = 5.0;
        constexpr Index most_rounds = 100;
        const std::vector<double> nothing(_data.rows(), 0.0);
        _is_softened = true;
        Descent stage;
        stage.best = descent.best;
        Index rounds = 0;
        double temperature = largest_eta(descent.best, nothing) / reach;
        for (; temperature > 1.0; temperature *= per_stage) {
            _likelihood.set_temperature(temperature);
            GlmPoint from = stage.best;
            evaluate(from);
            refresh_at(from);
            Descent::Limits rough = limits();
            rough.enough = 1e-6 * _null_loss;
            rough.most_rounds = most_rounds;
            rough.is_rough = true;
            stage.start(descent.l1, descent.l2, from, rough);
            stage.propose(_model);
            descend({&stage, 1});
            rounds += stage.rounds();
        }
        _likelihood.set_temperature(1.0);
        evaluate(stage.best);
        descent.move_to(stage.best, rounds);
        refresh_at(descent.best);
        for (Descent* each : open) each->refreshed(each == &descent);
        _is_softened = false;
    }

    void refresh_if_worth_it(const std::vector<Descent*>& open) {
        const double iteration = _model.step_cost() * static_cast<double>(open.size());
        const double gram = _model.gram_cost();
        Descent* place = nullptr;
        auto wish = Descent::Wish::nothing;
        for (Descent* each : open) {
            const auto wanted = each->wish(iteration, gram);
            if (wanted == Descent::Wish::nothing) continue;
            if (place && !each->is_rejected()) continue;
            place = each;
            wish = wanted;
        }
        if (!place) return;
        if (wish == Descent::Wish::refresh) {
            refresh_at(place->best);
        } else {
            constexpr double damped = 0.1;
            const double share = wish == Descent::Wish::majorise ? 1.0 : damped;
            std::vector<double> h;
            if (!_likelihood.majorise(place->best.eta.data(), place->best.intercept, share, h))
                return;
            _model.refresh(std::move(h));
        }
        for (Descent* each : open) each->refreshed(each == place);
    }

    /// Largest |eta + intercept - (other + other_intercept)| over the rows that weigh something.
    double largest_eta(const GlmPoint& point, std::span<const double> other,
                       double other_intercept = 0.0) const {
        double largest = 0.0;
        for (Index i = 0; i < _data.rows(); ++i)
            if (_likelihood.wt()[i] > 0.0)
                largest = std::max(
                    largest, std::abs(point.eta[i] + point.intercept - other[i] - other_intercept));
        return largest;
    }

    const Runtime& _runtime;
    const ScaledColumns& _data;
    Likelihood _likelihood;  ///< of its own, because it is softened at times
    bool _is_softened = false;
    double _null_loss;
    const PathTask& _task;
    NewtonModel<Columns> _model;
    RefreshPlan _plan;
    Index _rejects = 0;
};

}  // namespace shrinkage
