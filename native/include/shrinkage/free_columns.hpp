#pragma once
#include <span>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// Dense centred copies of the few columns that nothing penalises. Their correlations must vanish
/// to rounding, which takes Newton steps with curvatures of the very point; in these columns alone
/// such a step costs next to nothing.
class FreeColumns {
public:
    /// Whether there are few enough of them for this to pay.
    static bool suit(std::size_t n_free) { return n_free > 0 && n_free <= 12; }

    /// @param slots that nothing penalises
    template <class Columns>
    void copy(const Runtime& runtime, const Columns& columns, std::span<const int> slots) {
        _slots.assign(slots.begin(), slots.end());
        const Index rows = columns.rows(), step = columns.rows_in_cache();
        _values.assign(static_cast<std::size_t>(rows) * _slots.size(), 0.0);
        for (std::size_t k = 0; k < _slots.size(); ++k) {
            double* out = _values.data() + static_cast<Index>(k) * rows;
            std::fill(out, out + rows, -columns.shift(_slots[k]));
            const double one = 1.0;
            for (Index first = 0; first < rows; first += step)
                columns.add_product(runtime.simd, first, std::min(first + step, rows),
                                    {&_slots[k], 1}, &one, out + first);
        }
        _rows = rows;
    }

    std::span<const int> slots() const { return _slots; }
    Index size() const { return static_cast<Index>(_slots.size()); }

    /// c = Z'u
    std::vector<double> correlations(const Kernels& simd, const double* u) const {
        std::vector<double> c(_slots.size());
        simd.matrix.dot_columns(_rows, size(), _values.data(), _rows, nullptr, u, c.data());
        return c;
    }

    /// eta += Z step
    void add_product(const Kernels& simd, std::span<const double> step, double* eta) const {
        simd.matrix.add_columns(_rows, size(), _values.data(), _rows, nullptr, 1.0, step.data(),
                                eta);
    }

    /// Turns the correlations into the Newton step for curvatures h, the intercept eliminated.
    /// Columns of correlation exactly 0 stay where they are. @param damping of the diagonal, a
    /// share of it
    /// @return false: the columns depend on each other
    bool solve(const Runtime& runtime, const double* h, bool fit_intercept, std::vector<double>& c,
               double damping = 0.0) const {
        const Index k = size();
        std::vector<double> scaled(_values.size()), gram(static_cast<std::size_t>(k * k)),
            cross(static_cast<std::size_t>(k));
        for (Index j = 0; j < k; ++j)
            runtime.simd.f64.centre(_rows, _values.data() + j * _rows, 0.0, 1.0, h,
                                    scaled.data() + j * _rows);
        runtime.simd.matrix.dot_block(_rows, k, _values.data(), _rows, nullptr, k, scaled.data(),
                                      _rows, gram.data(), k);
        if (fit_intercept) {
            const double sum = runtime.simd.f64.sum(_rows, h);
            runtime.simd.matrix.dot_columns(_rows, k, _values.data(), _rows, nullptr, h,
                                            cross.data());
            for (Index j = 0; j < k; ++j)
                for (Index i = 0; i < k; ++i) gram[j * k + i] -= cross[i] * cross[j] / sum;
        }
        for (Index j = 0; j < k; ++j) {
            gram[j * k + j] *= 1.0 + damping;
            if (c[j] != 0.0) continue;
            for (Index i = 0; i < k; ++i) gram[i * k + j] = gram[j * k + i] = i == j ? 1.0 : 0.0;
        }
        const auto order = static_cast<Blas::Int>(k);
        if (runtime.blas.potrf('L', order, gram.data(), order) != 0) return false;
        runtime.blas.potrs('L', order, 1, gram.data(), order, c.data(), order);
        return true;
    }

private:
    Index _rows = 0;
    std::vector<int> _slots;
    std::vector<double> _values;
};

}  // namespace shrinkage
