#include <cmath>
#include <vector>

#include "check.hpp"
#include "random_problem.hpp"
#include "shrinkage/simd.hpp"

using namespace shrinkage;

namespace {

std::vector<const Kernels*> all_kernels() {
    std::vector<const Kernels*> all{&kernels_baseline};
    if (&best_kernels() != &kernels_baseline) all.push_back(&best_kernels());
    return all;
}

/// Largest relative error against the function in long double, on a fine grid.
template <class Exact>
double worst_error(void (*function)(std::ptrdiff_t, const double*, double*), double low,
                   double high, Exact exact) {
    constexpr int n = 200001;
    std::vector<double> x(n), out(n);
    testing::Draw draw(17);
    for (int i = 0; i < n; ++i) x[i] = low + (high - low) * (i + draw.uniform()) / n;
    function(n, x.data(), out.data());
    double worst = 0.0;
    for (int i = 0; i < n; ++i) {
        const long double want = exact(static_cast<long double>(x[i]));
        worst = std::max(worst, static_cast<double>(std::abs((out[i] - want) / want)));
    }
    return worst;
}

/// One family against its formulas, for every length up to 20 so that every remainder occurs.
template <class Formulas>
void check_family(const FamilyKernels& kernels, const Formulas& formulas) {
    testing::Draw draw(5);
    std::vector<double> y(20), wt(20), eta(20), u(20), h(20);
    for (int i = 0; i < 20; ++i) {
        y[i] = draw.integer(2);
        wt[i] = i == 7 ? 0.0 : draw.uniform();
        eta[i] = 4.0 * draw.normal();
    }
    for (std::ptrdiff_t n = 0; n <= 20; ++n) {
        const FamilySums sums = kernels.evaluate(n, y.data(), wt.data(), eta.data(), 0.5, u.data());
        kernels.curvature(n, wt.data(), eta.data(), 0.5, h.data());
        FamilySums want;
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            const double x = eta[i] + 0.5, mean = formulas.mean(x);
            const double residual = wt[i] * (y[i] - mean);
            const double curvature = wt[i] * formulas.variance(mean);
            want.loss += wt[i] * formulas.loss(y[i], x);
            want.residual += residual;
            want.curvature += curvature;
            want.slope += curvature * formulas.steepness(mean);
            CHECK_CLOSE(u[i], residual, 1e-13 * std::abs(residual) + 1e-16);
            CHECK_CLOSE(h[i], curvature, 1e-13 * curvature + 1e-16);
        }
        CHECK_CLOSE(sums.loss, want.loss, 1e-13 * (1.0 + std::abs(want.loss)));
        CHECK_CLOSE(sums.residual, want.residual, 1e-13 * (1.0 + std::abs(want.residual)));
        CHECK_CLOSE(sums.curvature, want.curvature, 1e-13 * (1.0 + want.curvature));
        CHECK_CLOSE(sums.slope, want.slope, 1e-13 * (1.0 + want.curvature));
        const FamilySums rest = kernels.derivatives(n, y.data(), wt.data(), eta.data(), 0.5);
        CHECK(rest.residual == sums.residual && rest.curvature == sums.curvature);
        CHECK(rest.slope == sums.slope && rest.loss == 0.0);
    }
}

struct BinomialFormulas {
    double mean(double x) const { return 1.0 / (1.0 + std::exp(-x)); }
    double variance(double mean) const { return mean * (1.0 - mean); }
    double steepness(double mean) const { return 1.0 - 2.0 * mean; }
    double loss(double y, double x) const {
        return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))) - y * x;
    }
};

struct PoissonFormulas {
    double mean(double x) const { return std::exp(x); }
    double variance(double mean) const { return mean; }
    double steepness(double) const { return 1.0; }
    double loss(double y, double x) const { return std::exp(x) - y * x; }
};

}  // namespace

TEST(elementary_functions_are_exact_to_4e_16) {
    for (const Kernels* kernels : all_kernels()) {
        const auto exp = [](long double x) { return std::exp(x); };
        CHECK(worst_error(kernels->functions.exp, -707.9, 709.0, exp) < 4e-16);
        CHECK(worst_error(kernels->functions.exp, -2.0, 2.0, exp) < 4e-16);
        const auto log1p = [](long double x) { return std::log1p(x); };
        CHECK(worst_error(kernels->functions.log1p, 0.0, 1.0, log1p) < 4e-16);
        CHECK(worst_error(kernels->functions.log1p, 0.0, 1e-6, log1p) < 4e-16);
    }
}

TEST(elementary_functions_keep_their_ends) {
    const std::vector<double> far{-1e300, -710.0, 800.0, 1e300, std::nan("")};
    for (const Kernels* kernels : all_kernels()) {
        std::vector<double> out(far.size());
        kernels->functions.exp(5, far.data(), out.data());
        CHECK(out[0] > 0.0 && out[0] < 1e-300 && out[0] == out[1]);
        CHECK(std::isfinite(out[2]) && out[2] > 1e300 && out[2] == out[3]);
        CHECK(std::isnan(out[4]));
    }
}

TEST(family_kernels_equal_their_formulas) {
    for (const Kernels* kernels : all_kernels()) {
        check_family(kernels->binomial, BinomialFormulas{});
        check_family(kernels->poisson, PoissonFormulas{});
    }
}

TEST(a_saturated_binomial_residual_keeps_its_digits) {
    const double y[2] = {1.0, 0.0}, wt[2] = {1.0, 1.0}, eta[2] = {60.0, -60.0};
    for (const Kernels* kernels : all_kernels()) {
        double u[2];
        kernels->binomial.evaluate(2, y, wt, eta, 0.0, u);
        CHECK_CLOSE(u[0], std::exp(-60.0), 1e-14 * std::exp(-60.0));
        CHECK_CLOSE(u[1], -std::exp(-60.0), 1e-14 * std::exp(-60.0));
    }
}
