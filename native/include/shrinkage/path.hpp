#pragma once
#include <array>
#include <span>
#include <vector>

#include "shrinkage/runtime.hpp"

namespace shrinkage {

/// How one point of a path ended. Python has the sentences (solve/result.py, same order).
enum class Status : int {
    converged = 0,        ///< dual gap <= tol
    max_rounds = 1,       ///< the limit of rounds came first
    null_model = 2,       ///< alpha >= alpha_max: every penalised coefficient is 0
    constant_target = 3,  ///< the null model fits y exactly
    singular = 4,         ///< alpha = 0 and more than one solution: the minimum norm is returned
    stalled = 5,          ///< rounding stopped the solver above tol
    separated = 6,        ///< what is not penalised fits some rows ever better: no finite optimum
};

/// What is asked of a path; the data are elsewhere. Alphas decrease strictly; lower and upper are
/// empty when nothing is bounded.
struct PathTask {
    std::span<const double> alphas;
    double l1_ratio;
    std::span<const double> penalty_factor;  ///< one per feature; inf excludes
    std::span<const double> lower, upper;    ///< original units
    Index max_rounds;                        ///< per alpha
    double tol;                              ///< relative duality gap
};

/// Work done, for tests and reports: never times, so that they repeat exactly.
struct Counts {
    Index rounds = 0, appended = 0, deleted = 0, rebuilt = 0, exchanged = 0;
    Index factorised = 0;       ///< Cholesky or eigen decompositions
    Index column_products = 0;  ///< columns of X multiplied with residuals, over the path
    Index violators = 0, batches = 0, resolved = 0, working_set = 0;  ///< working-set plan only
    /// Newton's method only: reads of the active columns, points evaluated in them (several may
    /// share a read), weighted Gram matrices, points that were no better than the one before.
    Index passes = 0, evaluations = 0, grams = 0, rejects = 0;

    Counts& operator+=(const Counts& more) {
        rounds += more.rounds;
        appended += more.appended;
        deleted += more.deleted;
        rebuilt += more.rebuilt;
        exchanged += more.exchanged;
        factorised += more.factorised;
        column_products += more.column_products;
        violators += more.violators;
        batches += more.batches;
        resolved += more.resolved;
        working_set += more.working_set;
        passes += more.passes;
        evaluations += more.evaluations;
        grams += more.grams;
        rejects += more.rejects;
        return *this;
    }
};

/// One row per alpha; coefficients as compressed rows, in original units. With classes there are as
/// many intercepts for each alpha, and coefficient j of class k has the number k cols + j in place
/// of a feature.
struct PathResult {
    Index n_classes = 0;  ///< 0: one vector of coefficients
    std::vector<Index> starts{0};
    std::vector<int> features;
    std::vector<double> values;
    std::vector<double> intercepts;
    std::vector<double> loss;           ///< weighted mean of (y - eta)^2 / 2 over the training rows
    std::vector<double> dual_gap;       ///< relative to the loss of the null model
    std::vector<double> kkt_violation;  ///< divided by alpha_max at l1_ratio 1
    std::vector<Status> status;
    std::vector<Index> rounds;
    Counts counts;
};

/// Errors of the folds at each alpha: weighted mean of (y - eta)^2, no half. The path of fold k is
/// that of the rows outside it.
struct FoldResult {
    std::vector<double> error, train_error;  ///< fold by fold, one per alpha
    std::vector<double> weight;              ///< share of all weight that each fold holds out
    std::vector<PathResult> paths;
    /// Of ridge in the space of the rows instead of paths, which would outweigh X: rows x alphas,
    /// by column; NaN in rows that are never held out.
    std::vector<double> predictions;
};

}  // namespace shrinkage
