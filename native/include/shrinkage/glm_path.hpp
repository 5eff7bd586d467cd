#pragma once
#include <array>
#include <utility>
#include <vector>

#include "shrinkage/column_check.hpp"
#include "shrinkage/linear_term_history.hpp"
#include "shrinkage/newton_loop.hpp"
#include "shrinkage/visited_alphas.hpp"

namespace shrinkage {

/// A path of a generalised linear model by proximal Newton steps on the columns that matter: at
/// each alpha predict the linear term of the quadratic model, solve, correct until the gap among
/// the active columns is small, and check the other columns, most of them by the bound of
/// Screening.
/// @tparam Columns TiledColumns or SparseRows
template <class Columns>
class GlmPath {
public:
    GlmPath(const Runtime& runtime, const ScaledColumns& data, const Likelihood& likelihood,
            const NullModel& null, const PathTask& task)
        : _runtime(runtime),
          _data(data),
          _null_loss(null.loss),
          _null_intercept(null.intercept),
          _task(task),
          _limits(data, task),
          _loop(runtime, data, _limits, likelihood, null.loss, task),
          _model(_loop.model()),
          _check(runtime, data, _limits),
          _batch(data.rows()) {}

    /// z_j'u of the null model: intercept, offset and the features of penalty factor 0.
    std::vector<double> null_correlations() {
        fit_null();
        if (_model.size() == 0) return _data.correlation;
        return _check.correlations_of_all(_batch.residual(0));
    }

    /// Appends one row for each alpha of the task.
    void run(PathResult& result) {
        if (_data.target_square == 0.0) return record_constant(result);
        start();
        while (_first < n_visited()) {
            solve_block();
            for (Index k = 0; k < _size; ++k) record(k, result);
            finish_block();
        }
        result.counts += _loop.counts();
        result.counts += _counts;
        result.counts.column_products += _check.columns_read();
        result.counts.working_set += _model.size();
    }

private:
    static constexpr Index most_alphas = 4;  ///< that share a pass

    Index n_visited() const { return static_cast<Index>(_visited.size()); }
    double l1(Index position) const { return _visited[position].alpha * _task.l1_ratio; }
    double l2(Index position) const { return _visited[position].alpha * (1.0 - _task.l1_ratio); }

    /// Fits what is never penalised; its residuals start the batch and its point the history.
    void fit_null() {
        GlmPoint& point = _descents[0].trial;
        point = {};
        _descents[0].best = {};
        std::vector<Index> free;
        for (Index j = 0; j < _data.cols(); ++j)
            if (_limits.is_free(j)) free.push_back(j);
        point.intercept = _null_intercept;
        _loop.evaluate(point);
        _loop.refresh_at(point);
        _model.append(free);
        extend(point);
        point.coef.assign(free.size(), 0.0);
        if (!free.empty()) {
            Descent& descent = _descents[0];
            const GlmPoint from = point;
            descent.start(1.0, 0.0, from, _loop.limits());
            descent.propose(_model);
            _loop.descend({&descent, 1});
            point = descent.best;
            _null_status = descent.status();
            _free_are_separated = _loop.is_separated(descent);
        }
        copy_residual(point, 0);
        _null = std::move(point);
    }

    void start() {
        const std::vector<double> correlations = null_correlations();
        _alpha_max = _check.start(correlations, _batch.residual(0));
        const double first = _task.l1_ratio > 0.0 ? _alpha_max / _task.l1_ratio : 0.0;
        _visited = visit(_task.alphas, first);
        _batch.size = 1;
        _batch.l1[0] = _alpha_max;
        GlmPoint null = _null;
        _history.push(std::max({first, 10.0 * _task.alphas.front(), 1e-300}), null);
    }

    void solve_block() {
        _model.expect(l1(_first + _size - 1), l2(_first + _size - 1));
        screen(l1(_first + _size - 1));
        if (std::exchange(_wants_refresh, false)) _loop.refresh_at(_history.last());
        if (l1(_first) + l2(_first) == 0.0) _model.restart_engine();
        _history.prepare(_model);
        for (Index k = 0; k < _size; ++k) {
            if (is_null(k))
                settle(k);
            else
                predict(k);
        }
        for (;;) {
            _loop.descend({_descents.data(), static_cast<std::size_t>(_size)});
            if (!append_violators() && !reopen_uncertified() && !polish()) break;
        }
        for (Index k = 0; k < _size; ++k)
            _separated[k] = _free_are_separated || (_descents[k].l1 + _descents[k].l2 == 0.0 &&
                                                    _loop.is_separated(_descents[k]));
    }

