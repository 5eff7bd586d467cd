#pragma once
#include "shrinkage/active_set.hpp"

// Who enters: the second half of the active-set method.

namespace shrinkage {

/// (d) Slots at 0 whose correlation exceeds the penalty, and slots at a bound that want to come
/// back.
template <Slots S>
void ActiveSet<S>::find_violators() {
    constexpr Index patience = 200;  // rounds, then what is nearly right is accepted
    const double factor = _rounds > patience ? 100.0 : 1.0;
    const double slack = _rounds > patience ? 1e-9 * _l1 : 0.0;
    _violators.clear();
    const std::span<const double> c = _point.correlations();
    for (int j = 0; j < _slots.size(); ++j) {
        if (_point.place(j) != Place::zero) continue;
        const double v = _slots.penalty_factor(j), size = std::abs(c[j]);
        if (size <= _l1 * v || (_only_free && v > 0.0)) continue;
        if (size <= _l1 * v + slack * v + factor * tolerance(j)) continue;
        if (c[j] > 0.0 ? _slots.upper(j) <= 0.0 : _slots.lower(j) >= 0.0) continue;
        const double rank = v > 0.0 ? size / v : std::numeric_limits<double>::max();
        _violators.push_back({rank, j, c[j] > 0.0 ? 1.0 : -1.0});
    }
    for (const auto& [j, value] : _point.at_bound()) {
        const double sign = value > 0.0 ? 1.0 : -1.0, v = _slots.penalty_factor(j);
        const double multiplier = c[j] - v * (_l2 * value + _l1 * sign);
        const double inward = value == _slots.upper(j) ? -multiplier : multiplier;
        if (inward > slack * v + factor * tolerance(j))
            _violators.push_back({std::numeric_limits<double>::infinity(), j, sign});
    }
}

/// Members leave, and slots enter, where the last two solutions announce it: without this the first
/// round of a point serves only to find out. A wrong guess is mended as soon as the members'
/// equations are solved; with an inverse that costs as much as the round.
template <Slots S>
void ActiveSet<S>::anticipate() {
    if (_l1 == 0.0 || _point.system().uses_inverse() || !_forecast.look_at(_l1)) return;
    for (Index i = _point.size() - 1; i >= 0; --i) {
        const int j = _point.members()[i];
        if (j < _forecast.size() && has_kink(j) && _point.signs()[i] * _forecast.coef(j) <= 0.0)
            _point.leave(i, 0.0);
    }
    _violators.clear();
    for (int j = 0; j < _forecast.size(); ++j) {
        if (_point.place(j) != Place::zero) continue;
        const double c = _forecast.correlation(j), v = _slots.penalty_factor(j);
        const bool is_allowed = c > 0.0 ? _slots.upper(j) > 0.0 : _slots.lower(j) < 0.0;
        if (std::abs(c) > _l1 * v && is_allowed)
            _violators.push_back({std::abs(c) / v, j, c > 0.0 ? 1.0 : -1.0});
    }
    if (_violators.empty()) return;
    keep_worst();
    enter_violators();
}

/// The same worst violator twice in a row: it was refused or dropped at once, so the inverse may
/// have decayed. Many rounds: it is not good enough for members so nearly dependent.
template <Slots S>
void ActiveSet<S>::watch_for_decay() {
    const auto worst =
        std::max_element(_violators.begin(), _violators.end(),
                         [](const Violator& a, const Violator& b) { return a.rank < b.rank; });
    if (_point.system().uses_inverse()) {
        if (_rounds == many_rounds)
            use_cholesky();
        else if (worst->slot == _worst_slot)
            rebuild_factor();
    }
    _worst_slot = worst->slot;
}

/// Only so many enter in a round; in the end fewer and fewer, down to a strict one-at-a-time
/// method. Without a kink all that enter stay.
template <Slots S>
void ActiveSet<S>::keep_worst() {
    const auto before = [](const Violator& a, const Violator& b) {
        return a.rank != b.rank ? a.rank > b.rank : a.slot < b.slot;
    };
    Index most = std::max<Index>(10, _point.size() / 2 + 5);
    if (_l1 == 0.0) most = std::max<Index>(most, _slots.size());
    if (_rounds > many_rounds)
        most = std::max<Index>(1, most >> std::min<Index>(20, _rounds - many_rounds));
    if (static_cast<Index>(_violators.size()) > most) {
        std::nth_element(_violators.begin(), _violators.begin() + most - 1, _violators.end(),
                         before);
        _violators.resize(static_cast<std::size_t>(most));
    }
    std::sort(_violators.begin(), _violators.end(), before);
}

/// @return how many entered
template <Slots S>
Index ActiveSet<S>::enter_violators() {
    _entering.clear();
    _entering_signs.clear();
    for (const Violator& each : _violators) {
        _entering.push_back(each.slot);
        _entering_signs.push_back(each.sign);
    }
    return _point.enter(_entering, _entering_signs);
}

template <Slots S>
bool ActiveSet<S>::enter_or_exchange() {
    return enter_violators() > 0 || exchange(_violators.front());
}

/// All violators depend on the members. Along the null direction of one of them the fit does not
/// change and the penalty falls: go there until a coefficient reaches 0 or a bound, and let that
/// one make room.
template <Slots S>
bool ActiveSet<S>::exchange(const Violator& entering) {
    const int j = entering.slot;
    const double from = _point.bound_value(j);
    const double towards = from == 0.0 ? entering.sign : (from == _slots.upper(j) ? -1.0 : 1.0);
    const double schur = null_direction(j, towards);
    const double own_end = from != 0.0 ? 0.0 : (towards > 0.0 ? _slots.upper(j) : _slots.lower(j));
    const Break first = first_break_along({std::abs(own_end - from), -1, own_end}, j);

    constexpr double sensible = 1e8;  // beyond, rounding would leave nothing of the fit
    if (first.step * std::sqrt(_slots.diagonal(j)) > sensible * _settings.y_norm) {
        // Nothing is penalised or bounded here: the slot is a combination of free members.
        if (repair()) return true;
        if ((_l1 + _l2) * _slots.penalty_factor(j) > 0.0) return false;
        _point.set_redundant(j);
        return true;
    }
    // A slot that is nearly but not quite dependent, as far as the inverse can tell, has its
    // optimum before the break: only as a member can it be there, and a Cholesky factor bears it.
    const double slope =
        _point.correlations()[j] - _slots.penalty_factor(j) * (_l2 * from + _l1 * entering.sign);
    if (_point.system().uses_inverse() && std::abs(slope) < std::abs(schur) * first.step) {
        use_cholesky();
        return true;
    }
    ++_counts.exchanged;
    for (Index i = 0; i < _point.size(); ++i) _point.coef()[i] += first.step * _step[i];
    if (first.position < 0) {
        _point.hold(j, own_end);
        return true;
    }
    _point.leave(first.position, first.value);
    if (_point.enter({&j, 1}, {&entering.sign, 1}) == 0) {
        _point.reset_to_cholesky();  // rounding decided: nothing here can be trusted
        return repair();
    }
    _point.coef().back() = from + first.step * towards;
    return true;
}

/// Leaves in _step how members must move, for each unit that slot j moves, to keep the fit.
/// @return Schur complement of j: 0 if it depends on the members
template <Slots S>
double ActiveSet<S>::null_direction(int j, double towards) {
    const auto n = static_cast<std::size_t>(_point.size());
    _misfit.resize(n);
    _step.assign(n, 0.0);
    _point.system().cross(j, _misfit.data());
    _point.system().solve(_misfit.data(), accuracy(), _step.data());
    const double explained = _runtime.simd.f64.dot(_point.size(), _misfit.data(), _step.data());
    for (double& step : _step) step *= -towards;
    return _slots.diagonal(j) - explained;
}

/// First member that reaches 0 or a bound when all move along _step, the null direction of slot j,
/// if it does so before `first`. A member of next to no part in j takes none here: j could not
/// enter for it.
template <Slots S>
auto ActiveSet<S>::first_break_along(Break first, int j) const -> Break {
    constexpr double least_part = 1e-5;
    const auto consider = [&first](double step, Index position, double value) {
        if (step < first.step) first = {std::max(step, 0.0), position, value};
    };
    for (Index i = 0; i < _point.size(); ++i) {
        const int k = _point.members()[i];
        const double slope = _step[i], b = _point.coef()[i];
        if (slope * slope * _slots.diagonal(k) <= least_part * least_part * _slots.diagonal(j))
            continue;
        if (has_kink(k) && slope * _point.signs()[i] < 0.0) consider(std::abs(b / slope), i, 0.0);
        if (slope > 0.0)
            consider((_slots.upper(k) - b) / slope, i, _slots.upper(k));
        else
            consider((_slots.lower(k) - b) / slope, i, _slots.lower(k));
    }
    return first;
}

}  // namespace shrinkage
