#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/kernel_refinement.hpp"
#include "shrinkage/least_squares_wide.hpp"
#include "shrinkage/ridge_path.hpp"

namespace shrinkage {

/// Ridge at all alphas (decreasing, >= 0) from one decomposition of rows x rows; one more for
/// alpha = 0, where all features are free and the shortest of all solutions is taken. X is read
/// twice, and more often only where columns are of very different lengths.
class WideRidge {
public:
    WideRidge(const Runtime& runtime, const Design& design, std::span<const double> y,
              std::span<const double> weights, bool fit_intercept, bool standardize,
              std::span<const double> penalty_factor)
        : _runtime(runtime),
          _data(scale_columns(runtime, design, y, weights, fit_intercept, standardize)),
          _terms(wide_terms(_data, penalty_factor)),
          _training(training_rows(_data, fit_intercept)),
          _penalty_factor(penalty_factor) {}

    PathResult path(std::span<const double> alphas) {
        const Index m = static_cast<Index>(alphas.size());
        if (_training.null_loss == 0.0) return constant_target_path(m, _data.y_mean);
        const std::vector<double> l2 = positive_strengths(alphas, _training.tau);
        const bool with_zero = static_cast<Index>(l2.size()) < m;
        RowKernels kernels = row_kernels(_runtime, _terms, with_zero);
        std::vector<double> plain = with_zero ? kernels.unpenalised() : std::vector<double>{};
        PathResult path;
        path.counts.factorised = 1 + (_terms.free.size() > 0) + with_zero;
        append_penalised(
            penalised_basis(_runtime.blas, std::move(kernels), _data.rows(), _training), l2, path);
        if (with_zero) append_unpenalised(std::move(plain), path);
        path.counts.column_products = _products;
        return path;
    }

private:
    double refine_above() const { return RidgeTolerances::refine * _training.null_loss; }

    std::vector<double> coefficients(const ColumnSet& set, const std::vector<double>& dual) {
        _products += set.size() * static_cast<Index>(dual.size()) / _training.size();
        return shrinkage::coefficients(_runtime, set, _training, dual);
    }

    void append_penalised(const KernelBasis& basis, const std::vector<double>& l2,
                          PathResult& path) {
        const Index n_penalised = _terms.penalised.size(), n_free = _terms.free.size();
        KernelSolutions solutions = solve_kernel_ridge(_runtime.blas, basis, l2, refine_above());
        KernelRefinement(_runtime, _terms.penalised, _training, basis)
            .run(l2, RidgeTolerances::doubt * _training.null_loss, solutions);
        std::vector<double> dual = solutions.dual;
        dual.insert(dual.end(), basis.target.begin(), basis.target.end());
        const std::vector<double> penalised = coefficients(_terms.penalised, dual);
        const std::vector<double> free =
            n_free > 0 ? coefficients(_terms.free, solutions.free_dual) : std::vector<double>{};

        const Index m = static_cast<Index>(l2.size());
        double largest_root = 0.0;
        for (Index i = 0; i < n_penalised; ++i) {
            const Index j = _terms.penalised.columns[i];
            const double scale = _data.scale[j], factor = _penalty_factor[j];
            _unit = std::max(_unit, std::abs(penalised[m * n_penalised + i]) * scale);
            largest_root = std::max(largest_root, std::sqrt(factor));
        }
        const std::vector<int> features = penalised_then_free();
        PointWriter writer(features, means(features), _data.y_mean, path);
        std::vector<double> coef(n_penalised + n_free);
        for (Index k = 0; k < m; ++k) {
            std::copy_n(penalised.begin() + k * n_penalised, n_penalised, coef.begin());
            std::copy_n(free.begin() + k * n_free, n_free, coef.begin() + n_penalised);
            writer.append(coef.data(), solutions.loss[k],
                          solutions.dual_gap[k] / _training.null_loss,
                          relative(solutions.violation[k] * largest_root), false);
        }
    }

    void append_unpenalised(std::vector<double> kernel, PathResult& path) {
        const double none = 0.0;
        KernelSolutions solutions;
        std::vector<double> coef;
        KernelBasis basis = unpenalised_basis(_runtime.blas, kernel, _data.rows(), _training);
        Index rank = std::ranges::count_if(basis.curvature, [](double w) { return w > 0.0; });
        if (basis.ill_conditioned()) {
            basis = {};
            path.counts.factorised += 2;
            WideLeastSquares again(_runtime, _terms.plain, _training, _data.norm,
                                   weighted_kernel(std::move(kernel), _data.rows(), _training));
            solutions = again.solve();
            rank = again.rank();
            coef = again.coef();
        } else {
            solutions = solve_kernel_ridge(_runtime.blas, basis, {&none, 1}, refine_above());
            coef = coefficients(_terms.plain, solutions.dual);
        }
        const std::vector<int> features(_terms.plain.columns.begin(), _terms.plain.columns.end());
        PointWriter(features, means(features), _data.y_mean, path)
            .append(coef.data(), solutions.loss[0], solutions.dual_gap[0] / _training.null_loss,
                    relative(solutions.violation[0]), rank < _terms.plain.size());
    }

    std::vector<int> penalised_then_free() const {
        std::vector<int> features;
        for (const ColumnSet* set : {&_terms.penalised, &_terms.free})
            for (const Index j : set->columns) features.push_back(static_cast<int>(j));
        return features;
    }

    double relative(double violation) const { return _unit > 0.0 ? violation / _unit : 0.0; }

    std::vector<double> means(const std::vector<int>& features) const {
        std::vector<double> values;
        for (const int j : features) values.push_back(_data.mean[j]);
        return values;
    }

    const Runtime& _runtime;
    const ScaledColumns _data;
    const WideTerms _terms;
    const TrainingRows _training;
    std::span<const double> _penalty_factor;
    double _unit = 0.0;  ///< largest |c_j| / v_j of the null model
    Index _products = 0;
};

}  // namespace shrinkage