    /// Whether alpha k of the block leaves only what is not penalised.
    bool is_null(Index k) const {
        constexpr double rounding = 1e-12;
        return l1(_first + k) > 0.0 && l1(_first + k) >= _alpha_max * (1.0 - rounding);
    }
    void settle(Index k) {
        extend(_null);
        _descents[k].settle(l1(_first + k), l2(_first + k), _null, _null_status);
    }

    /// Starts alpha k of the block where the extrapolated linear term sends it.
    void predict(Index k) {
        Descent& descent = _descents[k];
        Descent::Limits limits = _loop.limits();
        limits.most_rounds = std::max<Index>(1, limits.most_rounds - _rounds);
        descent.start(l1(_first + k), l2(_first + k), _history.last(), limits);
        const std::vector<double> q = _history.linear_term(_visited[_first + k].alpha);
        _model.require(descent.accuracy(_model, _first_gap));
        minimise(_model, q, descent.l1, descent.l2, descent.trial);
        descent.trial.intercept = _model.intercept_at(descent.best, descent.trial.coef);
    }

    /// Appends what the last two solutions, extrapolated, announce for the end of the block.
    void screen(double end) {
        constexpr double nearly = 0.97, most_share = 0.6;
        constexpr Index few = 24;
        Screening& screening = _check.screening();
        if (!screening.any_candidates()) return;
        std::vector<Index> wanted;
        bool all = end == 0.0 || _data.cols() <= few;
        if (!all) {
            const double last = _batch.l1[_batch.last()];
            const double step = _batch.l1[_batch.before()] - last;
            const double beyond = step > 0.0 ? (last - end) / step : 0.0;
            const double limit =
                step > 0.0 ? nearly * end : std::min(nearly * end, 2.0 * end - last);
            for (const auto& [value, j] : screening.extrapolated(_runtime, _batch, beyond, limit))
                if (screening.is_candidate(j)) wanted.push_back(j);
            all = !_data.design.is_sparse() &&
                  static_cast<double>(_model.size() + static_cast<Index>(wanted.size())) >
                      most_share * static_cast<double>(_data.cols());
        }
        if (all) {
            wanted.clear();
            for (Index j = 0; j < _data.cols(); ++j)
                if (screening.is_candidate(j)) wanted.push_back(j);
        }
        append(std::move(wanted));
    }

    void append(std::vector<Index> wanted) {
        if (wanted.empty()) return;
        std::sort(wanted.begin(), wanted.end());
        for (const Index j : wanted) _check.screening().drop(j);
        _model.append(wanted);
        _history.for_each([this](GlmPoint& point) { extend(point); });
        for (Index k = 0; k < _size; ++k) extend(_descents[k].best);
    }

    /// Zero coefficients and correlations for the columns that a point does not know yet.
    void extend(GlmPoint& point) {
        const auto known = static_cast<Index>(point.gradient.size());
        if (point.u.empty() || known == _model.size()) return;
        std::vector<Index> columns;
        for (Index slot = known; slot < _model.size(); ++slot)
            columns.push_back(_model.feature(static_cast<int>(slot)));
        std::vector<double> products(columns.size());
        _data.design.products(_runtime, columns, point.u.data(), 1, products.data(),
                              static_cast<Index>(columns.size()));
        const double sum = _runtime.simd.f64.sum(_data.rows(), point.u.data());
        for (std::size_t i = 0; i < columns.size(); ++i)
            point.gradient.push_back((products[i] - _data.mean[columns[i]] * sum) /
                                     _data.scale[columns[i]]);
        point.coef.resize(_model.size(), 0.0);
    }

