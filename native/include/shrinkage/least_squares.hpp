#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "shrinkage/ridge_solutions.hpp"
#include "shrinkage/row_projection.hpp"

namespace shrinkage {

/// The rows that a Gram problem came from.
struct TrainingData {
    const Design& design;
    std::span<const double> y;
    std::span<const double> weights;  ///< sum to 1; empty means 1/rows each

    double weight(Index row) const {
        return weights.empty() ? 1.0 / static_cast<double>(y.size()) : weights[row];
    }
};

/// Least squares without a penalty where columns are nearly dependent. A Gram matrix squares the
/// condition: what tells such columns apart is lost in it. Its eigenvectors are still good
/// coordinates T in which X is looked at once more, and V = Z T, scaled to columns of length 1, is
/// well conditioned wherever Z has more than rounding:
///
///     t = M M'Z'y   with  M = T C,  C'(V'V)C = 1
class LeastSquares {
public:
    LeastSquares(const Runtime& runtime, const GramProblem& problem, const RidgeTerms& terms,
                 const TrainingData& data)
        : _runtime(runtime), _problem(problem), _terms(terms), _data(data) {
        set_coordinates();
        look_again();
        separate();
    }

    bool singular() const { return _rank < _terms.size(); }

    /// The shortest of all solutions, judged by V.
    RidgeSolutions solve() const {
        const Index size = _terms.size();
        RidgeSolutions solution{std::vector<double>(size), {}, {0.0}, {0.0}, {0.0}};
        std::vector<double> target(_rank), image(size), left;
        multiply(_runtime.blas, 'T', _rank, size, 1, _combine.data(), size, _product.data(), size,
                 1.0, 0.0, target.data(), _rank);
        std::vector<double> directions = on_terms(_combine, _rank);
        if (singular())
            detail::take_away(_runtime.blas, size, on_terms(_null, size - _rank), directions);
        multiply(_runtime.blas, 'N', size, _rank, 1, directions.data(), size, target.data(), _rank,
                 1.0, 0.0, solution.coef.data(), size);
        // what of C'V'(y - V C target) is left
        std::vector<double> fitted(size);
        multiply(_runtime.blas, 'N', size, _rank, 1, _combine.data(), size, target.data(), _rank,
                 1.0, 0.0, fitted.data(), size);
        multiply(_runtime.blas, 'N', size, size, 1, _square.data(), size, fitted.data(), size, 1.0,
                 0.0, image.data(), size);
        left = target;
        multiply(_runtime.blas, 'T', _rank, size, 1, _combine.data(), size, image.data(), size,
                 -1.0, 1.0, left.data(), _rank);
        double rest = 0.0, explained = 0.0, longest = 0.0;
        for (Index q = 0; q < _rank; ++q) {
            rest += left[q] * left[q];
            explained += target[q] * target[q];
        }
        for (Index j = 0; j < size; ++j) longest = std::max(longest, _terms.length(j));
        solution.dual_gap[0] = rest / _problem.target_square;
        solution.violation[0] = longest * std::sqrt(rest);
        solution.loss[0] = std::max(0.0, _problem.target_square - explained) / 2.0;
        return solution;
    }

private:
    /// Smallest eigenvalue to believe, in units of the largest.
    static constexpr double floor = 1e-16;

    void set_coordinates() {
        const Index size = _terms.size();
        _coordinates.resize(size * size);
        for (Index j = 0; j < size; ++j)
            for (Index i = 0; i < size; ++i)
                _coordinates[j * size + i] =
                    _terms.gram()[j * size + i] / _terms.length(i) / _terms.length(j);
        _assumed = symmetric_eigen(_runtime.blas, size, _coordinates.data());
        const double largest = _assumed.back();
        for (Index q = 0; q < size; ++q) {
            _assumed[q] = std::max(_assumed[q] / largest, floor);
            for (Index i = 0; i < size; ++i)
                _coordinates[q * size + i] /= _terms.length(i) * std::sqrt(_assumed[q] * largest);
        }
    }

