#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "shrinkage/centred_block.hpp"

namespace shrinkage {

/// Weighted moments of the columns of [X, y] about their means.
///
///     products = sum_i w_i (z_i - mean) (z_i - mean)'     with z_i = (x_i, y_i), w_i summing to
///     weight
struct Moments {
    double weight = 0.0;           ///< share of the weight of all rows
    std::vector<double> mean;      ///< one per column of X, then y
    std::vector<double> products;  ///< width x width, the upper triangle of column-major storage

    Index width() const { return static_cast<Index>(mean.size()); }
};

/// Moments of the rows of both, without a subtraction of large numbers. `into` may be `a` or `b`.
///
/// Source: Chan, Golub, LeVeque (1983), "Algorithms for computing the sample variance".
inline void merge(const Moments& a, const Moments& b, Moments& into) {
    const Index width = a.width();
    const double total = a.weight + b.weight;
    const double factor = total > 0.0 ? a.weight * b.weight / total : 0.0;
    const double share = total > 0.0 ? b.weight / total : 0.0;
    std::vector<double> apart(static_cast<std::size_t>(width));
    for (Index j = 0; j < width; ++j) apart[j] = b.mean[j] - a.mean[j];
    into.products.resize(a.products.size());
    into.mean.resize(a.mean.size());
    for (Index j = 0; j < width; ++j) {
        const double scaled = factor * apart[j];
        const double* left = a.products.data() + j * width;
        const double* right = b.products.data() + j * width;
        double* out = into.products.data() + j * width;
        for (Index i = 0; i <= j; ++i) out[i] = left[i] + right[i] + scaled * apart[i];
    }
    for (Index j = 0; j < width; ++j) into.mean[j] = a.mean[j] + share * apart[j];
    into.weight = total;
}

/// Copies the upper triangle of a column-major square to the lower one.
inline void mirror(Index n, double* square, Index ld) {
    constexpr Index tile = 32;  // both sides of the diagonal stay in cache
    for (Index first_column = 0; first_column < n; first_column += tile) {
        const Index last_column = std::min(n, first_column + tile);
        for (Index first_row = 0; first_row <= first_column; first_row += tile) {
            for (Index j = first_column; j < last_column; ++j) {
                const Index last_row = std::min(j, first_row + tile);
                for (Index i = first_row; i < last_row; ++i)
                    square[i * ld + j] = square[j * ld + i];
            }
        }
    }
}

namespace detail {

/// How one pass over the rows is cut up: a function of the data only, never of the threads.
struct MomentsPlan {
    Index rows_per_block;  ///< rows copied at a time
    Index n_tasks;         ///< parts of the rows with moments of their own, added at the end
    Index n_panels;        ///< parts of the columns of one block's product
    bool threads_in_block;
    bool read_ahead;  ///< whether a block fits into the second-level cache beside the next one

    MomentsPlan(const Kernels& simd, const GroupedRows& data) {
        const double rows = static_cast<double>(data.design.rows());
        const double width = static_cast<double>(data.width());
        const double groups = static_cast<double>(data.n_groups);
        const double square = width * width;
        // Threads take rows and keep moments of their own, at most a 20th of X together. Where
        // products are too large for two of them, threads share each block.
        const double by_work = rows * square / 1e7;
        const double by_memory = rows / (20.0 * groups * width);
        const double parts = std::min({8.0, by_work, by_memory});
        const bool split_rows = groups * square <= 1 << 16 || parts >= 2.0;
        n_tasks = split_rows ? std::max<Index>(1, static_cast<Index>(parts)) : 1;

        // So few rows of each group make an efficient product that stays in cache: two panels in
        // the first level, or what BLAS takes; twice the panels where the square itself is larger
        // than a cache. Narrow columns need more rows to be worth a call; rows are summed one by
        // one, which loses digits in longer blocks.
        const bool small_panels =
            simd.panels.width > 0 && width <= 512.0 && !data.design.is_sparse();
        const double efficient = small_panels ? 128.0 : 248.0;
        const bool by_column = data.design.has_columns();
        const double rows_at_once = by_column ? std::max(efficient, 32768.0 / width) : efficient;
        const double enough = rows_at_once * (split_rows ? groups : std::max(4.0, groups));
        const double x_bytes = data.design.value_bytes();
        const double buffer = x_bytes > 12e6 ? 0.04 * x_bytes : 2e6;
        const double fitting = std::max(64.0, buffer / (8.0 * width));
        const double stops_soon = std::max(64.0, 2e9 / square);
        rows_per_block = static_cast<Index>(std::min({enough, fitting, stops_soon, rows}));
        n_panels = std::clamp<Index>(data.width() / (data.n_groups < 4 ? 128 : 512), 1, 8);
        threads_in_block = !split_rows && static_cast<double>(rows_per_block) * square > 2e7;
        read_ahead = !threads_in_block && static_cast<double>(rows_per_block) * width <= 51200.0;
    }
};

/// Moments of consecutive rows, block by block.
class MomentsAccumulator {
public:
    MomentsAccumulator(const Runtime& runtime, const GroupedRows& data, const MomentsPlan& plan)
        : _runtime(runtime),
          _data(data),
          _plan(plan),
          _block(data, plan.rows_per_block, panel_width(runtime.simd, data)),
          _ld(_block.n_panels() * _block.panel_width()),
          _moments(static_cast<std::size_t>(data.n_groups)) {
        for (Moments& moments : _moments) {
            moments.mean.resize(static_cast<std::size_t>(data.width()));
            _products.emplace_back(_ld * _ld);
        }
    }

