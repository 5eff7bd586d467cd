#pragma once
#include <algorithm>
#include <limits>
#include <vector>

#include "shrinkage/design.hpp"
#include "shrinkage/growing_square.hpp"
#include "shrinkage/row_blocks.hpp"

namespace shrinkage {

/// Copies of sparse columns, x_j * scale, that grow in number, as compressed rows. They stay
/// sparse: what centring would subtract is kept beside, z_j = copy - shift.
class SparseRows {
public:
    explicit SparseRows(const Design& design)
        : _design(design), _starts(static_cast<std::size_t>(design.rows()) + 1, 0) {}

    Index rows() const { return _design.rows(); }
    Index size() const { return static_cast<Index>(_shifts.size()); }
    /// Nanoseconds, about, of a pass and of a Gram matrix.
    double pass_cost() const { return 2.5 * stored(); }
    double gram_cost() const {
        const auto a = static_cast<double>(size());
        return 1.5 * stored() * std::max(1.0, stored() / static_cast<double>(rows())) + 4.0 * a * a;
    }
    double stored() const { return static_cast<double>(_values.size()); }
    double shift(int slot) const { return _shifts[slot]; }

    double bytes_to_share() const { return 0.0; }
    Index rows_in_cache() const { return rows(); }
    RowBlocks blocks() const {
        return RowBlocks(rows(), 64, 4.0 * stored() / static_cast<double>(rows()));
    }

    /// appended() must follow the last one.
    void append(const Kernels&, Index j, double shift, double scale) {
        const std::size_t before = _new_values.size();
        _design.sparse_column(j, _new_rows, _new_values);
        for (std::size_t e = before; e < _new_values.size(); ++e) _new_values[e] *= scale;
        _new_ends.push_back(_new_values.size());
        _shifts.push_back(shift * scale);
    }

    /// Puts the entries of new columns at the ends of their rows.
    void appended() {
        if (_new_ends.empty()) return;
        std::vector<Index> starts(_starts.size(), 0);
        for (const int row : _new_rows) ++starts[row + 1];
        for (std::size_t i = 1; i < starts.size(); ++i)
            starts[i] += starts[i - 1] + (_starts[i] - _starts[i - 1]);
        std::vector<int> slots(_values.size() + _new_values.size());
        std::vector<double> values(slots.size());
        std::vector<Index> next(starts.begin(), starts.end() - 1);
        for (std::size_t i = 0; i < next.size(); ++i)
            for (Index e = _starts[i]; e < _starts[i + 1]; ++e, ++next[i]) {
                slots[next[i]] = _slots[e];
                values[next[i]] = _values[e];
            }
        int slot = static_cast<int>(_shifts.size() - _new_ends.size());
        std::size_t e = 0;
        for (const std::size_t end : _new_ends) {
            for (; e < end; ++e) {
                Index& place = next[_new_rows[e]];
                slots[place] = slot;
                values[place++] = _new_values[e];
            }
            ++slot;
        }
        _starts = std::move(starts);
        _slots = std::move(slots);
        _values = std::move(values);
        _new_rows.clear();
        _new_values.clear();
        _new_ends.clear();
    }

    /// Entries of row i, by slot.
    struct Row {
        const int* slots;
        const double* values;
        Index count;
    };
    Row row(Index i) const {
        return {_slots.data() + _starts[i], _values.data() + _starts[i],
                _starts[i + 1] - _starts[i]};
    }

    /// Rows are read, with all their columns.
    static constexpr std::size_t columns_at_once = std::numeric_limits<std::size_t>::max();

    /// eta += copies[rows, list] coef for the rows first .. last-1. @param eta from row `first` on
    void add_product(const Kernels&, Index first, Index last, std::span<const int> list,
                     const double* coef, double* eta) const {
        std::vector<double> by_slot(_shifts.size(), 0.0);
        for (std::size_t k = 0; k < list.size(); ++k) by_slot[list[k]] = coef[k];
        for (Index i = first; i < last; ++i) {
            eta[i - first] += row_product(i, by_slot.data());
        }
    }

    /// out[k * ld_out + j] += copy_j' u_k over the rows first .. last-1.
    /// @param u vectors of these rows, side by side
    void add_cross_product(const Kernels&, Index first, Index last, const double* u,
                           Index n_vectors, double* out, Index ld_out) const {
        for (Index k = 0; k < n_vectors; ++k) {
            double* target = out + k * ld_out;
            for (Index i = first; i < last; ++i) {
                const double factor = u[k * (last - first) + i - first];
                for (Index e = _starts[i]; e < _starts[i + 1]; ++e)
                    target[_slots[e]] += _values[e] * factor;
            }
        }
    }

