#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "shrinkage/design.hpp"

namespace shrinkage {

/// Compressed sparse columns in memory that someone else keeps alive: row indices increase
/// strictly within a column.
/// @tparam X float or double
/// @tparam I std::int32_t or std::int64_t
template <class X, class I>
class SparseDesign final : public Design {
public:
    SparseDesign(const X* values, const I* indices, const I* indptr, Index rows, Index cols)
        : Design(rows, cols), _values(values), _indices(indices), _indptr(indptr) {}

    bool is_sparse() const override { return true; }
    bool has_columns() const override { return true; }
    double stored_per_column() const override {
        return static_cast<double>(_indptr[cols()]) / static_cast<double>(cols());
    }
    double value_bytes() const override { return static_cast<double>(_indptr[cols()]) * sizeof(X); }

    void column_moments(const Runtime& runtime, Index first, Index last, const double* wt,
                        const double* wt_y, double* mean, double* square,
                        double* product) const override {
        const Index n_weighted = wt ? rows() - std::count(wt, wt + rows(), 0.0) : rows();
        const double equal = 1.0 / static_cast<double>(rows());
        const auto weight = [&](Index i) { return wt ? wt[_indices[i]] : equal; };
        for_columns(runtime, last - first, 3, [&](Index j) {
            const Index begin = start(first + j), end = start(first + j + 1);
            double sum = 0.0, xy = 0.0, stored = 0.0;
            Index n_stored = 0;
            for (Index i = begin; i < end; ++i) {
                const double w = weight(i);
                if (w == 0.0) continue;
                sum += w * _values[i];
                xy += wt_y[_indices[i]] * _values[i];
                stored += w;
                ++n_stored;
            }
            double squares = 0.0;
            for (Index i = begin; i < end; ++i) {
                const double apart = _values[i] - sum;
                squares += weight(i) * apart * apart;
            }
            // 1 - stored is only rounding when nothing is left out, and would give spread to
            // a constant column.
            const double zeros = n_stored == n_weighted ? 0.0 : std::max(0.0, 1.0 - stored);
            mean[j] = sum;
            square[j] = squares + zeros * sum * sum;
            product[j] = xy;
        });
    }

    void products(const Runtime& runtime, std::span<const Index> columns, const double* R,
                  Index n_vectors, double* out, Index ld) const override {
        Index q = 0;
        const auto take = [&]<int width>() {
            for (; q + width <= n_vectors; q += width) {
                products_of<width>(runtime, columns, R + q * rows(), out + q * ld, ld);
            }
        };
        take.template operator()<8>();
        take.template operator()<4>();
        take.template operator()<2>();
        take.template operator()<1>();
    }

    void copy_column(const Kernels& simd, Index j, double shift, double scale,
                     const double* root_weight, double* out) const override {
        if (root_weight) {
            simd.f64.centre(rows(), root_weight, 0.0, -shift * scale, nullptr, out);
        } else {
            std::fill(out, out + rows(), -shift * scale);
        }
        for (Index i = start(j); i < start(j + 1); ++i) {
            const Index row = static_cast<Index>(_indices[i]);
            const double value = (_values[i] - shift) * scale;
            out[row] = root_weight ? value * root_weight[row] : value;
        }
    }

    void sparse_column(Index j, std::vector<int>& entry_rows,
                       std::vector<double>& values) const override {
        for (Index i = start(j); i < start(j + 1); ++i) {
            if (_values[i] == X{0}) continue;
            entry_rows.push_back(static_cast<int>(_indices[i]));
            values.push_back(static_cast<double>(_values[i]));
        }
    }

    void add_columns(const Kernels&, std::span<const int> columns, std::span<const double> coef,
                     Index first_row, Index last_row, double* eta) const override {
        for (std::size_t k = 0; k < columns.size(); ++k) {
            const Index end = start(columns[k] + 1);
            for (Index i = first_stored(columns[k], first_row); i < end; ++i) {
                const Index row = static_cast<Index>(_indices[i]);
                if (row >= last_row) break;
                eta[row - first_row] += coef[k] * _values[i];
            }
        }
    }

    void gather_block(const Kernels&, RowBlock block, Index first, Index last, double* out,
                      Index ld) const override {
        for (Index j = first; j < last; ++j) gather_column(j, block, out + (j - first) * ld);
    }

    Entry first_nonfinite(const Runtime& runtime) const override {
        runtime.interrupt.check();
        Entry first = no_entry;
        for (Index j = 0; j < cols(); ++j) {
            const X* end = _values + start(j + 1);
            const X* at =
                std::find_if(_values + start(j), end, [](X x) { return !std::isfinite(x); });
            if (at != end) first = std::min(first, {static_cast<Index>(_indices[at - _values]), j});
        }
        return first;
    }

private:
    Index start(Index j) const { return static_cast<Index>(_indptr[j]); }

    /// The first stored entry of column j in first_row or below it.
    Index first_stored(Index j, Index first_row) const {
        if (first_row == 0) return start(j);
        return std::lower_bound(_indices + start(j), _indices + start(j + 1),
                                static_cast<I>(first_row)) -
               _indices;
    }

    template <class Work>
    void for_columns(const Runtime& runtime, Index n, Index n_vectors, const Work& work) const {
        const Index step =
            columns_per_task(4.0 * stored_per_column() * static_cast<double>(n_vectors) + 16.0);
        parallel_for(runtime, (n + step - 1) / step, [&](Index task) {
            const Index end = std::min(n, (task + 1) * step);
            for (Index j = task * step; j < end; ++j) work(j);
        });
    }

    template <int width>
    void products_of(const Runtime& runtime, std::span<const Index> columns, const double* R,
                     double* out, Index ld) const {
        // One entry meets all its residuals on one cache line of a row-major copy.
        std::vector<double> copy;
        if constexpr (width > 1) {
            copy.resize(static_cast<std::size_t>(rows()) * width);
            for (Index i = 0; i < rows(); ++i) {
                for (Index q = 0; q < width; ++q) copy[i * width + q] = R[q * rows() + i];
            }
        }
        const double* lines = width > 1 ? copy.data() : R;
        for_columns(runtime, static_cast<Index>(columns.size()), width, [&](Index k) {
            std::array<double, width> sums{};
            for (Index i = start(columns[k]); i < start(columns[k] + 1); ++i) {
                const double x = static_cast<double>(_values[i]);
                const double* line = lines + static_cast<Index>(_indices[i]) * width;
                for (int q = 0; q < width; ++q) sums[q] += x * line[q];
            }
            for (int q = 0; q < width; ++q) out[q * ld + k] = sums[q];
        });
    }

    void gather_column(Index j, RowBlock block, double* out) const {
        std::fill(out, out + block.count, 0.0);
        const Index end = start(j + 1);
        if (block.offsets) {
            for (Index k = 0; k < block.count; ++k) {
                const Index i = first_stored(j, block[k]);
                if (i < end && static_cast<Index>(_indices[i]) == block[k]) out[k] = _values[i];
            }
            return;
        }
        for (Index i = first_stored(j, block.first); i < end; ++i) {
            const Index row = static_cast<Index>(_indices[i]);
            if (row >= block.first + block.count) break;
            out[row - block.first] = _values[i];
        }
    }

    const X* _values;
    const I* _indices;
    const I* _indptr;
};

}  // namespace shrinkage
