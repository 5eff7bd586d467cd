#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/design.hpp"

namespace shrinkage {

/// Columns that deserve a look, each list increasing.
struct UninformativeColumns {
    std::vector<Index> constant;
    std::vector<Index> repeated;  ///< those that are not constant and equal an earlier one
};

namespace detail {

/// A weighted sum of 16 rows of each column, added in the same order for all of them.
inline void dense_fingerprints(const Runtime& runtime, const Design& design, Index first,
                               Index last, double* prints) {
    constexpr Index n_rows = 16;
    std::array<int, n_rows> rows;
    std::array<double, n_rows> weights;  // no simple multiples of each other
    for (Index i = 0; i < n_rows; ++i) {
        // four places of four rows each: neighbours of a column come in one piece from memory
        const Index place = (i / 4) * std::max<Index>(0, design.rows() - 4) / 3;
        rows[i] = static_cast<int>(std::min(place + i % 4, design.rows() - 1));
        weights[i] = std::sqrt(static_cast<double>(i + 2));
    }
    const Index count = last - first;
    std::vector<double> block(static_cast<std::size_t>(n_rows * count));
    const bool by_column = design.has_columns();
    design.gather_block(runtime.simd, {0, n_rows, rows.data()}, first, last, block.data(),
                        by_column ? n_rows : count);
    const Index down = by_column ? 1 : count, across = by_column ? n_rows : 1;
    for (Index j = 0; j < count; ++j) {
        double sum = 0.0;
        for (Index i = 0; i < n_rows; ++i) sum += weights[i] * block[i * down + j * across];
        prints[j] = sum;
    }
}

/// A weighted sum of all stored values of each column: which rows they are in tells them apart.
inline void sparse_fingerprints(const Design& design, Index first, Index last, double* prints) {
    std::vector<int> rows;
    std::vector<double> values;
    for (Index j = first; j < last; ++j) {
        rows.clear();
        values.clear();
        design.sparse_column(j, rows, values);
        double sum = 0.0;
        for (std::size_t i = 0; i < rows.size(); ++i) sum += std::sqrt(rows[i] + 2.0) * values[i];
        prints[j - first] = sum;
    }
}

/// A number for each column, which equal columns share and others hardly ever.
inline std::vector<double> fingerprints(const Runtime& runtime, const Design& design) {
    std::vector<double> prints(static_cast<std::size_t>(design.cols()));
    constexpr Index at_once = 256;
    const Index n_tasks = (design.cols() + at_once - 1) / at_once;
    parallel_for(runtime, n_tasks, [&](Index task) {
        const Index first = task * at_once, last = std::min(design.cols(), first + at_once);
        if (design.is_sparse())
            sparse_fingerprints(design, first, last, prints.data() + first);
        else
            dense_fingerprints(runtime, design, first, last, prints.data() + first);
    });
    return prints;
}

/// Compares columns of X, stopping at the first difference.
class ColumnComparison {
public:
    ColumnComparison(const Runtime& runtime, const Design& design)
        : _runtime(runtime), _design(design) {}

    bool are_equal(Index i, Index j) {
        if (_design.is_sparse()) return entries_of(i, _left) == entries_of(j, _right);
        constexpr Index step = 256;
        std::array<double, step> left, right;
        for (Index row = 0; row < _design.rows(); row += step) {
            const RowBlock rows{row, std::min(step, _design.rows() - row), nullptr};
            read(rows, i, left.data());
            read(rows, j, right.data());
            if (!std::equal(left.begin(), left.begin() + rows.count, right.begin())) return false;
        }
        return true;
    }

private:
    using Entries = std::pair<std::vector<int>, std::vector<double>>;

    const Entries& entries_of(Index j, Entries& entries) const {
        entries.first.clear();
        entries.second.clear();
        _design.sparse_column(j, entries.first, entries.second);
        return entries;
    }

    void read(RowBlock rows, Index j, double* out) const {
        const Index ld = _design.has_columns() ? rows.count : 1;
        _design.gather_block(_runtime.simd, rows, j, j + 1, out, ld);
    }

    const Runtime& _runtime;
    const Design& _design;
    Entries _left, _right;
};

/// The last column of each fingerprint.
class LastOfPrint {
public:
    explicit LastOfPrint(std::span<const double> prints)
        : _prints(prints), _shift(64 - std::bit_width(2 * prints.size())) {
        _places.assign(std::size_t{1} << (64 - _shift), -1);
    }

    /// Puts column j in its place; returns the one before with its fingerprint, -1 if there is
    /// none.
    Index replace(Index j) {
        constexpr std::uint64_t golden = 0x9E3779B97F4A7C15u;  // scatters neighbouring numbers
        // 0.0 is added because -0.0 equals 0.0
        std::size_t at = (std::bit_cast<std::uint64_t>(_prints[j] + 0.0) * golden) >> _shift;
        while (_places[at] >= 0 && _prints[_places[at]] != _prints[j]) {
            at = (at + 1) & (_places.size() - 1);
        }
        return std::exchange(_places[at], static_cast<int>(j));
    }

private:
    std::span<const double> _prints;
    int _shift;
    std::vector<int> _places;
};

}  // namespace detail

/// The columns without spread, and those that repeat another column.
///
/// A column is compared with the last one before it that has the same fingerprint, so the search
/// reads little of a dense X and the stored values of a sparse one once, and may miss repeats where
/// fingerprints agree by chance.
/// @param spread standard deviation of each column
inline UninformativeColumns uninformative_columns(const Runtime& runtime, const Design& design,
                                                  std::span<const double> spread) {
    UninformativeColumns found;
    const std::vector<double> prints = detail::fingerprints(runtime, design);
    detail::LastOfPrint last(prints);
    detail::ColumnComparison comparison(runtime, design);
    for (Index j = 0; j < design.cols(); ++j) {
        if (spread[j] == 0.0) {
            found.constant.push_back(j);
            continue;
        }
        const Index before = last.replace(j);
        if (before < 0) continue;
        runtime.interrupt.check();
        if (comparison.are_equal(before, j)) found.repeated.push_back(j);
    }
    return found;
}

}  // namespace shrinkage
