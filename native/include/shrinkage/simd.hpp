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
    /// out[i step + j] = x[j ld + i] - shift[j], and times w[i] where w is given: k columns become
    /// row-major.
    void (*interleave)(std::ptrdiff_t n, std::ptrdiff_t k, const X* x, std::ptrdiff_t ld,
                       const double* shift, const double* w, double* out, std::ptrdiff_t step);
};

/// Kernels on a column-major matrix of doubles (leading dimension `ld`), or on the `k` of its
/// columns that `list` names (null: the first k). One call for a whole small product, so that a
/// path on ten columns does not spend its time in calls.
struct MatrixKernels {
    /// out[i] = x_i' y
    void (*dot_columns)(std::ptrdiff_t n, std::ptrdiff_t k, const double* x, std::ptrdiff_t ld,
                        const int* list, const double* y, double* out);
    /// y += sign * sum_i coef_i x_i
    void (*add_columns)(std::ptrdiff_t n, std::ptrdiff_t k, const double* x, std::ptrdiff_t ld,
                        const int* list, double sign, const double* coef, double* y);
    /// out[q ld_out + i] = x_i' y_q for m vectors y_q, columns of y
    void (*dot_block)(std::ptrdiff_t n, std::ptrdiff_t k, const double* x, std::ptrdiff_t ld,
                      const int* list, std::ptrdiff_t m, const double* y, std::ptrdiff_t ld_y,
                      double* out, std::ptrdiff_t ld_out);
    /// Full square a (n x n) += sign * v v', v with k columns
    void (*rank_update)(std::ptrdiff_t n, std::ptrdiff_t k, double sign, const double* v,
                        std::ptrdiff_t ld_v, double* a, std::ptrdiff_t ld);
    /// out[j] = sum_i w[i] x[i ld + j], without w where it is null: x is row-major
    void (*sum_rows)(std::ptrdiff_t n, std::ptrdiff_t k, const double* x, std::ptrdiff_t ld,
                     const double* w, double* out);
    /// x[i ld + j] = (x[i ld + j] - shift[j]), and times w[i] where w is given
    void (*centre_rows)(std::ptrdiff_t n, std::ptrdiff_t k, double* x, std::ptrdiff_t ld,
                        const double* shift, const double* w);
};

/// Products of panels, which are row-major with `width` columns: a matrix is cut into panels, and
/// each product of two of them runs in the first-level cache. The products are column-major.
struct PanelKernels {
    std::ptrdiff_t width = 0;  ///< 0: there are none, BLAS is faster on this processor
    /// out += left'right, width x width
    void (*product)(std::ptrdiff_t n, const double* left, const double* right, double* out,
                    std::ptrdiff_t ld) = nullptr;
    /// The same for a panel and itself, but for the lower triangle, where anything may be left
    void (*square)(std::ptrdiff_t n, const double* panel, double* out, std::ptrdiff_t ld) = nullptr;
};

/// A column-major positive definite matrix (leading dimension `ld`) and its factor U'U, of both
/// only the upper triangle.
struct FactorKernels {
    /// U in place. @param work 4 n values @return 0, or the order of the first minor that is not
    /// positive
    std::ptrdiff_t (*factorise)(std::ptrdiff_t n, double* a, std::ptrdiff_t ld, double* work);
    /// x = (U'U)^-1 x
    void (*solve)(std::ptrdiff_t n, const double* u, std::ptrdiff_t ld, double* x);
};

/// What screening.hpp knows of each column, as arrays over columns.
struct ScreenedColumns {
    const double *first, *second;   ///< correlations with the two residuals of the column's pattern
    const double *norm, *rounding;  ///< factors of |rest| and of the noise
    const long long* bits;          ///< of the value that count: all, or all but its sign
    const int* pattern;
};

/// Kernels on all columns for a batch of 8 alphas at once.
struct ScreeningKernels {
    static constexpr int alphas = 8;
    /// Positions, in order, of the columns with
    ///     |x first + z second| + norm rest + rounding noise > limit    at any of the alphas.
    /// @param list columns (null: the first n)
    /// @param fits for each pattern x, z, rest, noise: 4 rows of 8 values
    /// @return how many
    std::ptrdiff_t (*may_exceed)(std::ptrdiff_t n, const std::ptrdiff_t* list,
                                 const ScreenedColumns& columns, const double* fits,
                                 const double* limits, std::ptrdiff_t* positions);
};

