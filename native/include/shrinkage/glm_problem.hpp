#pragma once
#include <span>
#include <vector>

#include "shrinkage/glm_path.hpp"
#include "shrinkage/sparse_rows.hpp"
#include "shrinkage/tiled_columns.hpp"

namespace shrinkage {

/// A generalised linear model: its responses, its null model, and what one pass over X tells.
class GlmProblem {
public:
    /// @param design must have columns, and outlive the problem
    /// @param weights one per row, summing to 1; empty means 1/rows each @param offset empty: 0
    GlmProblem(const Runtime& runtime, const Design& design, Family::Name family,
               std::span<const double> y, std::span<const double> weights,
               std::span<const double> offset, bool fit_intercept, bool standardize)
        : _family(family),
          _standardize(standardize),
          _likelihood(Family(family, runtime.simd), y, all_weights(design, weights), offset,
                      fit_intercept),
          _null(fit_null_model(runtime, _likelihood)),
          _columns(
              scale_columns(runtime, design, _null.residual, weights, fit_intercept, standardize)) {
        _columns.tau = 1.0;
    }

    const ScaledColumns& columns() const { return _columns; }
    const Likelihood& likelihood() const { return _likelihood; }
    const NullModel& null() const { return _null; }

    /// The same problem with other weights, scaled by them.
    GlmProblem reweighted(const Runtime& runtime, std::span<const double> weights) const {
        return {runtime,
                _columns.design,
                _family,
                _likelihood.y(),
                weights,
                _likelihood.offset(),
                _likelihood.fits_intercept(),
                _standardize};
    }

    /// The same problem on some of its rows, scaled by them.
    /// @param design X of these rows, which must outlive what is returned
    /// @param weights one per row that was selected, summing to 1
    GlmProblem selected(const Runtime& runtime, const Design& design, std::span<const int> rows,
                        std::span<const double> weights) const {
        std::vector<double> y, offset;
        for (const int i : rows) {
            y.push_back(_likelihood.y()[i]);
            offset.push_back(_likelihood.offset()[i]);
        }
        return {runtime,     design, _family, y, weights, offset, _likelihood.fits_intercept(),
                _standardize};
    }

    /// z_j'u of the model of intercept, offset and features of penalty factor 0. The task's alphas
    /// do not matter.
    std::vector<double> null_correlations(const Runtime& runtime, const PathTask& task) const {
        if (_columns.design.is_sparse())
            return path_of<SparseRows>(runtime, task).null_correlations();
        return path_of<TiledColumns>(runtime, task).null_correlations();
    }

    /// One row for each alpha of the task.
    PathResult path(const Runtime& runtime, const PathTask& task) const {
        PathResult result;
        if (_columns.design.is_sparse())
            path_of<SparseRows>(runtime, task).run(result);
        else
            path_of<TiledColumns>(runtime, task).run(result);
        return result;
    }

private:
    template <class Columns>
    GlmPath<Columns> path_of(const Runtime& runtime, const PathTask& task) const {
        return GlmPath<Columns>(runtime, _columns, _likelihood, _null, task);
    }

    static std::vector<double> all_weights(const Design& design, std::span<const double> weights) {
        const auto rows = static_cast<std::size_t>(design.rows());
        if (!weights.empty()) return {weights.begin(), weights.end()};
        return std::vector<double>(rows, 1.0 / static_cast<double>(rows));
    }

    Family::Name _family;
    bool _standardize;
    Likelihood _likelihood;
    NullModel _null;
    ScaledColumns _columns;
};

}  // namespace shrinkage
