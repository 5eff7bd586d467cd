#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include "shrinkage/multinomial_likelihood.hpp"
#include "shrinkage/sparse_rows.hpp"
#include "shrinkage/tiled_columns.hpp"

namespace shrinkage {

/// The coefficient of one class for a column that was copied.
struct ClassColumn {
    int of_class;
    int column;
};

/// Products of (class, column) pairs under the curvatures D of a multinomial loss:
///
///     G[s, t] = z_s' D_km z_t     V[s, m] = z_s' D_km 1     for s of class k and t of class m
///
/// of the new pairs only: the columns of G and the rows of V from `first` on.
class ClassGram {
public:
    /// @param gram what is above the diagonal is written, and below for the new columns
    /// @param cross V row by row, one entry a class
    ClassGram(const Runtime& runtime, std::span<const ClassColumn> pairs,
              const ClassCurvatures& curvatures, Index n_classes, Index first, GrowingSquare& gram,
              std::vector<double>& cross)
        : _runtime(runtime),
          _pairs(pairs),
          _D(curvatures),
          _n_classes(n_classes),
          _first(first),
          _gram(gram),
          _cross(cross),
          _of_class(n_classes) {
        for (int s = 0; s < static_cast<int>(pairs.size()); ++s)
            _of_class[pairs[s].of_class].push_back(s);
    }

    void fill(const TiledColumns& copies) {
        constexpr double work_of_part = 1 << 24;
        constexpr Index most_parts = 8;
        const Index a = size(), tile = copies.rows_in_cache();
        const Index n_tiles = (copies.rows() + tile - 1) / tile;
        const double work = static_cast<double>(copies.rows()) * static_cast<double>(a) *
                            static_cast<double>(a - _first);
        const Index n_parts = std::min(
            std::clamp<Index>(static_cast<Index>(work / work_of_part), 1, most_parts), n_tiles);
        _root_diagonal = _D.diagonal;
        for (double& each : _root_diagonal) each = std::sqrt(each);
        std::vector<Sums> parts(n_parts);
        parallel_for(_runtime, n_parts, [&](Index part) {
            parts[part] = make_sums();
            for (Index t = part * n_tiles / n_parts; t < (part + 1) * n_tiles / n_parts; ++t) {
                _runtime.interrupt.check();
                add_tile(copies, t * tile, std::min((t + 1) * tile, copies.rows()), parts[part]);
            }
        });
        start_output();
        for (const Sums& part : parts) add(part);
        mirror_from(_first, a, _gram);
    }

    /// Pairs are shared out among tasks; each runs through all rows.
    void fill(const SparseRows& copies) {
        constexpr double work_of_part = 1 << 22;
        constexpr Index most_parts = 16;
        start_output();
        const Index n_new = size() - _first;
        const double per_row = copies.stored() / static_cast<double>(copies.rows());
        const double share = static_cast<double>(size()) / static_cast<double>(_n_classes);
        const double work = copies.stored() * per_row * static_cast<double>(n_new) / share;
        const Index n_parts =
            std::min(std::clamp<Index>(static_cast<Index>(work / work_of_part), 1, most_parts),
                     std::max<Index>(n_new, 1));
        std::vector<std::vector<int>> of_column;
        for (int s = 0; s < static_cast<int>(size()); ++s) {
            of_column.resize(
                std::max<std::size_t>(of_column.size(), std::size_t{1} + _pairs[s].column));
            of_column[_pairs[s].column].push_back(s);
        }
        parallel_for(_runtime, n_parts, [&](Index part) {
            add_rows(copies, of_column, _first + part * n_new / n_parts,
                     _first + (part + 1) * n_new / n_parts);
        });
        mirror_from(_first, size(), _gram);
    }

private:
    struct Sums {
        std::vector<double> gram;                   ///< -root root' z z', as if all were one class
        std::vector<std::vector<double>> of_class;  ///< z' diagonal z within each class
        std::vector<double> cross;
    };

    Index size() const { return static_cast<Index>(_pairs.size()); }
    /// Pairs of a class that are new.
    Index n_new_of(Index k) const {
        const std::vector<int>& list = _of_class[k];
        return list.end() - std::lower_bound(list.begin(), list.end(), static_cast<int>(_first));
    }

    Sums make_sums() const {
        Sums sums;
        sums.gram.assign(static_cast<std::size_t>(size() * (size() - _first)), 0.0);
        for (Index k = 0; k < _n_classes; ++k)
            sums.of_class.emplace_back(_of_class[k].size() * n_new_of(k), 0.0);
        sums.cross.assign(static_cast<std::size_t>((size() - _first) * _n_classes), 0.0);
        return sums;
    }

    void start_output() {
        _gram.reserve(size(), _first);
        _cross.resize(static_cast<std::size_t>(size() * _n_classes));
        std::fill(_cross.begin() + _first * _n_classes, _cross.end(), 0.0);
        for (Index j = _first; j < size(); ++j)
            std::fill_n(_gram.data() + j * _gram.ld(), j + 1, 0.0);
    }

    /// Rows row .. end-1 of all pairs, each times the weights of its class.
    void gather(const TiledColumns& copies, Index row, Index end, std::span<const int> list,
                const std::vector<double>& weights, double* out) const {
        for (std::size_t q = 0; q < list.size(); ++q) {
            const ClassColumn pair = _pairs[list[q]];
            copies.copy_rows(_runtime.simd, row, end, pair.column,
                             weights.data() + pair.of_class * copies.rows() + row,
                             out + static_cast<Index>(q) * (end - row));
        }
    }

