#include "shrinkage/simd.hpp"

namespace shrinkage {

const Kernels& best_kernels() {
#if defined(__x86_64__)
    static const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (has_avx2) return kernels_avx2;
#endif
    return kernels_baseline;
}

}  // namespace shrinkage
