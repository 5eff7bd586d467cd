#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/wide_problem.hpp"

namespace shrinkage {

/// What rounding of the kernel may hide of one point, as a dual gap: the check of
/// solve_kernel_ridge uses the kernel that it judges. @param dual_square |a|^2
inline double gap_of_rounding(const KernelBasis& basis, double l2, double dual_square) {
    const double largest = basis.curvature.empty() ? 0.0 : basis.curvature.back();
    double cross = 0.0;  // the kernel itself may be larger than what the free features leave of it
    for (const double each : basis.free_cross) cross += each * each;
    const double rounding =
        4.0 * std::numeric_limits<double>::epsilon() * (largest + std::sqrt(cross));
    return rounding * rounding * dual_square * (largest / l2 + 1.0) / 2.0;
}

/// Refines points of ridge on X itself where columns of very different lengths leave too few digits
/// in the kernel. With t = V^-1/2 Z'a and rho = y - Z t - l2 a, all from the columns of X,
///
///     P - D = |V^-1/2 Z'rho|^2 / (2 l2)
class KernelRefinement {
public:
    /// @param set penalised columns with their scales and penalty factors
    KernelRefinement(const Runtime& runtime, const ColumnSet& set, const TrainingRows& training,
                     const KernelBasis& basis)
        : _runtime(runtime), _set(set), _training(training), _basis(basis) {}

    /// Takes the best of a few steps for each point whose gap may be larger than the kernel says.
    /// @param worth a dual gap that rounding may hide
    void run(std::span<const double> l2, double worth, KernelSolutions& solutions) const {
        const Index n = _training.size();
        for (Index k = 0; k < static_cast<Index>(l2.size()); ++k) {
            double* dual = solutions.dual.data() + k * n;
            double square = 0.0;
            for (Index i = 0; i < n; ++i) square += dual[i] * dual[i];
            if (gap_of_rounding(_basis, l2[k], square) + solutions.dual_gap[k] > worth)
                refine(k, l2[k], worth, solutions);
        }
    }

private:
    struct Point {
        std::vector<double> dual, free_left, left, rest;  ///< a, M_F'(y - Z t), y - Z t, rho
        double gap;
    };

    void refine(Index k, double l2, double worth, KernelSolutions& solutions) const {
        constexpr int max_steps = 6;
        const Index n = _training.size();
        double* dual = solutions.dual.data() + k * n;
        Point best = look({dual, dual + n}, l2);
        for (int step = 0; step < max_steps && best.gap > 1e-3 * worth; ++step) {
            std::vector<double> next = best.dual, along(_basis.rank());
            multiply(_runtime.blas, 'T', _basis.rank(), n, 1, _basis.vectors.data(), n,
                     best.rest.data(), n, 1.0, 0.0, along.data(), _basis.rank());
            detail::add_dual(_runtime.blas, _basis, {&l2, 1}, std::move(along), next);
            Point point = look(std::move(next), l2);
            const bool slow = point.gap > 0.5 * best.gap;
            if (point.gap < best.gap) best = std::move(point);
            if (slow) break;
        }
        std::ranges::copy(best.dual, dual);
        solutions.dual_gap[k] = best.gap;
        solutions.violation[k] = std::sqrt(2.0 * l2 * best.gap);
        double loss = 0.0;
        for (const double each : best.left) loss += each * each;
        solutions.loss[k] = loss / 2.0;
        const Index n_free = _basis.n_free();
        if (n_free == 0) return;
        for (Index i = 0; i < n_free; ++i) best.free_left[i] /= _basis.free_curvature[i];
        multiply(_runtime.blas, 'N', n, n_free, 1, _basis.free_vectors.data(), n,
                 best.free_left.data(), n_free, 1.0, 0.0, solutions.free_dual.data() + k * n, n);
    }

    Point look(std::vector<double> dual, double l2) const {
        const Index n = _training.size(), rows = _set.design.rows();
        const std::vector<double> scaled =
            column_products(_runtime, _set, on_all_rows(_training, rows, dual));
        const std::vector<double> fit = combine_columns(_runtime, _set, scaled);
        Point point{
            std::move(dual), std::vector<double>(_basis.n_free()), _training.target, {}, 0.0};
        for (Index i = 0; i < n; ++i)
            point.left[i] -= _training.root_weight[i] * fit[_training.rows[i]];
        multiply(_runtime.blas, 'T', _basis.n_free(), n, 1, _basis.free_vectors.data(), n,
                 point.left.data(), n, 1.0, 0.0, point.free_left.data(), _basis.n_free());
        detail::project_out(_runtime.blas, n, _basis.free_vectors, _basis.n_free(), 1,
                            point.left.data());
        point.rest = point.left;
        for (Index i = 0; i < n; ++i) point.rest[i] -= l2 * point.dual[i];
        const std::vector<double> hidden =
            column_products(_runtime, _set, on_all_rows(_training, rows, point.rest));
        for (const double each : hidden) point.gap += each * each;
        point.gap /= 2.0 * l2;
        return point;
    }

    const Runtime& _runtime;
    const ColumnSet& _set;
    const TrainingRows& _training;
    const KernelBasis& _basis;
};

}  // namespace shrinkage
