#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "shrinkage/design.hpp"

namespace shrinkage {

/// Rows of a column that are worked on while they stay in the first-level cache.
inline constexpr Index rows_in_cache = 2048;

/// A strided array in memory that someone else keeps alive.
/// @tparam X float or double
template <class X>
class DenseDesign final : public Design {
public:
    /// @param leading entries between neighbours in a row (column-major) or in a column (row-major)
    DenseDesign(const X* values, Index rows, Index cols, Index leading, bool row_major)
        : Design(rows, cols), _values(values), _leading(leading), _row_major(row_major) {}

    bool is_sparse() const override { return false; }
    bool has_columns() const override { return !_row_major; }
    double stored_per_column() const override { return static_cast<double>(rows()); }
    double value_bytes() const override {
        return static_cast<double>(rows()) * static_cast<double>(cols()) * sizeof(X);
    }

    void column_moments(const Runtime& runtime, Index first, Index last, const double* wt,
                        const double* wt_y, double* mean, double* square,
                        double* product) const override {
        std::vector<double> root_weight;
        if (wt) {
            root_weight.resize(static_cast<std::size_t>(rows()));
            std::transform(wt, wt + rows(), root_weight.begin(),
                           [](double w) { return std::sqrt(w); });
        }
        const double* root = wt ? root_weight.data() : nullptr;
        const Index step = columns_per_task(3.0 * static_cast<double>(rows()));
        parallel_for(runtime, (last - first + step - 1) / step, [&](Index task) {
            const Index end = std::min(last - first, (task + 1) * step);
            for (Index j = task * step; j < end; ++j) {
                const ColumnMoments moments =
                    moments_of(runtime.simd, column(first + j), wt, root, wt_y);
                mean[j] = moments.mean;
                square[j] = moments.square;
                product[j] = moments.product;
            }
        });
    }

    void products(const Runtime& runtime, std::span<const Index> columns, const double* R,
                  Index n_vectors, double* out, Index ld) const override {
        const Index n = static_cast<Index>(columns.size());
        const Index step =
            columns_per_task(static_cast<double>(rows()) * static_cast<double>(n_vectors));
        parallel_for(runtime, (n + step - 1) / step, [&](Index task) {
            const Index first = task * step;
            const Index last = std::min(n, first + step);
            for (Index q = 0; q < n_vectors; ++q) {
                std::fill(out + q * ld + first, out + q * ld + last, 0.0);
            }
            for (Index row = 0; row < rows(); row += rows_in_cache) {
                const Index count = std::min(rows_in_cache, rows() - row);
                add_products(runtime.simd, columns.subspan(first, last - first), row, count, R,
                             n_vectors, out + first, ld);
            }
        });
    }

    void copy_column(const Kernels& simd, Index j, double shift, double scale,
                     const double* root_weight, double* out) const override {
        kernels_for<X>(simd).centre(rows(), column(j), shift, scale, root_weight, out);
    }

    void sparse_column(Index j, std::vector<int>& entry_rows,
                       std::vector<double>& values) const override {
        const X* x = column(j);
        for (Index i = 0; i < rows(); ++i) {
            if (x[i] != X{0}) {
                entry_rows.push_back(static_cast<int>(i));
                values.push_back(static_cast<double>(x[i]));
            }
        }
    }

    void add_columns(const Kernels& simd, std::span<const int> columns,
                     std::span<const double> coef, Index first_row, Index last_row,
                     double* eta) const override {
        if (_row_major) {
            for (Index i = first_row; i < last_row; ++i) {
                const X* x = _values + i * _leading;
                double sum = 0.0;
                for (std::size_t k = 0; k < columns.size(); ++k) sum += x[columns[k]] * coef[k];
                eta[i - first_row] += sum;
            }
            return;
        }
        const ColumnKernels<X>& kernels = kernels_for<X>(simd);
        const auto at = [&](std::size_t k) { return column(columns[k]) + first_row; };
        std::size_t k = 0;
        for (; k + 4 <= columns.size(); k += 4) {
            const std::array<const X*, 4> x{at(k), at(k + 1), at(k + 2), at(k + 3)};
            kernels.axpy4(last_row - first_row, coef.data() + k, x.data(), eta);
        }
        for (; k < columns.size(); ++k) {
            kernels.axpy(last_row - first_row, coef[k], at(k), eta);
        }
    }

    void gather_block(const Kernels& simd, RowBlock block, Index first, Index last, double* out,
                      Index ld) const override {
        if (_row_major) {
            for (Index i = 0; i < block.count; ++i) {
                const X* x = _values + block[i] * _leading;
                std::copy(x + first, x + last, out + i * ld);
            }
            return;
        }
        const Index span = span_of(block);
        for (Index j = first; j < last; ++j) {
            const X* x = column(j) + block.first;
            double* o = out + (j - first) * ld;
            // The next column starts on another page, which the processor doesn't foresee.
            if (j + 1 < cols() && span <= 2 * block.count) prefetch(x + _leading, span);
            if (block.offsets) {
                for (Index i = 0; i < block.count; ++i) {
                    o[i] = static_cast<double>(x[block.offsets[i]]);
                }
            } else {
                kernels_for<X>(simd).centre(block.count, x, 0.0, 1.0, nullptr, o);
            }
        }
    }

    void centre_block(const Kernels& simd, Index first_row, Index n, Index first, Index last,
                      const BlockWeights& weights, double* mean, double* out,
                      Index step) const override {
        centre_side_by_side(simd, n, last - first, column(first) + first_row, _leading, weights,
                            mean, out, step);
    }