    /// Checks the columns that are not active. @return whether some had to be appended
    bool append_violators() {
        if (!_check.screening().any_candidates()) return false;
        // The last solution before the block stays beside, as a reference for the bound.
        if (!_batch_is_new) {
            std::copy_n(_batch.residual(_batch.last()), _data.rows(), _batch.residual(0));
            _batch.l1[0] = _batch.l1[_batch.last()];
            _batch_is_new = true;
        }
        _batch.size = _size + 1;
        for (Index k = 0; k < _size; ++k) {
            _batch.l1[k + 1] = _descents[k].l1;
            copy_residual(_descents[k].best, k + 1);
        }
        ColumnCheck::Violators violators = _check.check(_batch, 1);
        if (violators.first >= _batch.size) return false;
        const auto n = static_cast<Index>(violators.columns.size());
        _counts.violators += n;
        std::sort(violators.columns.begin(), violators.columns.end(),
                  [](const auto& a, const auto& b) {
                      return a.first > b.first || (a.first == b.first && a.second < b.second);
                  });
        const Index most = std::max<Index>(60, _model.size());
        std::vector<Index> wanted;
        for (Index i = 0; i < std::min(n, most); ++i) wanted.push_back(violators.columns[i].second);
        append(std::move(wanted));
        for (Index k = violators.first - 1; k < _size; ++k) go_on(_descents[k]);
        return true;
    }

    /// With the whole certificate a gap may turn out too large by a little.
    bool reopen_uncertified() {
        constexpr Index most = 4;
        bool any = false;
        for (Index k = 0; k < _size; ++k) {
            _certificates[k] = certificate(k);
            const bool open = _certificates[k].dual_gap > _task.tol * _null_loss &&
                              _descents[k].has_converged() && _reopened < most;
            if (open) go_on(_descents[k]);
            any = any || open;
        }
        _reopened += any;
        return any;
    }

    /// A gap of 1e-8 leaves errors of 1e-4 in the coefficients. One more step with curvatures of
    /// the very point squares them. It costs a pass and a Gram matrix, so only what is alone or
    /// small gets it. @return whether a point has changed
    bool polish() {
        constexpr Index small = 2000;
        const bool pays = _task.alphas.size() == 1 || _data.rows() * _data.cols() <= small;
        if (!pays || _is_polished || !_visited[_first].asked || is_null(0)) return false;
        _is_polished = true;
        if (!_descents[0].has_converged()) return false;
        _loop.refresh_at(_descents[0].best);
        _descents[0].refreshed(true);
        _descents[0].propose(_model);
        _loop.evaluate(_descents[0].trial);
        return _descents[0].take_unless_worse(_model);
    }

    void go_on(Descent& descent) {
        descent.reopen();
        descent.propose(_model);
    }

    Certificate certificate(Index k) const {
        const Descent& descent = _descents[k];
        const GlmPoint& point = descent.best;
        CertificateSum sum;
        sum.start(descent.l1, descent.l2, std::sqrt(_data.target_square));
        for (int j = 0; j < static_cast<int>(_model.size()); ++j)
            sum.add(point.gradient[j], point.coef[j], _model.slots().penalty_factor(j),
                    _model.slots().lower(j), _model.slots().upper(j), _model.norm(j));
        sum.add_rest(_check.largest_outside(k + 1));
        Certificate result =
            sum.result(point.loss - _loop.likelihood().saturated(), [&](double rest) {
                return _model.conjugate_distance(point, rest, 0.01 * _task.tol * _null_loss);
            });
        result.dual_gap += _model.gap_error(point);
        return result;
    }

    /// u over the root of the weights: the residual of the scaled problem.
    void copy_residual(const GlmPoint& point, Index q) {
        double* out = _batch.residual(q);
        for (Index i = 0; i < _data.rows(); ++i)
            out[i] = point.u[i] == 0.0 ? 0.0 : point.u[i] / _data.root_weight[i];
    }

    /// Moves a solved alpha to the result.
    void record(Index k, PathResult& result) {
        const Descent& descent = _descents[k];
        const GlmPoint& point = descent.best;
        _rounds += descent.rounds();
        if (!_visited[_first + k].asked) return;
        std::vector<std::pair<int, double>> coef;
        double intercept = point.intercept;
        for (int slot = 0; slot < static_cast<int>(point.coef.size()); ++slot) {
            if (point.coef[slot] == 0.0) continue;
            const Index j = _model.feature(slot);
            const double value = _limits.within_bounds(j, point.coef[slot] / _data.scale[j]);
            coef.emplace_back(static_cast<int>(j), value);
            intercept -= _data.mean[j] * value;
        }
        std::sort(coef.begin(), coef.end());
        for (const auto& [feature, value] : coef) {
            result.features.push_back(feature);
            result.values.push_back(value);
        }
        const Certificate& certificate = _certificates[k];
        const double violation = certificate.kkt_violation / violation_unit();
        const bool unpenalised = descent.l1 + descent.l2 == 0.0;
        const double gap = unpenalised || _separated[k] ? std::numeric_limits<double>::quiet_NaN()
                                                        : certificate.dual_gap / _null_loss;
        result.starts.push_back(static_cast<Index>(result.features.size()));
        result.intercepts.push_back(intercept);
        result.loss.push_back(certificate.loss);
        result.dual_gap.push_back(gap);
        result.kkt_violation.push_back(violation);
        result.rounds.push_back(std::exchange(_rounds, 0));
        result.status.push_back(
            status_of(k, unpenalised ? violation : certificate.dual_gap / _null_loss));
    }

