#include <algorithm>
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

constexpr std::ptrdiff_t most = 70, ld = 75;
constexpr double some_weights[] = {0.5, 1.5, 0.0, 2.0, 1.0, 3.0, 0.25, 1.0, 4.0};

/// Every length up to 70, so that every remainder after the vectors occurs.
template <class X>
void check_columns(const ColumnKernels<X>& kernels) {
    testing::Draw draw(3);
    std::vector<X> x(4 * ld);
    std::vector<double> y(3 * ld);
    for (X& value : x) value = static_cast<X>(draw.normal());
    for (double& value : y) value = draw.normal();
    const X* columns[4] = {&x[0], &x[ld], &x[2 * ld], &x[3 * ld]};
    const double* vectors[3] = {&y[0], &y[ld], &y[2 * ld]};
    const auto dot = [&](std::ptrdiff_t n, int k, int l) {
        double sum = 0.0;
        for (std::ptrdiff_t i = 0; i < n; ++i) sum += columns[k][i] * vectors[l][i];
        return sum;
    };
    for (std::ptrdiff_t n = 0; n <= most; ++n) {
        double sum = 0.0, square = 0.0, out[12];
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            sum += x[i];
            square += (x[i] - 0.3) * (x[i] - 0.3);
        }
        CHECK_CLOSE(kernels.sum(n, x.data()), sum, 1e-13);
        CHECK_CLOSE(kernels.squares(n, x.data(), 0.3), square, 1e-12);
        CHECK_CLOSE(kernels.dot(n, x.data(), y.data()), dot(n, 0, 0), 1e-13);
        kernels.dot4(n, columns, y.data(), out);
        for (int k = 0; k < 4; ++k) CHECK_CLOSE(out[k], dot(n, k, 0), 1e-13);
        kernels.dot4x3(n, columns, vectors, out);
        for (int k = 0; k < 4; ++k)
            for (int l = 0; l < 3; ++l) CHECK_CLOSE(out[3 * k + l], dot(n, k, l), 1e-13);

        std::vector<double> result(ld, 9.0);
        kernels.centre(n, x.data(), 0.5, 2.0, nullptr, result.data());
        for (std::ptrdiff_t i = 0; i < n; ++i) CHECK_CLOSE(result[i], (x[i] - 0.5) * 2.0, 1e-14);
        kernels.centre(n, x.data(), 0.5, 2.0, y.data(), result.data());
        for (std::ptrdiff_t i = 0; i < n; ++i)
            CHECK_CLOSE(result[i], (x[i] - 0.5) * 2.0 * y[i], 1e-14);
        const double factors[4] = {0.1, -0.2, 0.3, 1.5};
        std::vector<double> one(y.begin(), y.begin() + ld), four = one;
        kernels.axpy(n, 0.7, x.data(), one.data());
        kernels.axpy4(n, factors, columns, four.data());
        for (std::ptrdiff_t i = 0; i < ld; ++i) {
            double want = y[i];
            for (int k = 0; k < 4 && i < n; ++k) want += factors[k] * columns[k][i];
            CHECK_CLOSE(four[i], want, 1e-14);
            CHECK_CLOSE(one[i], i < n ? y[i] + 0.7 * x[i] : y[i], 1e-14);
        }
        CHECK(result[n] == 9.0);
    }
}