    void add(Index first, Index last) {
        for (Index row = first; row < last; row += _plan.rows_per_block) {
            _runtime.interrupt.check();
            const Index end = std::min(last, row + _plan.rows_per_block);
            _next = {end, std::min(last, end + _plan.rows_per_block)};
            add_block(row, end);
        }
    }

    /// What was added; to be asked for once.
    std::vector<Moments> moments() {
        const Index width = _data.width();
        for (Index g = 0; g < _data.n_groups; ++g) {
            AlignedArray padded = std::move(_products[g]);
            _moments[g].products.reserve(static_cast<std::size_t>(width * width));
            for (Index j = 0; j < width; ++j) {
                const double* column = padded.data() + j * _ld;
                _moments[g].products.insert(_moments[g].products.end(), column, column + width);
            }
        }
        return std::move(_moments);
    }

private:
    /// BLAS takes all columns as one panel.
    static Index panel_width(const Kernels& simd, const GroupedRows& data) {
        return simd.panels.width > 0 ? simd.panels.width : data.width();
    }

    void add_block(Index first, Index last) {
        _block.take(first, last);
        constexpr Index most_columns = 32;
        const Index width = _data.width(), columns = std::min(most_columns, _block.panel_width());
        parallel_for(_runtime, (width + columns - 1) / columns, [&](Index part) {
            const Index end = std::min(width, (part + 1) * columns);
            _block.centre(_runtime.simd, part * columns, end);
            write_merge_rows(part * columns, end);
        });
        parallel_for(_runtime, _data.n_groups * _plan.n_panels, [&](Index task) {
            // wide panels first, so that threads end together
            const Index g = task % _data.n_groups;
            const Index part = _plan.n_panels - 1 - task / _data.n_groups;
            if (_block.count(g) == 0) return;
            if (_runtime.simd.panels.width > 0)
                add_panels(g, part);
            else
                add_by_blas(g, part);
        });
        for (Index g = 0; g < _data.n_groups; ++g) move_mean(g);
    }

    /// Chan's merge of a block with what came before is one more row of the block's product.
    void write_merge_rows(Index first, Index last) {
        for (Index g = 0; g < _data.n_groups; ++g) {
            const Moments& before = _moments[g];
            const double weight = _block.weight(g);
            if (before.weight == 0.0 || weight == 0.0) continue;
            const double factor = std::sqrt(before.weight * weight / (before.weight + weight));
            double* row = _block.at(g, _block.count(g), first);
            for (Index j = first; j < last; ++j)
                row[j - first] = factor * (_block.mean(g)[j] - before.mean[j]);
        }
    }

    /// Rows of a group's product, the merge row included.
    Index product_rows(Index g) const { return _block.count(g) + (_moments[g].weight > 0.0); }

    void add_by_blas(Index g, Index part) {
        const int rows = static_cast<int>(product_rows(g));
        const Index first = part * _ld / _plan.n_panels;
        const int columns = static_cast<int>((part + 1) * _ld / _plan.n_panels - first);
        const int ld = static_cast<int>(_ld);
        const double *all = _block.at(g, 0, 0), *some = all + first;
        double* out = _products[g].data() + first * _ld;
        if (first > 0)
            _runtime.blas.gemm('N', 'T', static_cast<int>(first), columns, rows, 1.0, all, ld, some,
                               ld, 1.0, out, ld);
        _runtime.blas.syrk('U', 'N', columns, rows, 1.0, some, ld, 1.0, out + first, ld);
    }

