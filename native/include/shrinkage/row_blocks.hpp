#pragma once
#include <algorithm>

#include "shrinkage/growing_square.hpp"
#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// Rows cut into blocks of a fixed size, each of whole units: enough work to be worth a thread, and
/// a function of the problem only, so that sums over blocks, added in order, never depend on
/// threads.
class RowBlocks {
public:
    /// @param work_per_row multiplications
    RowBlocks(Index rows, Index unit, double work_per_row) : _rows(rows) {
        constexpr double least_work = 1 << 18;
        const auto wanted = static_cast<Index>(least_work / (work_per_row + 32.0));
        _length = (std::max<Index>(wanted, 1) + unit - 1) / unit * unit;
    }

    Index count() const { return (_rows + _length - 1) / _length; }
    Index first(Index block) const { return block * _length; }
    Index last(Index block) const { return std::min(_rows, (block + 1) * _length); }

private:
    Index _rows, _length;
};

/// Copies what is above the diagonal in the columns first .. size-1 to below it.
inline void mirror_from(Index first, Index size, GrowingSquare& matrix) {
    double* values = matrix.data();
    for (Index j = first; j < size; ++j)
        for (Index i = 0; i < j; ++i) values[i * matrix.ld() + j] = values[j * matrix.ld() + i];
}

}  // namespace shrinkage
