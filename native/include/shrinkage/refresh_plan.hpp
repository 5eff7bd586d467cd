#pragma once
#include <algorithm>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// When the next alpha should start with new curvatures: steps grow in number while the curvatures
/// age, and the average cost of an alpha stops falling when what an alpha costs on top of the first
/// one reaches the average.
class RefreshPlan {
public:
    void refreshed() { _alphas = _first = _extra = 0.0; }

    /// @param steps that an alpha took
    void solved(Index steps) {
        _last = static_cast<double>(steps);
        if (_alphas == 0.0) _first = _last;
        _alphas += 1.0;
        _extra += std::max(0.0, _last - _first);
    }

    /// @param step,gram costs of a step and of new curvatures
    bool wants_refresh(double step, double gram) const {
        constexpr double many = 2.5, usual = 2.0, enough_alphas = 4.0;
        const double excess = std::max(0.0, _last - _first);
        if (excess * step * _alphas >= gram + _extra * step && excess > 0.0) return true;
        return _first > many && _alphas >= enough_alphas &&
               (_first - usual) * step * _alphas > gram;
    }

private:
    double _alphas = 0.0;  ///< since the curvatures are new
    double _first = 0.0;   ///< steps of the first of them
    double _last = 0.0, _extra = 0.0;
};

}  // namespace shrinkage
