#pragma once
#include <utility>
#include <vector>

#include "shrinkage/column_check.hpp"
#include "shrinkage/linear_term_history.hpp"
#include "shrinkage/multinomial_loop.hpp"
#include "shrinkage/visited_alphas.hpp"

namespace shrinkage {

/// The multinomial fit with intercepts and offset only.
struct MultinomialNull {
    PerClass intercept;
    double loss;                   ///< half the mean unit deviance
    std::vector<double> residual;  ///< y - mu, class by class; 0 everywhere if the fit is perfect
};

/// The path of a multinomial model by proximal Newton steps on the (class, feature) pairs that
/// matter: at each alpha predict the linear term of the quadratic model, solve, correct until the
/// gap among the active pairs is small, and check the others class by class, most of them by the
/// bound of Screening.
/// @tparam Columns TiledColumns or SparseRows
template <class Columns>
class MultinomialPath {
public:
    MultinomialPath(const Runtime& runtime, const ScaledColumns& data,
                    const MultinomialLikelihood& likelihood, const MultinomialNull& null,
                    const PathTask& task)
        : _runtime(runtime),
          _data(data),
          _null(null),
          _task(task),
          _limits(data, task),
          _loop(runtime, data, _limits, likelihood, null.loss, task),
          _model(_loop.model()) {
        for (Index k = 0; k < n_classes(); ++k) {
            _checks.emplace_back(runtime, data, _limits);
            _batches.emplace_back(data.rows());
        }
    }

    /// z_j'u_k of the null model, class by class: intercepts, offset and the features of penalty
    /// factor 0.
    std::vector<double> null_correlations() {
        fit_null();
        std::vector<double> all;
        for (Index k = 0; k < n_classes(); ++k) {
            const std::vector<double> found =
                _checks[k].correlations_of_all(_batches[k].residual(0));
            all.insert(all.end(), found.begin(), found.end());
        }
        return all;
    }

    /// Appends one row for each alpha of the task.
    void run(PathResult& result) {
        result.n_classes = n_classes();
        if (_data.target_square == 0.0) return record_constant(result);
        start();
        visit_all(result);
        if (_task.alphas.back() == 0.0) append_unpenalised(result);
    }

private:
    /// Largest |z_j'u_k| of the fit with intercepts and offset only; never 0.
    double strongest_of_null() {
        double largest = 0.0;
        std::vector<double> residual(_data.rows());
        for (Index k = 0; k < n_classes(); ++k) {
            for (Index i = 0; i < _data.rows(); ++i)
                residual[i] = _data.root_weight[i] * _null.residual[k * _data.rows() + i];
            for (const double each : _checks[k].correlations_of_all(residual.data()))
                largest = std::max(largest, std::abs(each));
        }
        return largest > 0.0 ? largest : 1.0;
    }

    void visit_all(PathResult& result) {
        for (; _at < static_cast<Index>(_visited.size()); ++_at) {
            screen();
            if (std::exchange(_wants_refresh, false)) _loop.refresh_at(_history.last());
            if (is_null())
                settle();
            else
                solve();
            record(result);
            _history.push(_visited[_at].alpha, _descent.best);
            if (!is_null()) _loop.plan().solved(_descent.rounds());
            _wants_refresh = _loop.plan().wants_refresh(_model.step_cost(), _model.gram_cost());
        }
        result.counts += _loop.counts();
        result.counts += _counts;
        for (const ColumnCheck& check : _checks)
            result.counts.column_products += check.columns_read();
        result.counts.working_set += _model.size();
    }

    /// Without a penalty the same number added to the coefficients of a feature for all classes
    /// changes nothing: a problem of its own, in which every feature is free.
    void append_unpenalised(PathResult& result) const {
        std::vector<double> factors(_task.penalty_factor.begin(), _task.penalty_factor.end());
        for (double& each : factors) each = std::isfinite(each) ? 0.0 : each;
        PathTask task = _task;
        task.alphas = task.alphas.last(1);
        task.penalty_factor = factors;
        MultinomialPath free(_runtime, _data, _loop.likelihood(), _null, task);
        free.start();
        free._visited = {{0.0, true}};
        free._violation_unit = _violation_unit;
        free.visit_all(result);
    }

