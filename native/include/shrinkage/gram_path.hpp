#pragma once
#include "shrinkage/active_set.hpp"
#include "shrinkage/certificate.hpp"
#include "shrinkage/path.hpp"

namespace shrinkage {

/// The scaled problem of a whole Gram matrix, somebody else's memory. z_j is column j, centred,
/// divided by scale_j and weighted so that inner products are weighted means.
struct ScaledGram {
    const double* gram;  ///< z_i'z_j, full symmetric, column-major
    Index ld;
    std::span<const double> c0;     ///< z_j'y
    std::span<const double> scale;  ///< 0: the column never enters
    std::span<const double> mean;   ///< 0 without an intercept
    double y_mean;                  ///< 0 without an intercept
    double yy;                      ///< |y|^2, twice the loss of the null model; 0 if y is constant
    double tau;                     ///< unit of y in the L2 penalty
    Index max_rank;                 ///< no more columns than this can be independent

    Index cols() const { return static_cast<Index>(c0.size()); }
};

namespace detail {

/// Slots for all features of the problem; bounds are given in original units.
inline GramSlots make_slots(const Runtime& runtime, const ScaledGram& problem,
                            std::span<const double> penalty_factor, std::span<const double> lower,
                            std::span<const double> upper) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    GramSlots slots(runtime, problem.gram, problem.ld);
    slots.reserve(problem.cols());
    for (Index j = 0; j < problem.cols(); ++j) {
        const double scale = problem.scale[j];
        const double diagonal = scale > 0.0 ? problem.gram[j * problem.ld + j] : 0.0;
        slots.add({.c0 = problem.c0[j],
                   .diagonal = diagonal,
                   .penalty_factor = penalty_factor[j],
                   .lower = lower.empty() || scale == 0.0 ? -infinity : lower[j] * scale,
                   .upper = upper.empty() || scale == 0.0 ? infinity : upper[j] * scale,
                   .rounding = std::sqrt(diagonal)});
    }
    return slots;
}

/// Solves the points of one path and writes them down.
class GramPath {
public:
    GramPath(const Runtime& runtime, const ScaledGram& problem, const PathTask& task)
        : _runtime(runtime),
          _problem(problem),
          _task(task),
          _slots(make_slots(runtime, problem, task.penalty_factor, task.lower, task.upper)),
          _settings{task.max_rounds, problem.max_rank, std::sqrt(problem.yy)},
          _engine(runtime, _slots, task.l1_ratio < 1.0 ? Method::cholesky : Method::inverse,
                  _settings),
          _coef(static_cast<std::size_t>(problem.cols()), 0.0) {}

    /// Solves points from `first` on as long as they are wanted.
    /// @param is_wanted asked before each point with its number
    template <class IsWanted>
    PathResult run(Index first, const IsWanted& is_wanted) && {
        begin();
        for (Index k = first; is_wanted(k); ++k) {
            const double alpha = _task.alphas[static_cast<std::size_t>(k)];
            if (_problem.yy == 0.0)
                record_constant();
            else if (alpha == 0.0 && _task.l1_ratio < 1.0)
                solve_unpenalised();
            else
                record(_engine, alpha, solve(_engine, alpha));
        }
        add_counts(_engine.counts());
        return std::move(_result);
    }

    /// Goes to a point on the way to others, and writes nothing down.
    void visit(double alpha) {
        begin();
        solve(_engine, alpha);
    }
    Index n_members() const { return static_cast<Index>(_engine.features().size()); }

private:
    /// Before the first point: the null model.
    void begin() {
        if (std::exchange(_has_begun, true)) return;
        reserve();
        if (_problem.yy == 0.0) return;
        if (_slots.any_free()) _engine.solve_null();
        _largest_null = largest_ratio(_engine.correlations());
    }

    void reserve() {
        const std::size_t m = _task.alphas.size();
        _result.starts.reserve(m + 1);
        for (auto* each :
             {&_result.intercepts, &_result.loss, &_result.dual_gap, &_result.kkt_violation})
            each->reserve(m);
        _result.status.reserve(m);
        _result.rounds.reserve(m);
        const std::size_t entries = m * std::min<std::size_t>(_coef.size(), 64);
        _result.features.reserve(entries);
        _result.values.reserve(entries);
    }

    /// Largest |c_j| / v_j over penalised features and the sign that their bounds allow.
    double largest_ratio(std::span<const double> correlations) const {
        double largest = 0.0;
        for (int j = 0; j < _slots.size(); ++j) {
            const double c = correlations[j], v = _slots.penalty_factor(j);
            if (!(v > 0.0) || !_engine.is_zero(j)) continue;
            if (c > 0.0 ? _slots.upper(j) > 0.0 : _slots.lower(j) < 0.0)
                largest = std::max(largest, std::abs(c) / v);
        }
        return largest;
    }

    double l1_of(double alpha) const { return alpha * _task.l1_ratio; }
    double l2_of(double alpha) const { return alpha * (1.0 - _task.l1_ratio) / _problem.tau; }

    Status solve(ActiveSet<GramSlots>& engine, double alpha) const {
        return engine.solve(l1_of(alpha), l2_of(alpha));
    }

