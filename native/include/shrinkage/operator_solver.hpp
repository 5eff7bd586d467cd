#pragma once
#include <cmath>
#include <vector>

#include "shrinkage/dual_factor.hpp"
#include "shrinkage/quadratic_slots.hpp"

namespace shrinkage {

/// Solves (G + l2 D) x = b by conjugate gradients, preconditioned by the diagonal, where G is known
/// only by its products. Members come and go for nothing. What is not solved after many iterations
/// is left as it is; the misfit shows it.
class OperatorSolver {
public:
    OperatorSolver(const Runtime& runtime, QuadraticSlots& slots)
        : _simd(runtime.simd), _interrupt(runtime.interrupt), _slots(slots) {}

    void set_l2(double l2) { _l2 = l2; }

    /// @param x holds the start, receives the solution; its product with G is known to the slots
    /// @param accuracy of b - (G + l2 D) x
    void solve(std::span<const int> members, const double* b, const Accuracy& accuracy, double* x) {
        const std::size_t n = members.size();
        const auto size = static_cast<Index>(n), all = static_cast<Index>(_slots.size());
        for (auto* each : {&_residual, &_preconditioned, &_direction}) each->resize(n);
        _inverse_diagonal.resize(n);
        _whole.assign(static_cast<std::size_t>(all), 0.0);
        _image.resize(static_cast<std::size_t>(all));
        KnownProduct& known = _slots.product_of(members, {x, n});
        for (std::size_t i = 0; i < n; ++i) {
            const int j = members[i];
            const double l2 = _l2 * _slots.penalty_factor(j);
            _inverse_diagonal[i] = 1.0 / (_slots.diagonal(j) + l2);
            _residual[i] = b[i] - known.product[j] - l2 * x[i];
        }
        double previous = 0.0;
        for (int iteration = 0; iteration < most_iterations; ++iteration) {
            if (is_accurate(members, accuracy)) break;
            _interrupt.check();
            for (std::size_t i = 0; i < n; ++i)
                _preconditioned[i] = _residual[i] * _inverse_diagonal[i];
            const double current = _simd.f64.dot(size, _residual.data(), _preconditioned.data());
            const double momentum = iteration == 0 ? 0.0 : current / previous;
            previous = current;
            for (std::size_t i = 0; i < n; ++i) {
                _direction[i] =
                    _preconditioned[i] + (iteration == 0 ? 0.0 : momentum * _direction[i]);
                _whole[members[i]] = _direction[i];
            }
            _slots.multiply(_whole.data(), _image.data());
            double curvature = 0.0;
            for (std::size_t i = 0; i < n; ++i) {
                const int j = members[i];
                curvature +=
                    _direction[i] * (_image[j] + _l2 * _slots.penalty_factor(j) * _direction[i]);
            }
            const double step = current / curvature;
            if (!std::isfinite(step)) break;  // nothing is left but rounding
            for (std::size_t i = 0; i < n; ++i) {
                const int j = members[i];
                x[i] += step * _direction[i];
                known.x[j] = x[i];
                _residual[i] -= step * (_image[j] + _l2 * _slots.penalty_factor(j) * _direction[i]);
            }
            _simd.f64.axpy(all, step, _image.data(), known.product.data());
        }
    }

private:
    static constexpr int most_iterations = 300;

    bool is_accurate(std::span<const int> members, const Accuracy& accuracy) const {
        for (std::size_t i = 0; i < members.size(); ++i)
            if (std::abs(_residual[i]) > accuracy.of(_slots, members[i])) return false;
        return true;
    }

    const Kernels& _simd;
    Interrupt& _interrupt;
    QuadraticSlots& _slots;
    double _l2 = 0.0;
    std::vector<double> _residual, _preconditioned, _direction, _inverse_diagonal;
    std::vector<double> _whole, _image;  ///< on all slots
};

/// What takes over from a factor of a quadratic model's G: nothing where G is at hand, the matrix
/// of the other side where it is known by columns, iterations where it is known by its products.
class LargeQuadratic {
public:
    LargeQuadratic(const Runtime& runtime, QuadraticSlots& slots, Counts& counts)
        : _slots(slots), _dual(runtime, slots, counts), _operator(runtime, slots) {}

    bool suits(Index n, double l2) const { return iterates() || _dual.suits(n, l2); }
    bool iterates() const { return _slots.has_operator(); }
    bool is_slow(Index) const { return false; }
    void set_l2(double l2) {
        _dual.set_l2(l2);
        _operator.set_l2(l2);
    }
    void restart(std::span<const int> members) {
        if (!iterates()) _dual.restart(members);
    }
    void append(int slot) {
        if (!iterates()) _dual.append(slot);
    }
    void erase(int slot) {
        if (!iterates()) _dual.erase(slot);
    }
    void solve(std::span<const int> members, const double* b, const Accuracy& accuracy, double* x) {
        if (iterates())
            _operator.solve(members, b, accuracy, x);
        else
            _dual.solve(members, b, accuracy, x);
    }

private:
    QuadraticSlots& _slots;
    DualFactor<QuadraticSlots> _dual;
    OperatorSolver _operator;
};

}  // namespace shrinkage
