#pragma once
#include "shrinkage/active_set.hpp"

namespace shrinkage {

template <Slots S>
Status ActiveSet<S>::solve_null() {
    _only_free = true;
    start(0.0, 0.0);
    const Status status = run();
    _only_free = false;
    _previous_l1 = 0.0;
    return status;
}

template <Slots S>
Status ActiveSet<S>::solve(double l1, double l2) {
    start(l1, l2);
    return run();
}

template <Slots S>
void ActiveSet<S>::linear_term_changed(double y_norm) {
    _settings.y_norm = _magnitude = y_norm;
    _previous_l1 = 0.0;  // the solution is not linear in l1 from there on
    _forecast.forget();
    _point.slots_changed();
}

template <Slots S>
void ActiveSet<S>::gram_changed(double y_norm) {
    linear_term_changed(y_norm);
    _direction_for = -1;
    if (!_point.system().gram_changed()) _point.readmit_members(false);
}

template <Slots S>
Status ActiveSet<S>::run() {
    const Status status = iterate();
    if (status != Status::converged) {
        // What was not solved at least keeps the bounds, and the correlations are those of where it
        // stands.
        drop_overshot();
        evaluate();
    }
    _has_stalled = status == Status::stalled;
    return status;
}

template <Slots S>
Status ActiveSet<S>::iterate() {
    bool at_target = predict();
    anticipate();
    if (_point.system().knows_products_only()) enter_first();
    for (_rounds = 1; _rounds <= _settings.max_rounds; ++_rounds) {
        _runtime.interrupt.check();
        ++_counts.rounds;
        if (!at_target) {
            walk();
            evaluate();
        }
        refine();
        find_violators();
        if (_violators.empty()) {
            const double rest = misfit();
            const bool try_again = rest > doubtful_misfit && repair();
            if (!try_again && rest > wrong_misfit) return Status::stalled;
            if (!try_again && !drop_overshot()) {
                _previous_l1 = _l1;
                record_solution();
                return Status::converged;
            }
        } else {
            watch_for_decay();
            keep_worst();
            if (!enter_or_exchange()) {
                evaluate();
                return Status::stalled;
            }
        }
        at_target = false;
    }
    --_rounds;
    return Status::max_rounds;
}

/// Where solving means iterating it is dear, and where the last solution stands is known what all
/// correlations are now: whoever exceeds the penalty there enters before the first solve.
template <Slots S>
void ActiveSet<S>::enter_first() {
    evaluate();
    find_violators();
    if (_violators.empty()) return;
    keep_worst();
    enter_violators();
}

/// For anticipate(), where that may look at it.
template <Slots S>
void ActiveSet<S>::record_solution() {
    if (_point.system().uses_inverse())
        _forecast.forget();
    else
        _forecast.record(_l1, _point.members(), std::as_const(_point).coef(),
                         std::as_const(_point).correlations());
}

template <Slots S>
void ActiveSet<S>::start(double l1, double l2) {
    const bool kink_is_new = _l1 == 0.0 && l1 > 0.0;
    if (_l1 + _l2 == 0.0 && l1 + l2 > 0.0) _point.restore_redundant();
    _l1 = l1;
    _l2 = l2;
    if (_has_stalled) _point.reset_to_cholesky();  // where it stands is no place to start from
    _rounds = _repairs = 0;
    _refactored = false;
    _worst_slot = -1;
    _point.system().set_l2(l2);
    if (!kink_is_new) return;
    // Signs meant nothing without a kink.
    for (Index i = _point.size() - 1; i >= 0; --i) {
        if (!has_kink(_point.members()[i])) continue;
        const double b = _point.coef()[i];
        if (b == 0.0)
            _point.leave(i, 0.0);
        else
            _point.signs()[i] = b > 0.0 ? 1.0 : -1.0;
    }
}

/// Refinement may carry a coefficient to the wrong side of 0 or beyond a bound. On a knot that is
/// rounding of size 1e-15, and the limit is as good; among nearly dependent members it can be more.
/// @return whether somebody had to leave, so that the members' equations must be solved again
template <Slots S>
bool ActiveSet<S>::drop_overshot() {
    bool dropped = false;
    for (Index i = _point.size() - 1; i >= 0; --i) {
        const int j = _point.members()[i];
        const double b = std::as_const(_point).coef()[i];
        double limit = std::clamp(b, _slots.lower(j), _slots.upper(j));
        if (has_kink(j) && _point.signs()[i] * b < 0.0) limit = 0.0;
        if (limit == b) continue;
        const double moved = std::abs(b - limit) * _slots.diagonal(j);
        _point.coef()[i] = limit;
        if (moved <= tolerance(j)) continue;
        _point.leave(i, limit);
        dropped = true;
    }
    return dropped;
}

/// Without l2 and bounds the solution is linear in l1 while the members stay: follow it, if all
/// signs hold. Correlations are updated, not recomputed, at most 16 times in a row.
template <Slots S>
bool ActiveSet<S>::predict() {
    constexpr Index most = 16;
    const double previous_l1 = std::exchange(_previous_l1, 0.0);
    if constexpr (has_gram) {
        if (!_point.system().uses_inverse() || _slots.any_bounded() || _point.size() == 0 ||
            _l1 == 0.0 || previous_l1 == 0.0 || _predictions >= most)
            return false;
        refresh_direction();
        const double step = previous_l1 - _l1;
        _target.resize(_direction.size());
        for (Index i = 0; i < _point.size(); ++i) {
            _target[i] = _point.coef()[i] + step * _direction[i];
            if (has_kink(_point.members()[i]) && _point.signs()[i] * _target[i] <= 0.0)
                return false;
        }
        std::copy(_target.begin(), _target.end(), _point.coef().begin());
        _runtime.simd.f64.axpy(_slots.size(), -step, _direction_correlations.data(),
                               _point.correlations().data());
        ++_predictions;
        return true;
    } else {
        return false;
    }
}

/// How coefficients and correlations change when l1 falls by 1.
template <Slots S>
void ActiveSet<S>::refresh_direction()
    requires has_gram
{
    const Index changes = _counts.appended + _counts.deleted + _counts.rebuilt;
    if (_direction_for == changes) return;
    _direction_for = changes;
    const std::span<const int> members = _point.members();
    _direction.resize(members.size());
    _step.resize(members.size());
    for (std::size_t i = 0; i < members.size(); ++i)
        _step[i] = _slots.penalty_factor(members[i]) * _point.signs()[i];
    _point.system().solve(_step.data(), accuracy(), _direction.data());
    _direction_correlations.assign(static_cast<std::size_t>(_slots.size()), 0.0);
    _slots.add_product(members, _direction, 1.0, _direction_correlations.data());
}

/// (a) Go towards the solution of the members' equations; whoever would change its sign or cross a
/// bound on the way leaves there, one at a time.
template <Slots S>
void ActiveSet<S>::walk() {
    _predictions = 0;
    const auto start_here = [&] { _target.assign(_point.coef().begin(), _point.coef().end()); };
    start_here();
    for (;;) {
        _runtime.interrupt.check();
        if (_point.system().needs_rebuild()) {
            rebuild_factor();
            start_here();
        }
        _point.solve_members(_l1, _l2, accuracy(), _target);
        if (drop_all_wrong()) continue;
        const Break next = first_break();
        if (next.position < 0) break;
        const std::span<double> coef = _point.coef();
        for (Index i = 0; i < _point.size(); ++i) coef[i] += next.step * (_target[i] - coef[i]);
        _point.leave(next.position, next.value);
        _target[next.position] = _target.back();
        _target.pop_back();
    }
    std::copy(_target.begin(), _target.end(), _point.coef().begin());
}

/// In the first rounds of a point, where one change costs a factorisation, all members whose target
/// is wrong leave together. (With an inverse this can diverge, and saves nothing.)
template <Slots S>
bool ActiveSet<S>::drop_all_wrong() {
    constexpr Index last_round = 3;
    if (_point.system().uses_inverse() || _rounds > last_round) return false;
    bool dropped = false;
    for (Index i = _point.size() - 1; i >= 0; --i) {
        const int j = _point.members()[i];
        const double target = _target[i];
        if (has_kink(j) && _point.signs()[i] * target <= 0.0)
            _point.leave(i, 0.0);
        else if (target > _slots.upper(j))
            _point.leave(i, _slots.upper(j));
        else if (target < _slots.lower(j))
            _point.leave(i, _slots.lower(j));
        else
            continue;
        dropped = true;
        _target[i] = _target.back();
        _target.pop_back();
    }
    return dropped;
}

template <Slots S>
auto ActiveSet<S>::first_break() const -> Break {
    Break first{1.0, -1, 0.0};
    const auto consider = [&first](double step, Index position, double value) {
        if (step < first.step || (first.position < 0 && step <= first.step))
            first = {std::max(step, 0.0), position, value};
    };
    const std::span<const double> coef = _point.coef(), signs = _point.signs();
    for (Index i = 0; i < _point.size(); ++i) {
        const int j = _point.members()[i];
        const double from = coef[i], to = _target[i];
        if (signs[i] * to < 0.0 && has_kink(j))
            consider(signs[i] * from <= 0.0 ? 0.0 : from / (from - to), i, 0.0);
        if (to > _slots.upper(j))
            consider((_slots.upper(j) - from) / (to - from), i, _slots.upper(j));
        else if (to < _slots.lower(j))
            consider((_slots.lower(j) - from) / (to - from), i, _slots.lower(j));
    }
    return first;
}

/// (b) Correlations from the data, and how exact they can be: where columns nearly cancel, large
/// coefficients bring large rounding errors.
template <Slots S>
void ActiveSet<S>::evaluate() {
    _point.evaluate();
    _magnitude = _settings.y_norm + 0.05 * _point.length();
}

/// (c) Correct the coefficients by what the data say is left of the members' equations.
template <Slots S>
void ActiveSet<S>::refine() {
    constexpr int most = 3;
    double before = misfit();
    for (int step = 0; before > good_misfit && step < most; ++step) {
        _step.assign(_misfit.size(), 0.0);
        _point.system().solve(_misfit.data(), accuracy(), _step.data());
        for (std::size_t i = 0; i < _step.size(); ++i) _point.coef()[i] += _step[i];
        evaluate();
        const double after = misfit();
        if (after > 0.1 * before && after > doubtful_misfit) {
            if (!repair()) return;
            before = misfit();
        } else {
            before = after;
        }
    }
}

/// Computes the inverse anew, or if that was done twice for this point, gives it up for a Cholesky
/// factor; computes a factor anew once. @return false if nothing is left to do
template <Slots S>
bool ActiveSet<S>::repair() {
    constexpr Index most_inverses = 2;
    if (!_point.system().uses_inverse()) {
        if (std::exchange(_refactored, true)) return false;
        _point.system().rebuild();
    } else if (++_repairs > most_inverses) {
        use_cholesky();
    } else {
        rebuild_factor();
    }
    return true;
}

template <Slots S>
void ActiveSet<S>::use_cholesky() {
    _point.readmit_members(true);
    evaluate();
}

template <Slots S>
void ActiveSet<S>::rebuild_factor() {
    if (_point.system().rebuild()) return;
    _point.readmit_members(false);
    evaluate();
}

}  // namespace shrinkage
