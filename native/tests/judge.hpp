#pragma once
#include "random_problem.hpp"

namespace testing {

/// What an answer is worth, in extended precision from the data; shares no code with the solver.
struct Verdict {
    double gap;     ///< upper minus lower bound of the minimum, over |y|^2 / 2
    double kkt;     ///< largest violation of an optimality condition beyond rounding, over l1
    double length;  ///< largest |z_j| times (|y| + sum_j |z_j t_j|): rounding errors of c are in it
    double projected;  ///< largest |z_j| times the length that was projected away
};

class Judge {
public:
    Judge(const Problem& problem, std::span<const double> t, double l1, double l2)
        : _problem(problem),
          _t(t),
          _l1(l1),
          _l2(l2),
          _residual(problem.y.begin(), problem.y.end()) {
        _length = std::sqrt(product(_residual, _residual));
        for (Index j = 0; j < problem.p; ++j) {
            if (t[j] != 0.0)
                for (Index i = 0; i < problem.n; ++i)
                    _residual[i] -= Real(problem.column(j)[i]) * t[j];
            const Real norm =
                std::sqrt(along(j, Vector(problem.column(j), problem.column(j) + problem.n)));
            _norm.push_back(norm);
            _widest = std::max(_widest, norm);
            _length += norm * std::abs(t[j]);
        }
        _dual_point = _residual;
        project();
    }

    Verdict verdict() const {
        Vector taken = _residual;
        for (std::size_t i = 0; i < taken.size(); ++i) taken[i] -= _dual_point[i];
        const Vector y(_problem.y.begin(), _problem.y.end());
        const Real null_loss = product(y, y) / 2;
        const Real unit = _l1 > 0.0 ? Real(_l1) : std::sqrt(2 * null_loss);
        if (!is_feasible()) return {1.0, 1.0, 0.0, 0.0};
        return {static_cast<double>(std::max(Real(0), primal() - dual(y)) / null_loss),
                static_cast<double>(largest_violation(std::sqrt(2 * null_loss)) / unit),
                static_cast<double>(_widest * _length),
                static_cast<double>(_widest * std::sqrt(product(taken, taken)))};
    }

private:
    using Real = long double;
    using Vector = std::vector<long double>;

    static Real product(const Vector& a, const Vector& b) {
        Real sum = 0.0;
        for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
        return sum;
    }
    Real along(Index j, const Vector& v) const {
        Real sum = 0.0;
        for (Index i = 0; i < _problem.n; ++i) sum += _problem.column(j)[i] * v[i];
        return sum;
    }
    bool is_excluded(Index j) const { return _problem.penalty_factor[j] == infinity; }
    /// Without any penalty all features are free.
    Real factor(Index j) const { return _l1 + _l2 > 0.0 ? _problem.penalty_factor[j] : 0.0; }

    bool is_feasible() const {
        for (Index j = 0; j < _problem.p; ++j)
            if (_t[j] < _problem.lower[j] || _t[j] > _problem.upper[j] ||
                (is_excluded(j) && _t[j] != 0.0))
                return false;
        return true;
    }

    /// Makes the dual point orthogonal to the features that nothing holds: never penalised and off
    /// their bounds. (Any vector makes a valid bound of the minimum; theirs is 0 up to rounding.)
    void project() {
        std::vector<Vector> basis;
        const auto remove_basis = [&basis](Vector& v) {
            for (int twice = 0; twice < 2; ++twice)
                for (const Vector& unit : basis) {
                    const Real length = product(v, unit);
                    for (std::size_t i = 0; i < v.size(); ++i) v[i] -= length * unit[i];
                }
        };
        for (Index j = 0; j < _problem.p; ++j) {
            const bool held =
                _t[j] <= _problem.lower[j] || _t[j] >= _problem.upper[j] || _t[j] == 0.0;
            if (is_excluded(j) || factor(j) != 0.0 || held) continue;
            Vector v(_problem.column(j), _problem.column(j) + _problem.n);
            remove_basis(v);
            const Real norm = std::sqrt(product(v, v));
            if (norm <= 1e-9L * _norm[j]) continue;  // a combination of those before
            for (Real& value : v) value /= norm;
            basis.push_back(std::move(v));
        }
        remove_basis(_dual_point);
    }

