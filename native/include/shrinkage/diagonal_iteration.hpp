#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "shrinkage/runtime.hpp"
#include "shrinkage/slots.hpp"

namespace shrinkage {

/// Conjugate gradients on the members' equations A x = b, A = G + l2 D, preconditioned by the
/// diagonal of A: nothing is kept of members, so they come and go for nothing.
class DiagonalIteration {
public:
    explicit DiagonalIteration(const Runtime& runtime)
        : _simd(runtime.simd), _interrupt(runtime.interrupt) {}

    /// Before run(): A's diagonal, and b - A x at the start.
    void start(const SlotTable& slots, std::span<const int> members, double l2, const double* b,
               const double* product) {
        const std::size_t n = members.size();
        for (auto* each : {&_residual, &_preconditioned, &_direction, &_image, &_inverse_diagonal})
            each->resize(n);
        for (std::size_t i = 0; i < n; ++i) {
            const int j = members[i];
            _residual[i] = b[i] - product[i];
            _inverse_diagonal[i] = 1.0 / (slots.diagonal(j) + l2 * slots.penalty_factor(j));
        }
    }

    /// @param accuracy of b - A x @param multiply (p, out) writes A p
    /// @param moved (step) is told of each x += step p @param x holds the start, receives the
    /// solution; after `most` iterations it is left as it is, and the misfit shows it
    /// @return iterations
    template <class Multiply, class Moved>
    int run(const SlotTable& slots, std::span<const int> members, const Accuracy& accuracy,
            int most, double* x, Multiply multiply, Moved moved) {
        const auto n = static_cast<Index>(members.size());
        double previous = std::numeric_limits<double>::infinity();
        for (int iteration = 0; iteration < most; ++iteration) {
            if (is_accurate(slots, members, accuracy)) return iteration;
            _interrupt.check();
            for (Index i = 0; i < n; ++i) _preconditioned[i] = _residual[i] * _inverse_diagonal[i];
            const double current = _simd.f64.dot(n, _residual.data(), _preconditioned.data());
            const double momentum = current / previous;
            previous = current;
            if (iteration == 0)
                std::copy(_preconditioned.begin(), _preconditioned.end(), _direction.begin());
            else
                for (Index i = 0; i < n; ++i)
                    _direction[i] = _preconditioned[i] + momentum * _direction[i];
            multiply(_direction.data(), _image.data());
            const double step = current / _simd.f64.dot(n, _direction.data(), _image.data());
            if (!std::isfinite(step)) return iteration;  // nothing is left but rounding
            _simd.f64.axpy(n, step, _direction.data(), x);
            _simd.f64.axpy(n, -step, _image.data(), _residual.data());
            moved(step);
        }
        return most;
    }

private:
    bool is_accurate(const SlotTable& slots, std::span<const int> members,
                     const Accuracy& accuracy) const {
        for (std::size_t i = 0; i < members.size(); ++i)
            if (std::abs(_residual[i]) > accuracy.of(slots, members[i])) return false;
        return true;
    }

    const Kernels& _simd;
    Interrupt& _interrupt;
    std::vector<double> _residual, _preconditioned, _direction, _image, _inverse_diagonal;
};

}  // namespace shrinkage
