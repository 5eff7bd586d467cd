// Two doubles to a vector: SSE2 on x86-64, NEON on ARM.
#define LANES 2
#define TABLE kernels_baseline
#define TABLE_NAME "baseline"
#include "kernels.inc"
