#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include "shrinkage/dense_algebra.hpp"
#include "shrinkage/design.hpp"
#include "shrinkage/moments.hpp"

namespace shrinkage {

/// Some columns of X, each centred and multiplied by a factor: z_j = factor_j (x_j - mean_j).
struct ColumnSet {
    const Design& design;  ///< must have columns
    std::vector<Index> columns;
    std::vector<double> mean;    ///< one per column listed
    std::vector<double> factor;  ///< one per column listed

    void add(Index column, double column_mean, double column_factor) {
        columns.push_back(column);
        mean.push_back(column_mean);
        factor.push_back(column_factor);
    }
    Index size() const { return static_cast<Index>(columns.size()); }
    /// Whether pairs of stored entries are fewer than pairs of rows by far.
    bool by_entries() const {
        return design.is_sparse() &&
               design.stored_per_column() < 0.1 * static_cast<double>(design.rows());
    }
};

namespace detail {

constexpr Index columns_per_block = 128;

/// Centred copies of at most columns_per_block columns from `first` on. @return how many
inline Index copy_block(const Kernels& simd, const ColumnSet& set, Index first, double* out) {
    const Index count = std::min(columns_per_block, set.size() - first);
    for (Index q = 0; q < count; ++q)
        set.design.copy_column(simd, set.columns[first + q], set.mean[first + q],
                               set.factor[first + q], nullptr, out + q * set.design.rows());
    return count;
}

/// Lower triangle of the kernel of dense columns, by blocks; threads take blocks.
inline void add_dense_kernel(const Runtime& runtime, const ColumnSet& set,
                             std::vector<double>& kernel) {
    const Index n = set.design.rows();
    const Index n_blocks = (set.size() + columns_per_block - 1) / columns_per_block;
    // Each task has a kernel of its own, which must not outweigh what is copied.
    const Index n_tasks =
        std::clamp<Index>(std::min(n_blocks / 4, set.size() / (8 * n + 1) + 1), 1, 8);
    std::vector<std::vector<double>> parts(n_tasks);
    parts[0] = std::move(kernel);
    parallel_for(runtime, n_tasks, [&](Index task) {
        std::vector<double>& part = parts[task];
        part.resize(n * n);
        std::vector<double> block(n * columns_per_block);
        for (Index b = task * n_blocks / n_tasks; b < (task + 1) * n_blocks / n_tasks; ++b) {
            runtime.interrupt.check();
            const Index count = copy_block(runtime.simd, set, b * columns_per_block, block.data());
            runtime.blas.syrk('L', 'N', static_cast<Blas::Int>(n), static_cast<Blas::Int>(count),
                              1.0, block.data(), static_cast<Blas::Int>(n), 1.0, part.data(),
                              static_cast<Blas::Int>(n));
        }
    });
    kernel = std::move(parts[0]);
    for (Index task = 1; task < n_tasks; ++task)
        for (Index i = 0; i < n * n; ++i) kernel[i] += parts[task][i];
}

/// Lower triangle of the kernel of sparse columns, from pairs of stored entries:
///
///     sum_j f_j^2 (x_j - m_j 1)(x_j - m_j 1)' = sum_j f_j^2 x_j x_j' - a 1' - 1 a' + b 1 1'
inline void add_sparse_kernel(const Runtime& runtime, const ColumnSet& set,
                              std::vector<double>& kernel) {
    const Index n = set.design.rows();
    std::vector<double> shift(n), values;
    std::vector<int> rows;
    double constant = 0.0;
    for (Index q = 0; q < set.size(); ++q) {
        if (q % columns_per_block == 0) runtime.interrupt.check();
        rows.clear();
        values.clear();
        set.design.sparse_column(set.columns[q], rows, values);
        const double square = set.factor[q] * set.factor[q], mean = set.mean[q];
        for (std::size_t b = 0; b < rows.size(); ++b) {
            const double scaled = square * values[b];
            shift[rows[b]] += scaled * mean;
            double* column = kernel.data() + rows[b] * n;
            for (std::size_t a = b; a < rows.size(); ++a) column[rows[a]] += scaled * values[a];
        }
        constant += square * mean * mean;
    }
    for (Index j = 0; j < n; ++j)
        for (Index i = j; i < n; ++i) kernel[j * n + i] += constant - shift[i] - shift[j];
}

}  // namespace detail

/// K = Z Z' over all rows of the design, full, without weights. X is copied in blocks of columns.
inline std::vector<double> row_kernel(const Runtime& runtime, const ColumnSet& set) {
    const Index n = set.design.rows();
    std::vector<double> kernel(n * n);
    if (set.by_entries())
        detail::add_sparse_kernel(runtime, set, kernel);
    else
        detail::add_dense_kernel(runtime, set, kernel);
    for (Index j = 0; j < n; ++j)
        for (Index i = 0; i < j; ++i) kernel[j * n + i] = kernel[i * n + j];
    return kernel;
}

/// Z'R, set.size() x m. @param R rows x m, column-major
inline std::vector<double> column_products(const Runtime& runtime, const ColumnSet& set,
                                           const std::vector<double>& R) {
    const Index n = set.design.rows(), size = set.size(), m = static_cast<Index>(R.size()) / n;
    std::vector<double> out(size * m);
    if (set.by_entries()) {
        set.design.products(runtime, set.columns, R.data(), m, out.data(), size);
        for (Index q = 0; q < m; ++q) {
            double sum = 0.0;
            for (Index i = 0; i < n; ++i) sum += R[q * n + i];
            for (Index j = 0; j < size; ++j)
                out[q * size + j] = set.factor[j] * (out[q * size + j] - set.mean[j] * sum);
        }
        return out;
    }
    const Index n_blocks = (size + detail::columns_per_block - 1) / detail::columns_per_block;
    parallel_for(runtime, n_blocks, [&](Index b) {
        runtime.interrupt.check();
        std::vector<double> block(n * detail::columns_per_block);
        const Index first = b * detail::columns_per_block;
        const Index count = detail::copy_block(runtime.simd, set, first, block.data());
        multiply(runtime.blas, 'T', count, n, m, block.data(), n, R.data(), n, 1.0, 0.0,
                 out.data() + first, size);
    });
    return out;
}

/// Z coef, one value per row.
inline std::vector<double> combine_columns(const Runtime& runtime, const ColumnSet& set,
                                           const std::vector<double>& coef) {
    const Index n = set.design.rows();
    std::vector<double> out(n, 0.0), block(n * detail::columns_per_block);
    for (Index first = 0; first < set.size(); first += detail::columns_per_block) {
        runtime.interrupt.check();
        const Index count = detail::copy_block(runtime.simd, set, first, block.data());
        multiply(runtime.blas, 'N', n, count, 1, block.data(), n, coef.data() + first, count, 1.0,
                 1.0, out.data(), n);
    }
    return out;
}

/// (Z'T)'(Z'T) for square T of the rows: how long and how dependent its columns are in the space of
/// the columns of X.
inline std::vector<double> squares_in_columns(const Runtime& runtime, const ColumnSet& set,
                                              const std::vector<double>& T) {
    const Index n = set.design.rows(), m = static_cast<Index>(T.size()) / n;
    const auto order = static_cast<Blas::Int>(m);
    std::vector<double> squares(m * m, 0.0), block(n * detail::columns_per_block),
        image(detail::columns_per_block * m);
    for (Index first = 0; first < set.size(); first += detail::columns_per_block) {
        runtime.interrupt.check();
        const Index count = detail::copy_block(runtime.simd, set, first, block.data());
        multiply(runtime.blas, 'T', count, n, m, block.data(), n, T.data(), n, 1.0, 0.0,
                 image.data(), count);
        runtime.blas.syrk('U', 'T', order, static_cast<Blas::Int>(count), 1.0, image.data(),
                          static_cast<Blas::Int>(count), 1.0, squares.data(), order);
    }
    mirror(m, squares.data(), m);
    return squares;
}

}  // namespace shrinkage
