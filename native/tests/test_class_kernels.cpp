#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
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

/// What the kernels say of random rows, some of them all but certain, against long double.
struct RandomClasses {
    std::ptrdiff_t n, K, ld;
    std::vector<double> y, wt, eta, shift;

    RandomClasses(std::ptrdiff_t rows, std::ptrdiff_t n_classes)
        : n(rows), K(n_classes), ld(rows + 3), y(ld * K), wt(ld), eta(ld * K), shift(K) {
        testing::Draw draw(7 * static_cast<std::uint64_t>(n + 100 * K));
        for (double& each : shift) each = draw.normal();
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            wt[i] = i % 7 == 3 ? 0.0 : draw.uniform();
            y[draw.integer(static_cast<int>(K)) * ld + i] = 1.0;
            const double size = i % 5 == 4 ? 40.0 : 2.0;
            for (std::ptrdiff_t k = 0; k < K; ++k) eta[k * ld + i] = size * draw.normal();
        }
    }
    ClassRows rows(double cooling) const {
        return {n, K, ld, y.data(), wt.data(), eta.data(), shift.data(), cooling};
    }
    long double predictor(std::ptrdiff_t i, std::ptrdiff_t k, double cooling) const {
        return (static_cast<long double>(eta[k * ld + i]) + shift[k]) * cooling;
    }
    long double log_sum(std::ptrdiff_t i, double cooling) const {
        long double largest = predictor(i, 0, cooling), sum = 0.0L;
        for (std::ptrdiff_t k = 1; k < K; ++k)
            largest = std::max(largest, predictor(i, k, cooling));
        for (std::ptrdiff_t k = 0; k < K; ++k) sum += std::exp(predictor(i, k, cooling) - largest);
        return largest + std::log(sum);
    }
    long double mu(std::ptrdiff_t i, std::ptrdiff_t k, double cooling) const {
        return std::exp(predictor(i, k, cooling) - log_sum(i, cooling));
    }
    /// 1 - mu_k, as a sum of the others
    long double others(std::ptrdiff_t i, std::ptrdiff_t k, double cooling) const {
        long double sum = 0.0L;
        for (std::ptrdiff_t m = 0; m < K; ++m)
            if (m != k) sum += mu(i, m, cooling);
        return sum;
    }
};

void check_evaluate(const Kernels& kernels, const RandomClasses& at, double cooling) {
    const auto [n, K, ld] = std::array{at.n, at.K, at.ld};
    std::vector<double> u(ld * K, 7.0), residual(K), curvature(K * K), room(ClassKernels::room(K));
    const double loss = kernels.classes.evaluate(at.rows(cooling), u.data(), residual.data(),
                                                 curvature.data(), room.data());
    long double want_loss = 0.0L;
    std::vector<long double> want_residual(K), want_curvature(K * K);
    for (std::ptrdiff_t i = 0; i < n; ++i)
        for (std::ptrdiff_t k = 0; k < K; ++k) {
            const double wt = at.wt[i], y = at.y[k * ld + i];
            const long double others = at.others(i, k, cooling), mu = at.mu(i, k, cooling);
            const long double exact = wt * (y > 0.0 ? others : -mu);
            CHECK_CLOSE(u[k * ld + i], static_cast<double>(exact),
                        1e-13 * static_cast<double>(std::abs(exact)) + 1e-300);
            want_residual[k] += exact;
            if (y > 0.0) want_loss += wt * (at.log_sum(i, cooling) - at.predictor(i, k, cooling));
            want_curvature[k * K + k] += wt * mu * others;
            for (std::ptrdiff_t m = 0; m < k; ++m)
                want_curvature[k * K + m] -= wt * mu * at.mu(i, m, cooling);
        }
    CHECK_CLOSE(loss, static_cast<double>(want_loss), 1e-13 * (1.0 + loss));
    for (std::ptrdiff_t k = 0; k < K; ++k) {
        CHECK_CLOSE(residual[k], static_cast<double>(want_residual[k]),
                    1e-13 * (1.0 + static_cast<double>(n)));
        for (std::ptrdiff_t m = 0; m <= k; ++m)
            CHECK_CLOSE(curvature[k * K + m], static_cast<double>(want_curvature[k * K + m]),
                        1e-13 * (1.0 + static_cast<double>(n)));
        for (std::ptrdiff_t i = n; i < ld; ++i) CHECK(u[k * ld + i] == 7.0);
    }
    std::vector<double> again(ld * K), sums(K);
    const double without =
        kernels.classes.evaluate(at.rows(cooling), again.data(), sums.data(), nullptr, room.data());
    CHECK(without == loss && sums == residual);
}

