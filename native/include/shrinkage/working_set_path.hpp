#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/active_set.hpp"
#include "shrinkage/certificate.hpp"
#include "shrinkage/column_check.hpp"
#include "shrinkage/visited_alphas.hpp"
#include "shrinkage/working_set.hpp"

namespace shrinkage {

/// A path on a working set of columns. Several alphas are solved ahead; one check then asks which
/// columns outside the working set could violate the optimality conditions at any of them, reads
/// only those, appends the violators, and solves again where something was violated. Columns that
/// were not read are certified by the bound of Screening.
/// @tparam Slots DenseSlots or SparseSlots
template <class Slots>
class WorkingSetPath {
public:
    WorkingSetPath(const Runtime& runtime, const ScaledColumns& data, const PathTask& task)
        : _runtime(runtime),
          _data(data),
          _task(task),
          _limits(data, task),
          _working_set(runtime, data, _limits),
          _active(runtime, _working_set.slots(),
                  task.l1_ratio < 1.0 ? Method::cholesky : Method::inverse,
                  {task.max_rounds, data.rank_limit, data.target_norm()}),
          _check(runtime, data, _limits),
          _batch(data.rows()) {}

    /// z_j' times the residual of the null model (intercept and features of penalty factor 0); 0
    /// for columns without spread.
    std::vector<double> null_correlations() {
        for (Index j = 0; j < _data.cols(); ++j)
            if (_limits.is_free(j)) _working_set.append(j);
        if (_working_set.size() == 0) return _data.correlation;
        _active.slots_added();
        _active.solve_null();
        return _check.correlations_of_all(residual().data());
    }

    /// Appends one row for each alpha of the task.
    void run(PathResult& result) {
        if (_data.target_square == 0.0) return record_constant(result);
        start();
        for (_first = 0; _first < n_visited(); _first += _batch.size) {
            const Index size = size_of_batch();
            append_announced(l1(_first + size - 1));
            _batch.size = size;
            for (Index q = 0; q < size; ++q) solve(q);
            settle();
            for (Index q = 0; q < size; ++q) record(q, result);
            ++_counts.batches;
        }
        _counts.column_products = _check.columns_read();
        _counts.working_set = _working_set.size();
        result.counts += _counts;
        result.counts += _active.counts();
    }

private:
    /// One alpha solved on the working set, waiting for the check of the other columns.
    struct Point {
        std::vector<std::pair<int, double>> coef;  ///< feature and value, original units
        bool any_penalised = false;
        Status status = Status::converged;
        Index rounds = 0;
        double residual_square = 0.0;
        CertificateSum certificate;
    };

    std::span<const double> residual() { return _working_set.slots().residual(); }
    double l1(Index position) const { return _visited[position].alpha * _task.l1_ratio; }
    Index n_visited() const { return static_cast<Index>(_visited.size()); }

    void start() {
        const std::vector<double> correlations = null_correlations();
        const double* null_residual =
            _working_set.size() == 0 ? _data.target.data() : residual().data();
        _alpha_max = _check.start(correlations, null_residual);
        _visited = visit(_task.alphas, _task.l1_ratio > 0.0 ? _alpha_max / _task.l1_ratio : 0.0);
        // The null model stands for the batch before the first one.
        _batch.size = 1;
        std::copy_n(null_residual, _data.rows(), _batch.residual(0));
    }

    /// Far from the first alpha of a batch, solving ahead would work on a poor working set.
    Index size_of_batch() const {
        constexpr double farthest = 0.4;
        const Index left = n_visited() - _first;
        Index size = 1;
        while (size < std::min(left, Batch::capacity) && l1(_first + size) >= farthest * l1(_first))
            ++size;
        return size;
    }

    void append(Index j) {
        if (!_check.screening().is_candidate(j)) return;
        _check.screening().drop(j);
        _working_set.append(j);
    }

    /// Appends what the last two solved alphas, extrapolated, announce for the end of the batch.
    void append_announced(double end) {
        constexpr double nearly = 0.97;
        const double step = _batch.l1[_batch.before()] - _batch.l1[_batch.last()];
        const double beyond = step > 0.0 ? (_batch.l1[_batch.last()] - end) / step : 0.0;
        append_largest(_check.screening().extrapolated(_runtime, _batch, beyond, nearly * end),
                       end);
    }

    /// A column too many costs a copy, and a product in every round, so not all may come at once.
    void append_largest(std::vector<std::pair<double, Index>> columns, double l1) {
        const std::size_t most = std::max<std::size_t>(60, 2 * _active.features().size() + 20);
        std::sort(columns.begin(), columns.end(), [](const auto& a, const auto& b) {
            return a.first > b.first || (a.first == b.first && a.second < b.second);
        });
        if (columns.size() > most && l1 > 0.0) columns.resize(most);
        for (const auto& column : columns) append(column.second);
        _active.slots_added();
    }

