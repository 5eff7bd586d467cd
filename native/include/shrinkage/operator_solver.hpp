#pragma once
#include <vector>

#include "shrinkage/diagonal_iteration.hpp"
#include "shrinkage/dual_factor.hpp"
#include "shrinkage/quadratic_slots.hpp"

namespace shrinkage {

/// Solves (G + l2 D) x = b by iteration where G is known only by its products.
class OperatorSolver {
public:
    OperatorSolver(const Runtime& runtime, QuadraticSlots& slots)
        : _simd(runtime.simd), _slots(slots), _iteration(runtime) {}

    void set_l2(double l2) { _l2 = l2; }

    /// @param x holds the start, receives the solution; its product with G is known to the slots
    /// @param accuracy of b - (G + l2 D) x
    void solve(std::span<const int> members, const double* b, const Accuracy& accuracy, double* x) {
        const std::size_t n = members.size();
        const auto all = static_cast<std::size_t>(_slots.size());
        _whole.assign(all, 0.0);
        _image.resize(all);
        _product.resize(n);
        KnownProduct& known = _slots.product_of(members, {x, n});
        const auto on_members = [&](const double* product, const double* of, double* out) {
            for (std::size_t i = 0; i < n; ++i) {
                const int j = members[i];
                out[i] = product[j] + _l2 * _slots.penalty_factor(j) * of[i];
            }
        };
        on_members(known.product.data(), x, _product.data());
        _iteration.start(_slots, members, _l2, b, _product.data());
        _iteration.run(
            _slots, members, accuracy, most_iterations, x,
            [&](const double* direction, double* out) {
                for (std::size_t i = 0; i < n; ++i) _whole[members[i]] = direction[i];
                _slots.multiply(_whole.data(), _image.data());
                on_members(_image.data(), direction, out);
            },
            [&](double step) {
                for (std::size_t i = 0; i < n; ++i) known.x[members[i]] = x[i];
                _simd.f64.axpy(_slots.size(), step, _image.data(), known.product.data());
            });
    }

private:
    static constexpr int most_iterations = 300;

    const Kernels& _simd;
    QuadraticSlots& _slots;
    DiagonalIteration _iteration;
    double _l2 = 0.0;
    std::vector<double> _whole, _image;  ///< on all slots
    std::vector<double> _product;        ///< on the members
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
