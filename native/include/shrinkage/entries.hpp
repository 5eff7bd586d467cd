#pragma once
#include <algorithm>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// The proximal step of an entry-wise penalty on the weights of a network, in place: one pass that
/// reads the second moment and the weights and writes the weights.
/// @param second null: D is the step's shift
/// @param is_squared whether D has the square root of `second`
template <class X>
void shrink_entries(const Runtime& runtime, const EntryKernels<X>& kernels, Index n, X* weight,
                    const X* second, bool is_squared, EntryStep<X> step) {
    constexpr Index block = 1 << 17;
    const auto shrink = second == nullptr ? kernels.shrink_plain
                        : is_squared      ? kernels.shrink_root
                                          : kernels.shrink;
    if (n <= block) return shrink(n, weight, second, step);
    parallel_for(runtime, (n + block - 1) / block, [&](Index task) {
        const Index start = task * block;
        const X* moment = second == nullptr ? nullptr : second + start;
        shrink(std::min(block, n - start), weight + start, moment, step);
    });
}

}  // namespace shrinkage
