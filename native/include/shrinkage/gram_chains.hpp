#pragma once
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "shrinkage/gram_path.hpp"

// One path as two chains of points, for two threads. Where the second one begins follows from the
// problem alone, so that the result does not depend on the number of threads.

namespace shrinkage {

namespace detail {

/// The point at which the second chain takes over; the first one waits where it can't know yet.
class Handover {
public:
    /// @param least the second chain begins here or later
    void not_before(Index least) { set(least, false); }
    void at(Index point) { set(point, true); }

    /// Whether a point is the first chain's.
    bool is_before(Index point, Interrupt& interrupt) {
        std::unique_lock lock(_mutex);
        while (!_changed.wait_for(lock, std::chrono::milliseconds(20),
                                  [&] { return point < _point || _is_known; }))
            interrupt.check();
        return point < _point;
    }

private:
    void set(Index point, bool is_known) {
        const std::lock_guard lock(_mutex);
        _point = point;
        _is_known = is_known;
        _changed.notify_one();
    }

    std::mutex _mutex;
    std::condition_variable _changed;
    Index _point = 0;
    bool _is_known = false;
};

/// Microseconds, about, that a point of so many members takes.
inline double point_cost(double members) { return 2.0 + members * (0.03 + 0.003 * members); }

/// The second chain looks at every eighth point or so until what is left is no more work than what
/// lies behind, its own way there included. It begins at the last point that it has looked at.
inline Index approach(GramPath& path, const PathTask& task, Index most_members,
                      Handover& handover) {
    const auto n_points = static_cast<Index>(task.alphas.size());
    const Index stride = std::max<Index>(2, n_points / 12);
    double before = 0.0, behind = 0.0, way = 0.0;
    for (Index point = stride; point + stride < n_points; point += stride) {
        handover.not_before(point);
        path.visit(task.alphas[static_cast<std::size_t>(point)]);
        const auto members = static_cast<double>(path.n_members());
        const auto left = static_cast<double>(n_points - point);
        const double at_end = std::min(static_cast<double>(most_members),
                                       members + (members - before) / stride * left);
        behind += static_cast<double>(stride) * point_cost((before + members) / 2.0);
        way += 2.0 * point_cost(members);
        if (behind >= way + left * point_cost((members + at_end) / 2.0)) return point;
        before = members;
    }
    return n_points;
}

inline PathResult joined(PathResult first, const PathResult& second) {
    const Index offset = first.starts.back();
    const auto append = [](auto& to, const auto& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    for (std::size_t k = 1; k < second.starts.size(); ++k)
        first.starts.push_back(offset + second.starts[k]);
    append(first.features, second.features);
    append(first.values, second.values);
    append(first.intercepts, second.intercepts);
    append(first.loss, second.loss);
    append(first.dual_gap, second.dual_gap);
    append(first.kkt_violation, second.kkt_violation);
    append(first.status, second.status);
    append(first.rounds, second.rounds);
    first.counts += second.counts;
    return first;
}

}  // namespace detail

/// Every alpha of a path, with its certificate, by up to two threads. The second chain costs about
/// a tenth of all work, which folds or l1_ratios that run side by side would do for nothing.
inline PathResult gram_path_in_chains(const Runtime& runtime, const ScaledGram& problem,
                                      const PathTask& task) {
    // Smaller ones are not worth a second thread; larger ones not the memory. A start in the middle
    // is safe where columns are independent. An inverse gets there one member at a time: measured,
    // the way costs as much as the second thread saves.
    constexpr Index fewest_cols = 48, most_cols = 2000, fewest_points = 24, enough_rounds = 100;
    const Index cols = problem.cols(), n_points = static_cast<Index>(task.alphas.size());
    if (task.l1_ratio >= 1.0 || cols < fewest_cols || cols > most_cols || cols > problem.max_rank ||
        n_points < fewest_points || task.max_rounds < enough_rounds || problem.yy == 0.0)
        return gram_path(runtime, problem, task);

    std::array<PathResult, 2> parts;
    detail::Handover handover;
    parallel_for(runtime, 2, [&](Index number) {
        detail::GramPath path(runtime, problem, task);
        if (number == 1) {
            parts[0] = std::move(path).run(
                0, [&](Index k) { return handover.is_before(k, runtime.interrupt); });
            return;
        }
        Index begin = 0;
        try {
            begin = detail::approach(path, task, cols, handover);
        } catch (...) {
            handover.at(0);
            throw;
        }
        handover.at(begin);
        parts[1] = std::move(path).run(begin, [&](Index k) { return k < n_points; });
    });
    return detail::joined(std::move(parts[0]), parts[1]);
}

}  // namespace shrinkage
