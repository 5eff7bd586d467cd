#pragma once
#include <cmath>
#include <span>
#include <vector>

#include "shrinkage/newton_model.hpp"

namespace shrinkage {

/// The last few solutions of a path, and what they say of the next one. Each has a linear term
/// q = c + G b of the present model; if the loss were quadratic, all would be the same. So q
/// changes slowly along the path, and is extrapolated in log(alpha).
/// @tparam Point GlmPoint, or MultinomialPoint
template <class Point>
class BasicLinearTermHistory {
public:
    /// The newest solution.
    const Point& last() const { return _entries.back().point; }
    double last_alpha() const { return _entries.back().alpha; }

    /// Takes the point, and leaves another one's room in its place.
    void push(double alpha, Point& point) {
        constexpr double apart = 1e-9;
        Entry entry;
        if (!_entries.empty() && last_alpha() <= alpha * (1.0 + apart)) {
            entry = std::move(_entries.back());
            _entries.pop_back();
        } else if (_entries.size() == capacity) {
            entry = std::move(_entries.front());
            _entries.erase(_entries.begin());
        }
        std::swap(entry.point, point);
        entry.alpha = alpha;
        entry.version = -1;
        _entries.push_back(std::move(entry));
    }

    /// All points, to be extended to columns that were appended.
    template <class Visit>
    void for_each(const Visit& visit) {
        for (Entry& entry : _entries) visit(entry.point);
    }

    /// Chooses the order of extrapolation that would have predicted the newest q best.
    template <class Model>
    void prepare(const Model& model) {
        for (Entry& entry : _entries) update(model, entry);
        const int newest = static_cast<int>(_entries.size()) - 1;
        _order = 0;
        double least = std::numeric_limits<double>::infinity();
        for (int order = 0; order <= most_order && order < newest; ++order) {
            const std::vector<double> guess = extrapolated(last_alpha(), order, newest - 1);
            double error = 0.0;
            for (std::size_t j = 0; j < guess.size(); ++j) {
                const double apart = guess[j] - _entries.back().q[j];
                error += apart * apart;
            }
            if (error < least) {
                least = error;
                _order = order;
            }
        }
    }

    /// q at another alpha; prepare() comes first.
    std::vector<double> linear_term(double alpha) const {
        const int newest = static_cast<int>(_entries.size()) - 1;
        return extrapolated(alpha, alpha > 0.0 ? _order : 0, newest);
    }

private:
    static constexpr std::size_t capacity = 4;
    static constexpr int most_order = 3;
    struct Entry {
        double alpha = 0.0;
        Point point;
        std::vector<double> q;
        Index version = -1;  ///< of the model that q belongs to
    };

    template <class Model>
    void update(const Model& model, Entry& entry) {
        const Point& point = entry.point;
        const bool grown = entry.q.size() < point.gradient.size();
        if (entry.version != model.version() || (grown && !model.slots().holds_gram())) {
            entry.q = shrinkage::linear_term(model, point);
            entry.version = model.version();
        } else {
            const GrowingSquare& gram = model.slots().gram();
            for (std::size_t j = entry.q.size(); j < point.gradient.size(); ++j) {
                const double* row = gram.data() + static_cast<Index>(j) * gram.ld();
                double sum = point.gradient[j];
                for (std::size_t i = 0; i < point.coef.size(); ++i) sum += row[i] * point.coef[i];
                entry.q.push_back(sum);
            }
        }
    }

    /// Lagrange's polynomial through the entries last - order .. last.
    std::vector<double> extrapolated(double alpha, int order, int last) const {
        std::vector<double> q(_entries.back().q.size(), 0.0);
        for (int i = last - order; i <= last; ++i) {
            double weight = 1.0;
            for (int j = last - order; j <= last; ++j)
                if (j != i)
                    weight *= std::log(alpha / _entries[j].alpha) /
                              std::log(_entries[i].alpha / _entries[j].alpha);
            for (std::size_t j = 0; j < q.size(); ++j) q[j] += weight * _entries[i].q[j];
        }
        return q;
    }

    std::vector<Entry> _entries;
    int _order = 0;
};

using LinearTermHistory = BasicLinearTermHistory<GlmPoint>;

}  // namespace shrinkage
