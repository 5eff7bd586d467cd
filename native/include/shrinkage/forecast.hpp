#pragma once
#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// The last two solutions of a path, extrapolated to the next: coefficients and correlations are
/// nearly linear in the weight of the L1 penalty.
class Forecast {
public:
    /// The next solution is not near the line through the last two.
    void forget() { _last.l1 = _before.l1 = 0.0; }

    /// @param members,coef of the solution @param correlations of all slots
    void record(double l1, std::span<const int> members, std::span<const double> coef,
                std::span<const double> correlations) {
        if (l1 != _last.l1) std::swap(_last, _before);
        _last.l1 = l1;
        _last.coef.assign(correlations.size(), 0.0);
        for (std::size_t i = 0; i < members.size(); ++i) _last.coef[members[i]] = coef[i];
        _last.correlations.assign(correlations.begin(), correlations.end());
    }

    /// Goes on to l1, in units of the step between the last two. @return false if that says nothing
    bool look_at(double l1) {
        constexpr double farthest = 2.0;
        if (_last.l1 == 0.0 || _before.l1 == 0.0) return false;
        _steps = (l1 - _last.l1) / (_last.l1 - _before.l1);
        return _steps > 0.0 && _steps <= farthest;
    }
    double coef(int slot) const { return ahead(_last.coef, _before.coef, slot); }
    double correlation(int slot) const {
        return ahead(_last.correlations, _before.correlations, slot);
    }
    /// Slots that both solutions know.
    int size() const { return static_cast<int>(std::min(_last.coef.size(), _before.coef.size())); }

private:
    struct Solution {
        double l1 = 0.0;
        std::vector<double> coef, correlations;  ///< of each slot
    };

    double ahead(const std::vector<double>& last, const std::vector<double>& before,
                 int slot) const {
        return last[slot] + _steps * (last[slot] - before[slot]);
    }

    Solution _last, _before;
    double _steps = 0.0;
};

}  // namespace shrinkage