    Index n_classes() const { return _loop.likelihood().n_classes(); }
    double l1() const { return _visited[_at].alpha * _task.l1_ratio; }
    double l2() const { return _visited[_at].alpha * (1.0 - _task.l1_ratio); }
    bool has_bounds(Index j) const {
        return std::isfinite(_limits.lower(j)) || std::isfinite(_limits.upper(j));
    }

    /// Fits what is never penalised; its residuals start the batches and its point the history.
    /// The same number added to the coefficients of a free feature for all classes changes
    /// nothing, so without bounds that of class 0 stays 0 until the result is centred.
    void fit_null() {
        MultinomialPoint& point = _descent.trial;
        std::vector<ClassFeature> free;
        for (Index j = 0; j < _data.cols(); ++j)
            for (Index k = has_bounds(j) ? 0 : 1; k < n_classes() && _limits.is_free(j); ++k)
                free.push_back({k, j});
        point.intercept = _null.intercept;
        _loop.evaluate(point);
        _loop.refresh_at(point);
        _model.append(free);
        extend(point);
        point.coef.assign(free.size(), 0.0);
        if (!free.empty()) {
            const MultinomialPoint from = point;
            _descent.start(1.0, 0.0, from, _loop.limits());
            _descent.propose(_model);
            _loop.descend(_descent);
            _null_status = _descent.status();
            _separated = _loop.is_separated(_descent.best);
            if (_separated) _model.set_damping(1e-7);  // lest the coefficients go too far
        } else {
            _descent.best = point;
        }
        for (Index k = 0; k < n_classes(); ++k) copy_residual(_descent.best, k, 0);
    }

    void start() {
        const std::vector<double> correlations = null_correlations();
        for (Index k = 0; k < n_classes(); ++k) {
            const auto own = correlations.begin() + k * _data.cols();
            _alpha_max = std::max(
                _alpha_max, _checks[k].start({own, own + _data.cols()}, _batches[k].residual(0)));
        }
        for (Batch& batch : _batches) {
            batch.size = 1;
            batch.l1[0] = _alpha_max;
        }
        constexpr double nothing = 1e-10;
        if (_alpha_max > nothing * std::sqrt(_data.target_square))
            _violation_unit = _alpha_max;
        else
            _violation_unit = strongest_of_null();
        const double first = _task.l1_ratio > 0.0 ? _alpha_max / _task.l1_ratio : 0.0;
        const bool ends_free = _task.alphas.back() == 0.0;
        _visited = visit(_task.alphas.first(_task.alphas.size() - ends_free), first);
        _history.push(std::max({first, 10.0 * _task.alphas.front(), 1e-300}), _descent.best);
    }

    void solve() {
        constexpr Index most_reopened = 4;
        _is_polished = false;
        _history.prepare(_model);
        MultinomialDescent::Limits limits = _loop.limits();
        limits.most_rounds = std::max<Index>(1, limits.most_rounds - _rounds);
        _descent.start(l1(), l2(), _history.last(), limits);
        minimise(_model, _history.linear_term(_visited[_at].alpha), l1(), l2(), _descent.trial);
        _descent.trial.intercept = _model.intercept_at(_descent.best, _descent.trial.coef);
        shift_batches();
        for (Index reopened = 0;;) {
            _loop.descend(_descent);
            if (append_violators()) continue;
            if (polish()) continue;
            _certificate = certificate();
            // With the whole certificate a gap may turn out too large by a little.
            const bool open = _certificate.dual_gap > _task.tol * _null.loss &&
                              _descent.has_converged() && reopened++ < most_reopened;
            if (!open) break;
            go_on();
        }
    }

