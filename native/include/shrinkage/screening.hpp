#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// Up to 8 alphas that are solved ahead and checked together.
struct Batch {
    static constexpr Index capacity = ScreeningKernels::alphas;

    explicit Batch(Index n_rows) : rows(n_rows), residuals(n_rows * capacity) {}

    Index rows;
    Index size = 0;
    std::array<double, capacity> l1{};  ///< weight of the L1 penalty at each alpha, decreasing
    std::vector<double> residuals;      ///< of the scaled problem: rows x capacity, column-major

    double* residual(Index q) { return residuals.data() + q * rows; }
    const double* residual(Index q) const { return residuals.data() + q * rows; }
    /// The two residuals that columns refer to after a check; the same if the batch has one alpha.
    Index last() const { return size - 1; }
    Index before() const { return std::max<Index>(size - 2, 0); }
};

/// Says which columns may violate the optimality conditions, without reading them.
///
/// Every column remembers its exact correlations c_1, c_2 with the two residuals r_1, r_2 of a
/// pattern, found when the column was read last. For another residual r = x r_1 + z r_2 + rest
///
///     |z_j'r| <= |x c_1 + z c_2| + |z_j| |rest| + rounding
///
/// and residuals are nearly linear in alpha, so the rest is small. `rounding` covers the worst case
/// of every sum in the bound: a column that is not touched is certified. All figures of a column
/// are divided by its penalty factor, so that one limit holds for all.
class Screening {
public:
    struct Column {
        double norm;         ///< |z_j| / v_j
        double rounding;     ///< |x_j| / (scale_j v_j)
        double correlation;  ///< with the residual given to `start`, / v_j
        int sign;            ///< of the coefficient, where bounds allow only one; otherwise 0
    };

    /// @param column_cost multiplications of one column product
    Screening(const Kernels& simd, Index rows, Index cols, double column_cost)
        : _simd(simd),
          _rows(rows),
          _fewest_columns(2.0 * static_cast<double>(rows) / std::max(column_cost, 1.0)),
          _unit(1.2e-16 * (16.0 + static_cast<double>(rows))),
          _first(cols),
          _second(cols),
          _norm(cols),
          _rounding(cols),
          _bits(cols, all_but_sign),
          _pattern(cols, 0),
          _sign(cols, 0),
          _rest(rows) {}

    /// Makes column j a candidate. Call it before `start`.
    void add(Index j, const Column& column) {
        _sign[j] = column.sign < 0 ? -1 : 1;
        _first[j] = _sign[j] * column.correlation;
        _norm[j] = column.norm * (1.0 + 1e-10);
        _rounding[j] = column.rounding;
        _bits[j] = column.sign == 0 ? all_but_sign : -1;
    }
    bool is_candidate(Index j) const { return _sign[j] != 0; }
    bool any_candidates() const {
        return std::any_of(_patterns.begin(), _patterns.end(),
                           [](const Pattern& pattern) { return pattern.columns > 0; });
    }
    /// Correlation / v_j as far as it can violate: its size, or with its sign if only one counts.
    double towards_limit(Index j, double correlation) const {
        return _bits[j] == all_but_sign ? std::abs(correlation) : _sign[j] * correlation;
    }
    double norm(Index j) const { return _norm[j]; }
    /// Rounding of a correlation / v_j that was computed from the column, in units of |r|.
    double rounding(Index j) const { return _rounding[j]; }

    /// A column that is dropped is never touched again.
    void drop(Index j) {
        --_patterns[_pattern[j]].columns;
        _first[j] = _second[j] = _norm[j] = _rounding[j] = 0.0;
        _sign[j] = 0;
    }

    /// Sets the first pattern: the residual that the candidates' correlations are with.
    void start(const double* residual) {
        _patterns.assign(1, make_pattern(residual, nullptr));
        _patterns[0].columns =
            std::count_if(_sign.begin(), _sign.end(), [](signed char sign) { return sign != 0; });
    }

    /// Candidates that may exceed l1 at one of the alphas first .. size-1 of the batch, in order.
    std::vector<Index> touched(const Runtime& runtime, const Batch& batch, Index first) {
        fit(batch, first, _fewest_columns);
        return exceeding(runtime, limits_of(batch, first));
    }