    /// out = C' diag(d) C x with the copies C: not centred. Each row is read once; block sums are
    /// added in the order of the blocks.
    void multiply_gram(const Runtime& runtime, const double* d, const double* x,
                       std::vector<double>& parts, double* out) const {
        const RowBlocks blocks = this->blocks();
        parts.assign(static_cast<std::size_t>(blocks.count() * size()), 0.0);
        parallel_for(runtime, blocks.count(), [&](Index block) {
            double* target = parts.data() + block * size();
            for (Index i = blocks.first(block); i < blocks.last(block); ++i) {
                const double factor = d[i] * row_product(i, x);
                for (Index e = _starts[i]; e < _starts[i + 1]; ++e)
                    target[_slots[e]] += _values[e] * factor;
            }
        });
        std::copy_n(parts.data(), size(), out);
        for (Index block = 1; block < blocks.count(); ++block)
            runtime.simd.f64.axpy(size(), 1.0, parts.data() + block * size(), out);
    }

    /// sum[first:] = C'd and squares[first:], the diagonal of C' diag(d) C.
    void weighted_squares(const double* d, Index first, std::vector<double>& sum,
                          std::vector<double>& squares) const {
        for (auto* each : {&sum, &squares}) {
            each->resize(static_cast<std::size_t>(size()));
            std::fill(each->begin() + first, each->end(), 0.0);
        }
        for (Index i = 0; i < rows(); ++i)
            for (Index e = _starts[i + 1] - 1; e >= _starts[i] && _slots[e] >= first; --e) {
                sum[_slots[e]] += d[i] * _values[e];
                squares[_slots[e]] += d[i] * _values[e] * _values[e];
            }
    }

    /// gram[:, first:] = C' diag(d) C[:, first:], full and symmetric, and sum[first:] = C'd, with
    /// the copies C: not centred. Columns are shared out among tasks; each runs through all rows.
    void weighted_gram(const Runtime& runtime, const double* d, Index first, GrowingSquare& gram,
                       std::vector<double>& sum) const {
        constexpr double work_of_part = 1 << 22;
        constexpr Index most_parts = 16;
        const Index n_new = size() - first;
        const double work = stored() * stored() / static_cast<double>(rows()) *
                            static_cast<double>(n_new) / static_cast<double>(size());
        const Index n_parts =
            std::min(std::clamp<Index>(static_cast<Index>(work / work_of_part), 1, most_parts),
                     std::max<Index>(n_new, 1));
        gram.reserve(size(), first);
        sum.resize(static_cast<std::size_t>(size()));
        parallel_for(runtime, n_parts, [&](Index part) {
            add_columns_of_gram(runtime, d, first + part * n_new / n_parts,
                                first + (part + 1) * n_new / n_parts, gram, sum);
        });
        mirror_from(first, size(), gram);
    }

private:
    /// In two sums, or each term would wait for the one before.
    double row_product(Index i, const double* by_slot) const {
        double even = 0.0, odd = 0.0;
        Index e = _starts[i];
        const Index end = _starts[i + 1];
        for (; e + 1 < end; e += 2) {
            even += _values[e] * by_slot[_slots[e]];
            odd += _values[e + 1] * by_slot[_slots[e + 1]];
        }
        if (e < end) even += _values[e] * by_slot[_slots[e]];
        return even + odd;
    }

    void add_columns_of_gram(const Runtime& runtime, const double* d, Index begin, Index end,
                             GrowingSquare& gram, std::vector<double>& sum) const {
        for (Index j = begin; j < end; ++j) std::fill_n(gram.data() + j * gram.ld(), j + 1, 0.0);
        std::fill(sum.begin() + begin, sum.begin() + end, 0.0);
        for (Index i = 0; i < rows(); ++i) {
            if (i % 1024 == 0) runtime.interrupt.check();
            const int* slots = _slots.data() + _starts[i];
            const double* values = _values.data() + _starts[i];
            const Index count = _starts[i + 1] - _starts[i];
            Index e = std::lower_bound(slots, slots + count, begin) - slots;
            for (; e < count && slots[e] < end; ++e) {
                const double factor = values[e] * d[i];
                sum[slots[e]] += factor;
                double* column = gram.data() + slots[e] * gram.ld();
                for (Index k = 0; k <= e; ++k) column[slots[k]] += values[k] * factor;
            }
        }
    }

    const Design& _design;
    std::vector<Index> _starts;
    std::vector<int> _slots;
    std::vector<double> _values;
    std::vector<double> _shifts;
    std::vector<int> _new_rows;
    std::vector<double> _new_values;
    std::vector<std::size_t> _new_ends;
};

}  // namespace shrinkage