    Real primal() const {
        Real value = product(_residual, _residual) / 2;
        for (Index j = 0; j < _problem.p; ++j)
            if (!is_excluded(j))
                value += factor(j) * (_l1 * std::abs(Real(_t[j])) + _l2 * Real(_t[j]) * _t[j] / 2);
        return value;
    }

    /// Largest distance of a correlation from where it should be, beyond rounding.
    Real largest_violation(Real y_norm) const {
        Real largest = 0.0;
        for (Index j = 0; j < _problem.p; ++j) {
            if (is_excluded(j)) continue;
            const Real b = _t[j], c = along(j, _residual), limit = _l1 * factor(j);
            // A free feature that others replace but for 1e-13 of it may be left out.
            if (factor(j) == 0.0 && b == 0.0 && std::abs(c) <= 1e-6L * _norm[j] * y_norm) continue;
            const Real noise = _norm[j] * (1e-12L * y_norm + 2e-15L * _length);
            const Real slope = c - _l2 * factor(j) * b;
            const Real rise = slope - (b < 0 ? -limit : limit);   // > 0: wants to rise
            const Real fall = -slope - (b > 0 ? -limit : limit);  // > 0: wants to fall
            if (b < _problem.upper[j]) largest = std::max(largest, rise - noise);
            if (b > _problem.lower[j]) largest = std::max(largest, fall - noise);
        }
        return largest;
    }

    Real side(Index j, Real c) const { return c > 0 ? _problem.upper[j] : -_problem.lower[j]; }

    /// The largest of three lower bounds of the minimum: the dual point, and l2's part of it,
    /// shrunk until it is feasible; the same without the bounds that are not met; and, with l2, the
    /// dual point with the conjugate of the elastic net.
    Real dual(const Vector& y) const {
        Real open_sides = 1.0, unmet_sides = 1.0, conjugate = 0.0;
        for (Index j = 0; j < _problem.p; ++j) {
            if (is_excluded(j)) continue;
            const Real c = along(j, _dual_point), l1 = _l1 * factor(j), l2 = _l2 * factor(j);
            const Real slope = c - l2 * _t[j], excess = std::abs(c) - l1;
            const bool met = slope > 0 ? _t[j] >= _problem.upper[j] : _t[j] <= _problem.lower[j];
            if (std::abs(slope) > l1 && factor(j) > 0) {
                const Real most = l1 / std::abs(slope);
                if (side(j, slope) == infinity) open_sides = std::min(open_sides, most);
                if (!met) unmet_sides = std::min(unmet_sides, most);
            }
            if (excess > 0 && (l2 > 0 || side(j, c) < infinity)) {
                const Real best = l2 > 0 ? std::min(excess / l2, side(j, c)) : side(j, c);
                conjugate += best * (excess - l2 * best / 2);
            }
        }
        const Real yr = product(y, _dual_point), rr = product(_dual_point, _dual_point);
        const Real shrunk =
            std::max(shrunk_dual(open_sides, yr, rr), shrunk_dual(unmet_sides, yr, rr));
        return _l2 > 0.0 ? std::max(shrunk, yr - rr / 2 - conjugate) : shrunk;
    }

    Real shrunk_dual(Real shrink, Real yr, Real rr) const {
        Real value = shrink * yr - shrink * shrink * rr / 2;
        for (Index j = 0; j < _problem.p; ++j) {
            if (is_excluded(j)) continue;
            const Real l2 = _l2 * factor(j), slope = along(j, _dual_point) - l2 * _t[j];
            const Real excess = shrink * std::abs(slope) - _l1 * factor(j);
            value -= shrink * shrink * l2 * _t[j] * _t[j] / 2;
            if (excess > 0 && side(j, slope) < infinity) value -= excess * side(j, slope);
        }
        return value;
    }

    const Problem& _problem;
    std::span<const double> _t;
    double _l1, _l2;
    Vector _residual, _dual_point, _norm;
    Real _widest = 0.0, _length = 0.0;
};

inline Verdict judge(const Problem& problem, std::span<const double> t, double l1, double l2) {
    return Judge(problem, t, l1, l2).verdict();
}

}  // namespace testing
