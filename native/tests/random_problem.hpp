#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "shrinkage/runtime.hpp"

/// Random problems of the kinds that break solvers.
namespace testing {

using shrinkage::Index;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Random numbers from the bytes of a fuzzer as long as there are some, then from splitmix64.
class Draw {
public:
    explicit Draw(std::uint64_t seed, std::span<const std::uint8_t> bytes = {})
        : _state(seed), _bytes(bytes) {}

    double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    double between(double low, double high) { return low + (high - low) * uniform(); }
    int integer(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
    bool chance(double probability) { return uniform() < probability; }
    double normal() {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        return radius * std::cos(6.283185307179586 * uniform());
    }

private:
    std::uint64_t next() {
        _state += 0x9e3779b97f4a7c15u;
        std::uint64_t z = _state;
        for (; !_bytes.empty() && _used < 8; ++_used, _bytes = _bytes.subspan(1))
            z ^= std::uint64_t{_bytes.front()} << (8 * _used);
        _used = 0;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

    std::uint64_t _state;
    std::span<const std::uint8_t> _bytes;
    int _used = 0;
};

/// min |y - Z t|^2 / 2 + sum_j v_j (l1 |t_j| + l2 t_j^2 / 2)  with  lower <= t <= upper, on a grid.
struct Problem {
    Index n, p;
    std::vector<double> columns;  ///< Z, column-major
    std::vector<double> y;
    std::vector<double> penalty_factor, lower, upper;
    double l1_ratio;
    std::vector<double> alphas;
    bool has_intercept;  ///< columns and y have mean 0

    const double* column(Index j) const { return columns.data() + j * n; }
    Index max_rank() const { return n - (has_intercept ? 1 : 0); }
};

enum class Kind {
    gaussian,
    random_walks,
    rounded,
    near_singular,
    duplicated,
    zero_one,
    powers,
    scales,
    count
};

inline void fill_columns(Draw& draw, Kind kind, Problem& problem) {
    const Index n = problem.n, p = problem.p;
    problem.columns.resize(static_cast<std::size_t>(n * p));
    const auto at = [&](Index i, Index j) -> double& { return problem.columns[j * n + i]; };
    const double noise = std::pow(10.0, draw.between(-11.0, -3.0));
    const Index base = std::max<Index>(1, p / 3), half = (p + 1) / 2;
    const double share = draw.between(0.1, 0.5);
    for (Index j = 0; j < p; ++j) {
        const double scale = kind == Kind::scales ? std::pow(10.0, draw.between(-6.0, 6.0)) : 1.0;
        for (Index i = 0; i < n; ++i) at(i, j) = scale * draw.normal();
        if (kind == Kind::random_walks)
            for (Index i = 1; i < n; ++i) at(i, j) += at(i - 1, j);
        if (kind == Kind::rounded)
            for (Index i = 0; i < n; ++i) at(i, j) = std::round(at(i, j));
        if (kind == Kind::zero_one)
            for (Index i = 0; i < n; ++i) at(i, j) = draw.uniform() < share;
        if (kind == Kind::near_singular && j >= base) {
            const Index a = draw.integer(static_cast<int>(base)),
                        b = draw.integer(static_cast<int>(base));
            for (Index i = 0; i < n; ++i) at(i, j) = at(i, a) - at(i, b) + noise * at(i, j);
        }
        if (kind == Kind::duplicated && j >= half) {
            const double sign = draw.chance(0.5) ? 1.0 : -1.0;
            for (Index i = 0; i < n; ++i) at(i, j) = sign * at(i, j - half);
        }
        if (kind == Kind::powers)
            for (Index i = 0; i < n; ++i)
                at(i, j) = std::pow(static_cast<double>(i + 1) / static_cast<double>(n),
                                    static_cast<double>(j % 12 + 1));
    }
}

inline void fill_target(Draw& draw, Problem& problem) {
    problem.y.assign(static_cast<std::size_t>(problem.n), 0.0);
    const int kind = draw.integer(3);  // signal and noise, only noise, only signal
    const int n_true = kind == 1 ? 0 : 1 + draw.integer(8);
    for (int k = 0; k < n_true; ++k) {
        const double* x = problem.column(draw.integer(static_cast<int>(problem.p)));
        double norm = 0.0;
        for (Index i = 0; i < problem.n; ++i) norm += x[i] * x[i];
        const double coef =
            norm > 0.0 ? 3.0 * draw.normal() / std::sqrt(norm / double(problem.n)) : 0.0;
        for (Index i = 0; i < problem.n; ++i) problem.y[i] += coef * x[i];
    }
    if (kind != 2)
        for (double& value : problem.y) value += draw.normal();
}

/// Centres, scales and weights the columns like the data layer does.
inline void scale(Draw& draw, Problem& problem) {
    const Index n = problem.n;
    const bool standardize = draw.chance(0.6);
    problem.has_intercept = draw.chance(0.8);
    const double root = 1.0 / std::sqrt(static_cast<double>(n));
    const auto centre = [&](double* x) {
        long double mean = 0.0;
        for (Index i = 0; i < n; ++i) mean += x[i];
        mean = problem.has_intercept ? mean / n : 0.0L;
        for (Index i = 0; i < n; ++i) x[i] = static_cast<double>(x[i] - mean) * root;
    };
    centre(problem.y.data());
    for (Index j = 0; j < problem.p; ++j) {
        double* x = problem.columns.data() + j * n;
        centre(x);
        double square = 0.0, largest = 0.0;
        for (Index i = 0; i < n; ++i) square += x[i] * x[i];
        for (Index i = 0; i < n; ++i) largest = std::max(largest, std::abs(x[i]));
        const bool no_spread = std::sqrt(square) <= 1e-13 * (1.0 + largest);
        for (Index i = 0; i < n; ++i)
            x[i] = no_spread ? 0.0 : (standardize ? x[i] / std::sqrt(square) : x[i]);
    }
}

inline void fill_penalty(Draw& draw, Problem& problem) {
    const auto p = static_cast<std::size_t>(problem.p);
    problem.penalty_factor.assign(p, 1.0);
    problem.lower.assign(p, -infinity);
    problem.upper.assign(p, infinity);
    if (draw.chance(0.35))
        for (double& v : problem.penalty_factor) {
            v = draw.between(0.2, 3.0);
            if (draw.chance(0.08)) v = infinity;
        }
    if (draw.chance(0.25)) {
        const int n_free = 1 + draw.integer(3);
        for (int k = 0; k < n_free; ++k)
            problem.penalty_factor[draw.integer(static_cast<int>(p))] = 0.0;
    }
    if (draw.chance(0.35)) {
        const bool positive = draw.chance(0.3);
        const double width = std::pow(10.0, draw.between(-2.0, 0.5));
        for (std::size_t j = 0; j < p; ++j) {
            if (positive || draw.chance(0.5))
                problem.lower[j] = positive ? 0.0 : -width * draw.uniform();
            if (!positive && draw.chance(0.5)) problem.upper[j] = width * draw.uniform();
            if (draw.chance(0.05)) problem.lower[j] = problem.upper[j] = 0.0;
        }
    }
    problem.l1_ratio = draw.chance(0.5) ? 1.0 : draw.between(0.05, 1.0);
    if (draw.chance(0.03)) problem.l1_ratio = 1.0 - 1e-9;
    if (draw.chance(0.03)) problem.l1_ratio = 0.0;
}

inline void fill_alphas(Draw& draw, Problem& problem) {
    double largest = 0.0;
    for (Index j = 0; j < problem.p; ++j) {
        double c = 0.0;
        for (Index i = 0; i < problem.n; ++i) c += problem.column(j)[i] * problem.y[i];
        const double v = problem.penalty_factor[j];
        if (v > 0.0 && v < infinity) largest = std::max(largest, std::abs(c) / v);
    }
    if (!(largest > 0.0)) largest = 1.0;
    const int m = 5 + draw.integer(30);
    const double ratio = std::pow(10.0, -draw.between(1.0, 4.0));
    const double first = largest / std::max(problem.l1_ratio, 1e-3);
    problem.alphas.resize(static_cast<std::size_t>(m));
    for (int k = 0; k < m; ++k) problem.alphas[k] = first * std::pow(ratio, k / (m - 1.0));
}

inline Problem random_problem_of_size(Draw& draw, Index n, Index p) {
    Problem problem{};
    problem.n = n;
    problem.p = p;
    const auto kind = static_cast<Kind>(draw.integer(static_cast<int>(Kind::count)));
    fill_columns(draw, kind, problem);
    fill_target(draw, problem);
    scale(draw, problem);
    fill_penalty(draw, problem);
    fill_alphas(draw, problem);
    return problem;
}

inline Problem random_problem(Draw& draw) {
    const Index n = 5 + draw.integer(116);
    return random_problem_of_size(draw, n, 1 + draw.integer(draw.chance(0.5) ? 40 : 250));
}

/// One to five rows, where everything is a special case, and at times nothing is penalised.
inline Problem tiny_problem(Draw& draw) {
    const Index n = 1 + draw.integer(5);
    Problem problem = random_problem_of_size(draw, n, 1 + draw.integer(8));
    if (draw.chance(0.2))
        for (double& v : problem.penalty_factor) v = draw.chance(0.5) ? 0.0 : infinity;
    return problem;
}

}  // namespace testing
