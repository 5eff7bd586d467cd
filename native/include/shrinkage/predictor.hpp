#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "shrinkage/design.hpp"

namespace shrinkage {

/// Coefficients of several models as compressed rows, in original units.
struct ModelRows {
    std::span<const std::int64_t> starts;
    std::span<const std::int32_t> features;
    std::span<const double> values;
    std::span<const double> intercepts;
};

/// X coef' + intercept: rows of X x models, column-major. X is neither copied nor widened, and read
/// once for all models unless it is sparse.
inline std::vector<double> linear_predictor(const Runtime& runtime, const Design& design,
                                            const ModelRows& models) {
    const Index n = design.rows();
    const Index n_models = static_cast<Index>(models.intercepts.size());
    std::vector<double> eta(static_cast<std::size_t>(n * n_models));
    const Index step = design.is_sparse() ? n : 1024;
    parallel_for(runtime, (n + step - 1) / step, [&](Index task) {
        const Index first = task * step;
        const Index last = std::min(n, first + step);
        for (Index m = 0; m < n_models; ++m) {
            const auto start = static_cast<std::size_t>(models.starts[m]);
            const auto count = static_cast<std::size_t>(models.starts[m + 1]) - start;
            double* out = eta.data() + m * n + first;
            std::fill(out, out + (last - first), models.intercepts[m]);
            design.add_columns(runtime.simd, models.features.subspan(start, count),
                               models.values.subspan(start, count), first, last, out);
        }
    });
    return eta;
}

}  // namespace shrinkage
