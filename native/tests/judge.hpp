#pragma once
#include "random_problem.hpp"

namespace testing {

/// What an answer is worth, in extended precision from the data; shares no code with the solver.
struct Verdict {
    double gap;     ///< upper minus lower bound of the minimum, over |y|^2 / 2
    double kkt;     ///< largest violation of an optimality condition beyond rounding, over l1
    double length;  ///< largest |z_j| times (|y| + sum_j |z_j t_j|): rounding errors of c are in it
    double projected;  ///< largest |z_j| times the length that project() took away
};

/// Makes u orthogonal to the features that nothing holds: never penalised and off their bounds.
/// (Any u makes a valid bound of the minimum; theirs is 0 only up to rounding.)
inline void project(const Problem& problem, std::span<const double> t, bool any_penalty,
                    std::vector<long double>& u) {
    std::vector<std::vector<long double>> basis;
    const auto remove = [](std::vector<long double>& v, const std::vector<long double>& unit) {
        long double product = 0.0;
        for (std::size_t i = 0; i < v.size(); ++i) product += v[i] * unit[i];
        for (std::size_t i = 0; i < v.size(); ++i) v[i] -= product * unit[i];
    };
    for (Index j = 0; j < problem.p; ++j) {
        const bool held = t[j] <= problem.lower[j] || t[j] >= problem.upper[j] || t[j] == 0.0;
        if ((any_penalty && problem.penalty_factor[j] != 0.0) || held) continue;
        std::vector<long double> v(problem.column(j), problem.column(j) + problem.n);
        for (int twice = 0; twice < 2; ++twice)
            for (const auto& unit : basis) remove(v, unit);
        long double norm = 0.0;
        for (const long double value : v) norm += value * value;
        if (norm == 0.0) continue;
        for (long double& value : v) value /= std::sqrt(norm);
        basis.push_back(std::move(v));
    }
    for (int twice = 0; twice < 2; ++twice)
        for (const auto& unit : basis) remove(u, unit);
}

inline Verdict judge(const Problem& problem, std::span<const double> t, double l1, double l2) {
    using Real = long double;
    const Index n = problem.n;
    std::vector<Real> r(problem.y.begin(), problem.y.end());
    Real yy = 0.0, yr = 0.0, rr = 0.0, penalty = 0.0, square = 0.0;
    for (Index j = 0; j < problem.p; ++j)
        if (t[j] != 0.0)
            for (Index i = 0; i < n; ++i) r[i] -= Real(problem.column(j)[i]) * t[j];
    Real loss = 0.0;
    for (const Real value : r) loss += value * value / 2;
    const std::vector<Real> residual = r;
    const bool any_penalty = l1 + l2 > 0.0;
    project(problem, t, any_penalty, r);
    for (Index i = 0; i < n; ++i) {
        yy += Real(problem.y[i]) * problem.y[i];
        yr += problem.y[i] * r[i];
        rr += r[i] * r[i];
    }
    struct Side {
        Real slope, l1, bound;
    };
    std::vector<Side> sides;
    Real taken = 0.0;
    for (Index i = 0; i < n; ++i) taken += (r[i] - residual[i]) * (r[i] - residual[i]);
    Real length = std::sqrt(yy), widest = 0.0;
    Real shrink = 1.0, kkt = 0.0, conjugate = 0.0;
    bool feasible = true;
    for (Index j = 0; j < problem.p; ++j) {
        const double factor = problem.penalty_factor[j];
        const double v = any_penalty || factor == infinity ? factor : 0.0;
        const double lower = problem.lower[j], upper = problem.upper[j], b = t[j];
        if (v == infinity) {
            feasible = feasible && b == 0.0;
            continue;
        }
        feasible = feasible && b >= lower && b <= upper;
        Real c = 0.0, norm = 0.0, exact = 0.0;
        for (Index i = 0; i < n; ++i) {
            c += problem.column(j)[i] * r[i];
            exact += problem.column(j)[i] * residual[i];
            norm += Real(problem.column(j)[i]) * problem.column(j)[i];
        }
        const Real slope = c - Real(l2) * v * b, limit = Real(l1) * v;
        const Real noise = 1e-12L * std::sqrt(norm * yy);
        length += std::sqrt(norm) * std::abs(b);
        widest = std::max(widest, std::sqrt(norm));
        penalty += v * (Real(l1) * std::abs(b) + Real(l2) * b * b / 2);
        square += Real(l2) * v * b * b;
        const Real gradient = exact - Real(l2) * v * b;
        const Real up = gradient - limit * (b < 0.0 ? -1 : 1);    // > 0: wants to rise
        const Real down = gradient + limit * (b > 0.0 ? -1 : 1);  // < 0: wants to fall
        // A free feature that others replace but for 1e-13 of it may be left out.
        if (v == 0.0 && b == 0.0 && std::abs(c) <= 1e-6L * std::sqrt(norm * yy)) continue;
        if (b < upper) kkt = std::max(kkt, up - noise);
        if (b > lower) kkt = std::max(kkt, -down - noise);
        const auto excess = [&](Real correlation) { return std::abs(correlation) - limit; };
        const auto side = [&](Real correlation) -> Real {
            return correlation > 0 ? upper : -lower;
        };
        if (excess(slope) > 0) {
            if (side(slope) < infinity)
                sides.push_back({std::abs(slope), limit, side(slope)});
            else if (v > 0.0)
                shrink = std::min(shrink, limit / std::abs(slope));
        }
        if (excess(c) > 0 && l2 * v > 0.0) {
            const Real best = std::min(excess(c) / (Real(l2) * v), side(c));
            conjugate += best * (excess(c) - Real(l2) * v * best / 2);
        } else if (excess(c) > 0 && side(c) < infinity) {
            conjugate += excess(c) * side(c);
        }
    }
    Real dual = shrink * yr - shrink * shrink * (rr + square) / 2;
    for (const Side& side : sides)
        dual -= std::max(Real(0), shrink * side.slope - side.l1) * side.bound;
    if (l2 > 0.0) dual = std::max(dual, yr - rr / 2 - conjugate);
    const Real gap = feasible ? std::max(Real(0), (loss + penalty - dual) / (yy / 2)) : 1.0L;
    const Real unit = Real(l1) + (l1 == 0.0 ? std::sqrt(yy) : 0.0L);
    return {static_cast<double>(gap), feasible ? static_cast<double>(kkt / unit) : 1.0,
            static_cast<double>(widest * length), static_cast<double>(widest * std::sqrt(taken))};
}

}  // namespace testing
