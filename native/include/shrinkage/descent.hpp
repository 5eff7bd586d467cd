#pragma once
#include <cmath>
#include <utility>

#include "shrinkage/anderson.hpp"
#include "shrinkage/certificate.hpp"
#include "shrinkage/newton_model.hpp"

namespace shrinkage {

/// One alpha of a path on its way to the solution among the active columns: the best point so far
/// and the next to try, which is taken only if the objective does not rise.
/// @tparam Point GlmPoint, or MultinomialPoint
template <class Point>
class BasicDescent {
public:
    struct Limits {
        double enough;    ///< gap, absolute
        double rounding;  ///< of the objective
        double noise;     ///< of a correlation, in units of |z_j|
        Index most_rounds;
        bool is_rough = false;  ///< the gap may leave out what scaling the dual point costs
    };
    /// What should be done about the model's curvatures before the next step.
    enum class Wish { nothing, refresh, dampen, majorise };

    double l1 = 0.0, l2 = 0.0;
    Point best, trial;

    /// @param from the solution before; its loss is known at this alpha too
    void start(double l1_weight, double l2_weight, const Point& from, const Limits& limits) {
        l1 = l1_weight;
        l2 = l2_weight;
        best = from;
        _limits = limits;
        _rounds = _other_rounds = _rejects = _all_rejects = _idle = 0;
        _steps_since_refresh = 0;
        _model_is_of_best = _was_moved = false;
        reopen();
    }

    /// Takes a point that is known to be the solution, as far as it could be found.
    void settle(double l1_weight, double l2_weight, const Point& solution, Status status) {
        l1 = l1_weight;
        l2 = l2_weight;
        best = solution;
        _rounds = _other_rounds = 0;
        finish(status);
    }

    bool is_finished() const { return _finished; }
    bool has_converged() const { return _finished && _status == Status::converged; }
    Status status() const { return _status; }
    Index rounds() const { return _rounds + _other_rounds; }
    Index rounds_left() const { return std::max<Index>(0, _limits.most_rounds - rounds()); }
    double gap() const { return _gap; }
    bool is_rejected() const { return _rejects > 0; }
    /// Steps are refused so often that the loss must be too far from quadratic.
    bool is_struggling() const { return _all_rejects >= 8 && !_was_moved; }

    /// Goes on from another point, which need not be better.
    /// @param rounds that it took to find it
    void move_to(const Point& point, Index rounds) {
        best = point;
        _was_moved = true;
        _other_rounds += rounds;
        _rejects = _all_rejects = _idle = 0;
        reopen();
    }

    /// Columns have been appended, or the gap was found too large: go on from the best point.
    void reopen() {
        _finished = false;
        _gap = _previous_gap = _least_gap = _least_rough = std::numeric_limits<double>::infinity();
        _anderson.forget();
    }

    /// Looks at the trial, which has been evaluated. @return whether it was rejected
    template <class Model>
    bool judge(const Model& model) {
        constexpr Index most_rejects = 45, most_idle = 12;
        ++_rounds;
        ++_steps_since_refresh;
        const double before = objective(model, best), now = objective(model, trial);
        if (!(now <= before + _limits.rounding + 1e-13 * std::abs(before))) {
            _anderson.forget();
            ++_all_rejects;
            if (++_rejects > most_rejects) finish(Status::stalled);
            if (rounds() >= _limits.most_rounds) finish(Status::max_rounds);
            return true;
        }
        _rejects = 0;
        _model_is_of_best = false;
        std::swap(best, trial);
        measure(model);
        if (_rounds == 1) _first_gap = _gap;
        const bool is_near = _gap <= _limits.enough;
        double& least = _is_rough && is_near ? _least_rough : _least_gap;
        const double now_left = _is_rough && is_near ? _roughness : _gap;
        const bool progresses = now_left <= 0.9 * least;
        least = std::min(least, now_left);
        const bool falls = before - now > std::max(1e-3 * _gap, _limits.rounding);
        _idle = progresses || falls ? 0 : _idle + 1;
        if (is_near && !_is_rough && is_exact())
            finish(Status::converged);
        else if (_idle > most_idle)
            finish(Status::stalled);
        else if (rounds() >= _limits.most_rounds)
            finish(Status::max_rounds);
        return false;
    }

