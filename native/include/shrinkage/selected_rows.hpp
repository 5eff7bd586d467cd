#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/dense_design.hpp"

namespace shrinkage {

/// Rows of a dense X that has columns, as a design of their own. X stays where it is: what
/// columns meet is scattered to all rows, or else they are gathered one at a time.
class SelectedRows final : public Design {
public:
    /// @param rows increasing, at least one @param design must outlive this
    SelectedRows(const Design& design, std::vector<int> rows)
        : Design(static_cast<Index>(rows.size()), design.cols()),
          _design(design),
          _rows(std::move(rows)) {}

    bool is_sparse() const override { return false; }
    bool has_columns() const override { return true; }
    double stored_per_column() const override { return static_cast<double>(rows()); }
    double value_bytes() const override {
        return _design.value_bytes() * static_cast<double>(rows()) /
               static_cast<double>(_design.rows());
    }

    void column_moments(const Runtime& runtime, Index first, Index last, const double* wt,
                        const double* wt_y, double* mean, double* square,
                        double* product) const override {
        const std::vector<double> equal(_rows.size(), 1.0 / static_cast<double>(rows()));
        _design.column_moments(runtime, first, last, scattered(wt ? wt : equal.data(), 1).data(),
                               scattered(wt_y, 1).data(), mean, square, product);
    }

    void products(const Runtime& runtime, std::span<const Index> columns, const double* R,
                  Index n_vectors, double* out, Index ld) const override {
        _design.products(runtime, columns, scattered(R, n_vectors).data(), n_vectors, out, ld);
    }

    void copy_column(const Kernels& simd, Index j, double shift, double scale,
                     const double* root_weight, double* out) const override {
        gather_block(simd, {0, rows(), nullptr}, j, j + 1, out, rows());
        simd.f64.centre(rows(), out, shift, scale, root_weight, out);
    }

    void sparse_column(Index j, std::vector<int>& entry_rows,
                       std::vector<double>& values) const override {
        std::vector<double> column(_rows.size());
        _design.gather_block(best_kernels(), {0, rows(), _rows.data()}, j, j + 1, column.data(),
                             rows());
        DenseDesign<double>(column.data(), rows(), 1, rows(), false)
            .sparse_column(0, entry_rows, values);
    }

    void add_columns(const Kernels& simd, std::span<const int> columns,
                     std::span<const double> coef, Index first_row, Index last_row,
                     double* eta) const override {
        const Index n = last_row - first_row;
        std::vector<double> column(n);
        for (std::size_t k = 0; k < columns.size(); ++k) {
            gather_block(simd, {first_row, n, nullptr}, columns[k], columns[k] + 1, column.data(),
                         n);
            simd.f64.axpy(n, coef[k], column.data(), eta);
        }
    }

    void gather_block(const Kernels& simd, RowBlock block, Index first, Index last, double* out,
                      Index ld) const override {
        if (!block.offsets) {
            _design.gather_block(simd, {0, block.count, _rows.data() + block.first}, first, last,
                                 out, ld);
            return;
        }
        std::vector<int> rows(block.count);
        for (Index i = 0; i < block.count; ++i) rows[i] = _rows[block[i]];
        _design.gather_block(simd, {0, block.count, rows.data()}, first, last, out, ld);
    }

    Entry first_nonfinite(const Runtime& runtime) const override {
        Entry first = no_entry;
        std::vector<double> column(_rows.size());
        const DenseDesign<double> alone(column.data(), rows(), 1, rows(), false);
        for (Index j = 0; j < cols(); ++j) {
            gather_block(runtime.simd, {0, rows(), nullptr}, j, j + 1, column.data(), rows());
            const Entry found = alone.first_nonfinite(runtime);
            if (found != no_entry) first = std::min(first, {found.row, j});
        }
        return first;
    }

private:
    /// Vectors of the selected rows as vectors of all rows, 0 in the others.
    std::vector<double> scattered(const double* vectors, Index n_vectors) const {
        std::vector<double> all(static_cast<std::size_t>(_design.rows() * n_vectors), 0.0);
        for (Index q = 0; q < n_vectors; ++q)
            for (Index i = 0; i < rows(); ++i)
                all[q * _design.rows() + _rows[i]] = vectors[q * rows() + i];
        return all;
    }

    const Design& _design;
    std::vector<int> _rows;
};

}  // namespace shrinkage
