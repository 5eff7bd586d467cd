#pragma once
#include <condition_variable>
#include <mutex>
#include <vector>

namespace shrinkage {

/// Threads that sleep between calls: starting one takes as long as solving a small problem.
///
/// None is started before it is needed. They end with the process; a forked child has none of
/// them and starts its own.
class Workers {
public:
    /// Work that other threads may join.
    class Job {
    public:
        /// Called by each thread that joins; must not throw.
        virtual void help() noexcept = 0;

    protected:
        ~Job() = default;
    };

    static Workers& of_process();

    /// Asks for `helpers` threads. Each call needs its `withdraw`.
    void offer(Job& job, int helpers);

    /// Takes back what no thread has begun yet; returns how many threads have joined.
    int withdraw(const Job& job, int helpers);

private:
    void start_missing();
    void serve();

    std::mutex _mutex;
    std::condition_variable _offered;
    std::vector<Job*> _offers;  ///< one entry for each thread asked for
    std::size_t _idle = 0;      ///< threads that sleep, or are about to look at the offers
};

}  // namespace shrinkage