    /// The gap is small, but for what is not penalised.
    bool is_only_rough() const {
        return !_finished && _rejects == 0 && _is_rough && _gap <= _limits.enough;
    }
    /// The gap is small, but for what the best point's estimate is wrong by.
    bool awaits_sharpening() const {
        return !is_exact() && (_finished || (_rejects == 0 && _gap <= _limits.enough));
    }
    /// That has been done.
    template <class Model>
    void sharpened(const Model& model) {
        const double previous = _previous_gap;
        measure(model);
        _previous_gap = previous;
        if (_gap <= _limits.enough && !_is_rough) finish(Status::converged);
    }
    double noise() const { return _limits.noise; }
    /// Next to nothing is left of the correlations of what is not penalised.
    bool is_nearly_smooth() const {
        constexpr double nearly = 1e3;
        return _roughness <= nearly * _limits.noise;
    }
    /// What is not penalised has been fitted to rounding at the best point.
    template <class Model>
    void smoothed(const Model& model) {
        measure(model);
        _anderson.forget();
        if (_gap <= _limits.enough && !_is_rough) finish(Status::converged);
    }

    /// Takes the trial, which has been evaluated, unless the objective rises.
    /// @return whether it did not
    template <class Model>
    bool take_unless_worse(const Model& model) {
        ++_rounds;
        if (!(objective(model, trial) <= objective(model, best) + _limits.rounding)) return false;
        std::swap(best, trial);
        measure(model);
        return true;
    }

    /// By what the gap shrank in the last step; infinite at the first.
    double contraction() const { return _gap / _previous_gap; }

    /// @param iteration,gram costs of a step and of new curvatures
    Wish wish(double iteration, double gram) const {
        constexpr double hopeless = 0.9;
        if (_model_is_of_best && _rejects == 2) return Wish::dampen;
        if (_rejects == 3) return Wish::majorise;
        if (_model_is_of_best) return Wish::nothing;
        if (_rejects > 0 || (_is_rough && _gap <= _limits.enough)) return Wish::refresh;
        if (_steps_since_refresh < 2 || !std::isfinite(_previous_gap)) return Wish::nothing;
        const double rate = contraction();
        // Without progress step after step new curvatures are worth ever more.
        const double left = rate >= hopeless ? 50.0 * std::exp2(_idle)
                                             : std::log(_limits.enough / _gap) / std::log(rate);
        return (left - 1.5) * iteration > gram ? Wish::refresh : Wish::nothing;
    }

    /// Gap of the first point that was no worse than where the descent started.
    double first_gap() const { return _first_gap; }

    /// How exact the minimum of the quadratic model should be, in units of l1: what it leaves may
    /// take its share in the gap that is wanted, or that is to be expected of the next step.
    /// @param gap of the point from which the step goes, or a guess of the gap where it leads
    template <class Model>
    double accuracy(const Model& model, double gap) const {
        constexpr double share = 0.1, contraction = 0.03, roughest = 1e-3, finest = 1e-12;
        double norm = 0.0;
        for (int j = 0; j < static_cast<int>(best.coef.size()); ++j)
            norm += model.slots().penalty_factor(j) * std::abs(best.coef[j]);
        const double wanted =
            std::max(_limits.enough, std::isfinite(gap) ? contraction * gap : 0.0);
        if (!(norm * l1 > 0.0)) return roughest;
        return std::clamp(share * wanted / (norm * l1), finest, roughest);
    }

    /// The model has got new curvatures. @param here at this descent's best point
    void refreshed(bool here) {
        _steps_since_refresh = 0;
        _model_is_of_best = here;
        _anderson.forget();
        _fresh_step = true;
    }

    /// Sets the next trial: a Newton step from the best point, or half of the last one or less.
    template <class Model>
    void propose(Model& model) {
        if (_rejects > 0 && !_fresh_step) {
            best.coef.resize(model.size(), 0.0);
            trial.coef.resize(model.size(), 0.0);
            const double share = share_of_refused();
            trial.product.forget();
            for (std::size_t j = 0; j < best.coef.size(); ++j)
                trial.coef[j] = best.coef[j] + share * (trial.coef[j] - best.coef[j]);
            trial.intercept = (1.0 - share) * best.intercept + share * trial.intercept;
            return;
        }
        _fresh_step = false;
        if constexpr (requires { model.require(0.0); }) model.require(accuracy(model, _gap));
        minimise(model, linear_term(model, best), l1, l2, trial);
        if (_rejects == 0) accelerate(model);
        trial.intercept = model.intercept_at(best, trial.coef);
    }

