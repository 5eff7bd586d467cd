#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
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

/// Eigenvectors of a Gram matrix or kernel as coordinates T in which Z is nearly orthonormal.
struct Coordinates {
    std::vector<double> vectors;  ///< T, square, by column
    std::vector<double> assumed;  ///< the eigenvalues that T makes 1, in units of the largest

    /// Smallest eigenvalue to believe, in units of the largest.
    static constexpr double floor = 1e-16;

    Index size() const { return static_cast<Index>(assumed.size()); }
    /// T times combinations of the coordinates.
    std::vector<double> times(const Blas& blas, const std::vector<double>& combinations) const {
        const Index n = static_cast<Index>(combinations.size()) / size();
        std::vector<double> out(size() * n);
        multiply(blas, 'N', size(), size(), n, vectors.data(), size(), combinations.data(), size(),
                 1.0, 0.0, out.data(), size());
        return out;
    }
};

/// @param square n x n, replaced
inline Coordinates coordinates_of(const Blas& blas, Index n, std::vector<double> square) {
    std::vector<double> assumed = symmetric_eigen(blas, n, square.data());
    const double largest = assumed.back();
    for (Index q = 0; q < n; ++q) {
        assumed[q] = std::max(assumed[q] / largest, Coordinates::floor);
        const double root = std::sqrt(assumed[q] * largest);
        for (Index i = 0; i < n; ++i) square[q * n + i] /= root;
    }
    return {std::move(square), std::move(assumed)};
}

/// Combinations of coordinates: C with C'V'V C = 1 for V = Z T, and those in which V is rounding.
struct Separation {
    std::vector<double> within, null;  ///< coordinates x n each
    Index rank = 0;
};

/// @param square V'V, full
inline Separation separate(const Blas& blas, const std::vector<double>& square,
                           std::span<const double> assumed) {
    const Index size = static_cast<Index>(assumed.size());
    // Rounding of column q of V in units of its length; beyond a few per cent it is nothing else.
    std::vector<double> noise(size), inverse(size), scaled(size * size);
    for (Index q = 0; q < size; ++q) {
        const double length = std::sqrt(square[q * size + q]);
        noise[q] = 8.0 * std::numeric_limits<double>::epsilon() *
                   std::sqrt(static_cast<double>(size) / assumed[q]) / length;
        inverse[q] = noise[q] < 0.03 ? 1.0 / length : 0.0;
    }
    for (Index j = 0; j < size; ++j)
        for (Index i = 0; i < size; ++i)
            scaled[j * size + i] = square[j * size + i] * inverse[i] * inverse[j];
    const std::vector<double> values = symmetric_eigen(blas, size, scaled.data());
    Separation parts;
    for (Index e = 0; e < size; ++e) {
        const double* vector = scaled.data() + e * size;
        double rounding = rank_tolerance(size);
        for (Index q = 0; q < size; ++q)
            if (inverse[q] > 0.0) rounding += 100.0 * vector[q] * vector[q] * noise[q] * noise[q];
        const bool keeps = values[e] > rounding;
        for (Index q = 0; q < size; ++q) {
            if (keeps)
                parts.within.push_back(vector[q] * inverse[q] / std::sqrt(values[e]));
            else
                parts.null.push_back(vector[q] * (inverse[q] > 0.0 ? inverse[q] : 1.0));
        }
        parts.rank += keeps;
    }
    return parts;
}

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
        _parts = separate(runtime.blas, _square, _coordinates.assumed);
    }

    bool singular() const { return _parts.rank < _terms.size(); }

    /// The shortest of all solutions, judged by V.
    RidgeSolutions solve() const {
        const Blas& blas = _runtime.blas;
        const Index size = _terms.size(), rank = _parts.rank;
        const double* within = _parts.within.data();
        RidgeSolutions solution{std::vector<double>(size), {}, {0.0}, {0.0}, {0.0}};
        std::vector<double> target(rank), fitted(size), image(size);
        multiply(blas, 'T', rank, size, 1, within, size, _product.data(), size, 1.0, 0.0,
                 target.data(), rank);
        std::vector<double> directions = _coordinates.times(blas, _parts.within);
        detail::take_away(blas, size, _coordinates.times(blas, _parts.null), directions);
        multiply(blas, 'N', size, rank, 1, directions.data(), size, target.data(), rank, 1.0, 0.0,
                 solution.coef.data(), size);

        // C'V'(y - V C target), which is 0 at the solution
        std::vector<double> left = target;
        multiply(blas, 'N', size, rank, 1, within, size, target.data(), rank, 1.0, 0.0,
                 fitted.data(), size);
        multiply(blas, 'N', size, size, 1, _square.data(), size, fitted.data(), size, 1.0, 0.0,
                 image.data(), size);
        multiply(blas, 'T', rank, size, 1, within, size, image.data(), size, -1.0, 1.0, left.data(),
                 rank);
        double rest = 0.0, explained = 0.0, longest = 0.0;
        for (const double part : left) rest += part * part;
        for (const double part : target) explained += part * part;
        for (Index j = 0; j < size; ++j) longest = std::max(longest, _terms.length(j));
        solution.dual_gap[0] = rest / _problem.target_square;
        solution.violation[0] = longest * std::sqrt(rest);
        solution.loss[0] = std::max(0.0, _problem.target_square - explained) / 2.0;
        return solution;
    }

private:
    void set_coordinates() {
        const Index size = _terms.size();
        std::vector<double> scaled(size * size);
        for (Index j = 0; j < size; ++j)
            for (Index i = 0; i < size; ++i)
                scaled[j * size + i] =
                    _terms.gram()[j * size + i] / _terms.length(i) / _terms.length(j);
        _coordinates = coordinates_of(_runtime.blas, size, std::move(scaled));
        for (Index q = 0; q < size; ++q)
            for (Index i = 0; i < size; ++i) _coordinates.vectors[q * size + i] /= _terms.length(i);
    }

    /// V'V and V'y, block by block of the rows; blocks are added in order within each of a few
    /// tasks.
    void look_again() {
        const Index size = _terms.size(), cols = _data.design.cols();
        std::vector<double> directions(cols * size, 0.0);
        for (Index q = 0; q < size; ++q)
            for (Index i = 0; i < size; ++i) {
                const Index j = _terms.features[i];
                directions[q * cols + j] =
                    _coordinates.vectors[q * size + i] / _problem.units.scale[j];
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

    const Runtime& _runtime;
    const GramProblem& _problem;
    const RidgeTerms& _terms;
    const TrainingData& _data;
    Coordinates _coordinates;
    std::vector<double> _square;   ///< V'V
    std::vector<double> _product;  ///< V'y
    Separation _parts;
};

}  // namespace shrinkage
