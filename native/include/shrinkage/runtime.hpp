#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>

#include "shrinkage/blas.hpp"
#include "shrinkage/simd.hpp"

namespace shrinkage {

using Index = std::ptrdiff_t;

/// Thrown out of a long loop when the caller asked to stop (Ctrl-C).
struct Interrupted {};

/// Asks the caller now and then whether to go on. Only the thread that made it asks; the
/// others read the answer.
class Interrupt {
public:
    /// @param ask returns true to stop; called at most every 20 ms, from the making thread only.
    explicit Interrupt(std::function<bool()> ask);
    /// Throws Interrupted if the caller asked to stop. Cheap: call it once a round or block.
    void check();

private:
    using Clock = std::chrono::steady_clock;
    std::function<bool()> _ask;
    std::atomic<bool> _stop{false};
    Clock::time_point _asked = Clock::now();
    std::thread::id _maker = std::this_thread::get_id();
};

/// What every algorithm needs from outside; passed down, never global.
struct Runtime {
    const Blas& blas;
    const Kernels& simd;
    Interrupt& interrupt;
    int n_threads;
};

/// Run `work(task)` for task = 0 .. n_tasks-1 on up to runtime.n_threads threads, the calling one
/// included. Tasks start in order; they are fixed by the caller as a function of the problem only,
/// and write to places of their own, so results do not depend on the number of threads. The first
/// exception (Interrupted included) is rethrown after all threads have left the work.
void parallel_for(const Runtime& runtime, Index n_tasks, const std::function<void(Index)>& work);

}  // namespace shrinkage