    template <class Model>
    double objective(const Model& model, const Point& point) const {
        double norm = 0.0, square = 0.0;
        for (int j = 0; j < static_cast<int>(point.coef.size()); ++j) {
            const double t = point.coef[j];
            if (t == 0.0) continue;
            norm += model.slots().penalty_factor(j) * std::abs(t);
            square += model.slots().penalty_factor(j) * t * t;
        }
        return point.loss + l1 * norm + l2 / 2.0 * square;
    }

private:
    /// Whether all that is known of the best point belongs to one intercept.
    bool is_exact() const {
        if constexpr (requires { best.is_exact(); }) return best.is_exact();
        return true;
    }

    /// What to try of a refused way: half of it, or as much as eta bears.
    double share_of_refused() const {
        constexpr double far = 1000.0, least = 1e-6;
        double change = far;
        for (std::size_t i = 0; i < trial.eta.size(); ++i) {
            if (best.u[i] == 0.0 && trial.u[i] == 0.0) continue;  // rows that weigh nothing
            const double here = std::abs(trial.eta[i] - best.eta[i]);
            if (!std::isfinite(here)) return least;
            change = std::max(change, here);
        }
        return std::min(0.5, std::max(least, far / change));
    }

    void finish(Status status) {
        _finished = true;
        _status = status;
    }

    /// Gap of the best point among the active columns. What is not penalised is looked at apart:
    /// no scaling of the dual point makes it feasible, so its correlations must vanish.
    template <class Model>
    void measure(const Model& model) {
        CertificateSum sum;
        sum.start(l1, l2, 0.0);
        _roughness = 0.0;
        for (int j = 0; j < static_cast<int>(model.size()); ++j) {
            const double v = model.slots().penalty_factor(j), t = best.coef[j];
            const double lower = model.slots().lower(j), upper = model.slots().upper(j);
            if ((l1 + l2) * v == 0.0 && t > lower && t < upper)
                _roughness = std::max(_roughness, roughness(best.gradient[j], t, model.norm(j)));
            else
                sum.add(best.gradient[j], t, v, lower, upper, 0.0);
        }
        _is_rough = _roughness > _limits.noise;
        _previous_gap = _gap;
        // What scaling costs is summed over all rows only where the rest is small enough.
        const auto gap_with = [&](const auto& distance) {
            return sum.result(0.0, distance).dual_gap;
        };
        _gap = gap_with([](double) { return 0.0; });
        if (_gap > _limits.enough || _limits.is_rough || !is_exact()) return;
        _gap = gap_with([&](double rest) {
            return model.conjugate_distance(best, rest, 0.1 * _limits.enough);
        });
    }

    /// |c| / |z| of a coefficient that is not penalised, or more where t is so large that c t
    /// counts in the gap.
    double roughness(double c, double t, double norm) const {
        constexpr double share = 0.1;
        const double size = std::abs(c) / norm;
        if (_limits.enough == 0.0) return size;
        return std::max(size, std::abs(c * t) / (share * _limits.enough) * _limits.noise);
    }

    template <class Model>
    void accelerate(const Model& model) {
        const QuadraticSlots& slots = model.slots();
        const std::vector<double> to = trial.coef;
        _anderson.accelerate(best.coef, trial.coef, [&](std::size_t i, double value) {
            const int j = static_cast<int>(i);
            return to[i] == 0.0 || value * to[i] < 0.0 || to[i] <= slots.lower(j) ||
                   to[i] >= slots.upper(j) || value < slots.lower(j) || value > slots.upper(j);
        });
        if (trial.coef != to) trial.product.forget();
    }

    Limits _limits{};
    Status _status = Status::converged;
    Index _rounds = 0, _other_rounds = 0;
    Index _rejects = 0;  ///< in a row
    Index _all_rejects = 0;
    Index _idle = 0;  ///< steps in a row without progress
    Index _steps_since_refresh = 0;
    double _gap = 0.0, _previous_gap = 0.0, _first_gap = 0.0;
    double _least_gap = 0.0, _least_rough = 0.0;  ///< since reopen()
    double _roughness = 0.0;  ///< largest |c_j| / |z_j| of what is not penalised
    bool _is_rough = false;
    bool _finished = false;
    bool _fresh_step = false;
    bool _model_is_of_best = false;
    bool _was_moved = false;  ///< by move_to()
    Anderson _anderson;
};

using Descent = BasicDescent<GlmPoint>;

}  // namespace shrinkage
