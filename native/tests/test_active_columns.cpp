#include <array>
#include <cmath>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/active_columns.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/glm_problem.hpp"
#include "shrinkage/sparse_design.hpp"

using namespace shrinkage;

namespace {

Interrupt never([] { return false; });

Runtime runtime_of(int n_threads) { return {plain::blas, best_kernels(), never, n_threads}; }

constexpr Index n = 500, p = 6;

/// A model of random columns, some entries 0, with two points to evaluate in it.
struct Sample {
    std::vector<double> X, y, wt, values;
    std::vector<std::int32_t> rows, starts{0};

    Sample() {
        testing::Draw draw(5);
        for (Index e = 0; e < n * p; ++e) X.push_back(draw.chance(0.6) ? draw.normal() + 0.5 : 0.0);
        double sum = 0.0;
        for (Index i = 0; i < n; ++i) {
            y.push_back(draw.integer(2));
            wt.push_back(i % 9 == 4 ? 0.0 : draw.uniform());
            sum += wt.back();
        }
        for (double& each : wt) each /= sum;
        for (Index j = 0; j < p; ++j) {
            for (Index i = 0; i < n; ++i) {
                if (X[j * n + i] == 0.0) continue;
                values.push_back(X[j * n + i]);
                rows.push_back(static_cast<std::int32_t>(i));
            }
            starts.push_back(static_cast<std::int32_t>(values.size()));
        }
    }
};

GlmPoint point_at(double size, double intercept) {
    GlmPoint point;
    for (Index j = 0; j < p; ++j) point.coef.push_back(size * (j % 2 ? 1.0 : -0.5));
    point.intercept = intercept;
    return point;
}

/// The columns of a problem, all active, with the curvatures at eta = 0.
template <class Columns>
struct Active {
    const Likelihood& likelihood;
    Runtime runtime;
    ActiveColumns<Columns> columns;
    std::vector<double> h, products;
    double sum = 0.0;

    Active(const GlmProblem& problem, int n_threads)
        : likelihood(problem.likelihood()),
          runtime(runtime_of(n_threads)),
          columns(runtime, problem.columns(), likelihood) {
        std::vector<Index> all;
        for (Index j = 0; j < p; ++j) all.push_back(j);
        columns.append(all);
        const std::vector<double> zero(n, 0.0);
        likelihood.curvature(zero.data(), 0.0, h);
        for (const double each : h) sum += each;
        GrowingSquare gram;
        columns.copies().weighted_gram(runtime, h.data(), 0, gram, products);
    }
    Curvatures curvatures() const { return {h, sum, products}; }
};

/// Compares points from one read with those whose intercept is balanced before the columns are
/// read again.
template <class Columns>
void check_estimates(const Design& design, const Sample& sample, Family::Name family,
                     int n_threads) {
    const GlmProblem problem(runtime_of(1), design, family, sample.y, sample.wt, {}, true, false);
    Active<Columns> active(problem, n_threads);
    std::array<GlmPoint, 2> exact{point_at(0.2, 0.1), point_at(0.3, -0.1)};
    std::array<GlmPoint*, 2> points{&exact[0], &exact[1]};
    active.columns.evaluate(points, 1e-15);
    CHECK(active.columns.counts().passes == 2);

    std::array<GlmPoint, 2> guessed{point_at(0.2, exact[0].intercept + 3e-5),
                                    point_at(0.3, exact[1].intercept - 5e-5)};
    points = {&guessed[0], &guessed[1]};
    active.columns.estimate(points, 1e-15, active.curvatures());
    CHECK(active.columns.counts().passes == 3);
    for (int k = 0; k < 2; ++k) {
        CHECK(!guessed[k].is_exact());
        CHECK_CLOSE(guessed[k].loss, exact[k].loss, 1e-15);
        CHECK_CLOSE(guessed[k].intercept, exact[k].intercept, 1e-12);
    }
    // Residuals of the best intercept, and a true bound for what is left in the gradient.
    constexpr double all = 1.0;
    active.columns.sharpen(points, 1e-15, active.curvatures(), std::array{all, all});
    CHECK(active.columns.counts().passes == 3);
    for (int k = 0; k < 2; ++k) {
        CHECK(guessed[k].is_exact());
        CHECK(guessed[k].error < 5e-5);
        CHECK((guessed[k].error == 0.0) == (family == Family::Name::poisson));
        for (Index i = 0; i < n; ++i) CHECK_CLOSE(guessed[k].u[i], exact[k].u[i], 1e-15);
        for (int j = 0; j < p; ++j)
            CHECK_CLOSE(guessed[k].gradient[j], exact[k].gradient[j],
                        guessed[k].error * active.columns.norm(j) + 1e-15);
    }
    // No error is borne: the columns are read again, once for both.
    guessed = {point_at(0.2, exact[0].intercept + 3e-5), point_at(0.3, exact[1].intercept - 5e-5)};
    active.columns.estimate(points, 1e-15, active.curvatures());
    active.columns.sharpen(points, 1e-15, active.curvatures(), std::array{0.0, 0.0});
    CHECK(active.columns.counts().passes == (family == Family::Name::poisson ? 4 : 5));
    for (int k = 0; k < 2; ++k)
        for (int j = 0; j < p; ++j)
            CHECK_CLOSE(guessed[k].gradient[j], exact[k].gradient[j], 1e-15);
}

}  // namespace

TEST(points_from_one_read_are_those_of_the_best_intercept) {
    const Sample sample;
    const DenseDesign<double> dense(sample.X.data(), n, p, n, false);
    const SparseDesign<double, std::int32_t> sparse(sample.values.data(), sample.rows.data(),
                                                    sample.starts.data(), n, p);
    for (const Family::Name family : {Family::Name::binomial, Family::Name::poisson})
        for (const int n_threads : {1, 3}) {
            check_estimates<TiledColumns>(dense, sample, family, n_threads);
            check_estimates<SparseRows>(sparse, sample, family, n_threads);
        }
}

TEST(a_guess_that_is_far_off_is_balanced_before_the_columns_are_read_again) {
    const Sample sample;
    const DenseDesign<double> dense(sample.X.data(), n, p, n, false);
    const GlmProblem problem(runtime_of(1), dense, Family::Name::binomial, sample.y, sample.wt, {},
                             true, false);
    Active<TiledColumns> active(problem, 1);
    GlmPoint exact = point_at(0.2, 0.0), guessed = point_at(0.2, 2.0);
    active.columns.evaluate(std::array{&exact}, 1e-15);
    active.columns.estimate(std::array{&guessed}, 1e-15, active.curvatures());
    CHECK(guessed.is_exact() && guessed.error == 0.0);
    CHECK_CLOSE(guessed.intercept, exact.intercept, 1e-13);
    for (int j = 0; j < p; ++j) CHECK_CLOSE(guessed.gradient[j], exact.gradient[j], 1e-15);
    CHECK(active.columns.counts().passes == 4);
}
