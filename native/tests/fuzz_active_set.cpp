// libFuzzer target: the bytes become a problem, and a wrong answer aborts. Without libFuzzer a main
// runs pseudo-random cases: fuzz_active_set [first seed] [how many].
#include <cstdio>
#include <cstdlib>

#include "solve_problem.hpp"

namespace {

using namespace testing;

bool solves(Draw draw) {
    Interrupt interrupt([] { return false; });
    const Runtime runtime{plain::blas, best_kernels(), interrupt, 1};
    const Problem problem = random_problem(draw);
    for (const Plan plan : {Plan::gram, Plan::dense, Plan::sparse}) {
        const Outcome outcome = solve(runtime, problem, plan);
        if (outcome.is_right()) continue;
        std::printf(
            "plan %d, %d x %d, l1_ratio %.17g: gap %.2e, kkt %.2e of what is allowed, "
            "%d of %zu alphas not certified\n",
            static_cast<int>(plan), static_cast<int>(problem.n), static_cast<int>(problem.p),
            problem.l1_ratio, outcome.gap, outcome.kkt, outcome.not_converged,
            problem.alphas.size());
        return false;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (!solves(Draw(1, {data, size}))) std::abort();
    return 0;
}

#ifndef SHRINKAGE_LIBFUZZER
int main(int argc, char** argv) {
    const long first = argc > 1 ? std::atol(argv[1]) : 0;
    const long count = argc > 2 ? std::atol(argv[2]) : 300;
    long failures = 0;
    for (long seed = first; seed < first + count; ++seed) {
        if (solves(Draw(static_cast<std::uint64_t>(seed) * 7919 + 13))) continue;
        std::printf("seed %ld failed\n", seed);
        ++failures;
    }
    std::printf("%ld problems, %ld failures\n", count, failures);
    return failures == 0 ? 0 : 1;
}
#endif
