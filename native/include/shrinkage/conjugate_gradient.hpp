#pragma once
#include "shrinkage/sparse_slots.hpp"

namespace shrinkage {

/// Solves (Z'Z + l2 D) x = b on sparse columns without forming Z'Z, preconditioned by its diagonal:
/// members come and go for nothing. It counts what its iterations cost beyond the work with a
/// factor, and once that has added up to the price of one, a factor is the better bet.
class ConjugateGradient {
public:
    ConjugateGradient(const Runtime& runtime, SparseSlots& slots, Counts&)
        : _simd(runtime.simd), _interrupt(runtime.interrupt), _slots(slots) {}

    /// Whether `n` members are better handled here than by a factor of their Gram matrix.
    bool suits(Index n, double) const { return n > (_regret_is_high ? most_factored : 150); }
    /// Whether the n members that are here should go to a factor.
    bool is_slow(Index n) const { return _regret_is_high && n <= most_factored / 2; }

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
        double previous = 0.0, spent = 0.0;
        for (int iteration = 0; iteration < most_iterations; ++iteration) {
            if (is_accurate(members, accuracy)) break;
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
            if (!std::isfinite(step)) break;  // nothing is left but rounding
            spent += 2.0 * static_cast<double>(_slots.stored(members));
            _simd.f64.axpy(size, step, _direction.data(), x);
            _simd.f64.axpy(size, -step, _image.data(), _residual.data());
        }
        add_regret(spent, static_cast<double>(n));
    }

private:
    static constexpr int most_iterations = 500;
    /// The Gram matrix of more members would take too much memory.
    static constexpr Index most_factored = 4000;

    /// In multiplications. An inverse changes at a member's coming and going for some n^2; a
    /// Cholesky factor, where there is l2, may have to be computed anew.
    void add_regret(double spent, double n) {
        const double with_factor = _l2 > 0.0 ? n * n * n / 6.0 : 3.0 * n * n;
        _regret += std::max(0.0, spent - with_factor);
        _regret_is_high = _regret_is_high || _regret > n * n * n;
    }

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
    double _regret = 0.0;
    bool _regret_is_high = false;
    std::vector<double> _residual, _preconditioned, _direction, _image, _fit;
};

}  // namespace shrinkage
