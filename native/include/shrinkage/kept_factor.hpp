#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// Decides for how many values of l2 one Cholesky factor serves. At others than its own a system is
/// solved by iteration, each step two triangular solves: to keep the factor pays as long as the
/// next value costs less than those so far have cost on average, the factor itself among it.
class KeptFactor {
public:
    /// Nanoseconds, about, by counting operations: of a factor and of a step.
    static double factor_cost(Index n) {
        const auto order = static_cast<double>(n);
        return 500.0 + order * order * (0.3 + order / 92.0);
    }
    static double step_cost(Index n) {
        const auto order = static_cast<double>(n);
        return 300.0 + order * (6.0 + 0.07 * order);
    }
    /// More steps than this in one solve: a new factor would have been cheaper.
    static Index most_steps(Index n) { return static_cast<Index>(factor_cost(n) / step_cost(n)); }

    void factorised(Index n) {
        _spent = factor_cost(n);
        _values = 1;
        _steps = 0;
    }
    void iterated(Index steps, Index n) {
        _steps += steps;
        _spent += static_cast<double>(steps) * step_cost(n);
    }

    /// Whether to go on at a new value with a factor of order n. @param from the l2 of the factor
    bool serves(Index n, double from, double to) {
        constexpr Index fewest = 100;  // of fewer members a factor costs next to nothing
        constexpr double growth = 1.2;
        const auto steps = static_cast<double>(std::exchange(_steps, 0));
        if (n < fewest || !(from > 0.0) || !(to > 0.0)) return false;
        if (_values == 2) _first = steps;
        const double expected =
            std::min(expected_steps(from, to), _values == 1 ? _first : growth * steps);
        const bool pays = expected * step_cost(n) * static_cast<double>(_values) < _spent;
        ++_values;
        return pays;
    }

private:
    /// Of conjugate gradients in two solves, if the Gram matrix had eigenvalues 0.
    static double expected_steps(double from, double to) {
        constexpr double solves = 2.0, reduction = 25.0;  // of the residual, its logarithm
        const double root = std::sqrt(std::max(from / to, to / from));
        return solves * reduction / std::log((root + 1.0) / (root - 1.0));
    }

    double _spent = 0.0;  ///< on the factor and on what was solved with it
    Index _values = 0;    ///< of l2 that it has served
    Index _steps = 0;     ///< at the present value
    double _first = std::numeric_limits<double>::infinity();  ///< steps at a factor's second value
};

}  // namespace shrinkage
