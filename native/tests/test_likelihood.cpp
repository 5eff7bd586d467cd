#include <cmath>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/null_model.hpp"

using namespace shrinkage;

namespace {

Interrupt never([] { return false; });

Runtime runtime_of(int n_threads) { return {plain::blas, best_kernels(), never, n_threads}; }

constexpr Family::Name families[] = {Family::Name::binomial, Family::Name::poisson};

/// Responses with weights, some of them 0, and linear predictors.
struct Rows {
    std::vector<double> y, wt, eta;

    explicit Rows(int n, double spread = 1.0) {
        testing::Draw draw(13);
        double sum = 0.0;
        for (int i = 0; i < n; ++i) {
            y.push_back(draw.integer(2));
            wt.push_back(i % 7 == 3 ? 0.0 : draw.uniform());
            eta.push_back(spread * draw.normal());
            sum += wt.back();
        }
        for (double& each : wt) each /= sum;
    }
    Likelihood likelihood(Family::Name name, std::span<const double> offset = {}) const {
        return Likelihood(Family(name, best_kernels()), y, wt, offset, true);
    }
};

}  // namespace

TEST(a_balanced_intercept_makes_the_residuals_sum_to_zero) {
    for (const Family::Name name : families)
        for (const double spread : {1.0, 30.0, 300.0}) {
            const Rows rows(500, spread);
            const Likelihood likelihood = rows.likelihood(name);
            std::vector<double> u(rows.y.size());
            const auto at = likelihood.balance(runtime_of(1), rows.eta.data(), 0.0, 0.0, u.data());
            double sum = 0.0;
            for (const double each : u) sum += each;
            CHECK_CLOSE(sum, 0.0, spread < 100.0 ? 1e-14 : 1e-12);
            CHECK(std::isfinite(at.intercept) && std::isfinite(at.sums.loss));
        }
}

TEST(the_null_model_of_extreme_targets_is_finite_and_perfect) {
    for (const Family::Name name : families)
        for (const double value : {0.0, 1.0}) {
            Rows rows(50);
            rows.y.assign(50, value);
            const NullModel null = fit_null_model(runtime_of(1), rows.likelihood(name));
            CHECK(std::isfinite(null.intercept));
            CHECK_CLOSE(null.loss, 0.0, 1e-13);
            for (const double each : null.residual) CHECK(each == 0.0);
        }
}

TEST(a_softened_loss_keeps_its_gradient_and_curvature) {
    constexpr double h = 1e-5;
    for (const Family::Name name : families) {
        const Rows rows(100);
        Likelihood likelihood = rows.likelihood(name);
        likelihood.set_temperature(3.0);
        std::vector<double> u(100);
        const Runtime runtime = runtime_of(1);
        const auto loss = [&](double shift) {
            return likelihood.evaluate(runtime, rows.eta.data(), shift, u.data()).loss;
        };
        const double before = loss(0.2 - h), after = loss(0.2 + h), middle = loss(0.2);
        const FamilySums sums = likelihood.evaluate(runtime, rows.eta.data(), 0.2, u.data());
        CHECK_CLOSE(sums.residual, (before - after) / (2.0 * h), 1e-9);
        CHECK_CLOSE(sums.curvature, (before - 2.0 * middle + after) / (h * h), 1e-4);
        std::vector<double> curvature;
        likelihood.curvature(rows.eta.data(), 0.2, curvature);
        double sum = 0.0;
        for (const double each : curvature) sum += each;
        CHECK_CLOSE(sum, sums.curvature, 1e-12);
    }
}

TEST(a_majorising_curvature_bounds_the_loss) {
    const Family binomial(Family::Name::binomial, best_kernels());
    for (const double at : {-40.0, -2.0, -1e-6, 0.5, 7.0})
        for (double step = -50.0; step < 50.0; step += 0.7)
            for (const double y : {0.0, 0.3, 1.0}) {
                const double slope = binomial.mean(at) - y;
                const double bound = binomial.unit_deviance(y, at) / 2.0 + slope * step +
                                     binomial.majorising_curvature(at) * step * step / 2.0;
                CHECK(binomial.unit_deviance(y, at + step) / 2.0 <= bound + 1e-12);
            }
}

TEST(the_conjugate_distance_is_that_of_the_conjugates) {
    // Conjugates at mu: binomial mu log mu + (1 - mu) log(1 - mu), Poisson mu log mu - mu.
    const auto conjugate = [](Family::Name name, double mu) {
        const auto entropy = [](double x) { return x > 0.0 ? x * std::log(x) : 0.0; };
        return name == Family::Name::binomial ? entropy(mu) + entropy(1.0 - mu) : entropy(mu) - mu;
    };
    for (const Family::Name name : families) {
        const Family family(name, best_kernels());
        for (const double y : {0.0, 0.4, 1.0})
            for (const double eta : {-6.0, 0.3, 4.0})
                for (const double t : {0.0, 1e-3, 0.4, 1.0}) {
                    const double mu = family.mean(eta), moved = mu + t * (y - mu);
                    const double want =
                        conjugate(name, moved) - conjugate(name, mu) - eta * (moved - mu);
                    CHECK_CLOSE(family.conjugate_distance(y, eta, t), want, 1e-12 * (1.0 + mu));
                }
    }
}

TEST(sums_over_rows_do_not_depend_on_threads) {
    const Rows rows(60'000);
    const Likelihood likelihood = rows.likelihood(Family::Name::binomial);
    std::vector<double> u(rows.y.size());
    const FamilySums one = likelihood.evaluate(runtime_of(1), rows.eta.data(), 0.1, u.data());
    const FamilySums three = likelihood.evaluate(runtime_of(3), rows.eta.data(), 0.1, u.data());
    CHECK(one.loss == three.loss && one.residual == three.residual);
    CHECK(one.curvature == three.curvature);
}