    /// Whether the null model is the solution, because nothing penalised leaves 0 at this alpha.
    bool is_null() const { return l1() > 0.0 && l1() >= _alpha_max * (1.0 - 1e-12); }

    void settle() {
        _descent.settle(l1(), l2(), _history.last(), _null_status);
        shift_batches();
        for (Index k = 0; k < n_classes(); ++k) {
            copy_residual(_descent.best, k, 1);
            _checks[k].check(_batches[k], 1);
        }
        _certificate = certificate();
    }

    /// A gap of 1e-8 leaves errors of 1e-4 in the coefficients. One more step with curvatures of
    /// the very point squares them. It costs a pass and a Gram matrix, so only what is alone or
    /// small gets it. @return whether the point has changed
    bool polish() {
        constexpr Index small = 2000;
        const bool pays = _task.alphas.size() == 1 || _data.rows() * _data.cols() <= small;
        if (!pays || _is_polished || !_visited[_at].asked || !_descent.has_converged())
            return false;
        _is_polished = true;
        _loop.refresh_at(_descent.best);
        _descent.refreshed(true);
        _descent.propose(_model);
        _loop.evaluate(_descent.trial);
        return _descent.take_unless_worse(_model);
    }

    void go_on() {
        _descent.reopen();
        _descent.propose(_model);
    }

    /// Appends what the last two solutions, extrapolated, announce for the present alpha.
    void screen() {
        constexpr double most_share = 0.6;
        constexpr Index few = 24;
        const Index n_pairs = _data.cols() * n_classes();
        std::vector<ClassFeature> wanted;
        bool all = l1() == 0.0 || n_pairs <= few;
        for (Index k = 0; k < n_classes() && !all; ++k) announced(k, wanted);
        // More pairs than can be independent are not worth a Gram matrix of all.
        const bool are_few = n_pairs <= 2 * _data.rows() * n_classes();
        if (!all && are_few && !_data.design.is_sparse())
            all = static_cast<double>(_model.size() + static_cast<Index>(wanted.size())) >
                  most_share * static_cast<double>(n_pairs);
        if (all) {
            wanted.clear();
            for (Index k = 0; k < n_classes(); ++k)
                for (Index j = 0; j < _data.cols(); ++j)
                    if (_checks[k].screening().is_candidate(j)) wanted.push_back({k, j});
        }
        append(wanted);
    }

    void announced(Index k, std::vector<ClassFeature>& wanted) {
        constexpr double nearly = 0.97;
        const double end = l1();
        const Batch& batch = _batches[k];
        const double last = batch.l1[batch.last()], step = batch.l1[batch.before()] - last;
        const double beyond = step > 0.0 ? (last - end) / step : 0.0;
        double limit = nearly * end;
        // Nothing is known of how correlations change: nearly all that may matter, if X is not
        // wide.
        if (step == 0.0 && _data.cols() <= 2 * _data.rows())
            limit = std::min(limit, 2.0 * end - last);
        Screening& screening = _checks[k].screening();
        for (const auto& [value, j] : screening.extrapolated(_runtime, batch, beyond, limit))
            if (screening.is_candidate(j)) wanted.push_back({k, j});
    }

    void append(const std::vector<ClassFeature>& wanted) {
        if (wanted.empty()) return;
        for (const ClassFeature& each : wanted)
            _checks[each.of_class].screening().drop(each.feature);
        _model.append(wanted);
        _history.for_each([this](MultinomialPoint& point) { extend(point); });
        extend(_descent.best);
    }