    /// V'V and V'y, block by block of the rows; blocks are added in order within each of a few
    /// tasks.
    void look_again() {
        const Index size = _terms.size(), cols = _data.design.cols();
        std::vector<double> directions(cols * size, 0.0);
        for (Index q = 0; q < size; ++q)
            for (Index i = 0; i < size; ++i) {
                const Index j = _terms.features[i];
                directions[q * cols + j] = _coordinates[q * size + i] / _problem.units.scale[j];
            }
        const RowProjection project(_data.design, _problem.units.mean, std::move(directions));
        const Index n_tasks = std::min<Index>(project.n_blocks(), 4);
        std::vector<std::vector<double>> squares(n_tasks), products(n_tasks);
        parallel_for(_runtime, n_tasks, [&](Index task) {
            squares[task].assign(size * size, 0.0);
            products[task].assign(size, 0.0);
            const Index last = (task + 1) * project.n_blocks() / n_tasks;
            for (Index block = task * project.n_blocks() / n_tasks; block < last; ++block) {
                _runtime.interrupt.check();
                add_block(project, block, squares[task], products[task]);
            }
        });
        _square = std::move(squares[0]);
        _product = std::move(products[0]);
        for (Index task = 1; task < n_tasks; ++task) {
            for (Index i = 0; i < size * size; ++i) _square[i] += squares[task][i];
            for (Index i = 0; i < size; ++i) _product[i] += products[task][i];
        }
        mirror(size, _square.data(), size);
    }

    void add_block(const RowProjection& project, Index block, std::vector<double>& square,
                   std::vector<double>& product) const {
        const Index size = _terms.size(), count = project.rows_in(block);
        std::vector<double> rows = project(_runtime, block), target(count);
        for (Index i = 0; i < count; ++i) {
            const Index row = project.first_row(block) + i;
            const double root = std::sqrt(_data.weight(row));
            target[i] = root == 0.0 ? 0.0 : root * (_data.y[row] - _problem.units.y_mean);
            for (Index q = 0; q < size; ++q)
                rows[q * count + i] = root == 0.0 ? 0.0 : root * rows[q * count + i];
        }
        _runtime.blas.syrk('U', 'T', static_cast<Blas::Int>(size), static_cast<Blas::Int>(count),
                           1.0, rows.data(), static_cast<Blas::Int>(count), 1.0, square.data(),
                           static_cast<Blas::Int>(size));
        multiply(_runtime.blas, 'T', size, count, 1, rows.data(), count, target.data(), count, 1.0,
                 1.0, product.data(), size);
    }

    /// Splits the coordinates into C, with C'V'V C = 1, and what is null up to rounding.
    void separate() {
        const Index size = _terms.size();
        // Rounding of column q of V in units of its length; beyond a few per cent it is nothing
        // else.
        std::vector<double> noise(size), inverse(size), scaled(size * size);
        for (Index q = 0; q < size; ++q) {
            const double length = std::sqrt(_square[q * size + q]);
            noise[q] = 8.0 * std::numeric_limits<double>::epsilon() *
                       std::sqrt(static_cast<double>(size) / _assumed[q]) / length;
            inverse[q] = noise[q] < 0.03 ? 1.0 / length : 0.0;
        }
        for (Index j = 0; j < size; ++j)
            for (Index i = 0; i < size; ++i)
                scaled[j * size + i] = _square[j * size + i] * inverse[i] * inverse[j];
        const std::vector<double> values = symmetric_eigen(_runtime.blas, size, scaled.data());
        for (Index e = 0; e < size; ++e) {
            double* vector = scaled.data() + e * size;
            double rounding = rank_tolerance(size);
            for (Index q = 0; q < size; ++q)
                if (inverse[q] > 0.0)
                    rounding += 100.0 * vector[q] * vector[q] * noise[q] * noise[q];
            const bool keeps = values[e] > rounding;
            for (Index q = 0; q < size; ++q) {
                const double step = inverse[q] > 0.0 ? inverse[q] : 1.0;
                (keeps ? _combine : _null)
                    .push_back(vector[q] * (keeps ? inverse[q] / std::sqrt(values[e]) : step));
            }
            _rank += keeps;
        }
    }

    /// T times combinations of the coordinates: terms x n.
    std::vector<double> on_terms(const std::vector<double>& combinations, Index n) const {
        const Index size = _terms.size();
        std::vector<double> out(size * n);
        multiply(_runtime.blas, 'N', size, size, n, _coordinates.data(), size, combinations.data(),
                 size, 1.0, 0.0, out.data(), size);
        return out;
    }

    const Runtime& _runtime;
    const GramProblem& _problem;
    const RidgeTerms& _terms;
    const TrainingData& _data;
    std::vector<double> _coordinates;  ///< T, terms x terms
    std::vector<double> _assumed;      ///< squares of the singular values that T assumes
    std::vector<double> _square;       ///< V'V
    std::vector<double> _product;      ///< V'y
    std::vector<double> _combine;      ///< C, terms x rank
    std::vector<double> _null;         ///< terms x (terms - rank)
    Index _rank = 0;
};

}  // namespace shrinkage