    void add_panels(Index g, Index part) {
        constexpr Index at_once = 4;  // right panels that stay in cache while a left one is read
        const Index n = _block.n_panels();
        const Index first = part * n / _plan.n_panels, last = (part + 1) * n / _plan.n_panels;
        const Index n_pairs = (last * (last + 1) - first * (first + 1)) / 2;
        Index pair = 0;
        for (Index begin = first; begin < last; begin += at_once) {
            const Index end = std::min(last, begin + at_once);
            for (Index left = 0; left < end; ++left)
                for (Index right = std::max(left, begin); right < end; ++right) {
                    add_pair(g, left, right);
                    if (_plan.read_ahead)
                        _data.design.prefetch(_next.first, _next.last, pair, n_pairs);
                    ++pair;
                }
        }
    }

    void add_pair(Index g, Index left, Index right) {
        const PanelKernels& kernels = _runtime.simd.panels;
        const Index i = left * kernels.width, j = right * kernels.width;
        double* out = _products[g].data() + j * _ld + i;
        if (left == right)
            kernels.square(product_rows(g), _block.at(g, 0, i), out, _ld);
        else
            kernels.product(product_rows(g), _block.at(g, 0, i), _block.at(g, 0, j), out, _ld);
    }

    void move_mean(Index g) {
        Moments& moments = _moments[g];
        const double weight = _block.weight(g);
        if (weight == 0.0) return;
        moments.weight += weight;
        const double share = weight / moments.weight;
        for (Index j = 0; j < _data.width(); ++j) {
            moments.mean[j] += share * (_block.mean(g)[j] - moments.mean[j]);
        }
    }

    struct Range {
        Index first, last;
    };

    const Runtime _runtime;
    const GroupedRows& _data;
    const MomentsPlan& _plan;
    CentredBlock _block;
    Range _next{};  ///< rows of the next block
    const Index _ld;
    std::vector<AlignedArray> _products;  ///< one per group, ld x ld
    std::vector<Moments> _moments;        ///< their weights and means
};

}  // namespace detail

/// Moments of each fold's rows in one pass over X, which is copied in small blocks only; if there
/// are rows that no fold holds out, theirs come last. The same bits for any number of threads.
///
/// @param wt weights that sum to 1; null: 1/n each. Rows of weight 0 belong nowhere
/// @param fold_ids fold of each row, negative for none; null: the result is one group of all rows
inline std::vector<Moments> moments_by_fold(const Runtime& runtime, const Design& design,
                                            const double* y, const double* wt, const int* fold_ids,
                                            Index n_folds) {
    const bool some_in_none = fold_ids && std::any_of(fold_ids, fold_ids + design.rows(),
                                                      [](int fold) { return fold < 0; });
    const GroupedRows data{design, y, wt, fold_ids, fold_ids ? n_folds + some_in_none : 1};
    const detail::MomentsPlan plan(runtime.simd, data);
    std::vector<std::vector<Moments>> parts(static_cast<std::size_t>(plan.n_tasks));
    const bool one_thread = plan.n_tasks > 1 || !plan.threads_in_block;
    const Runtime inner{runtime.blas, runtime.simd, runtime.interrupt,
                        one_thread ? 1 : runtime.n_threads};
    parallel_for(runtime, plan.n_tasks, [&](Index task) {
        detail::MomentsAccumulator accumulator(inner, data, plan);
        accumulator.add(task * design.rows() / plan.n_tasks,
                        (task + 1) * design.rows() / plan.n_tasks);
        parts[task] = accumulator.moments();
    });
    std::vector<Moments>& result = parts[0];
    for (Index g = 0; g < data.n_groups; ++g) {
        for (Index task = 1; task < plan.n_tasks; ++task)
            merge(result[g], parts[task][g], result[g]);
        if (wt) continue;
        const double share = 1.0 / static_cast<double>(design.rows());
        result[g].weight *= share;
        for (double& product : result[g].products) product *= share;
    }
    return std::move(result);
}

}  // namespace shrinkage