    /// Zero coefficients and correlations for the pairs that a point does not know yet.
    void extend(MultinomialPoint& point) {
        const auto known = static_cast<Index>(point.gradient.size());
        if (point.u.empty() || known == _model.size()) return;
        point.coef.resize(_model.size(), 0.0);
        point.gradient.resize(_model.size());
        for (Index k = 0; k < n_classes(); ++k) {
            std::vector<Index> slots, columns;
            for (Index slot = known; slot < _model.size(); ++slot) {
                if (_model.of_class(static_cast<int>(slot)) != k) continue;
                slots.push_back(slot);
                columns.push_back(_model.feature(static_cast<int>(slot)));
            }
            if (columns.empty()) continue;
            const double* u = point.u.data() + k * _data.rows();
            std::vector<double> products(columns.size());
            _data.design.products(_runtime, columns, u, 1, products.data(),
                                  static_cast<Index>(columns.size()));
            const double sum = _runtime.simd.f64.sum(_data.rows(), u);
            for (std::size_t i = 0; i < columns.size(); ++i)
                point.gradient[slots[i]] =
                    (products[i] - _data.mean[columns[i]] * sum) / _data.scale[columns[i]];
        }
    }

    /// The last solution stays beside the present one, as a reference for the bound.
    void shift_batches() {
        for (Batch& batch : _batches) {
            std::copy_n(batch.residual(batch.last()), _data.rows(), batch.residual(0));
            batch.l1[0] = batch.l1[batch.last()];
            batch.l1[1] = l1();
            batch.size = 2;
        }
    }

    /// Checks the pairs that are not active. @return whether some had to be appended
    bool append_violators() {
        std::vector<std::pair<double, ClassFeature>> found;
        for (Index k = 0; k < n_classes(); ++k) {
            copy_residual(_descent.best, k, 1);
            for (const auto& [excess, j] : _checks[k].check(_batches[k], 1).columns)
                found.push_back({excess, {k, j}});
        }
        if (found.empty()) return false;
        _counts.violators += static_cast<Index>(found.size());
        std::stable_sort(found.begin(), found.end(),
                         [](const auto& a, const auto& b) { return a.first > b.first; });
        const auto most = static_cast<std::size_t>(std::max<Index>(60, _model.size()));
        std::vector<ClassFeature> wanted;
        for (std::size_t i = 0; i < std::min(found.size(), most); ++i)
            wanted.push_back(found[i].second);
        append(wanted);
        go_on();
        return true;
    }

    Certificate certificate() const {
        const MultinomialPoint& point = _descent.best;
        CertificateSum sum;
        sum.start(_descent.l1, _descent.l2, std::sqrt(_data.target_square));
        for (int s = 0; s < static_cast<int>(_model.size()); ++s)
            sum.add(point.gradient[s], point.coef[s], _model.slots().penalty_factor(s),
                    _model.slots().lower(s), _model.slots().upper(s), _model.norm(s));
        double outside = 0.0;
        for (const ColumnCheck& check : _checks)
            outside = std::max(outside, check.largest_outside(1));
        sum.add_rest(outside);
        return sum.result(point.loss - _loop.likelihood().saturated(), [&](double rest) {
            return _model.conjugate_distance(point, rest, 0.01 * _task.tol * _null.loss);
        });
    }

    /// u over the root of the weights: the residual of the scaled problem.
    void copy_residual(const MultinomialPoint& point, Index k, Index q) {
        const double* u = point.u.data() + k * _data.rows();
        double* out = _batches[k].residual(q);
        for (Index i = 0; i < _data.rows(); ++i)
            out[i] = u[i] == 0.0 ? 0.0 : u[i] / _data.root_weight[i];
    }

