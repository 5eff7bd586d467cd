#pragma once
#include <array>
#include <cmath>
#include <span>
#include <vector>

namespace shrinkage {

/// Anderson acceleration of depth 2 for steps x -> T(x): extrapolates from the last three steps as
/// if they were linear. (Walker and Ni, 2011)
class Anderson {
public:
    void forget() { _size = 0; }

    /// Remembers a step. @param to T(from); replaced by the extrapolated point, if there is one
    /// @param keep keep(i, value): whether entry i of `to` should stay rather than become `value`
    template <class Keep>
    void accelerate(std::span<const double> from, std::vector<double>& to, const Keep& keep) {
        if (_size > 0 && _steps[0].to.size() != to.size()) forget();
        if (_size == depth + 1) {
            std::swap(_steps[0], _steps[1]);
            std::swap(_steps[1], _steps[2]);
            --_size;
        }
        Step& last = _steps[_size++];
        last.to = to;
        last.change.resize(to.size());
        for (std::size_t i = 0; i < to.size(); ++i) last.change[i] = to[i] - from[i];
        std::array<double, depth> weight{};
        if (!fit(weight)) return;
        for (std::size_t i = 0; i < to.size(); ++i) {
            double value = last.to[i];
            for (int k = 0; k + 1 < _size; ++k) value -= weight[k] * (last.to[i] - _steps[k].to[i]);
            if (value != to[i] && !keep(i, value)) to[i] = value;
        }
    }

private:
    static constexpr int depth = 2;
    struct Step {
        std::vector<double> to, change;
    };

    /// Least squares of the last change on its differences from the ones before.
    /// @return false: there is no sensible answer
    bool fit(std::array<double, depth>& weight) const {
        constexpr double largest = 5.0, dependent = 1e-12;
        const int n = _size - 1;
        if (n < 1) return false;
        const Step& last = _steps[n];
        double a = 0.0, b = 0.0, d = 0.0, x = 0.0, y = 0.0;
        for (std::size_t i = 0; i < last.change.size(); ++i) {
            const double first = last.change[i] - _steps[0].change[i];
            const double second = n > 1 ? last.change[i] - _steps[1].change[i] : 0.0;
            a += first * first;
            b += first * second;
            d += second * second;
            x += first * last.change[i];
            y += second * last.change[i];
        }
        const double determinant = a * d - b * b;
        if (n > 1 && determinant > dependent * a * d)
            weight = {(d * x - b * y) / determinant, (a * y - b * x) / determinant};
        else if (n == 1 && a > 0.0)
            weight = {x / a, 0.0};
        else
            return false;
        return std::abs(weight[0]) < largest && std::abs(weight[1]) < largest;
    }

    std::array<Step, depth + 1> _steps;
    int _size = 0;
};

}  // namespace shrinkage