void check_means(const Kernels& kernels, const RandomClasses& at, double cooling) {
    const auto [n, K] = std::array{at.n, at.K};
    std::vector<double> mu(n * K), others(mu), below(mu), log_sum(n), room(ClassKernels::room(K));
    kernels.classes.means(at.rows(cooling), mu.data(), others.data(), below.data(), log_sum.data(),
                          room.data());
    for (std::ptrdiff_t i = 0; i < n; ++i)
        for (std::ptrdiff_t k = 0; k < K; ++k) {
            const auto want = static_cast<double>(at.mu(i, k, cooling));
            CHECK_CLOSE(mu[k * n + i], want, 1e-13 * want);
            const auto rest = static_cast<double>(at.others(i, k, cooling));
            CHECK_CLOSE(others[k * n + i], rest, 1e-13 * rest + 1e-300);
            const auto log_mu = static_cast<double>(at.predictor(i, k, cooling)) -
                                static_cast<double>(at.log_sum(i, cooling));
            CHECK_CLOSE(below[k * n + i] - log_sum[i], log_mu, 1e-13 * (1.0 + std::abs(log_mu)));
        }
}

}  // namespace

TEST(class_kernels_equal_their_formulas) {
    for (const Kernels* kernels : all_kernels())
        for (const std::ptrdiff_t K : {2, 3, 4, 9})
            for (std::ptrdiff_t n = 0; n <= 11; ++n)
                for (const double cooling : {1.0, 0.125}) {
                    const RandomClasses at(n, K);
                    check_evaluate(*kernels, at, cooling);
                    check_means(*kernels, at, cooling);
                }
}

TEST(classes_with_equal_predictors_share_their_mean) {
    const std::vector<double> y{1.0, 0.0, 0.0}, wt{1.0}, eta{3.0, 3.0, 3.0}, shift(3);
    for (const Kernels* kernels : all_kernels()) {
        std::vector<double> u(3), residual(3), curvature(9), room(ClassKernels::room(3));
        const ClassRows rows{1, 3, 1, y.data(), wt.data(), eta.data(), shift.data(), 1.0};
        const double loss = kernels->classes.evaluate(rows, u.data(), residual.data(),
                                                      curvature.data(), room.data());
        CHECK_CLOSE(loss, std::log(3.0), 1e-15);
        CHECK_CLOSE(u[0], 2.0 / 3.0, 1e-15);
        CHECK_CLOSE(u[2], -1.0 / 3.0, 1e-15);
    }
}

TEST(one_alpha_is_screened_like_many) {
    constexpr int alphas = ScreeningKernels::alphas, n = 23, n_patterns = 3;
    constexpr double never = std::numeric_limits<double>::infinity();
    testing::Draw draw(3);
    std::vector<double> first(n), second(n), norm(n), rounding(n), fits(n_patterns * 4 * alphas);
    std::vector<long long> bits(n);
    std::vector<int> pattern(n);
    std::vector<std::ptrdiff_t> list(n), one(n), many(n);
    for (int j = 0; j < n; ++j) {
        first[j] = draw.normal();
        second[j] = draw.normal();
        norm[j] = 0.1 * draw.uniform();
        rounding[j] = 0.1 * draw.uniform();
        bits[j] = j % 3 == 0 ? -1 : std::numeric_limits<long long>::max();
        pattern[j] = draw.integer(n_patterns);
        list[j] = j;
    }
    for (double& each : fits) each = draw.normal();
    const ScreenedColumns columns{first.data(),    second.data(), norm.data(),
                                  rounding.data(), bits.data(),   pattern.data()};
    for (const Kernels* kernels : all_kernels())
        for (int q = 0; q < alphas; ++q) {
            std::vector<double> limits(alphas, never);
            limits[q] = 0.8;
            const auto count = kernels->screening.may_exceed(n, nullptr, columns, fits.data(),
                                                             limits.data(), one.data());
            const auto listed = kernels->screening.may_exceed(n, list.data(), columns, fits.data(),
                                                              limits.data(), many.data());
            CHECK(count == listed && count > 0 && count < n);
            for (std::ptrdiff_t i = 0; i < count; ++i) CHECK(one[i] == many[i]);
        }
}
