#include <atomic>
#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "shrinkage/runtime.hpp"

using namespace shrinkage;

namespace {

/// What the calling thread does besides work is part of the test, so it gets more than its 20 ms.
void pause(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

}  // namespace

TEST(every_task_runs_once) {
    Interrupt interrupt([] { return false; });
    for (const int n_threads : {1, 2, 5}) {
        std::vector<std::atomic<int>> runs(37);
        parallel_for({plain::blas, best_kernels(), interrupt, n_threads}, 37,
                     [&](Index task) { ++runs[static_cast<std::size_t>(task)]; });
        for (const auto& count : runs) CHECK(count == 1);
    }
}

TEST(an_exception_of_any_thread_is_rethrown) {
    Interrupt interrupt([] { return false; });
    for (const int n_threads : {1, 2}) {
        bool thrown = false;
        try {
            parallel_for({plain::blas, best_kernels(), interrupt, n_threads}, 100, [](Index task) {
                if (task == 3) throw std::length_error("three");
            });
        } catch (const std::length_error&) {
            thrown = true;
        }
        CHECK(thrown);
    }
}

TEST(an_interrupt_ends_all_threads_early) {
    for (const int n_threads : {1, 3}) {
        Interrupt interrupt([] { return true; });
        std::atomic<int> started = 0;
        bool interrupted = false;
        try {
            parallel_for({plain::blas, best_kernels(), interrupt, n_threads}, 1000, [&](Index) {
                ++started;
                pause(5);
            });
        } catch (const Interrupted&) {
            interrupted = true;
        }
        CHECK(interrupted);
        CHECK(started < 100);
    }
}

TEST(the_caller_asks_while_it_waits_for_others) {
    std::atomic<bool> asked = false;
    Interrupt interrupt([&] { return asked = true; });
    const auto maker = std::this_thread::get_id();
    bool interrupted = false;
    try {
        parallel_for({plain::blas, best_kernels(), interrupt, 2}, 2, [&](Index) {
            // the other thread ends only when the answer of the calling one has reached it
            while (std::this_thread::get_id() != maker) {
                interrupt.check();
                pause(1);
            }
        });
    } catch (const Interrupted&) {
        interrupted = true;
    }
    // with two tasks the calling thread may have done both before the other one started
    CHECK(interrupted == asked);
}

TEST(threads_are_kept_from_call_to_call) {
    static std::atomic<int> threads = 0;
    const auto count = [] { [[maybe_unused]] static thread_local const int number = ++threads; };
    Interrupt interrupt([] { return false; });
    for (int call = 0; call < 100; ++call) {
        parallel_for({plain::blas, best_kernels(), interrupt, 3}, 6, [&](Index) {
            count();
            pause(1);
        });
    }
    CHECK(threads < 20);  // other tests asked for more than three
}

TEST(threads_that_help_may_ask_for_help) {
    Interrupt interrupt([] { return false; });
    const Runtime runtime{plain::blas, best_kernels(), interrupt, 4};
    std::atomic<int> runs = 0;
    for (int call = 0; call < 100; ++call) {
        parallel_for(runtime, 5, [&](Index) { parallel_for(runtime, 7, [&](Index) { ++runs; }); });
    }
    CHECK(runs == 3500);
}

TEST(calls_of_several_threads_share_the_threads_that_help) {
    std::atomic<int> runs = 0;
    const auto call = [&] {
        Interrupt interrupt([] { return false; });
        for (int i = 0; i < 200; ++i) {
            parallel_for({plain::blas, best_kernels(), interrupt, 3}, 4, [&](Index) { ++runs; });
        }
    };
    std::thread other(call);
    call();
    other.join();
    CHECK(runs == 1600);
}
