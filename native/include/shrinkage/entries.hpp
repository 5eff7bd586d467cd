#pragma once
#include <algorithm>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// The proximal step of an entry-wise penalty on the weights of a network, in place: one pass that
/// reads the second moment and the weights and writes the weights.
/// @param is_squared whether D has the square root of `second`
template <class X>
void shrink_entries(const Runtime& runtime, const EntryKernels<X>& kernels, Index n, X* weight,
                    const X* second, bool is_squared, EntryStep<X> step) {
    constexpr Index block = 1 << 17;
    const auto shrink = is_squared ? kernels.shrink_root : kernels.shrink;
    if (n <= block) return shrink(n, weight, second, step);
    parallel_for(runtime, (n + block - 1) / block, [&](Index task) {
        const Index start = task * block;
        shrink(std::min(block, n - start), weight + start, second + start, step);
    });
}

}  // namespace shrinkage
