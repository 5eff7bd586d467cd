#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "shrinkage/design.hpp"

namespace shrinkage {

/// Rows of [X, y] and the group that each belongs to.
struct GroupedRows {
    const Design& design;
    const double* y;
    const double* wt;     ///< null: every row weighs 1; rows of weight 0 belong nowhere
    const int* fold_ids;  ///< null: one group. A negative one means the last group
    Index n_groups;

    Index width() const { return design.cols() + 1; }
    Index group(Index row) const {
        if (!fold_ids) return 0;
        return fold_ids[row] < 0 ? n_groups - 1 : fold_ids[row];
    }
};

/// A copy of some consecutive rows of [X, y], sorted by group; each group centred about its own
/// mean, times the square roots of the weights, and followed by room for one more row. Column-major
/// if the design has columns, otherwise row-major.
class CentredBlock {
public:
    CentredBlock(const GroupedRows& data, Index max_rows)
        : _data(data),
          _by_column(data.design.has_columns()),
          _ld(_by_column ? max_rows + data.n_groups : data.width()),
          _sorted(data.wt || data.fold_ids),
          _groups(static_cast<std::size_t>(data.n_groups)),
          _means(static_cast<std::size_t>(data.n_groups * data.width())),
          _values(static_cast<std::size_t>((max_rows + data.n_groups) * data.width())) {
        if (_sorted) _offsets.resize(static_cast<std::size_t>(max_rows));
        if (data.wt) {
            _weights.resize(static_cast<std::size_t>(max_rows));
            _root_weights.resize(static_cast<std::size_t>(max_rows));
        }
    }

    /// Chooses the rows first .. last-1; centre() fills them in.
    void take(Index first, Index last) {
        _first = first;
        if (_sorted) {
            sort_rows(last);
        } else {
            _groups[0] = {0, last - first, static_cast<double>(last - first)};
        }
    }

    /// Copies and centres columns first .. last-1 of all groups; the last column is y. Columns may
    /// be done in any order, and by several threads.
    void centre(const Kernels& simd, Index first, Index last) {
        if (!_by_column) {
            for (Index g = 0; g < _data.n_groups; ++g) centre_rows(simd, g, first, last);
            return;
        }
        for (Index j = first; j < last; ++j) {
            for (Index g = 0; g < _data.n_groups; ++g) centre_column(simd, g, j);
        }
    }

    Index count(Index group) const { return _groups[group].count; }
    double weight(Index group) const { return _groups[group].weight; }
    const double* mean(Index group) const { return _means.data() + group * _data.width(); }

    bool by_column() const { return _by_column; }
    Index ld() const { return _ld; }
    /// The first row of a group. Its rows, and the row after them, follow each other.
    double* rows(Index group) {
        // each group before this one has one row more than it holds
        const Index row = _groups[group].start + group;
        return _values.data() + row * (_by_column ? 1 : _ld);
    }
    /// Steps from a row to the next, and from a column to the next.
    Index row_step() const { return _by_column ? 1 : _ld; }
    Index column_step() const { return _by_column ? _ld : 1; }

private:
    struct Group {
        Index start = 0, count = 0;
        double weight = 0.0;
    };

    void sort_rows(Index last) {
        std::fill(_groups.begin(), _groups.end(), Group{});
        const auto counts = [&](Index row) { return !_data.wt || _data.wt[row] > 0.0; };
        for (Index row = _first; row < last; ++row) {
            if (counts(row)) ++_groups[_data.group(row)].count;
        }
        Index start = 0;
        for (Group& group : _groups) {
            group.start = start;
            start += group.count;
            group.count = 0;
        }
        for (Index row = _first; row < last; ++row) {
            if (!counts(row)) continue;
            Group& group = _groups[_data.group(row)];
            const Index place = group.start + group.count++;
            _offsets[place] = static_cast<int>(row - _first);
            group.weight += _data.wt ? _data.wt[row] : 1.0;
            if (_data.wt) {
                _weights[place] = _data.wt[row];
                _root_weights[place] = std::sqrt(_data.wt[row]);
            }
        }
    }

    RowBlock block(const Group& group) const {
        return {_first, group.count, _sorted ? _offsets.data() + group.start : nullptr};
    }

    void centre_column(const Kernels& simd, Index g, Index j) {
        const Group& group = _groups[g];
        double* x = rows(g) + j * _ld;
        if (j < _data.design.cols()) {
            _data.design.gather_block(simd, block(group), j, j + 1, x, _ld);
        } else {
            for (Index i = 0; i < group.count; ++i) x[i] = _data.y[block(group)[i]];
        }
        if (group.count == 0) return;
        const double sum = _data.wt ? simd.f64.dot(group.count, x, _weights.data() + group.start)
                                    : simd.f64.sum(group.count, x);
        const double mean = sum / group.weight;
        _means[g * _data.width() + j] = mean;
        simd.f64.centre(group.count, x, mean, 1.0, root_weights(group), x);
    }

    void centre_rows(const Kernels& simd, Index g, Index first, Index last) {
        const Group& group = _groups[g];
        if (group.count == 0) return;
        double* x = rows(g);
        const Index last_of_x = std::min(last, _data.design.cols());
        _data.design.gather_block(simd, block(group), first, last_of_x, x + first, _ld);
        if (last > last_of_x) {
            for (Index i = 0; i < group.count; ++i)
                x[i * _ld + last_of_x] = _data.y[block(group)[i]];
        }
        double* mean = _means.data() + g * _data.width() + first;
        const Index n = last - first;
        std::fill(mean, mean + n, 0.0);
        for (Index i = 0; i < group.count; ++i) {
            const double weight = _data.wt ? _weights[group.start + i] : 1.0;
            simd.f64.axpy(n, weight / group.weight, x + i * _ld + first, mean);
        }
        for (Index i = 0; i < group.count; ++i) {
            double* row = x + i * _ld + first;
            simd.f64.axpy(n, -1.0, mean, row);
            if (_data.wt) {
                simd.f64.centre(n, row, 0.0, _root_weights[group.start + i], nullptr, row);
            }
        }
    }

    const double* root_weights(const Group& group) const {
        return _data.wt ? _root_weights.data() + group.start : nullptr;
    }

    const GroupedRows& _data;
    const bool _by_column;
    const Index _ld;
    const bool _sorted;
    Index _first = 0;
    std::vector<Group> _groups;
    std::vector<int> _offsets;
    std::vector<double> _weights, _root_weights;
    std::vector<double> _means;
    std::vector<double> _values;
};

}  // namespace shrinkage
