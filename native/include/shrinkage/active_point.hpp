#pragma once
#include "shrinkage/active_system.hpp"

namespace shrinkage {

/// A coefficient that is held at a bound other than 0.
struct AtBound {
    int slot;
    double value;
};

/// Where a slot's coefficient is.
enum class Place : signed char {
    excluded,  ///< no spread, or an infinite penalty factor: never enters
    zero,
    member,  ///< solved for
    at_bound,
    redundant,  ///< 0, and left there: unpenalised members make up for it
};

/// The point at which the active-set method stands: members with their signs and coefficients,
/// coefficients held at bounds, and the correlations c = Z'(y - Z b) of all slots.
template <Slots S>
class ActivePoint {
public:
    ActivePoint(const Runtime& runtime, S& slots, Method method, Index max_rank, Counts& counts)
        : _slots(slots), _system(runtime, slots, method, max_rank, counts) {
        slots_added();
    }

    void slots_added() {
        for (int j = static_cast<int>(_place.size()); j < _slots.size(); ++j) {
            const bool usable = _slots.diagonal(j) > 0.0 && std::isfinite(_slots.penalty_factor(j));
            _place.push_back(usable ? Place::zero : Place::excluded);
        }
        _correlations.insert(_correlations.end(), _slots.c0().begin() + _correlations.size(),
                             _slots.c0().end());
        _held_is_stale = true;
    }

    /// Call after c0 or the Gram entries of the slots have changed.
    void slots_changed() {
        _held_is_stale = true;
        _is_evaluated = false;
    }

    ActiveSystem<S>& system() { return _system; }
    const ActiveSystem<S>& system() const { return _system; }
    std::span<const int> members() const { return _system.members(); }
    Index size() const { return _system.size(); }
    /// To be changed: correlations are then those of another point until evaluate().
    std::span<double> coef() {
        _is_evaluated = false;
        return _coef;
    }
    std::span<const double> coef() const { return _coef; }
    /// -1 or 1 where the L1 penalty acts; 0 for a member without a kink
    std::span<double> signs() { return _sign; }
    std::span<const double> signs() const { return _sign; }
    std::span<const AtBound> at_bound() const { return _at_bound; }
    Place place(int j) const { return _place[j]; }
    std::span<double> correlations() { return _correlations; }
    std::span<const double> correlations() const { return _correlations; }

    double bound_value(int slot) const {
        for (const AtBound& each : _at_bound)
            if (each.slot == slot) return each.value;
        return 0.0;
    }

    /// Candidates become members, with the coefficients they have. Those that depend on members
    /// stay where they are. @return how many entered
    Index enter(std::span<const int> candidates, std::span<const double> signs) {
        const Index n_new = _system.append(candidates, _accepted);
        for (std::size_t q = 0; q < candidates.size(); ++q) {
            if (!_accepted[q]) continue;
            const int j = candidates[q];
            _sign.push_back(signs[q]);
            _coef.push_back(_place[j] == Place::at_bound ? release(j) : 0.0);
            _place[j] = Place::member;
        }
        return n_new;
    }

    /// A member leaves, to 0 or to the bound that `value` is.
    void leave(Index position, double value) {
        const int j = members()[position];
        const bool stays = _is_evaluated && _coef[position] == value;
        _system.erase(position);
        for (auto* each : {&_coef, &_sign}) {
            (*each)[position] = each->back();
            each->pop_back();
        }
        hold(j, value);
        _is_evaluated = stays;
    }

    /// Puts a slot that is no member at 0 or at a bound.
    void hold(int j, double value) {
        _is_evaluated = false;
        if (_place[j] == Place::at_bound) release(j);
        _place[j] = value == 0.0 ? Place::zero : Place::at_bound;
        if (value == 0.0) return;
        _at_bound.push_back({j, value});
        _held_is_stale = true;
    }

    /// Everybody leaves to 0, and members are solved for by a Cholesky factor from now on.
    void reset_to_cholesky() {
        _system.reset_to_cholesky();
        _is_evaluated = false;
        _coef.clear();
        _sign.clear();
        _at_bound.clear();
        for (Place& place : _place)
            if (place == Place::member || place == Place::at_bound) place = Place::zero;
    }

    /// Everybody leaves to 0 and the members that are independent come back, with their
    /// coefficients.
    /// @param to_cholesky solve by a Cholesky factor from now on
    void readmit_members(bool to_cholesky) {
        const std::vector<int> members(_system.members().begin(), _system.members().end());
        const std::vector<double> coef = std::move(_coef), sign = std::move(_sign);
        if (to_cholesky)
            _system.reset_to_cholesky();
        else
            _system.reset();
        _is_evaluated = false;
        _coef.clear();
        _sign.clear();
        for (const int j : members) _place[j] = Place::zero;
        enter(members, sign);
        for (std::size_t q = 0, k = 0; q < members.size(); ++q)
            if (_accepted[q]) _coef[k++] = coef[q];
    }

