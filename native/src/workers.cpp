#include "workers.hpp"

#include <algorithm>
#include <system_error>
#include <thread>

#if __has_include(<pthread.h>)
#include <pthread.h>
#endif

namespace shrinkage {

namespace {

/// Never freed: threads may sleep in it when the process ends.
Workers* workers = nullptr;

}  // namespace

Workers& Workers::of_process() {
    static std::once_flag made;
    std::call_once(made, [] {
        workers = new Workers;
#if __has_include(<pthread.h>)
        // In a forked child the threads are gone, and nobody will unlock what they had locked.
        pthread_atfork(nullptr, nullptr, [] { workers = new Workers; });
#endif
    });
    return *workers;
}

void Workers::offer(Job& job, int helpers) {
    {
        const std::lock_guard lock(_mutex);
        _offers.insert(_offers.end(), static_cast<std::size_t>(helpers), &job);
        start_missing();
    }
    for (int i = 0; i < helpers; ++i) _offered.notify_one();
}

int Workers::withdraw(const Job& job, int helpers) {
    const std::lock_guard lock(_mutex);
    return helpers - static_cast<int>(std::erase(_offers, &job));
}

void Workers::start_missing() {
    try {
        for (; _idle < _offers.size(); ++_idle) std::thread([this] { serve(); }).detach();
    } catch (const std::system_error&) {
        // The system gives no more threads: whoever offers does all the work.
    }
}

void Workers::serve() {
    std::unique_lock lock(_mutex);
    for (;;) {
        _offered.wait(lock, [&] { return !_offers.empty(); });
        Job* job = _offers.front();
        _offers.erase(_offers.begin());
        --_idle;
        lock.unlock();
        job->help();
        lock.lock();
        ++_idle;
    }
}

}  // namespace shrinkage
