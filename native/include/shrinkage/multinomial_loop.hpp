#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "shrinkage/descent.hpp"
#include "shrinkage/multinomial_model.hpp"
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
                 task.l1_ratio < 1.0 ? Method::cholesky : Method::inverse, most_engine_rounds) {}
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
        return {margin * _task.tol * _null_loss, 1e-12 * _null_loss,
                1e-11 * std::sqrt(_data.target_square), _task.max_rounds};
    }

    /// Takes steps until the alpha is solved among the active pairs.
    void descend(MultinomialDescent& descent) {
        while (!descent.is_finished()) {
            _runtime.interrupt.check();
            evaluate(descent.trial);
            _rejects += descent.judge(_model);
            if (descent.is_finished()) return;
            refresh_if_worth_it(descent);
            if (descent.is_struggling() && !_is_softened) soften(descent);
            descent.propose(_model);
        }
    }

    void evaluate(MultinomialPoint& point) { _model.evaluate(point, enough_balance()); }

    /// New curvatures, those at a point.
    void refresh_at(const MultinomialPoint& point) {
        _model.refresh_at(point, 0.0);
        _plan.refreshed();
    }

    /// Whether what is not penalised could fit some rows ever better: where the fit is extreme, the
    /// next Newton step of what is not penalised still goes on, though no correlation is left.
    bool is_separated(MultinomialDescent& descent) {
        constexpr double extreme = 15.0, still = 1e-5;
        const bool unpenalised = descent.l1 + descent.l2 == 0.0;
        if (!descent.has_converged() || !(unpenalised || _model.slots().any_free())) return false;
        const MultinomialPoint& best = descent.best;
        if (largest_spread(best, nullptr) < extreme) return false;
        refresh_at(best);
        if (unpenalised) {
            descent.propose(_model);
        } else {
            descent.trial = best;
            if (!add_free_step(descent.trial)) return false;
        }
        evaluate(descent.trial);
        return largest_spread(descent.trial, &best) > still;
    }

private:
    static constexpr Index most_engine_rounds = 1000;

    /// |sum u| that is small beside the gap, for coefficients of length 1. Very small: where means
    /// underflow, what scaling the dual point costs is of first order.
    double enough_balance() const { return 1e-4 * _task.tol * _null_loss; }

    /// Where rows are misfit by far the loss is flat there, and a quadratic model knows nothing.
    /// Solves the softened losses T l(y, eta / T), T falling to 1, each from the solution before.
    void soften(MultinomialDescent& descent) {
        constexpr double per_stage = 0.7, reach = 5.0;
        constexpr Index most_rounds = 100;
        _is_softened = true;
        MultinomialDescent stage;
        stage.best = descent.best;
        Index rounds = 0;
        double temperature = largest_spread(descent.best, nullptr) / reach;
        for (; temperature > 1.0; temperature *= per_stage) {
            _likelihood.set_temperature(temperature);
            MultinomialPoint from = stage.best;
            evaluate(from);
            refresh_at(from);
            typename MultinomialDescent::Limits rough = limits();
            rough.enough = 1e-6 * _null_loss;
            rough.most_rounds = most_rounds;
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
        switch (descent.wish(_model.step_cost(), _model.gram_cost())) {
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

    /// A Newton step of the pairs of penalty factor 0 that no bound holds.
    /// @return false: none can be taken
    bool add_free_step(MultinomialPoint& point) const {
        const QuadraticSlots& slots = _model.slots();
        std::vector<int> free;
        for (int s = 0; s < static_cast<int>(_model.size()); ++s)
            if (slots.penalty_factor(s) == 0.0 && point.coef[s] > slots.lower(s) &&
                point.coef[s] < slots.upper(s))
                free.push_back(s);
        const std::size_t m = free.size();
        std::vector<double> gram(m * m), step(m);
        slots.cross(free, free, gram.data(), static_cast<Index>(m));
        for (std::size_t i = 0; i < m; ++i) step[i] = point.gradient[free[i]];
        const auto order = static_cast<Blas::Int>(m);
        if (m == 0 || _runtime.blas.potrf('L', order, gram.data(), order) != 0) return false;
        _runtime.blas.potrs('L', order, 1, gram.data(), order, step.data(), order);
        for (std::size_t i = 0; i < m; ++i)
            point.coef[free[i]] = std::clamp(point.coef[free[i]] + step[i], slots.lower(free[i]),
                                             slots.upper(free[i]));
        return true;
    }

    /// Largest difference between classes of eta + intercept (less those of another point), over
    /// the rows that weigh something.
    double largest_spread(const MultinomialPoint& point, const MultinomialPoint* other) const {
        const Index n = _data.rows(), K = _likelihood.n_classes();
        double largest = 0.0;
        for (Index i = 0; i < n; ++i) {
            if (_likelihood.wt()[i] == 0.0) continue;
            double low = std::numeric_limits<double>::infinity(), high = -low;
            for (Index k = 0; k < K; ++k) {
                double eta = point.eta[k * n + i] + point.intercept.values[k];
                if (other) eta -= other->eta[k * n + i] + other->intercept.values[k];
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
    bool _is_softened = false;
    double _null_loss;
    const PathTask& _task;
    MultinomialModel<Columns> _model;
    RefreshPlan _plan;
    Index _rejects = 0;
};

}  // namespace shrinkage
