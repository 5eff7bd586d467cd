#pragma once
#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/dense_algebra.hpp"
#include "shrinkage/design.hpp"

namespace shrinkage {

/// Products of centred rows of X with some directions: (x_i - mean)'directions. Rows are copied and
/// centred in small blocks.
class RowProjection {
public:
    static constexpr Index rows_per_block = 256;

    /// @param directions columns of X x rank
    RowProjection(const Design& design, std::span<const double> mean,
                  std::vector<double> directions)
        : _design(design), _mean(mean), _directions(std::move(directions)) {}

    Index rank() const { return static_cast<Index>(_directions.size()) / _design.cols(); }
    Index n_blocks() const { return (_design.rows() + rows_per_block - 1) / rows_per_block; }
    Index first_row(Index block) const { return block * rows_per_block; }
    Index rows_in(Index block) const {
        return std::min(_design.rows() - first_row(block), rows_per_block);
    }

    /// @return rows_in(block) x rank
    std::vector<double> operator()(const Runtime& runtime, Index block) const {
        const Index cols = _design.cols(), count = rows_in(block);
        const bool by_column = _design.has_columns();
        const Index ld = by_column ? count : cols;
        std::vector<double> rows(count * cols), projected(count * rank());
        _design.gather_block(runtime.simd, {first_row(block), count, nullptr}, 0, cols, rows.data(),
                             ld);
        if (by_column)
            for (Index j = 0; j < cols; ++j)
                for (Index i = 0; i < count; ++i) rows[j * ld + i] -= _mean[j];
        else
            for (Index i = 0; i < count; ++i)
                for (Index j = 0; j < cols; ++j) rows[i * ld + j] -= _mean[j];
        multiply(runtime.blas, by_column ? 'N' : 'T', count, cols, rank(), rows.data(), ld,
                 _directions.data(), cols, 1.0, 0.0, projected.data(), count);
        return projected;
    }

private:
    const Design& _design;
    std::span<const double> _mean;
    std::vector<double> _directions;
};

}  // namespace shrinkage