    /// Solves one alpha of the batch on the working set.
    void solve(Index q) {
        _runtime.interrupt.check();
        const double alpha = _visited[_first + q].alpha;
        const double l2 = alpha * (1.0 - _task.l1_ratio) / _data.tau;
        Point& point = _points[q];
        _batch.l1[q] = l1(_first + q);
        point.status = _active.solve(_batch.l1[q], l2);
        point.rounds += _active.rounds_of_last();
        std::copy_n(residual().data(), _data.rows(), _batch.residual(q));
        point.certificate.start(_batch.l1[q], l2, _active.magnitude());
        read_coef(point);
        const double* r = _batch.residual(q);
        point.residual_square = _runtime.simd.f64.dot(_data.rows(), r, r);
    }

    /// Takes coefficients and correlations of all slots into the point and its certificate.
    void read_coef(Point& point) {
        const Slots& slots = _working_set.slots();
        _coef.assign(_working_set.size(), 0.0);
        for (std::size_t i = 0; i < _active.features().size(); ++i)
            _coef[_active.features()[i]] = _active.coef()[i];
        for (const auto& fixed : _active.at_bound()) _coef[fixed.slot] = fixed.value;
        point.coef.clear();
        point.any_penalised = false;
        for (int slot = 0; slot < slots.size(); ++slot) {
            point.certificate.add(_active.correlations()[slot], _coef[slot],
                                  slots.penalty_factor(slot), slots.lower(slot), slots.upper(slot),
                                  slots.rounding(slot));
            const Index j = _working_set.feature(slot);
            const double coef = _limits.within_bounds(j, _coef[slot] / _data.scale[j]);
            if (coef == 0.0) continue;
            point.coef.emplace_back(static_cast<int>(j), coef);
            point.any_penalised = point.any_penalised || slots.penalty_factor(slot) > 0.0;
        }
        std::sort(point.coef.begin(), point.coef.end());
    }

    /// Checks the batch, and solves again from the first violated alpha on, until nothing violates.
    void settle() {
        ColumnCheck::Violators violators = _check.check(_batch, 0);
        while (violators.first < _batch.size) {
            const Index first = violators.first;
            _counts.violators += static_cast<Index>(violators.columns.size());
            append_largest(std::move(violators.columns), _batch.l1[_batch.last()]);
            // Backwards, so that each alpha starts from its neighbour.
            for (Index q = _batch.last(); q >= first; --q) solve(q);
            _counts.resolved += _batch.size - first;
            violators = _check.check(_batch, first);
        }
    }

    /// Moves a checked point to the result.
    void record(Index q, PathResult& result) {
        Point& point = _points[q];
        _rounds += std::exchange(point.rounds, 0);
        if (!_visited[_first + q].asked) return;
        point.certificate.add_rest(_check.largest_outside(q));
        const Certificate certificate = point.certificate.result(point.residual_square);
        const double null_loss = _data.target_square / 2.0;
        double intercept = _data.y_mean;
        for (const auto& [feature, value] : point.coef) {
            result.features.push_back(feature);
            result.values.push_back(value);
            intercept -= _data.mean[feature] * value;
        }
        result.starts.push_back(static_cast<Index>(result.features.size()));
        result.intercepts.push_back(intercept);
        result.loss.push_back(certificate.loss);
        result.dual_gap.push_back(certificate.dual_gap / null_loss);
        result.kkt_violation.push_back(_alpha_max > 0.0 ? certificate.kkt_violation / _alpha_max
                                                        : 0.0);
        result.status.push_back(status_of(point, q, certificate.dual_gap / null_loss));
        result.rounds.push_back(std::exchange(_rounds, 0));
    }

    Status status_of(const Point& point, Index q, double dual_gap) const {
        const bool null_model = _batch.l1[q] > 0.0 && !point.any_penalised &&
                                _batch.l1[q] >= _alpha_max * (1.0 - 1e-12);
        if (null_model) return Status::null_model;
        if (dual_gap <= _task.tol) return Status::converged;
        return point.status == Status::max_rounds ? Status::max_rounds : Status::stalled;
    }

    /// A target that the null model fits exactly: nothing to solve.
    void record_constant(PathResult& result) const {
        for (std::size_t i = 0; i < _task.alphas.size(); ++i) {
            result.starts.push_back(static_cast<Index>(result.features.size()));
            result.intercepts.push_back(_data.y_mean);
            for (auto* zeros : {&result.loss, &result.dual_gap, &result.kkt_violation})
                zeros->push_back(0.0);
            result.status.push_back(Status::constant_target);
            result.rounds.push_back(0);
        }
    }

    const Runtime& _runtime;
    const ScaledColumns& _data;
    const PathTask& _task;
    FeatureLimits _limits;
    WorkingSet<Slots> _working_set;
    ActiveSet<Slots> _active;
    ColumnCheck _check;
    Batch _batch;
    std::vector<VisitedAlpha> _visited;
    Index _first = 0;   ///< position of the batch's first alpha
    Index _rounds = 0;  ///< on the way to the next alpha that was asked for
    std::array<Point, Batch::capacity> _points;
    std::vector<double> _coef;  ///< of all slots, scaled problem
    double _alpha_max = 0.0;    ///< at l1_ratio 1
    Counts _counts;
};

}  // namespace shrinkage