    /// Without l2 the factor of the path could be singular, so this point has a system of its own.
    void solve_unpenalised() {
        ActiveSet<GramSlots> engine(_runtime, _slots, Method::inverse, _settings);
        record(engine, 0.0, solve(engine, 0.0));
        add_counts(engine.counts());
    }

    void record(const ActiveSet<GramSlots>& engine, double alpha, Status status) {
        const double l1 = l1_of(alpha), l2 = l2_of(alpha);
        scatter(engine);
        const std::span<const double> c = engine.correlations(), c0 = _slots.c0();
        double rr = _problem.yy, shift = 0.0;
        bool all_zero = true;
        // Where it is solved, a member at 0 is on a knot: its correlation is l1 v but for rounding.
        const bool on_knots = status == Status::converged;
        _certificate.start(l1, l2, engine.magnitude());
        for (int j = 0; j < _slots.size(); ++j) {
            const double b = _coef[j], v = _slots.penalty_factor(j);
            if (b == 0.0 && (std::abs(c[j]) <= l1 * v || (on_knots && !engine.is_zero(j))))
                continue;
            _certificate.add(c[j], b, v, _slots.lower(j), _slots.upper(j), _slots.rounding(j));
            if (b == 0.0) continue;
            _coef[j] = 0.0;
            rr -= b * (c0[j] + c[j]);
            all_zero = all_zero && v == 0.0;
            _result.features.push_back(j);
            _result.values.push_back(b / _problem.scale[j]);
            shift += _result.values.back() * _problem.mean[j];
        }
        const Certificate certificate = _certificate.result(std::max(0.0, rr));
        const double gap = 2.0 * certificate.dual_gap / _problem.yy;
        if (gap <= _task.tol)
            status = all_zero && l1 >= _largest_null * (1.0 - 1e-12) && l1 > 0.0
                         ? Status::null_model
                         : Status::converged;
        else if (status == Status::converged)
            status = Status::stalled;
        const double unit = _largest_null > 0.0 ? _largest_null : 1.0;
        finish_row(_problem.y_mean - shift, certificate.loss, gap, certificate.kkt_violation / unit,
                   status, engine.rounds_of_last());
    }

    void record_constant() {
        finish_row(_problem.y_mean, 0.0, 0.0, 0.0, Status::constant_target, 0);
    }

    void finish_row(double intercept, double loss, double gap, double violation, Status status,
                    Index rounds) {
        _result.starts.push_back(static_cast<Index>(_result.features.size()));
        _result.intercepts.push_back(intercept);
        _result.loss.push_back(loss);
        _result.dual_gap.push_back(gap);
        _result.kkt_violation.push_back(violation);
        _result.status.push_back(status);
        _result.rounds.push_back(rounds);
    }

    /// Coefficients by feature; record() leaves zeros behind.
    void scatter(const ActiveSet<GramSlots>& engine) {
        for (std::size_t i = 0; i < engine.features().size(); ++i)
            _coef[engine.features()[i]] = engine.coef()[i];
        for (const auto& [j, value] : engine.at_bound()) _coef[j] = value;
    }

    void add_counts(const Counts& counts) {
        _result.counts.rounds += counts.rounds;
        _result.counts.appended += counts.appended;
        _result.counts.deleted += counts.deleted;
        _result.counts.rebuilt += counts.rebuilt;
        _result.counts.exchanged += counts.exchanged;
        _result.counts.factorised += counts.factorised;
    }

    const Runtime& _runtime;
    const ScaledGram& _problem;
    const PathTask& _task;
    GramSlots _slots;
    EngineSettings _settings;
    ActiveSet<GramSlots> _engine;
    CertificateSum _certificate;
    bool _has_begun = false;
    double _largest_null = 0.0;
    std::vector<double> _coef;
    PathResult _result;
};

}  // namespace detail

/// Correlations z_j'u of the null model, in which only features of penalty factor 0 are fitted; 0
/// for columns without spread.
inline std::vector<double> null_correlations(const Runtime& runtime, const ScaledGram& problem,
                                             std::span<const double> penalty_factor,
                                             std::span<const double> lower,
                                             std::span<const double> upper, Index max_rounds) {
    GramSlots slots = detail::make_slots(runtime, problem, penalty_factor, lower, upper);
    ActiveSet<GramSlots> engine(runtime, slots, Method::inverse,
                                {max_rounds, problem.max_rank, std::sqrt(problem.yy)});
    if (slots.any_free() && problem.yy > 0.0) engine.solve_null();
    std::vector<double> correlations(engine.correlations().begin(), engine.correlations().end());
    for (Index j = 0; j < problem.cols(); ++j)
        if (problem.scale[j] == 0.0) correlations[j] = 0.0;
    return correlations;
}

/// Every alpha of a path, with its certificate.
inline PathResult gram_path(const Runtime& runtime, const ScaledGram& problem,
                            const PathTask& task) {
    const auto n_points = static_cast<Index>(task.alphas.size());
    return detail::GramPath(runtime, problem, task).run(0, [n_points](Index k) {
        return k < n_points;
    });
}

}  // namespace shrinkage
