#pragma once
#include <limits>
#include <utility>

#include "shrinkage/active_point.hpp"
#include "shrinkage/forecast.hpp"

namespace shrinkage {

struct EngineSettings {
    Index max_rounds;  ///< for one (l1, l2)
    Index max_rank;    ///< no more columns than this can be independent
    double y_norm;     ///< |y|, the scale of rounding errors
    /// Misfit of the members' equations that is as good as none, in units of |y|.
    double rounding = 1e-15;
    /// The same in units of l1, and by how much a correlation may exceed l1 there.
    double misfit = 1e-12, excess = 1e-11;
};

/// Monotone active-set Newton method for one point after another of
///
///     min |y - Z b|^2 / 2 + sum_j v_j (l1 |b_j| + l2 b_j^2 / 2)   with  lower <= b <= upper
///
/// No sweeps over coordinates: many slots enter at a time, the members' equations are solved with
/// an updated inverse or factor, the way there is walked to each first change of a sign, and
/// correlations come from the data after every step. Each solve starts where the last one
/// ended. A system that is not solved is never returned as converged.
template <Slots S>
class ActiveSet {
public:
    /// @param method inverse if l2 will always be 0, cholesky otherwise
    ActiveSet(const Runtime& runtime, S& slots, Method method, const EngineSettings& settings)
        : _runtime(runtime),
          _slots(slots),
          _settings(settings),
          _point(runtime, slots, method, settings.max_rank, _counts),
          _magnitude(settings.y_norm) {}
    ActiveSet(const ActiveSet&) = delete;
    ActiveSet& operator=(const ActiveSet&) = delete;

    /// Call after slots have been appended.
    void slots_added() { _point.slots_added(); }

    /// Call after the slots' c0 have changed. The next solve starts where the last one ended.
    /// @param y_norm as in EngineSettings
    void linear_term_changed(double y_norm);

    /// Call after the Gram entries of the slots have changed, and perhaps their c0.
    void gram_changed(double y_norm);

    /// How exact solutions must be, as in EngineSettings.
    void set_accuracy(double misfit, double excess) {
        _settings.misfit = misfit;
        _settings.excess = excess;
    }

    /// Fit only the slots that are never penalised; correlations() are then those of the null
    /// model. Only before the first solve().
    Status solve_null();

    /// @param l1 0 is legal: no kink, only bounds @return converged, max_rounds or stalled
    Status solve(double l1, double l2);

    /// Slots solved for, in working order, and their coefficients; some may be 0.
    std::span<const int> features() const { return _point.members(); }
    std::span<const double> coef() const { return _point.coef(); }
    std::span<const AtBound> at_bound() const { return _point.at_bound(); }
    std::span<const double> correlations() const { return _point.correlations(); }
    /// Whether the coefficient of slot j is 0 though it might have entered.
    bool is_zero(int j) const { return _point.place(j) == Place::zero; }
    const Counts& counts() const { return _counts; }
    Index rounds_of_last() const { return _rounds; }
    /// Length of vectors whose rounding errors the correlations carry.
    double magnitude() const { return _magnitude; }

private:
    struct Violator {
        double rank;  ///< the largest enter first
        int slot;
        double sign;
    };
    struct Break {
        double step;     ///< share of the way to the target
        Index position;  ///< -1: the target is reached
        double value;    ///< where the coefficient stays: 0 or a bound
    };

    static constexpr bool has_gram =
        requires(const S& slots, std::span<const int> list, std::span<const double> coef,
                 double* out) { slots.add_product(list, coef, 1.0, out); };

    // Misfits of the members' equations, in units of accuracy().
    static constexpr double good_misfit = 2.0;
    static constexpr double doubtful_misfit = 20.0;  ///< a new factor might do better
    static constexpr double wrong_misfit = 1000.0;   ///< never accepted

    /// Rounds that most points need by far; from here on safety comes first.
    static constexpr Index many_rounds = 30;

    bool has_kink(int j) const { return _l1 > 0.0 && _slots.penalty_factor(j) > 0.0; }
    /// By how much a correlation may exceed its limit before its slot is a violator.
    double tolerance(int j) const {
        return std::max(_settings.excess * _l1 * _slots.penalty_factor(j),
                        8e-15 * _magnitude * _slots.rounding(j));
    }
    /// Of the members' equations.
    Accuracy accuracy() const { return {_settings.misfit * _l1, _settings.rounding * _magnitude}; }
    double misfit() { return _point.misfit(_l1, _l2, accuracy(), _misfit); }

    Status run();
    Status iterate();
    void start(double l1, double l2);
    void enter_first();
    bool drop_overshot();
    bool predict();
    void anticipate();
    void record_solution();
    void refresh_direction()
        requires has_gram;
    void walk();
    bool drop_all_wrong();
    Break first_break() const;
    void refine();
    void evaluate();
    bool repair();
    void rebuild_factor();
    void use_cholesky();
    void find_violators();
    void watch_for_decay();
    void keep_worst();
    Index enter_violators();
    bool enter_or_exchange();
    bool exchange(const Violator& entering);
    double null_direction(int j, double towards);
    Break first_break_along(Break first, int j) const;

    const Runtime& _runtime;
    S& _slots;
    EngineSettings _settings;
    Counts _counts;
    ActivePoint<S> _point;

    double _l1 = 0.0, _l2 = 0.0;
    double _previous_l1 = 0.0;  ///< of the last converged solve, 0 if there is none
    bool _only_free = false;
    bool _has_stalled = false;  ///< in the last solve
    Index _rounds = 0;
    Index _repairs = 0;
    bool _refactored = false;
    int _worst_slot = -1;  ///< worst violator of the round before
    double _magnitude;     ///< length of vectors whose rounding errors c carries
    std::vector<double> _target, _misfit, _step;
    std::vector<Violator> _violators;
    std::vector<int> _entering;
    std::vector<double> _entering_signs;

    Forecast _forecast;
    Index _predictions = 0;     ///< in a row, without looking at the data
    Index _direction_for = -1;  ///< changes of members when the direction was computed
    std::vector<double> _direction, _direction_correlations;
};

}  // namespace shrinkage

#include "shrinkage/active_set_entry.hpp"
#include "shrinkage/active_set_solve.hpp"
