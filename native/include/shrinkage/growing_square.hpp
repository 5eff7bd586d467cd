#pragma once
#include "shrinkage/slots.hpp"

namespace shrinkage {

/// Column-major square matrix whose leading dimension doubles when it must grow.
class GrowingSquare {
public:
    double* data() { return _values.data(); }
    const double* data() const { return _values.data(); }
    Index ld() const { return _ld; }

    /// Makes room for n x n and keeps the leading used x used block.
    void reserve(Index n, Index used) {
        if (n <= _ld) return;
        Index ld = std::max<Index>({n + 8, 16, 2 * _ld});
        ld = (ld + 3) / 4 * 4;
        if (ld % 64 == 0) ld += 4;  // columns a multiple of 512 bytes apart share cache sets
        std::vector<double> values(static_cast<std::size_t>(ld * ld));
        for (Index j = 0; j < used; ++j)
            std::copy_n(_values.data() + j * _ld, used, values.data() + j * ld);
        _values = std::move(values);
        _ld = ld;
    }

private:
    Index _ld = 0;
    std::vector<double> _values;
};

}  // namespace shrinkage