void check_matrix(const MatrixKernels& kernels, std::ptrdiff_t n, std::ptrdiff_t k, bool listed) {
    testing::Draw draw(4);
    std::vector<double> x(12 * ld), y(5 * ld);
    for (double& value : x) value = draw.normal();
    for (double& value : y) value = draw.normal();
    std::vector<int> list;
    for (std::ptrdiff_t i = 0; i < k; ++i)
        list.push_back(listed ? static_cast<int>(11 - i) : static_cast<int>(i));
    const int* given = listed ? list.data() : nullptr;
    const auto dot = [&](std::ptrdiff_t i, std::ptrdiff_t q) {
        double sum = 0.0;
        for (std::ptrdiff_t e = 0; e < n; ++e) sum += x[list[i] * ld + e] * y[q * ld + e];
        return sum;
    };
    std::vector<double> out(5 * 12, 0.0);
    for (const std::ptrdiff_t m : {4, 5}) {
        kernels.dot_block(n, k, x.data(), ld, given, m, y.data(), ld, out.data(), 12);
        for (std::ptrdiff_t q = 0; q < m; ++q)
            for (std::ptrdiff_t i = 0; i < k; ++i) CHECK_CLOSE(out[q * 12 + i], dot(i, q), 1e-13);
    }
    kernels.dot_columns(n, k, x.data(), ld, given, y.data(), out.data());
    for (std::ptrdiff_t i = 0; i < k; ++i) CHECK_CLOSE(out[i], dot(i, 0), 1e-13);

    std::vector<double> sum(y.begin(), y.begin() + ld);
    kernels.add_columns(n, k, x.data(), ld, given, -1.0, &y[ld], sum.data());
    for (std::ptrdiff_t e = 0; e < n; ++e) {
        double want = y[e];
        for (std::ptrdiff_t i = 0; i < k; ++i) want -= y[ld + i] * x[list[i] * ld + e];
        CHECK_CLOSE(sum[e], want, 1e-13);
    }
}

void check_rank_update(const MatrixKernels& kernels, std::ptrdiff_t n, std::ptrdiff_t k) {
    testing::Draw draw(6);
    std::vector<double> v(9 * ld), a(ld * ld, 1.0);
    for (double& value : v) value = draw.normal();
    kernels.rank_update(n, k, -0.5, v.data(), ld, a.data(), ld);
    for (std::ptrdiff_t j = 0; j < n; ++j)
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            double want = 1.0;
            for (std::ptrdiff_t q = 0; q < k; ++q) want -= 0.5 * v[q * ld + i] * v[q * ld + j];
            CHECK_CLOSE(a[j * ld + i], want, 1e-13);
        }
    CHECK(a[n] == 1.0);
}

void check_factor(const FactorKernels& kernels, std::ptrdiff_t n) {
    testing::Draw draw(7);
    const std::ptrdiff_t stride = n + 1;
    std::vector<double> x(n * (n + 3)), a(stride * n, 9.0), u, work(4 * n), b;
    for (double& value : x) value = draw.normal();
    for (std::ptrdiff_t j = 0; j < n; ++j)
        for (std::ptrdiff_t i = 0; i <= j; ++i) {
            a[j * stride + i] = 0.0;
            for (std::ptrdiff_t e = 0; e < n + 3; ++e)
                a[j * stride + i] += x[i * (n + 3) + e] * x[j * (n + 3) + e];
        }
    u = a;
    CHECK(kernels.factorise(n, u.data(), stride, work.data()) == 0);
    const double scale = static_cast<double>(n + 3);
    for (std::ptrdiff_t j = 0; j < n; ++j)
        for (std::ptrdiff_t i = 0; i < stride; ++i) {
            if (i > j) CHECK(u[j * stride + i] == 9.0);
            double want = 0.0;
            for (std::ptrdiff_t e = 0; e <= i && i <= j; ++e)
                want += u[i * stride + e] * u[j * stride + e];
            if (i <= j) CHECK(std::abs(a[j * stride + i] - want) <= 1e-14 * scale);
        }
    for (std::ptrdiff_t j = 0; j < n; ++j) b.push_back(draw.normal());
    std::vector<double> solution = b;
    kernels.solve(n, u.data(), stride, solution.data());
    for (std::ptrdiff_t i = 0; i < n; ++i) {
        double image = 0.0, size = 0.0;
        for (std::ptrdiff_t j = 0; j < n; ++j) {
            const double entry = a[std::max(i, j) * stride + std::min(i, j)];
            image += entry * solution[j];
            size += std::abs(entry * solution[j]);
        }
        CHECK(std::abs(image - b[i]) <= 1e-13 * (size + 1.0));
    }
    for (std::ptrdiff_t j = 0; j < n; ++j) {  // a minor that is negative
        u = a;
        u[j * stride + j] = -1.0;
        CHECK(kernels.factorise(n, u.data(), stride, work.data()) == j + 1);
    }
}

}  // namespace