    /// Moves columns to a new pattern, the last two residuals of the batch.
    /// @param last,before correlations with these residuals, / v_j, in the order of `columns`
    void refer(std::span<const Index> columns, const Batch& batch, const double* last,
               const double* before) {
        if (columns.empty()) return;
        const bool two = batch.size > 1;
        const Index pattern = free_pattern();
        _patterns[pattern] = make_pattern(batch.residual(batch.last()),
                                          two ? batch.residual(batch.before()) : nullptr);
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const Index j = columns[i];
            --_patterns[_pattern[j]].columns;
            ++_patterns[pattern].columns;
            _pattern[j] = static_cast<int>(pattern);
            _first[j] = _sign[j] * last[i];
            _second[j] = two ? _sign[j] * before[i] : 0.0;
        }
    }

    /// Positions in `columns`, which the last `refer` moved, of those that may exceed l1 at one of
    /// the alphas first .. end-1.
    std::vector<Index> still_touched(std::span<const Index> columns, const Batch& batch,
                                     Index first, Index end) {
        std::vector<Index> positions(columns.size());
        if (columns.empty()) return positions;
        _fits.resize(_patterns.size() * 4 * Batch::capacity);
        fit_pattern(_pattern[columns[0]], batch, first, end);
        Limits limits = limits_of(batch, first);
        std::fill(limits.begin() + end, limits.end(), never);
        positions.resize(_simd.screening.may_exceed(static_cast<Index>(columns.size()),
                                                    columns.data(), columns_from(0), _fits.data(),
                                                    limits.data(), positions.data()));
        return positions;
    }

    /// Candidates whose correlation / v_j, extrapolated linearly from the last two alphas of the
    /// batch, exceeds `limit`; each with the extrapolated value.
    /// @param beyond 0: at the last alpha; 1: one step further
    std::vector<std::pair<double, Index>> extrapolated(const Runtime& runtime, const Batch& batch,
                                                       double beyond, double limit) {
        fit(batch, batch.before(), 0.0);
        for (std::size_t pattern = 0; pattern < _patterns.size(); ++pattern) {
            double* x = fit_of(pattern);
            double* z = x + Batch::capacity;
            x[0] = (1.0 + beyond) * x[batch.last()] - beyond * x[batch.before()];
            z[0] = (1.0 + beyond) * z[batch.last()] - beyond * z[batch.before()];
            std::fill(z + Batch::capacity, z + 3 * Batch::capacity, 0.0);
        }
        Limits limits;
        limits.fill(never);
        limits[0] = limit;
        std::vector<std::pair<double, Index>> found;
        for (const Index j : exceeding(runtime, limits)) {
            const double* x = fit_of(_pattern[j]);
            found.emplace_back(std::abs(x[0] * _first[j] + x[Batch::capacity] * _second[j]), j);
        }
        return found;
    }

