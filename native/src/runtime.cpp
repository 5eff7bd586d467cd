#include "shrinkage/runtime.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "workers.hpp"

namespace shrinkage {

Interrupt::Interrupt(std::function<bool()> ask) : _ask(std::move(ask)) {}

void Interrupt::check() {
    if (!_stop.load(std::memory_order_relaxed)) {
        if (std::this_thread::get_id() != _maker) return;
        const Clock::time_point now = Clock::now();
        if (now - _asked < std::chrono::milliseconds(20)) return;
        _asked = now;
        if (!_ask()) return;
        _stop.store(true, std::memory_order_relaxed);
    }
    throw Interrupted{};
}

namespace {

/// Tasks handed out in order, until one of them throws.
class TaskQueue final : public Workers::Job {
public:
    TaskQueue(Interrupt& interrupt, Index n_tasks, const std::function<void(Index)>& work)
        : _interrupt(interrupt), _n_tasks(n_tasks), _work(work) {}

    void work_until_empty() {
        try {
            for (Index task; (task = _next.fetch_add(1)) < _n_tasks;) {
                _interrupt.check();
                _work(task);
            }
        } catch (...) {
            fail(std::current_exception());
        }
    }

    void help() noexcept override {
        work_until_empty();
        const std::lock_guard lock(_mutex);
        ++_ended;
        _changed.notify_one();
    }

    /// Waits for the threads that help, and goes on asking meanwhile whether to stop.
    void wait_for(int helpers) {
        std::unique_lock lock(_mutex);
        while (!_changed.wait_for(lock, std::chrono::milliseconds(20),
                                  [&] { return _ended == helpers; })) {
            lock.unlock();
            try {
                _interrupt.check();
            } catch (...) {
                fail(std::current_exception());
            }
            lock.lock();
        }
    }

    void rethrow() const {
        if (_error) std::rethrow_exception(_error);
    }

private:
    void fail(std::exception_ptr error) {
        const std::lock_guard lock(_mutex);
        if (!_error) _error = std::move(error);
        _next.store(_n_tasks);
    }

    Interrupt& _interrupt;
    const Index _n_tasks;
    const std::function<void(Index)>& _work;
    std::atomic<Index> _next{0};
    std::mutex _mutex;
    std::condition_variable _changed;
    int _ended = 0;
    std::exception_ptr _error;
};

}  // namespace

void parallel_for(const Runtime& runtime, Index n_tasks, const std::function<void(Index)>& work) {
    const int helpers = static_cast<int>(std::min<Index>(runtime.n_threads, n_tasks)) - 1;
    if (helpers <= 0) {
        for (Index task = 0; task < n_tasks; ++task) {
            runtime.interrupt.check();
            work(task);
        }
        return;
    }
    TaskQueue queue(runtime.interrupt, n_tasks, work);
    Workers& workers = Workers::of_process();
    workers.offer(queue, helpers);
    queue.work_until_empty();
    queue.wait_for(workers.withdraw(queue, helpers));
    queue.rethrow();
}

}  // namespace shrinkage
