#pragma once
#include "shrinkage/sparse_slots.hpp"

namespace shrinkage {

/// Solves (Z'Z + l2 D) x = b on sparse columns without forming Z'Z, preconditioned by its diagonal:
/// members come and go for nothing.
class ConjugateGradient {
public:
    ConjugateGradient(const Runtime& runtime, SparseSlots& slots, Counts&)
        : _simd(runtime.simd), _interrupt(runtime.interrupt), _slots(slots) {}

    /// Whether `n` members are better handled here than by a factor of their Gram matrix.
    static bool suits(const SparseSlots&, Index n, double) { return n > 150; }

    void set_l2(double l2) { _l2 = l2; }
    void restart(std::span<const int>) {}
    void append(int) {}
    void erase(int) {}

    /// @param x holds the start, receives the solution
    /// @param accuracy of b - (Z'Z + l2 D) x
    void solve(std::span<const int> members, const double* b, const Accuracy& accuracy, double* x) {
        const std::size_t n = members.size();
        const auto size = static_cast<Index>(n);
        for (auto* each : {&_residual, &_preconditioned, &_direction, &_image}) each->resize(n);
        multiply(members, x, _residual.data());
        for (std::size_t i = 0; i < n; ++i) _residual[i] = b[i] - _residual[i];
        double previous = 0.0;
        for (int iteration = 0; iteration < most_iterations; ++iteration) {
            if (is_accurate(members, accuracy)) return;
            _interrupt.check();
            precondition(members);
            const double current = _simd.f64.dot(size, _residual.data(), _preconditioned.data());
            const double momentum = iteration == 0 ? 0.0 : current / previous;
            for (std::size_t i = 0; i < n; ++i)
                _direction[i] =
                    _preconditioned[i] + (iteration == 0 ? 0.0 : momentum * _direction[i]);
            previous = current;
            multiply(members, _direction.data(), _image.data());
            const double step = current / _simd.f64.dot(size, _direction.data(), _image.data());
            if (!std::isfinite(step)) return;  // nothing is left but rounding
            _simd.f64.axpy(size, step, _direction.data(), x);
            _simd.f64.axpy(size, -step, _image.data(), _residual.data());
        }
    }

private:
    static constexpr int most_iterations = 500;

    void multiply(std::span<const int> members, const double* x, double* out) {
        _fit.assign(static_cast<std::size_t>(_slots.rows()), 0.0);
        _slots.add_columns(members, {x, members.size()}, 1.0, _fit.data());
        _slots.dot_columns(members, _fit.data(), out);
        for (std::size_t i = 0; i < members.size(); ++i)
            out[i] += _l2 * _slots.penalty_factor(members[i]) * x[i];
    }

    void precondition(std::span<const int> members) {
        for (std::size_t i = 0; i < members.size(); ++i)
            _preconditioned[i] = _residual[i] / (_slots.diagonal(members[i]) +
                                                 _l2 * _slots.penalty_factor(members[i]));
    }

    bool is_accurate(std::span<const int> members, const Accuracy& accuracy) const {
        for (std::size_t i = 0; i < members.size(); ++i)
            if (std::abs(_residual[i]) > accuracy.of(_slots, members[i])) return false;
        return true;
    }

    const Kernels& _simd;
    Interrupt& _interrupt;
    SparseSlots& _slots;
    double _l2 = 0.0;
    std::vector<double> _residual, _preconditioned, _direction, _image, _fit;
};

}  // namespace shrinkage
