#pragma once
#include <algorithm>
#include <vector>

#include "shrinkage/design.hpp"
#include "shrinkage/growing_square.hpp"
#include "shrinkage/row_blocks.hpp"

namespace shrinkage {

/// Copies of dense columns, z_j = (x_j - shift) * scale, that grow in number: rows are cut into
/// tiles that stay in cache while several vectors meet them, column-major within a tile.
class TiledColumns {
public:
    explicit TiledColumns(const Design& design)
        : _design(design),
          _tile_rows(rows_of_tile(design.rows(), design.cols())),
          _ld(padded(_tile_rows)),
          _column(static_cast<std::size_t>(design.rows())) {}

    Index rows() const { return _design.rows(); }
    Index size() const { return _size; }
    /// Nanoseconds, about, of a pass and of a Gram matrix.
    double pass_cost() const { return 0.4 * stored(); }
    double gram_cost() const { return stored() * (static_cast<double>(_size) / 60.0 + 1.0); }
    double stored() const { return static_cast<double>(rows()) * static_cast<double>(_size); }
    /// What is not subtracted from the copies: a constant of each column.
    double shift(int) const { return 0.0; }

    /// Bytes of the copies, if several vectors should share a pass over them; otherwise 0.
    double bytes_to_share() const { return 8.0 * stored(); }
    /// Rows that are worked on at a time.
    Index rows_in_cache() const { return _tile_rows; }
    /// Rows in pieces that threads work on, each a number of whole tiles.
    RowBlocks blocks() const { return RowBlocks(rows(), _tile_rows, static_cast<double>(_size)); }

    void append(const Kernels& simd, Index j, double shift, double scale) {
        reserve(_size + 1);
        _design.copy_column(simd, j, shift, scale, nullptr, _column.data());
        for (Index first = 0; first < rows(); first += _tile_rows)
            std::copy_n(_column.data() + first, rows_from(first), tile(first) + _size * _ld);
        ++_size;
    }
    void appended() {}

    /// Columns that stay in the first-level cache while several vectors meet them.
    static constexpr std::size_t columns_at_once = 4;

    /// eta += Z[rows, list] coef for the rows first .. last-1 of one tile.
    /// @param eta from row `first` on
    void add_product(const Kernels& simd, Index first, Index last, std::span<const int> list,
                     const double* coef, double* eta) const {
        simd.matrix.add_columns(last - first, static_cast<Index>(list.size()), tile(first), _ld,
                                list.data(), 1.0, coef, eta);
    }

    /// out = z_j weight for the rows first .. last-1 of one tile. @param weight,out from `first` on
    void copy_rows(const Kernels& simd, Index first, Index last, int j, const double* weight,
                   double* out) const {
        simd.f64.centre(last - first, tile(first) + j * _ld, 0.0, 1.0, weight, out);
    }

    /// out[k * ld_out + j] += z_j' u_k over the rows first .. last-1 of one tile.
    /// @param u vectors of these rows, side by side
    void add_cross_product(const Kernels& simd, Index first, Index last, const double* u,
                           Index n_vectors, double* out, Index ld_out) const {
        std::vector<double> part(static_cast<std::size_t>(_size * n_vectors));
        simd.matrix.dot_block(last - first, _size, tile(first), _ld, nullptr, n_vectors, u,
                              last - first, part.data(), _size);
        for (Index k = 0; k < n_vectors; ++k)
            for (Index j = 0; j < _size; ++j) out[k * ld_out + j] += part[k * _size + j];
    }

