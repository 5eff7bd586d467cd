#pragma once
#include <compare>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// Rows of X, in the order given: first + offsets[i], or first + i where offsets is null.
struct RowBlock {
    Index first;
    Index count;
    const int* offsets;
    Index operator[](Index i) const { return first + (offsets ? offsets[i] : i); }
};

template <class X>
const ColumnKernels<X>& kernels_for(const Kernels& simd) {
    if constexpr (std::is_same_v<X, float>) {
        return simd.f32;
    } else {
        return simd.f64;
    }
}

/// Position of an entry of X; ordered by row, then by column.
struct Entry {
    Index row, column;
    auto operator<=>(const Entry&) const = default;
};

inline constexpr Entry no_entry{std::numeric_limits<Index>::max(), 0};

/// Weights of some rows and their square roots; null: 1 each.
struct BlockWeights {
    const double *wt, *root;
    double sum;
};

/// out[i step + j] = root_i (x_ij - mean_j) for n rows of k columns, with the weighted means, which
/// are written.
template <class X>
void centre_side_by_side(const Kernels& simd, Index n, Index k, const X* x, Index ld,
                         const BlockWeights& weights, double* mean, double* out, Index step) {
    const ColumnKernels<X>& kernels = kernels_for<X>(simd);
    for (Index j = 0; j < k; ++j) {
        const double sum =
            weights.wt ? kernels.dot(n, x + j * ld, weights.wt) : kernels.sum(n, x + j * ld);
        mean[j] = sum / weights.sum;
    }
    kernels.interleave(n, k, x, ld, mean, weights.root, out, step);
}

/// X (rows x cols), read in place and never copied: dense or sparse, single or double precision, in
/// any order. Everything comes out in double. Type-erased, so that algorithms compile once; each
/// call does work for many entries.
///
/// Weights `wt` sum to 1; null means 1/rows each. All columns are raw: no method centres or
/// scales unless it says so.
class Design {
public:
    virtual ~Design() = default;
    Design(const Design&) = delete;
    Design& operator=(const Design&) = delete;

    Index rows() const { return _rows; }
    Index cols() const { return _cols; }
    virtual bool is_sparse() const = 0;
    /// False for row-major X: there only gather_block, add_columns and first_nonfinite work.
    virtual bool has_columns() const = 0;
    /// Mean number of stored entries of a column: the cost of one column product.
    virtual double stored_per_column() const = 0;
    /// Bytes of the stored values.
    virtual double value_bytes() const = 0;

    /// For columns first .. last-1, each read once, written from position 0 on: weighted mean,
    /// weighted mean square about the mean, and x'wt_y. Where wt is 0, wt_y must be 0.
    virtual void column_moments(const Runtime& runtime, Index first, Index last, const double* wt,
                                const double* wt_y, double* mean, double* square,
                                double* product) const = 0;

    /// out[q * ld + i] = x_{columns[i]}' R_q, each column read once for all vectors.
    /// @param R rows x n_vectors, column-major
    virtual void products(const Runtime& runtime, std::span<const Index> columns, const double* R,
                          Index n_vectors, double* out, Index ld) const = 0;

    /// out = (x_j - shift) * scale, and times root_weight where it is given; every row is written.
    virtual void copy_column(const Kernels& simd, Index j, double shift, double scale,
                             const double* root_weight, double* out) const = 0;

    /// Appends the rows and values of the entries of column j that are not 0, rows increasing.
    virtual void sparse_column(Index j, std::vector<int>& rows,
                               std::vector<double>& values) const = 0;

    /// eta[i] += sum_k x_{first_row + i, columns[k]} coef[k] for first_row + i < last_row.
    virtual void add_columns(const Kernels& simd, std::span<const int> columns,
                             std::span<const double> coef, Index first_row, Index last_row,
                             double* eta) const = 0;

    /// Copies rows of columns first .. last-1. Column-major with leading dimension ld if
    /// has_columns(), otherwise row-major with leading dimension ld.
    virtual void gather_block(const Kernels& simd, RowBlock rows, Index first, Index last,
                              double* out, Index ld) const = 0;

    /// Centres columns first .. last-1 of the rows first_row .. first_row + n - 1 about the means
    /// of these rows, and writes them side by side: see centre_side_by_side. Needs has_columns().
    virtual void centre_block(const Kernels& simd, Index first_row, Index n, Index first,
                              Index last, const BlockWeights& weights, double* mean, double* out,
                              Index step) const;

    /// Starts to read one of n_parts parts of the rows first_row .. last_row-1, where that helps.
    virtual void prefetch(Index /*first_row*/, Index /*last_row*/, Index /*part*/,
                          Index /*n_parts*/) const {}

    /// The first NaN or infinity, row by row; no_entry if there is none.
    virtual Entry first_nonfinite(const Runtime& runtime) const = 0;

protected:
    Design(Index rows, Index cols) : _rows(rows), _cols(cols) {}

private:
    Index _rows, _cols;
};

inline void Design::centre_block(const Kernels& simd, Index first_row, Index n, Index first,
                                 Index last, const BlockWeights& weights, double* mean, double* out,
                                 Index step) const {
    std::vector<double> columns(static_cast<std::size_t>((last - first) * n));
    gather_block(simd, {first_row, n, nullptr}, first, last, columns.data(), n);
    centre_side_by_side(simd, n, last - first, columns.data(), n, weights, mean, out, step);
}

/// How many columns make one task: enough to be worth a thread, few enough to stop quickly.
/// @param work_per_column multiplications
inline Index columns_per_task(double work_per_column) {
    constexpr double least_work = 1 << 20;
    const Index columns = static_cast<Index>(least_work / (work_per_column + 1.0)) + 1;
    return (columns + 3) / 4 * 4;
}

}  // namespace shrinkage
