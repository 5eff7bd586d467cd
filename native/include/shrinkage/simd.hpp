#pragma once
#include <cstddef>

namespace shrinkage {

/// Vector kernels, compiled twice (baseline and AVX2 with FMA) from the same source, kernels.inc.
/// `X` is double or float (widened while read); everything is accumulated in double.
template <class X>
struct ColumnKernels {
    double (*sum)(std::ptrdiff_t n, const X* x);
    double (*dot)(std::ptrdiff_t n, const X* x, const double* y);
    /// out[k] = x_k' y for four columns at once: y is read once.
    void (*dot4)(std::ptrdiff_t n, const X* const* x, const double* y, double* out);
    /// out[3 k + l] = x_k' y_l for four columns and three vectors: twelve sums in registers.
    void (*dot4x3)(std::ptrdiff_t n, const X* const* x, const double* const* y, double* out);
    /// sum of (x - shift)^2
    double (*squares)(std::ptrdiff_t n, const X* x, double shift);
    /// out = (x - shift) * scale, and times w where w is given
    void (*centre)(std::ptrdiff_t n, const X* x, double shift, double scale, const double* w,
                   double* out);
    /// y += a x
    void (*axpy)(std::ptrdiff_t n, double a, const X* x, double* y);
    /// y += a[0] x_0 + ... + a[3] x_3: y is read and written once.
    void (*axpy4)(std::ptrdiff_t n, const double* a, const X* const* x, double* y);
};

struct Kernels {
    ColumnKernels<double> f64;
    ColumnKernels<float> f32;
    const char* name;  ///< "baseline" or "avx2"
};

extern const Kernels kernels_baseline;
extern const Kernels kernels_avx2;

/// The best set that this processor runs.
const Kernels& best_kernels();

}  // namespace shrinkage
