#pragma once
#include <span>
#include <vector>

#include "shrinkage/working_set_path.hpp"

namespace shrinkage {

/// A problem for the working-set plan: X is read in place, once for the scales, and later only in
/// columns that matter.
class WorkingSetProblem {
public:
    /// @param design must have columns, and outlive the problem
    /// @param weights one per row, summing to 1; empty means 1/rows each
    WorkingSetProblem(const Runtime& runtime, const Design& design, std::span<const double> y,
                      std::span<const double> weights, bool fit_intercept, bool standardize)
        : _y(y.begin(), y.end()),
          _fit_intercept(fit_intercept),
          _standardize(standardize),
          _columns(scale_columns(runtime, design, y, weights, fit_intercept, standardize)) {}

    const ScaledColumns& columns() const { return _columns; }
    std::span<const double> y() const { return _y; }
    double null_loss() const { return _columns.target_square / 2.0; }
    /// Bytes held: six figures a column, four a row.
    double nbytes() const {
        return 8.0 * (6.0 * static_cast<double>(_columns.cols()) +
                      4.0 * static_cast<double>(_columns.rows()));
    }

    /// The same problem with other weights, scaled by them.
    WorkingSetProblem reweighted(const Runtime& runtime, std::span<const double> weights) const {
        return {runtime, _columns.design, _y, weights, _fit_intercept, _standardize};
    }

    /// z_j' times the residual of the null model. The task's alphas do not matter.
    std::vector<double> null_correlations(const Runtime& runtime, const PathTask& task) const {
        if (_columns.design.is_sparse())
            return WorkingSetPath<SparseSlots>(runtime, _columns, task).null_correlations();
        return WorkingSetPath<DenseSlots>(runtime, _columns, task).null_correlations();
    }

    /// One row for each alpha of the task.
    PathResult path(const Runtime& runtime, const PathTask& task) const {
        PathResult result;
        const std::size_t n_alphas = task.alphas.size();
        if (task.l1_ratio == 1.0 || n_alphas == 0 || task.alphas.back() > 0.0) {
            add_path(runtime, task, result);
            return result;
        }
        // Features that l2 let in may depend on each other; without a penalty they must enter anew.
        PathTask penalised = task, unpenalised = task;
        penalised.alphas = task.alphas.first(n_alphas - 1);
        unpenalised.alphas = task.alphas.last(1);
        unpenalised.l1_ratio = 1.0;
        add_path(runtime, penalised, result);
        add_path(runtime, unpenalised, result);
        return result;
    }

private:
    void add_path(const Runtime& runtime, const PathTask& task, PathResult& result) const {
        if (_columns.design.is_sparse())
            WorkingSetPath<SparseSlots>(runtime, _columns, task).run(result);
        else
            WorkingSetPath<DenseSlots>(runtime, _columns, task).run(result);
    }

    std::vector<double> _y;
    bool _fit_intercept, _standardize;
    ScaledColumns _columns;
};

}  // namespace shrinkage