private:
    using Limits = std::array<double, Batch::capacity>;
    struct Pattern {
        std::vector<double> residuals;  ///< rows x 2, or rows x 1
        double square_1 = 0.0, product = 0.0, square_2 = 0.0;
        Index columns = 0;  ///< candidates that refer to it
    };
    static constexpr long long all_but_sign = std::numeric_limits<long long>::max();
    static constexpr double never = std::numeric_limits<double>::infinity();

    Pattern make_pattern(const double* r_1, const double* r_2) const {
        Pattern pattern;
        pattern.residuals.assign(r_1, r_1 + _rows);
        pattern.square_1 = dot(r_1, r_1);
        if (r_2) {
            pattern.residuals.insert(pattern.residuals.end(), r_2, r_2 + _rows);
            pattern.product = dot(r_1, r_2);
            pattern.square_2 = dot(r_2, r_2);
        }
        return pattern;
    }

    /// A pattern that no column refers to any more is used again.
    Index free_pattern() {
        const auto unused =
            std::find_if(_patterns.begin(), _patterns.end(),
                         [](const Pattern& pattern) { return pattern.columns == 0; });
        const Index pattern = unused - _patterns.begin();
        if (unused == _patterns.end()) _patterns.emplace_back();
        return pattern;
    }

    double* fit_of(Index pattern) { return _fits.data() + pattern * 4 * Batch::capacity; }

    /// Fits every pattern in use to the alphas first .. size-1. A pattern with fewer columns than
    /// `fewest` is cheaper to touch than to fit.
    void fit(const Batch& batch, Index first, double fewest) {
        _fits.assign(_patterns.size() * 4 * Batch::capacity, 0.0);
        for (std::size_t pattern = 0; pattern < _patterns.size(); ++pattern) {
            const auto columns = static_cast<double>(_patterns[pattern].columns);
            if (columns == 0.0) continue;
            if (columns >= fewest) {
                fit_pattern(pattern, batch, first, batch.size);
            } else {
                double* rest = fit_of(pattern) + 2 * Batch::capacity;
                std::fill(rest + first, rest + batch.size, never);
            }
        }
    }

    /// Least squares of each residual on the one or two of the pattern.
    void fit_pattern(Index index, const Batch& batch, Index first, Index end) {
        const Pattern& pattern = _patterns[index];
        const double* r_1 = pattern.residuals.data();
        const double* r_2 = r_1 + _rows;
        const double determinant =
            pattern.square_1 * pattern.square_2 - pattern.product * pattern.product;
        const bool two = determinant > 1e-12 * pattern.square_1 * pattern.square_2;
        double* out = fit_of(index);
        for (Index q = first; q < end; ++q) {
            const double* r = batch.residual(q);
            const double b_1 = dot(r_1, r), b_2 = two ? dot(r_2, r) : 0.0;
            double x = pattern.square_1 > 0.0 ? b_1 / pattern.square_1 : 0.0, z = 0.0;
            if (two) {
                x = (b_1 * pattern.square_2 - b_2 * pattern.product) / determinant;
                z = (b_2 * pattern.square_1 - b_1 * pattern.product) / determinant;
            }
            std::copy(r, r + _rows, _rest.begin());
            _simd.f64.axpy(_rows, -x, r_1, _rest.data());
            if (two) _simd.f64.axpy(_rows, -z, r_2, _rest.data());
            const double size = std::abs(x) * std::sqrt(pattern.square_1) +
                                std::abs(z) * std::sqrt(pattern.square_2) + std::sqrt(dot(r, r));
            out[q] = x;
            out[Batch::capacity + q] = z;
            out[2 * Batch::capacity + q] = std::sqrt(dot(_rest.data(), _rest.data()));
            out[3 * Batch::capacity + q] = _unit * size;
        }
    }

    static Limits limits_of(const Batch& batch, Index first) {
        Limits limits;
        limits.fill(never);
        std::copy(batch.l1.begin() + first, batch.l1.begin() + batch.size, limits.begin() + first);
        return limits;
    }

    std::vector<Index> exceeding(const Runtime& runtime, const Limits& limits) {
        constexpr Index step = 1 << 14;
        const Index cols = static_cast<Index>(_sign.size());
        _positions.resize(cols);
        std::vector<Index> counts((cols + step - 1) / step);
        parallel_for(runtime, static_cast<Index>(counts.size()), [&](Index task) {
            const Index first = task * step;
            counts[task] = _simd.screening.may_exceed(std::min(step, cols - first), nullptr,
                                                      columns_from(first), _fits.data(),
                                                      limits.data(), _positions.data() + first);
        });
        std::vector<Index> found;
        found.reserve(std::accumulate(counts.begin(), counts.end(), Index{0}));
        for (Index task = 0; task < static_cast<Index>(counts.size()); ++task)
            for (Index i = 0; i < counts[task]; ++i)
                found.push_back(_positions[task * step + i] + task * step);
        return found;
    }

    ScreenedColumns columns_from(Index j) const {
        return {_first.data() + j,    _second.data() + j, _norm.data() + j,
                _rounding.data() + j, _bits.data() + j,   _pattern.data() + j};
    }

    double dot(const double* x, const double* y) const { return _simd.f64.dot(_rows, x, y); }

    const Kernels& _simd;
    Index _rows;
    double _fewest_columns;
    double _unit;  ///< worst relative rounding of a sum over the rows
    std::vector<double> _first, _second, _norm, _rounding;
    std::vector<long long> _bits;
    std::vector<int> _pattern;
    std::vector<signed char> _sign;  ///< 0: not a candidate; otherwise the sign of first and second
    std::vector<Pattern> _patterns;
    std::vector<double> _fits;
    std::vector<Index> _positions;
    std::vector<double> _rest;
};

}  // namespace shrinkage