    /// Moves a solved alpha to the result.
    void record(PathResult& result) {
        _rounds += _descent.rounds();
        if (!_visited[_at].asked) return;
        const MultinomialPoint& point = _descent.best;
        std::vector<std::pair<int, double>> coef;
        for (int s = 0; s < static_cast<int>(point.coef.size()); ++s) {
            if (point.coef[s] == 0.0) continue;
            const Index j = _model.feature(s);
            const auto number = static_cast<int>(_model.of_class(s) * _data.cols() + j);
            coef.emplace_back(number, _limits.within_bounds(j, point.coef[s] / _data.scale[j]));
        }
        centre_unpenalised(coef);
        std::sort(coef.begin(), coef.end());
        PerClass intercept = point.intercept;
        for (const auto& [number, value] : coef) {
            intercept.values[number / _data.cols()] -= _data.mean[number % _data.cols()] * value;
            result.features.push_back(number);
            result.values.push_back(value);
        }
        const bool unpenalised = _descent.l1 + _descent.l2 == 0.0;
        const double violation = _certificate.kkt_violation / _violation_unit;
        const double gap = _certificate.dual_gap / _null.loss;
        result.starts.push_back(static_cast<Index>(result.features.size()));
        push_intercepts(intercept, result);
        result.loss.push_back(_certificate.loss);
        result.dual_gap.push_back(
            unpenalised || _separated ? std::numeric_limits<double>::quiet_NaN() : gap);
        result.kkt_violation.push_back(violation);
        result.rounds.push_back(std::exchange(_rounds, 0));
        result.status.push_back(status_of(unpenalised ? violation : gap));
    }

    /// Of the coefficients that differ by the same number for all classes, those that sum to 0.
    void centre_unpenalised(std::vector<std::pair<int, double>>& coef) const {
        const auto p = static_cast<int>(_data.cols());
        std::vector<double> sums(p, 0.0);
        bool any = false;
        for (const auto& [number, value] : coef) {
            const int j = number % p;
            if (_limits.is_free(j) && !has_bounds(j)) {
                sums[j] += value;
                any = true;
            }
        }
        if (!any) return;
        const auto K = static_cast<int>(n_classes());
        std::vector<double> dense(static_cast<std::size_t>(K) * p, 0.0);
        for (const auto& [number, value] : coef) dense[number] = value;
        coef.clear();
        for (int number = 0; number < K * p; ++number) {
            const double value = dense[number] - sums[number % p] / K;
            if (value != 0.0) coef.emplace_back(number, value);
        }
    }

    void push_intercepts(const PerClass& intercept, PathResult& result) const {
        double mean = 0.0;
        if (_loop.likelihood().fits_intercept())
            for (const double each : intercept.values)
                mean += each / static_cast<double>(n_classes());
        for (const double each : intercept.values) result.intercepts.push_back(each - mean);
    }

    /// @param distance from optimal, to be compared with the tolerance
    Status status_of(double distance) const {
        if (_separated) return Status::separated;
        if (distance <= _task.tol) return is_null() ? Status::null_model : Status::converged;
        return _descent.status() == Status::max_rounds ? Status::max_rounds : Status::stalled;
    }

    /// A target that the null model fits exactly: nothing to solve.
    void record_constant(PathResult& result) const {
        for (std::size_t i = 0; i < _task.alphas.size(); ++i) {
            result.starts.push_back(static_cast<Index>(result.features.size()));
            push_intercepts(_null.intercept, result);
            for (auto* zeros : {&result.loss, &result.dual_gap, &result.kkt_violation})
                zeros->push_back(0.0);
            result.status.push_back(Status::constant_target);
            result.rounds.push_back(0);
        }
    }

    const Runtime& _runtime;
    const ScaledColumns& _data;
    const MultinomialNull& _null;
    const PathTask& _task;
    FeatureLimits _limits;
    MultinomialLoop<Columns> _loop;
    MultinomialModel<Columns>& _model;
    std::vector<ColumnCheck> _checks;  ///< of each class
    std::vector<Batch> _batches;       ///< of each class: the solution before, and the present one
    BasicLinearTermHistory<MultinomialPoint> _history;
    bool _wants_refresh = false;
    std::vector<VisitedAlpha> _visited;
    Index _at = 0;      ///< the present one
    Index _rounds = 0;  ///< on the way to the next alpha that was asked for
    bool _is_polished = false;
    MultinomialDescent _descent;
    Certificate _certificate{};
    Status _null_status = Status::converged;
    bool _separated = false;       ///< what is not penalised has no finite best fit
    double _alpha_max = 0.0;       ///< at l1_ratio 1
    double _violation_unit = 1.0;  ///< alpha_max, or if that is 0 what stands in
    Counts _counts;
};

}  // namespace shrinkage