TEST(factor_kernels_equal_their_definition) {
    for (const Kernels* kernels : all_kernels())
        for (const std::ptrdiff_t n : {0, 1, 3, 4, 5, 8, 11, 12, 19, 30, 33})
            check_factor(kernels->factor, n);
}

TEST(column_kernels_equal_plain_loops) {
    for (const Kernels* kernels : all_kernels()) {
        check_columns(kernels->f64);
        check_columns(kernels->f32);
    }
}

TEST(matrix_kernels_equal_plain_loops) {
    for (const Kernels* kernels : all_kernels()) {
        for (const std::ptrdiff_t n : {0, 1, 5, 16, 33})
            for (std::ptrdiff_t k = 0; k <= 11; ++k)
                for (const bool listed : {false, true}) check_matrix(kernels->matrix, n, k, listed);
        for (const std::ptrdiff_t n : {0, 1, 7, 20})
            for (std::ptrdiff_t k = 0; k <= 9; ++k) check_rank_update(kernels->matrix, n, k);
    }
}

TEST(products_of_panels_are_those_of_their_columns) {
    testing::Draw draw(8);
    for (const Kernels* kernels : all_kernels()) {
        const std::ptrdiff_t width = kernels->panels.width, step = width + 3;
        if (width == 0) continue;
        for (const std::ptrdiff_t n : {0, 1, 7, 128, 129, 300}) {
            std::vector<double> left(n * width), right(n * width);
            for (double& value : left) value = draw.normal();
            for (double& value : right) value = draw.normal();
            const auto product = [&](const std::vector<double>& x, std::ptrdiff_t i,
                                     const std::vector<double>& y, std::ptrdiff_t j) {
                double sum = 1.0;  // what was there before
                for (std::ptrdiff_t row = 0; row < n; ++row)
                    sum += x[row * width + i] * y[row * width + j];
                return sum;
            };
            std::vector<double> mixed(width * step, 1.0), own = mixed;
            kernels->panels.product(n, left.data(), right.data(), mixed.data(), step);
            kernels->panels.square(n, left.data(), own.data(), step);
            for (std::ptrdiff_t j = 0; j < width; ++j)
                for (std::ptrdiff_t i = 0; i < width; ++i) {
                    CHECK_CLOSE(mixed[j * step + i], product(left, i, right, j), 1e-12);
                    if (i <= j) CHECK_CLOSE(own[j * step + i], product(left, i, left, j), 1e-12);
                }
        }
    }
}

TEST(columns_become_rows_and_are_centred_there) {
    testing::Draw draw(9);
    for (const Kernels* kernels : all_kernels())
        for (const std::ptrdiff_t k : {1, 4, 6, 12})
            for (const double* weights : {static_cast<const double*>(nullptr), some_weights}) {
                const std::ptrdiff_t n = 9, step = k + 2;
                std::vector<double> x(k * ld), shift(k), rows(n * step, 5.0), sums(k);
                for (double& value : x) value = draw.normal();
                for (double& value : shift) value = draw.normal();
                kernels->f64.interleave(n, k, x.data(), ld, shift.data(), weights, rows.data(),
                                        step);
                std::vector<double> plain(n * step, 5.0);
                const std::vector<double> nothing(k, 0.0);
                kernels->f64.interleave(n, k, x.data(), ld, nothing.data(), nullptr, plain.data(),
                                        step);
                kernels->matrix.sum_rows(n, k, plain.data(), step, weights, sums.data());
                kernels->matrix.centre_rows(n, k, plain.data(), step, shift.data(), weights);
                for (std::ptrdiff_t j = 0; j < k; ++j) {
                    double sum = 0.0;
                    for (std::ptrdiff_t i = 0; i < n; ++i) {
                        const double w = weights ? weights[i] : 1.0;
                        sum += w * x[j * ld + i];
                        CHECK_CLOSE(rows[i * step + j], (x[j * ld + i] - shift[j]) * w, 1e-14);
                        CHECK_CLOSE(plain[i * step + j], (x[j * ld + i] - shift[j]) * w, 1e-14);
                    }
                    CHECK_CLOSE(sums[j], sum, 1e-13);
                }
                CHECK(rows[k] == 5.0);  // what lies between the rows is left alone
            }
}
