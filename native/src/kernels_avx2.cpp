// Compiled with -mavx2 -mfma -ffp-contract=fast (x86-64 only), reached only through best_kernels().
#if defined(__AVX2__) && defined(__FMA__)
#define LANES 4
#define TABLE kernels_avx2
#define TABLE_NAME "avx2"
#include "kernels.inc"
#endif
