#pragma once
#include "judge.hpp"
#include "plain_blas.hpp"
#include "shrinkage/gram_path.hpp"

namespace testing {

using namespace shrinkage;

enum class Plan { gram, dense, sparse };

/// The worst over the alphas of one problem.
struct Outcome {
    double gap = 0.0, kkt = 0.0;  ///< in units of what is allowed: right if both are <= 1
    double raw_gap = 0.0;         ///< as it is
    int not_converged = 0;        ///< alphas that the solver itself did not certify
    Counts counts;

    bool is_right() const { return gap <= 1.0 && kkt <= 1.0 && not_converged == 0; }

    /// Takes one alpha's answer in. Where columns cancel, coefficients far larger than the penalty
    /// allow no more than rounding leaves: such an answer need not be certified.
    void add(const Problem& problem, std::span<const double> t, double alpha, bool certified) {
        const double l1 = alpha * problem.l1_ratio, l2 = alpha * (1.0 - problem.l1_ratio);
        const Verdict verdict = judge(problem, t, l1, l2);
        const double unit = alpha > 0.0 ? 1.0 / (l1 + l2) : 0.0;
        const double floor = 2e-14 * verdict.length * unit;
        gap =
            std::max(gap, verdict.gap / (1e-9 + floor + std::min(1e-3, verdict.projected * unit)));
        // With an l2 of rounding size duplicates cannot be told apart.
        const bool l2_is_noise = l2 > 0.0 && problem.l1_ratio > 1.0 - 1e-6;
        kkt = std::max(kkt, verdict.kkt / (l2_is_noise ? 1e-6 : 1e-8));
        raw_gap = std::max(raw_gap, verdict.gap);
        not_converged += !certified && floor < 1e-9;
    }
};

/// G of a problem and what a path needs besides.
struct GramData {
    explicit GramData(const Problem& problem)
        : gram(static_cast<std::size_t>(problem.p * problem.p)),
          c0(static_cast<std::size_t>(problem.p)),
          scale(c0.size(), 1.0),
          mean(c0.size(), 0.0) {
        const Kernels& simd = best_kernels();
        for (Index j = 0; j < problem.p; ++j) {
            for (Index i = 0; i <= j; ++i)
                gram[j * problem.p + i] = gram[i * problem.p + j] =
                    simd.f64.dot(problem.n, problem.column(i), problem.column(j));
            c0[j] = simd.f64.dot(problem.n, problem.column(j), problem.y.data());
            if (gram[j * problem.p + j] == 0.0) scale[j] = 0.0;
        }
        yy = simd.f64.dot(problem.n, problem.y.data(), problem.y.data());
    }
    ScaledGram view(const Problem& problem) const {
        return {gram.data(), problem.p, c0, scale, mean, 0.0, yy, 1.0, problem.max_rank()};
    }

    std::vector<double> gram, c0, scale, mean;
    double yy;
};

inline Outcome solve_gram(const Runtime& runtime, const Problem& problem) {
    Outcome outcome;
    const GramData data(problem);
    if (data.yy == 0.0) return outcome;
    const PathTask task{problem.alphas,
                        problem.l1_ratio,
                        problem.penalty_factor,
                        problem.lower,
                        problem.upper,
                        5000,
                        1e-9};
    const PathResult result = gram_path(runtime, data.view(problem), task);
    std::vector<double> t(static_cast<std::size_t>(problem.p));
    for (std::size_t k = 0; k < problem.alphas.size(); ++k) {
        std::fill(t.begin(), t.end(), 0.0);
        for (Index e = result.starts[k]; e < result.starts[k + 1]; ++e)
            t[result.features[e]] = result.values[e];
        const Status status = result.status[k];
        outcome.add(problem, t, problem.alphas[k],
                    status == Status::converged || status == Status::null_model);
    }
    outcome.counts = result.counts;
    return outcome;
}

inline Slot make_slot(const Problem& problem, Index j) {
    const Kernels& simd = best_kernels();
    const double* x = problem.column(j);
    const double diagonal = simd.f64.dot(problem.n, x, x);
    return {simd.f64.dot(problem.n, x, problem.y.data()),
            diagonal,
            problem.penalty_factor[j],
            problem.lower[j],
            problem.upper[j],
            std::sqrt(diagonal)};
}

/// Solves all alphas with slots in the order of the features, and judges them.
template <class S>
void solve_slots(const Runtime& runtime, const Problem& problem, S& slots, Outcome& outcome) {
    const double y_norm =
        std::sqrt(runtime.simd.f64.dot(problem.n, problem.y.data(), problem.y.data()));
    if (y_norm == 0.0) return;
    ActiveSet<S> engine(runtime, slots, problem.l1_ratio < 1.0 ? Method::cholesky : Method::inverse,
                        {5000, problem.max_rank(), y_norm});
    engine.solve_null();
    std::vector<double> t(static_cast<std::size_t>(problem.p));
    for (const double alpha : problem.alphas) {
        const double l1 = alpha * problem.l1_ratio, l2 = alpha * (1.0 - problem.l1_ratio);
        const bool converged = engine.solve(l1, l2) == Status::converged;
        std::fill(t.begin(), t.end(), 0.0);
        for (std::size_t i = 0; i < engine.features().size(); ++i)
            t[engine.features()[i]] = engine.coef()[i];
        for (const auto& [j, value] : engine.at_bound()) t[j] = value;
        outcome.add(problem, t, alpha, converged);
    }
    outcome.counts = engine.counts();
}

inline Outcome solve_dense(const Runtime& runtime, const Problem& problem) {
    Outcome outcome;
    DenseSlots slots(runtime, problem.y);
    for (Index j = 0; j < problem.p; ++j)
        std::copy_n(problem.column(j), problem.n, slots.append(make_slot(problem, j)));
    solve_slots(runtime, problem, slots, outcome);
    return outcome;
}

/// Every entry stored: what matters here is the algebra.
inline Outcome solve_sparse(const Runtime& runtime, const Problem& problem) {
    Outcome outcome;
    const std::vector<double> root_weight(static_cast<std::size_t>(problem.n),
                                          1.0 / std::sqrt(static_cast<double>(problem.n)));
    SparseSlots slots(problem.y, root_weight);
    std::vector<int> rows(static_cast<std::size_t>(problem.n));
    std::vector<double> values(rows.size());
    for (Index j = 0; j < problem.p; ++j) {
        for (Index i = 0; i < problem.n; ++i) {
            rows[i] = static_cast<int>(i);
            values[i] = problem.column(j)[i] / root_weight[i];
        }
        slots.append(make_slot(problem, j), rows, values, 0.0, 1.0);
    }
    solve_slots(runtime, problem, slots, outcome);
    return outcome;
}

inline Outcome solve(const Runtime& runtime, const Problem& problem, Plan plan) {
    switch (plan) {
        case Plan::gram:
            return solve_gram(runtime, problem);
        case Plan::dense:
            return solve_dense(runtime, problem);
        case Plan::sparse:
            return solve_sparse(runtime, problem);
    }
    return {};
}

}  // namespace testing