/// What a family says of some rows, summed over them.
struct FamilySums {
    double loss = 0.0;       ///< wt l(y, eta): half the deviance but for what depends on y alone
    double residual = 0.0;   ///< u = wt (y - mu)
    double curvature = 0.0;  ///< h = wt dmu/deta
    double slope = 0.0;      ///< dh/deta

    FamilySums& operator+=(const FamilySums& more) {
        loss += more.loss;
        residual += more.residual;
        curvature += more.curvature;
        slope += more.slope;
        return *this;
    }
};

/// Kernels of one family on rows with eta_i + shift as linear predictor.
struct FamilyKernels {
    /// Writes u_i = wt_i (y_i - mu_i) @return the sums over these rows
    FamilySums (*evaluate)(std::ptrdiff_t n, const double* y, const double* wt, const double* eta,
                           double shift, double* u);
    /// The sums but for the loss, in about half the time.
    FamilySums (*derivatives)(std::ptrdiff_t n, const double* y, const double* wt,
                              const double* eta, double shift);
    /// Writes h_i = wt_i dmu_i/deta_i
    void (*curvature)(std::ptrdiff_t n, const double* wt, const double* eta, double shift,
                      double* h);
};

/// Some rows of K classes, their values at [k ld + i]. Linear predictors are (eta + shift_k) times
/// `cooling`.
struct ClassRows {
    std::ptrdiff_t n, n_classes, ld;
    const double *y, *wt;
    const double *eta, *shift;
    double cooling;
};

/// Kernels of the multinomial family.
struct ClassKernels {
    /// Numbers of working space, which need not be set.
    static constexpr std::ptrdiff_t room(std::ptrdiff_t n_classes) {
        constexpr std::ptrdiff_t most_lanes = 4;
        return most_lanes * n_classes * (n_classes + 5);
    }
    /// Writes u = wt (y - mu), adds its sums to `residual` and D_km = wt mu_k ([k = m] - mu_m) to
    /// `curvature` (K x K, m <= k of row k; null: not wanted). @return the loss
    double (*evaluate)(const ClassRows& rows, double* u, double* residual, double* curvature,
                       double* room);
    /// Writes, with ld = n, the means, what they leave for the other classes without cancellation,
    /// the linear predictors less the largest of their row, and for each row the log of the sum of
    /// exp of the latter.
    void (*means)(const ClassRows& rows, double* mu, double* others, double* below, double* log_sum,
                  double* room);
};

/// The elementary functions inside the kernels of families, to a relative error of 4e-16.
struct FunctionKernels {
    /// Beyond -708 .. 709 the value at that end.
    void (*exp)(std::ptrdiff_t n, const double* x, double* out);
    /// log(1 + x) for 0 <= x <= 1
    void (*log1p)(std::ptrdiff_t n, const double* x, double* out);
};

/// A step of an optimizer in a diagonal metric D = scale * sqrt(second) + shift (or * second), and
/// the factors of the penalty that its proximal step shares, the learning rate in both.
template <class X>
struct EntryStep {
    X scale, shift, l1, l2;
};

/// Kernels on the weights of a network, in their own precision.
template <class X>
struct EntryKernels {
    /// weight = argmin_z (z - weight)^2 D / 2 + l1 |z| + l2 z^2 / 2, with D from sqrt(second)
    void (*shrink_root)(std::ptrdiff_t n, X* weight, const X* second, EntryStep<X> step);
    /// The same with D from second itself
    void (*shrink)(std::ptrdiff_t n, X* weight, const X* second, EntryStep<X> step);
    /// The same with D = shift; second is not read
    void (*shrink_plain)(std::ptrdiff_t n, X* weight, const X* second, EntryStep<X> step);
};

struct Kernels {
    ColumnKernels<double> f64;
    ColumnKernels<float> f32;
    MatrixKernels matrix;
    FactorKernels factor;
    PanelKernels panels;
    ScreeningKernels screening;
    FamilyKernels binomial, poisson;
    FunctionKernels functions;
    EntryKernels<double> entries64;
    EntryKernels<float> entries32;
    ClassKernels classes;
    const char* name;  ///< "baseline" or "avx2"
};

extern const Kernels kernels_baseline;
#if defined(__x86_64__)
extern const Kernels kernels_avx2;
#endif

/// The best set that this processor runs.
const Kernels& best_kernels();

}  // namespace shrinkage