    /// sum_j |z_j| |b_j|, which sets the rounding errors of correlations.
    double length() const {
        double sum = 0.0;
        for (std::size_t i = 0; i < _coef.size(); ++i)
            sum += _slots.rounding(members()[i]) * std::abs(_coef[i]);
        for (const AtBound& each : _at_bound)
            sum += _slots.rounding(each.slot) * std::abs(each.value);
        return sum;
    }

    /// A slot that is no member is as good as a combination of members that nothing holds.
    void set_redundant(int j) { _place[j] = Place::redundant; }
    /// Penalised slots are no longer redundant when the penalty is back.
    void restore_redundant() {
        for (int j = 0; j < _slots.size(); ++j)
            if (_place[j] == Place::redundant && _slots.penalty_factor(j) > 0.0)
                _place[j] = Place::zero;
    }

    /// Coefficients that solve the members' equations, signs and bounds held as they are. Does not
    /// depend on the present coefficients (but for the start of an iteration, whose misfit then
    /// comes from the data), so that no error accumulates.
    /// @param target holds the start of an iteration, one entry a member
    void solve_members(double l1, double l2, const Accuracy& accuracy,
                       std::vector<double>& target) {
        if (_is_evaluated && _system.is_shifted()) {
            misfit(l1, l2, accuracy, _right_hand);
            target.assign(_coef.size(), 0.0);
            _system.solve(_right_hand.data(), accuracy, target.data());
            for (std::size_t i = 0; i < _coef.size(); ++i) target[i] += _coef[i];
            return;
        }
        refresh_held();
        _right_hand.resize(_coef.size());
        const std::span<const double> held = _at_bound.empty() ? _slots.c0() : _held;
        for (std::size_t i = 0; i < _coef.size(); ++i) {
            const int j = members()[i];
            _right_hand[i] = held[j] - l1 * _slots.penalty_factor(j) * _sign[i];
        }
        _system.solve(_right_hand.data(), accuracy, target.data());
    }

    /// Correlations from the data.
    void evaluate() {
        _is_evaluated = true;
        if (_at_bound.empty()) {
            _slots.correlations(members(), _coef, _correlations.data());
            return;
        }
        _all_slots.assign(members().begin(), members().end());
        _all_coef.assign(_coef.begin(), _coef.end());
        for (const AtBound& each : _at_bound) {
            _all_slots.push_back(each.slot);
            _all_coef.push_back(each.value);
        }
        _slots.correlations(_all_slots, _all_coef, _correlations.data());
    }

    /// misfit_i = c_i - l2 v_i b_i - l1 v_i s_i of each member: 0 where its equation is solved.
    /// @return the largest |misfit_i| in units of what `accuracy` asks for
    double misfit(double l1, double l2, const Accuracy& accuracy,
                  std::vector<double>& misfit) const {
        misfit.resize(_coef.size());
        double largest = 0.0;
        for (std::size_t i = 0; i < _coef.size(); ++i) {
            const int j = members()[i];
            misfit[i] =
                _correlations[j] - _slots.penalty_factor(j) * (l2 * _coef[i] + l1 * _sign[i]);
            largest = std::max(largest, std::abs(misfit[i]) / accuracy.of(_slots, j));
        }
        return largest;
    }

private:
    double release(int j) {
        const auto it = std::find_if(_at_bound.begin(), _at_bound.end(),
                                     [j](const AtBound& each) { return each.slot == j; });
        const double value = it->value;
        _at_bound.erase(it);
        _held_is_stale = true;
        return value;
    }

    /// Correlations that coefficients at bounds leave for the members.
    void refresh_held() {
        if (_at_bound.empty() || !_held_is_stale) return;
        _all_slots.clear();
        _all_coef.clear();
        for (const AtBound& each : _at_bound) {
            _all_slots.push_back(each.slot);
            _all_coef.push_back(each.value);
        }
        _held.resize(static_cast<std::size_t>(_slots.size()));
        _slots.correlations(_all_slots, _all_coef, _held.data());
        _held_is_stale = false;
    }

    S& _slots;
    ActiveSystem<S> _system;
    std::vector<Place> _place;
    std::vector<double> _coef, _sign;  ///< in the order of members()
    std::vector<AtBound> _at_bound;
    std::vector<double> _correlations;
    std::vector<double> _held;  ///< Z'(y - what is at bounds)
    bool _held_is_stale = true;
    bool _is_evaluated = false;  ///< correlations are those of the coefficients
    std::vector<double> _right_hand;
    std::vector<int> _all_slots;
    std::vector<double> _all_coef;
    std::vector<char> _accepted;
};

}  // namespace shrinkage
