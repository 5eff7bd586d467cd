#pragma once
#include "shrinkage/diagonal_iteration.hpp"
#include "shrinkage/sparse_slots.hpp"

namespace shrinkage {

/// Solves (Z'Z + l2 D) x = b on sparse columns without forming Z'Z, preconditioned by its diagonal:
/// members come and go for nothing. It counts what its iterations cost beyond the work with a
/// factor, and once that has added up to the price of one, a factor is the better bet.
class ConjugateGradient {
public:
    ConjugateGradient(const Runtime& runtime, SparseSlots& slots, Counts&)
        : _slots(slots), _iteration(runtime) {}

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
        _product.resize(members.size());
        multiply(members, x, _product.data());
        _iteration.start(_slots, members, _l2, b, _product.data());
        const int iterations = _iteration.run(
            _slots, members, accuracy, most_iterations, x,
            [&](const double* direction, double* out) { multiply(members, direction, out); },
            [](double) {});
        add_regret(2.0 * iterations * static_cast<double>(_slots.stored(members)),
                   static_cast<double>(members.size()));
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

    SparseSlots& _slots;
    DiagonalIteration _iteration;
    double _l2 = 0.0;
    double _regret = 0.0;
    bool _regret_is_high = false;
    std::vector<double> _fit, _product;
};

}  // namespace shrinkage