    void add_tile(const TiledColumns& copies, Index row, Index end, Sums& sums) const {
        const Index n = end - row, a = size(), n_new = a - _first, all = copies.rows();
        std::vector<int> list(a);
        for (int s = 0; s < static_cast<int>(a); ++s) list[s] = s;
        std::vector<double> scaled(static_cast<std::size_t>(n * a));
        gather(copies, row, end, list, _D.root, scaled.data());
        multiply_tile(n, a, n_new, -1.0, scaled.data(), sums.gram.data());
        std::vector<double> roots(static_cast<std::size_t>(n * _n_classes));
        std::vector<double> products(static_cast<std::size_t>(n_new * _n_classes));
        for (Index k = 0; k < _n_classes; ++k)
            std::copy_n(_D.root.data() + k * all + row, n, roots.data() + k * n);
        _runtime.simd.matrix.dot_block(n, n_new, scaled.data() + _first * n, n, nullptr, _n_classes,
                                       roots.data(), n, products.data(), n_new);
        for (Index j = 0; j < n_new; ++j)
            for (Index m = 0; m < _n_classes; ++m)
                if (m != _pairs[_first + j].of_class)
                    sums.cross[j * _n_classes + m] -= products[m * n_new + j];
        const std::vector<double>& curvature = _root_diagonal;
        for (Index k = 0; k < _n_classes; ++k) {
            const auto of_class = static_cast<Index>(_of_class[k].size()), fresh = n_new_of(k);
            if (fresh == 0) continue;
            gather(copies, row, end, _of_class[k], curvature, scaled.data());
            multiply_tile(n, of_class, fresh, 1.0, scaled.data(), sums.of_class[k].data());
            _runtime.simd.matrix.dot_block(n, fresh, scaled.data() + (of_class - fresh) * n, n,
                                           nullptr, 1, curvature.data() + k * all + row, n,
                                           products.data(), fresh);
            for (Index j = 0; j < fresh; ++j)
                sums.cross[(_of_class[k][of_class - fresh + j] - _first) * _n_classes + k] +=
                    products[j];
        }
    }

    /// out += sign Z' Z_new for the last n_new of a columns: on and above the diagonal at least.
    void multiply_tile(Index n, Index a, Index n_new, double sign, const double* z,
                       double* out) const {
        const auto to_int = [](Index value) { return static_cast<Blas::Int>(value); };
        if (a == n_new)
            _runtime.blas.syrk('U', 'T', to_int(a), to_int(n), sign, z, to_int(n), 1.0, out,
                               to_int(a));
        else
            _runtime.blas.gemm('T', 'N', to_int(a), to_int(n_new), to_int(n), sign, z, to_int(n),
                               z + (a - n_new) * n, to_int(n), 1.0, out, to_int(a));
    }

    void add(const Sums& part) {
        const Index a = size();
        for (Index e = 0; e < (a - _first) * _n_classes; ++e)
            _cross[_first * _n_classes + e] += part.cross[e];
        for (Index j = _first; j < a; ++j) {
            double* column = _gram.data() + j * _gram.ld();
            const double* from = part.gram.data() + (j - _first) * a;
            for (Index i = 0; i <= j; ++i)
                if (_pairs[i].of_class != _pairs[j].of_class) column[i] += from[i];
        }
        for (Index k = 0; k < _n_classes; ++k) {
            const std::vector<int>& list = _of_class[k];
            const auto n = static_cast<Index>(list.size()), fresh = n_new_of(k);
            for (Index j = n - fresh; j < n; ++j) {
                double* column = _gram.data() + list[j] * _gram.ld();
                const double* from = part.of_class[k].data() + (j - n + fresh) * n;
                for (Index i = 0; i <= j; ++i) column[list[i]] += from[i];
            }
        }
    }

    /// Columns begin .. end-1 of the Gram matrix.
    void add_rows(const SparseRows& copies, const std::vector<std::vector<int>>& of_column,
                  Index begin, Index end) {
        struct Member {
            int slot, of_class;
            double value;
        };
        std::vector<Member> members;
        const Index n = copies.rows();
        for (Index i = 0; i < n; ++i) {
            if (i % 1024 == 0) _runtime.interrupt.check();
            const SparseRows::Row row = copies.row(i);
            members.clear();
            for (Index e = 0; e < row.count; ++e)
                if (row.slots[e] < static_cast<int>(of_column.size()))
                    for (const int s : of_column[row.slots[e]])
                        members.push_back({s, _pairs[s].of_class, row.values[e]});
            for (const Member& to : members) {
                if (to.slot < begin || to.slot >= end) continue;
                const double root = to.value * _D.root[to.of_class * n + i];
                const double same = to.value * _D.diagonal[to.of_class * n + i];
                double* column = _gram.data() + to.slot * _gram.ld();
                for (const Member& from : members) {
                    if (from.slot > to.slot) continue;
                    column[from.slot] += from.of_class == to.of_class
                                             ? from.value * same
                                             : -from.value * root * _D.root[from.of_class * n + i];
                }
                double* cross = _cross.data() + to.slot * _n_classes;
                for (Index m = 0; m < _n_classes; ++m)
                    cross[m] += m == to.of_class ? same : -root * _D.root[m * n + i];
            }
        }
    }

    const Runtime& _runtime;
    std::span<const ClassColumn> _pairs;
    const ClassCurvatures& _D;
    Index _n_classes, _first;
    GrowingSquare& _gram;
    std::vector<double>& _cross;
    std::vector<double> _root_diagonal;
    std::vector<std::vector<int>> _of_class;  ///< slots of each class, increasing
};

}  // namespace shrinkage
