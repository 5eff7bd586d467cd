#pragma once
#include <array>
#include <utility>
#include <vector>

#include "shrinkage/descent.hpp"
#include "shrinkage/endless_fit.hpp"
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
        const double noise = _task.tol > 0.0 ? std::clamp(0.1 * _task.tol, 1e-14, 1e-11) : 1e-11;
        return {margin * _task.tol * _null_loss, 1e-12 * _null_loss,
                noise * std::sqrt(_data.target_square), _task.max_rounds};
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
            evaluate(open, points);
            for (Descent* descent : open) _rejects += descent->judge(_model);
            sharpen(open);
            std::erase_if(open, [&](Descent* descent) {
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

    /// Whether some rows could be fitted ever better, where nothing in the model is penalised: the
    /// fit is extreme, and would go on.
    bool is_separated(Descent& descent) {
        constexpr double extreme = 8.0, affordable = 5e7;
        if (_likelihood.largest_change(descent.best.eta, _likelihood.offset(),
                                       descent.best.intercept) < extreme)
            return false;
        const std::vector<int> loose = _model.loose_slots();
        if (loose.empty()) return false;
        const double work =
            std::pow(static_cast<double>(loose.size()), 2) * static_cast<double>(_data.rows());
        if (FreeColumns::suit(loose.size()) || work <= affordable) {
            FreeColumns columns;
            columns.copy(_runtime, _model.copies(), loose);
            std::vector<double> sides;
            for (const int slot : loose) sides.push_back(_model.side(slot));
            return EndlessFit(_runtime, _likelihood, columns, sides).found();
        }
        if (!descent.is_nearly_smooth()) return false;
        refresh_at(descent.best);
        descent.propose(_model);
        evaluate(descent.trial);
        return _model.turns_residuals(descent.best, descent.trial);
    }

private:
    static constexpr Index most_engine_rounds = 1000;

    /// |sum u| that is small beside the gap, for coefficients of length 1. Very small: where means
    /// underflow, what scaling the dual point costs is of first order.
    double enough_balance() const { return 1e-4 * _task.tol * _null_loss; }

    void evaluate(const std::vector<Descent*>& open, std::span<GlmPoint* const> points) {
        const bool all_penalised = std::ranges::all_of(
            open, [](const Descent* descent) { return descent->l1 + descent->l2 > 0.0; });
        if (all_penalised)
            _model.estimate(points, enough_balance());
        else
            _model.evaluate(points, enough_balance());
    }

    /// Looks at those again whose estimated gap is small.
    void sharpen(const std::vector<Descent*>& open) {
        constexpr double share = 0.02;
        std::vector<GlmPoint*> points;
        std::vector<Descent*> near;
        for (Descent* descent : open) {
            if (!descent->awaits_sharpening()) continue;
            near.push_back(descent);
            points.push_back(&descent->best);
        }
        if (near.empty()) return;
        _model.sharpen(points, enough_balance(), share * _task.tol * _null_loss);
        for (Descent* descent : near) descent->sharpened(_model);
    }

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
        double temperature =
            _likelihood.largest_change(descent.best.eta, nothing, descent.best.intercept) / reach;
        for (; temperature > 1.0 && rounds < descent.rounds_left(); temperature *= per_stage) {
            _likelihood.set_temperature(temperature);
            GlmPoint from = stage.best;
            evaluate(from);
            refresh_at(from);
            Descent::Limits rough = limits();
            rough.enough = 1e-6 * _null_loss;
            rough.most_rounds = std::min(most_rounds, descent.rounds_left() - rounds);
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