    /// gram[:, first:] = Z' diag(d) Z[:, first:], full and symmetric, and sum[first:] = Z'd.
    void weighted_gram(const Runtime& runtime, const double* d, Index first, GrowingSquare& gram,
                       std::vector<double>& sum) const {
        const Index n_new = _size - first;
        const Index n_parts = std::clamp<Index>(
            static_cast<Index>(stored() * static_cast<double>(n_new) / work_of_part), 1,
            most_parts);
        const Index n_tiles = (rows() + _tile_rows - 1) / _tile_rows;
        std::vector<std::vector<double>> part_gram(n_parts), part_sum(n_parts);
        parallel_for(runtime, n_parts, [&](Index part) {
            part_gram[part].assign(static_cast<std::size_t>(_size * n_new), 0.0);
            part_sum[part].assign(static_cast<std::size_t>(n_new), 0.0);
            for (Index t = part * n_tiles / n_parts; t < (part + 1) * n_tiles / n_parts; ++t) {
                runtime.interrupt.check();
                add_tile_gram(runtime, d, t * _tile_rows, first, part_gram[part].data(),
                              part_sum[part].data());
            }
        });
        gram.reserve(_size, first);
        sum.resize(static_cast<std::size_t>(_size));
        for (Index j = 0; j < n_new; ++j) {
            double* column = gram.data() + (first + j) * gram.ld();
            sum[first + j] = 0.0;
            std::fill_n(column, first + j + 1, 0.0);
            for (Index part = 0; part < n_parts; ++part) {
                sum[first + j] += part_sum[part][j];
                const double* from = part_gram[part].data() + j * _size;
                for (Index i = 0; i <= first + j; ++i) column[i] += from[i];
            }
        }
        mirror_from(first, _size, gram);
    }

private:
    static constexpr double work_of_part = 1 << 24;
    static constexpr Index most_parts = 8;  ///< each has a Gram matrix of its own

    static Index rows_of_tile(Index rows, Index cols) {
        constexpr Index cache = 32768, one_tile = 2048, unit = 96;
        if (rows <= one_tile) return rows;
        return std::clamp<Index>(cache / std::min<Index>(cols, 500) / unit * unit, 2 * unit,
                                 4 * unit);
    }
    /// Columns a multiple of 512 bytes apart share cache sets.
    static Index padded(Index rows) {
        const Index ld = (rows + 3) / 4 * 4;
        return ld % 64 == 0 ? ld + 4 : ld;
    }

    Index rows_from(Index first) const { return std::min(_tile_rows, rows() - first); }
    double* tile(Index first) { return _values.data() + first / _tile_rows * _capacity * _ld; }
    const double* tile(Index first) const {
        return _values.data() + first / _tile_rows * _capacity * _ld;
    }

    void reserve(Index n) {
        if (n <= _capacity) return;
        constexpr Index first = 64;
        const Index capacity = std::min(std::max({n, 2 * _capacity, first}), _design.cols());
        const Index n_tiles = (rows() + _tile_rows - 1) / _tile_rows;
        std::vector<double> values(static_cast<std::size_t>(n_tiles * capacity * _ld));
        for (Index t = 0; t < n_tiles; ++t)
            std::copy_n(_values.data() + t * _capacity * _ld, _size * _ld,
                        values.data() + t * capacity * _ld);
        _values = std::move(values);
        _capacity = capacity;
    }

    /// Adds the products of one tile: gram (size x new) on and above the diagonal at least.
    void add_tile_gram(const Runtime& runtime, const double* d, Index row, Index first,
                       double* gram, double* sum) const {
        const Index n = rows_from(row), n_new = _size - first;
        const double* z = tile(row);
        const bool all = first == 0;
        std::vector<double> weight(d + row, d + row + n);
        std::vector<double> scaled(static_cast<std::size_t>(n * n_new));
        runtime.simd.matrix.dot_block(n, n_new, z + first * _ld, _ld, nullptr, 1, weight.data(), n,
                                      scaled.data(), n_new);
        for (Index j = 0; j < n_new; ++j) sum[j] += scaled[j];
        if (all)
            for (double& value : weight) value = std::sqrt(value);
        for (Index j = 0; j < n_new; ++j)
            runtime.simd.f64.centre(n, z + (first + j) * _ld, 0.0, 1.0, weight.data(),
                                    scaled.data() + j * n);
        const auto to_int = [](Index value) { return static_cast<Blas::Int>(value); };
        if (all)
            runtime.blas.syrk('U', 'T', to_int(_size), to_int(n), 1.0, scaled.data(), to_int(n),
                              1.0, gram, to_int(_size));
        else
            runtime.blas.gemm('T', 'N', to_int(_size), to_int(n_new), to_int(n), 1.0, z,
                              to_int(_ld), scaled.data(), to_int(n), 1.0, gram, to_int(_size));
    }

    const Design& _design;
    Index _tile_rows, _ld;
    Index _size = 0, _capacity = 0;
    std::vector<double> _values;
    std::vector<double> _column;
};

}  // namespace shrinkage