    void prefetch(Index first_row, Index last_row, Index part, Index n_parts) const override {
        const Index count = last_row - first_row;
        const Index n_lines = _row_major ? count : cols(), length = _row_major ? cols() : count;
        const X* x = _values + (_row_major ? first_row * _leading : first_row);
        for (Index k = part * n_lines / n_parts; k < (part + 1) * n_lines / n_parts; ++k)
            prefetch(x + k * _leading, length);
    }

    Entry first_nonfinite(const Runtime& runtime) const override {
        const Index lines = _row_major ? rows() : cols();
        const Index length = _row_major ? cols() : rows();
        const Index step = columns_per_task(static_cast<double>(length));
        std::vector<Entry> found(static_cast<std::size_t>((lines + step - 1) / step), no_entry);
        parallel_for(runtime, static_cast<Index>(found.size()), [&](Index task) {
            Entry& first = found[static_cast<std::size_t>(task)];
            const Index last = std::min(lines, (task + 1) * step);
            for (Index line = task * step; line < last; ++line) {
                const Index at = nonfinite_in(runtime.simd, _values + line * _leading, length);
                if (at == length) continue;
                first = std::min(first, _row_major ? Entry{line, at} : Entry{at, line});
            }
        });
        return *std::min_element(found.begin(), found.end());
    }

private:
    struct ColumnMoments {
        double weight = 0.0, mean = 0.0, square = 0.0, product = 0.0;
    };

    const X* column(Index j) const { return _values + j * _leading; }

    /// Rows from the first possible one to the last.
    static Index span_of(RowBlock block) {
        if (!block.offsets || block.count == 0) return block.count;
        return 1 + *std::max_element(block.offsets, block.offsets + block.count);
    }

    static void prefetch(const X* x, Index count) {
        constexpr Index line = 64 / sizeof(X);
        for (Index i = 0; i < count; i += line) __builtin_prefetch(x + i);
    }

    /// Blocks about their own means, merged (Chan): a mean far from 0 costs no digits.
    ColumnMoments moments_of(const Kernels& simd, const X* x, const double* wt,
                             const double* root_weight, const double* wt_y) const {
        const ColumnKernels<X>& kernels = kernels_for<X>(simd);
        std::array<double, static_cast<std::size_t>(rows_in_cache)> buffer;
        ColumnMoments all;
        for (Index i = 0; i < rows(); i += rows_in_cache) {
            const Index n = std::min(rows_in_cache, rows() - i);
            const double share = static_cast<double>(n) / static_cast<double>(rows());
            const double weight = wt ? simd.f64.sum(n, wt + i) : share;
            if (weight == 0.0) continue;
            double mean, square;
            if (wt) {
                mean = kernels.dot(n, x + i, wt + i) / weight;
                kernels.centre(n, x + i, mean, 1.0, root_weight + i, buffer.data());
                square = simd.f64.squares(n, buffer.data(), 0.0);
            } else {
                mean = kernels.sum(n, x + i) / static_cast<double>(n);
                square = kernels.squares(n, x + i, mean) / static_cast<double>(rows());
            }
            const double total = all.weight + weight;
            const double apart = mean - all.mean;
            all.square += square + apart * apart * (all.weight * weight / total);
            all.mean += apart * (weight / total);
            all.weight = total;
            all.product += kernels.dot(n, x + i, wt_y + i);
        }
        return all;
    }

    /// out += x'R over some rows: four columns with three vectors at a time.
    void add_products(const Kernels& simd, std::span<const Index> columns, Index row, Index count,
                      const double* R, Index n_vectors, double* out, Index ld) const {
        const ColumnKernels<X>& kernels = kernels_for<X>(simd);
        const Index n = static_cast<Index>(columns.size());
        std::array<double, 12> sums;
        Index i = 0;
        for (; i + 4 <= n; i += 4) {
            std::array<const X*, 4> x;
            for (Index k = 0; k < 4; ++k) x[k] = column(columns[i + k]) + row;
            Index q = 0;
            for (; q + 3 <= n_vectors; q += 3) {
                const double* r = R + q * rows() + row;
                const std::array<const double*, 3> y{r, r + rows(), r + 2 * rows()};
                kernels.dot4x3(count, x.data(), y.data(), sums.data());
                for (Index k = 0; k < 4; ++k) {
                    for (Index l = 0; l < 3; ++l) out[(q + l) * ld + i + k] += sums[3 * k + l];
                }
            }
            for (; q < n_vectors; ++q) {
                kernels.dot4(count, x.data(), R + q * rows() + row, sums.data());
                for (Index k = 0; k < 4; ++k) out[q * ld + i + k] += sums[k];
            }
        }
        for (; i < n; ++i) {
            for (Index q = 0; q < n_vectors; ++q) {
                out[q * ld + i] +=
                    kernels.dot(count, column(columns[i]) + row, R + q * rows() + row);
            }
        }
    }

    /// @return length if all are finite
    static Index nonfinite_in(const Kernels& simd, const X* x, Index length) {
        // A sum is finite only if every term is; it may overflow, so look again when it is not.
        if (std::isfinite(kernels_for<X>(simd).sum(length, x))) return length;
        return std::find_if(x, x + length, [](X value) { return !std::isfinite(value); }) - x;
    }

    const X* _values;
    Index _leading;
    bool _row_major;
};

}  // namespace shrinkage
