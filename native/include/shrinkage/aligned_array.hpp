#pragma once
#include <cstdint>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// Zeros that start on a cache line: a vector that straddles two lines takes twice as long to read.
class AlignedArray {
public:
    explicit AlignedArray(Index size) : _values(static_cast<std::size_t>(size + line)) {
        const auto place = reinterpret_cast<std::uintptr_t>(_values.data()) / sizeof(double);
        _start = (line - static_cast<Index>(place % line)) % line;
    }
    AlignedArray(const AlignedArray&) = delete;
    AlignedArray(AlignedArray&&) = default;  // the values stay where they are

    double* data() { return _values.data() + _start; }

private:
    static constexpr Index line = 64 / sizeof(double);
    std::vector<double> _values;
    Index _start;
};

}  // namespace shrinkage