    /// alpha_max; where that is 0 but for rounding (nothing is penalised, or free features fit the
    /// response) the largest |z_j'u| of the fit with intercept and offset only. Never 0.
    double violation_unit() const {
        constexpr double nothing = 1e-10;
        if (_alpha_max > nothing * std::sqrt(_data.target_square)) return _alpha_max;
        double largest = 0.0;
        for (const double each : _data.correlation) largest = std::max(largest, std::abs(each));
        return largest > 0.0 ? largest : 1.0;
    }

    /// @param distance from optimal, to be compared with the tolerance
    Status status_of(Index k, double distance) const {
        const Descent& descent = _descents[k];
        if (_separated[k]) return Status::separated;
        if (distance <= _task.tol) return is_null(k) ? Status::null_model : Status::converged;
        return descent.status() == Status::max_rounds ? Status::max_rounds : Status::stalled;
    }

    void finish_block() {
        for (Index k = 0; k < _size; ++k) {
            _history.push(_visited[_first + k].alpha, _descents[k].best);
            if (!is_null(k)) _first_gap = _descents[k].first_gap();
            if (!is_null(k)) _loop.plan().solved(_descents[k].rounds());
        }
        _wants_refresh = _loop.plan().wants_refresh(_model.step_cost(), _model.gram_cost());
        _first += _size;
        choose_size();
        _batch_is_new = _is_polished = false;
        _reopened = 0;
    }

    /// Several alphas share a pass where X is out of cache, and while the predictions are good.
    void choose_size() {
        constexpr double cache = 8e6;
        constexpr Index good = 3, poor = 5;
        Index steps = 0;
        for (Index k = 0; k < _size; ++k) steps = std::max(steps, _descents[k].rounds());
        if (steps <= good)
            _size = std::min(2 * _size, most_alphas);
        else if (steps > poor)
            _size = std::max<Index>(_size / 2, 1);
        if (_model.copies().bytes_to_share() < cache) _size = 1;
        _size = std::min(_size, std::max<Index>(n_visited() - _first, 1));
    }

    /// A target that the null model fits exactly: nothing to solve.
    void record_constant(PathResult& result) const {
        for (std::size_t i = 0; i < _task.alphas.size(); ++i) {
            result.starts.push_back(static_cast<Index>(result.features.size()));
            result.intercepts.push_back(_null_intercept);
            for (auto* zeros : {&result.loss, &result.dual_gap, &result.kkt_violation})
                zeros->push_back(0.0);
            result.status.push_back(Status::constant_target);
            result.rounds.push_back(0);
        }
    }

    const Runtime& _runtime;
    const ScaledColumns& _data;
    double _null_loss, _null_intercept;
    const PathTask& _task;
    FeatureLimits _limits;
    NewtonLoop<Columns> _loop;
    NewtonModel<Columns>& _model;
    ColumnCheck _check;
    Batch _batch;  ///< the solution before the block, then those of the block
    bool _batch_is_new = true;
    LinearTermHistory _history;
    bool _wants_refresh = false;
    std::vector<VisitedAlpha> _visited;
    Index _first = 0, _size = 1;  ///< of the block
    Index _rounds = 0;            ///< on the way to the next alpha that was asked for
    Index _reopened = 0;
    double _first_gap = 0.0;  ///< after the prediction, of the last alpha solved
    bool _is_polished = false;
    std::array<Descent, most_alphas> _descents;
    std::array<Certificate, most_alphas> _certificates{};
    std::array<bool, most_alphas> _separated{};
    GlmPoint _null;
    Status _null_status = Status::converged;
    bool _free_are_separated = false;  ///< what is not penalised has no finite best fit
    double _alpha_max = 0.0;           ///< at l1_ratio 1
    Counts _counts;
};

}  // namespace shrinkage
