#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// One number a class.
struct PerClass {
    std::vector<double> values;

    friend PerClass operator+(PerClass a, const PerClass& b) {
        for (std::size_t k = 0; k < a.values.size(); ++k) a.values[k] += b.values[k];
        return a;
    }
    friend PerClass operator*(double factor, PerClass a) {
        for (double& value : a.values) value *= factor;
        return a;
    }
};

/// M x = r for the curvatures M of the K intercepts. M 1 = 0, because the same number added to all
/// intercepts changes nothing: x_0 is 0, and the rest of M has a Cholesky factor that loses no
/// digits (off the diagonal M is negative, and its rows sum to 0).
class ClassSystem {
public:
    /// @param curvature M, K x K
    void factorise(std::vector<double> curvature) {
        constexpr double least = 1e-13;  // of a pivot, beside what it started from
        _n_classes = static_cast<Index>(std::lround(std::sqrt(curvature.size())));
        _factor = std::move(curvature);
        for (Index j = 1; j < _n_classes; ++j) {
            double pivot = at(j, j);
            const double floor = std::max(least * pivot, 1e-300);
            for (Index i = 1; i < j; ++i) pivot -= at(j, i) * at(j, i);
            at(j, j) = std::sqrt(std::max(pivot, floor));
            for (Index k = j + 1; k < _n_classes; ++k) {
                double entry = at(k, j);
                for (Index i = 1; i < j; ++i) entry -= at(k, i) * at(j, i);
                at(k, j) = entry / at(j, j);
            }
        }
    }

    /// x = L^-1 r without its first entry. @param x K - 1 numbers
    void solve_lower(const double* r, double* x) const {
        for (Index j = 1; j < _n_classes; ++j) {
            double sum = r[j];
            for (Index i = 1; i < j; ++i) sum -= at(j, i) * x[i - 1];
            x[j - 1] = sum / at(j, j);
        }
    }

    /// The solution, whose first entry is 0.
    std::vector<double> solve(std::span<const double> r) const {
        std::vector<double> x(r.size(), 0.0);
        solve_lower(r.data(), x.data() + 1);
        for (Index j = _n_classes - 1; j >= 1; --j) {
            for (Index k = j + 1; k < _n_classes; ++k) x[j] -= at(k, j) * x[k];
            x[j] /= at(j, j);
        }
        return x;
    }

private:
    double& at(Index row, Index column) { return _factor[column * _n_classes + row]; }
    double at(Index row, Index column) const { return _factor[column * _n_classes + row]; }

    Index _n_classes = 0;
    std::vector<double> _factor;  ///< below and on the diagonal, without row and column 0
};

}  // namespace shrinkage
