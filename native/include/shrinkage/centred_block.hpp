#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "shrinkage/aligned_array.hpp"
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
/// mean, times the square roots of the weights, and followed by room for one more row. The columns
/// are cut into panels, each row-major; the last one is padded with zeros.
class CentredBlock {
public:
    CentredBlock(const GroupedRows& data, Index max_rows, Index panel_width)
        : _data(data),
          _by_column(data.design.has_columns()),
          _max_rows(max_rows),
          _panel_width(panel_width),
          _panel_size((max_rows + data.n_groups) * panel_width),
          _n_panels((data.width() + panel_width - 1) / panel_width),
          _sorted(data.wt || data.fold_ids),
          _groups(static_cast<std::size_t>(data.n_groups)),
          _means(static_cast<std::size_t>(data.n_groups * data.width())),
          _values(_n_panels * _panel_size) {
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

    /// Copies and centres columns first .. last-1 of all groups, which lie in one panel; the last
    /// column is y. Columns may be done in any order, and by several threads.
    void centre(const Kernels& simd, Index first, Index last) {
        if (_by_column) return centre_columns(simd, first, last);
        for (Index g = 0; g < _data.n_groups; ++g) {
            if (_groups[g].count > 0) centre_rows(simd, g, first, last);
        }
    }

    Index count(Index group) const { return _groups[group].count; }
    double weight(Index group) const { return _groups[group].weight; }
    const double* mean(Index group) const { return _means.data() + group * _data.width(); }

    Index panel_width() const { return _panel_width; }
    Index n_panels() const { return _n_panels; }
    /// One value; those of the next columns of its panel follow, and after them the next row.
    double* at(Index group, Index row, Index column) {
        // each group before this one has one row more than it holds
        const Index place = _groups[group].start + group + row;
        const Index panel = column / _panel_width;
        return _values.data() + panel * _panel_size + place * _panel_width + column % _panel_width;
    }

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

    BlockWeights weights(const Group& group) const {
        if (!_data.wt) return {nullptr, nullptr, group.weight};
        return {_weights.data() + group.start, _root_weights.data() + group.start, group.weight};
    }
    double* means(Index group, Index column) {
        return _means.data() + group * _data.width() + column;
    }

    void centre_columns(const Kernels& simd, Index first, Index last) {
        const Index last_of_x = std::min(last, _data.design.cols());
        if (!_sorted) {
            const Group& all = _groups[0];
            _data.design.centre_block(simd, _first, all.count, first, last_of_x, weights(all),
                                      means(0, first), at(0, 0, first), _panel_width);
            if (last > last_of_x) centre_groups(simd, _data.y + _first, 0, last_of_x, last);
            return;
        }
        const RowBlock rows{_first, _groups.back().start + _groups.back().count, _offsets.data()};
        std::vector<double> columns(static_cast<std::size_t>((last - first) * _max_rows));
        _data.design.gather_block(simd, rows, first, last_of_x, columns.data(), _max_rows);
        if (last > last_of_x) {
            double* y = columns.data() + (last_of_x - first) * _max_rows;
            for (Index i = 0; i < rows.count; ++i) y[i] = _data.y[rows[i]];
        }
        centre_groups(simd, columns.data(), _max_rows, first, last);
    }

    /// @param x columns first .. last-1 of the rows of all groups, column-major
    void centre_groups(const Kernels& simd, const double* x, Index ld, Index first, Index last) {
        for (Index g = 0; g < _data.n_groups; ++g) {
            const Group& group = _groups[g];
            if (group.count > 0)
                centre_side_by_side(simd, group.count, last - first, x + group.start, ld,
                                    weights(group), means(g, first), at(g, 0, first), _panel_width);
        }
    }

    void centre_rows(const Kernels& simd, Index g, Index first, Index last) {
        const Group& group = _groups[g];
        const RowBlock rows{_first, group.count, _sorted ? _offsets.data() + group.start : nullptr};
        double* x = at(g, 0, first);
        const Index last_of_x = std::min(last, _data.design.cols());
        _data.design.gather_block(simd, rows, first, last_of_x, x, _panel_width);
        if (last > last_of_x) {
            double* y = x + (last_of_x - first);
            for (Index i = 0; i < group.count; ++i) y[i * _panel_width] = _data.y[rows[i]];
        }
        const BlockWeights weight = weights(group);
        double* mean = means(g, first);
        simd.matrix.sum_rows(group.count, last - first, x, _panel_width, weight.wt, mean);
        for (Index j = 0; j < last - first; ++j) mean[j] /= weight.sum;
        simd.matrix.centre_rows(group.count, last - first, x, _panel_width, mean, weight.root);
    }

    const GroupedRows& _data;
    const bool _by_column;
    const Index _max_rows, _panel_width, _panel_size, _n_panels;
    const bool _sorted;
    Index _first = 0;
    std::vector<Group> _groups;
    std::vector<int> _offsets;
    std::vector<double> _weights, _root_weights;
    std::vector<double> _means;
    AlignedArray _values;
};

}  // namespace shrinkage
