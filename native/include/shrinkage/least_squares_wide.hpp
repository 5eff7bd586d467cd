#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/least_squares.hpp"
#include "shrinkage/wide_problem.hpp"

namespace shrinkage {

/// Least squares without a penalty where rows are nearly dependent: as LeastSquares, in the space
/// of the rows. Eigenvectors T of the kernel, combined so that (Z'T C)'(Z'T C) = 1, give A = T C
/// and
///
///     t = Z'A A'y
///
/// of which a few more steps on the residual, taken from X itself, leave only rounding.
class WideLeastSquares {
public:
    /// @param set columns with their scales, no penalty factors @param kernel theirs, on training
    /// rows @param norm |z_j| of every column of the design
    WideLeastSquares(const Runtime& runtime, const ColumnSet& set, const TrainingRows& training,
                     std::span<const double> norm, std::vector<double> kernel)
        : _runtime(runtime), _set(set), _training(training), _norm(norm) {
        const Blas& blas = runtime.blas;
        const Coordinates rows = coordinates_of(blas, training.size(), std::move(kernel));
        const Separation parts =
            separate(blas,
                     squares_in_columns(runtime, set,
                                        on_all_rows(training, set.design.rows(), rows.vectors)),
                     rows.assumed);
        _rank = parts.rank;
        _within = rows.times(blas, parts.within);
        _unreached = rows.times(blas, parts.null);
    }

    Index rank() const { return _rank; }

    /// The shortest of all solutions in original units, after solve().
    const std::vector<double>& coef() const { return _coef; }

    /// The dual vectors are left out: they would have to be longer than their digits allow.
    KernelSolutions solve() {
        constexpr int max_steps = 10;
        constexpr double enough = 1e-26;  // of |y|^2
        const Index n = _training.size();
        std::vector<double> reached = _training.target;
        detail::take_away(_runtime.blas, n, _unreached, reached);
        // The first step may leave more than it takes: its error is the rounding of long vectors.
        // The next ones are steps on that error.
        std::vector<double> scaled(_set.size(), 0.0), now = scaled, residual = reached;
        std::vector<double> left = _training.target, best_left = left, best = reached;
        for (int step = 0; step < max_steps && squared(best) > enough * squared(_training.target);
             ++step) {
            add_step(residual, now);
            left = _training.target;
            subtract_fit(now, left);
            residual = left;
            detail::take_away(_runtime.blas, n, _unreached, residual);
            if (squared(residual) < squared(best)) {
                best = residual;
                best_left = left;
                scaled = now;
            }
        }
        for (Index j = 0; j < _set.size(); ++j) scaled[j] *= _set.factor[j];
        _coef = std::move(scaled);
        double square = squared(best);
        std::vector<double> unreached = best_left;
        for (Index i = 0; i < n; ++i) unreached[i] -= best[i];
        if (is_in_a_column(unreached)) square += squared(unreached);
        KernelSolutions solution;
        solution.loss = {squared(best_left) / 2.0};
        solution.dual_gap = {square / 2.0};
        solution.violation = {std::sqrt(square) * _training.longest};
        return solution;
    }

private:
    static double squared(const std::vector<double>& values) {
        double sum = 0.0;
        for (const double value : values) sum += value * value;
        return sum;
    }

    /// Whether what the kernel calls out of reach is in fact in the reach of a column, one that is
    /// too short to show in the kernel.
    bool is_in_a_column(const std::vector<double>& values) const {
        constexpr double no_part = 1e-11;
        const double square = squared(values);
        if (square <= no_part * no_part * squared(_training.target)) return false;
        const std::vector<double> products =
            column_products(_runtime, _set, on_all_rows(_training, _set.design.rows(), values));
        for (Index j = 0; j < _set.size(); ++j)
            if (std::abs(products[j]) > no_part * std::sqrt(square) * _norm[_set.columns[j]])
                return true;
        return false;
    }

    /// scaled += Z'A A'residual
    void add_step(const std::vector<double>& residual, std::vector<double>& scaled) const {
        const Index n = _training.size();
        std::vector<double> along(_rank), dual(n);
        multiply(_runtime.blas, 'T', _rank, n, 1, _within.data(), n, residual.data(), n, 1.0, 0.0,
                 along.data(), _rank);
        multiply(_runtime.blas, 'N', n, _rank, 1, _within.data(), n, along.data(), _rank, 1.0, 0.0,
                 dual.data(), n);
        const std::vector<double> step =
            column_products(_runtime, _set, on_all_rows(_training, _set.design.rows(), dual));
        for (Index j = 0; j < _set.size(); ++j) scaled[j] += step[j];
    }

    /// residual -= Z scaled
    void subtract_fit(const std::vector<double>& scaled, std::vector<double>& residual) const {
        const std::vector<double> fit = combine_columns(_runtime, _set, scaled);
        for (Index i = 0; i < _training.size(); ++i)
            residual[i] -= _training.root_weight[i] * fit[_training.rows[i]];
    }

    const Runtime& _runtime;
    const ColumnSet& _set;
    const TrainingRows& _training;
    std::span<const double> _norm;
    std::vector<double> _within;     ///< A, rows x rank
    std::vector<double> _unreached;  ///< combinations of rows that no column has a part in
    std::vector<double> _coef;
    Index _rank = 0;
};

}  // namespace shrinkage
