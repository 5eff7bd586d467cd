#include <algorithm>
#include <vector>

#include "check.hpp"
#include "plain_blas.hpp"
#include "random_problem.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/moments.hpp"
#include "shrinkage/sparse_design.hpp"

using namespace shrinkage;

namespace {

struct Table {
    Index rows, cols;
    std::vector<double> by_column, by_row, y, weights;
    std::vector<int> fold_ids;

    Table(Index n, Index p, int n_folds) : rows(n), cols(p), by_row(n * p) {
        testing::Draw draw(static_cast<std::uint64_t>(n * 1000 + p));
        for (Index j = 0; j < p; ++j) {
            for (Index i = 0; i < n; ++i) {
                const double x =
                    draw.chance(0.3) ? 0.0 : draw.normal() + static_cast<double>(j % 5);
                by_column.push_back(x);
                by_row[i * p + j] = x;
            }
        }
        double sum = 0.0;
        for (Index i = 0; i < n; ++i) {
            y.push_back(draw.normal());
            fold_ids.push_back(draw.integer(n_folds + 1) - 1);
            weights.push_back(i > 0 && draw.chance(0.2) ? 0.0 : draw.uniform() + 0.1);
            sum += weights.back();
        }
        for (double& weight : weights) weight /= sum;
    }

    double at(Index i, Index j) const { return j < cols ? by_column[j * rows + i] : y[i]; }
};

void check_group(const Table& table, const Moments& found, int fold) {
    std::vector<double> mean(static_cast<std::size_t>(table.cols + 1));
    const auto sum = [&](const auto& term) {
        long double total = 0.0;
        for (Index i = 0; i < table.rows; ++i) {
            if (table.fold_ids[i] == fold)
                total += static_cast<long double>(table.weights[i]) * term(i);
        }
        return static_cast<double>(total);
    };
    const double weight = sum([](Index) { return 1.0; });
    CHECK_CLOSE(found.weight, weight, 1e-14);
    if (weight == 0.0) return;
    for (Index j = 0; j <= table.cols; ++j) {
        mean[j] = sum([&](Index i) { return table.at(i, j); }) / weight;
        CHECK_CLOSE(found.mean[j], mean[j], 1e-12);
    }
    for (Index j = 0; j <= table.cols; ++j) {
        for (Index i = 0; i <= j; ++i) {
            const double product = sum(
                [&](Index k) { return (table.at(k, i) - mean[i]) * (table.at(k, j) - mean[j]); });
            CHECK_CLOSE(found.products[j * (table.cols + 1) + i], product, 1e-12);
        }
    }
}

void check_all(const Table& table, const Design& design, int n_folds) {
    Interrupt interrupt([] { return false; });
    for (const Kernels* kernels : {&kernels_baseline, &best_kernels()})
        for (const int n_threads : {1, 2}) {
            const Runtime runtime{plain::blas, *kernels, interrupt, n_threads};
            const std::vector<Moments> groups =
                moments_by_fold(runtime, design, table.y.data(), table.weights.data(),
                                table.fold_ids.data(), n_folds);
            for (int fold = 0; fold < n_folds; ++fold) check_group(table, groups[fold], fold);
            if (static_cast<int>(groups.size()) > n_folds) check_group(table, groups.back(), -1);
        }
}

}  // namespace

TEST(moments_are_those_of_plain_sums_in_every_layout) {
    for (const Index n : {1, 2, 9, 300}) {
        for (const Index p : {1, 5, 17}) {
            const Table table(n, p, 3);
            const DenseDesign<double> columns(table.by_column.data(), n, p, n, false);
            check_all(table, columns, 3);
            check_all(table, DenseDesign<double>(table.by_row.data(), n, p, p, true), 3);
            std::vector<double> values;
            std::vector<int> rows, starts{0};
            for (Index j = 0; j < p; ++j) {
                columns.sparse_column(j, rows, values);
                starts.push_back(static_cast<int>(rows.size()));
            }
            check_all(table,
                      SparseDesign<double, int>(values.data(), rows.data(), starts.data(), n, p),
                      3);
        }
    }
}

TEST(threads_that_share_blocks_give_the_same_moments) {
    const Table table(90, 262, 2);
    check_all(table, DenseDesign<double>(table.by_column.data(), 90, 262, 90, false), 2);
    check_all(table, DenseDesign<double>(table.by_row.data(), 90, 262, 262, true), 2);
}

TEST(moments_of_plain_rows_are_those_of_equal_weights) {
    for (const Index p : {3, 12, 29}) {
        Table table(400, p, 1);
        std::vector<float> narrow(table.by_column.begin(), table.by_column.end());
        table.by_column.assign(narrow.begin(), narrow.end());
        for (Index j = 0; j < p; ++j)
            for (Index i = 0; i < 400; ++i) table.by_row[i * p + j] = table.by_column[j * 400 + i];
        std::ranges::fill(table.weights, 1.0 / 400.0);
        std::ranges::fill(table.fold_ids, 0);
        const DenseDesign<double> columns(table.by_column.data(), 400, p, 400, false);
        const DenseDesign<double> rows(table.by_row.data(), 400, p, p, true);
        const DenseDesign<float> floats(narrow.data(), 400, p, 400, false);
        Interrupt interrupt([] { return false; });
        for (const Kernels* kernels : {&kernels_baseline, &best_kernels()}) {
            const Runtime runtime{plain::blas, *kernels, interrupt, 1};
            for (const Design* design :
                 std::initializer_list<const Design*>{&columns, &rows, &floats})
                check_group(
                    table,
                    moments_by_fold(runtime, *design, table.y.data(), nullptr, nullptr, 0)[0], 0);
        }
    }
}

TEST(merged_moments_are_those_of_all_rows) {
    Table table(200, 6, 1);
    const DenseDesign<double> design(table.by_column.data(), 200, 6, 200, false);
    Interrupt interrupt([] { return false; });
    const Runtime runtime{plain::blas, best_kernels(), interrupt, 1};
    std::vector<Moments> parts = moments_by_fold(runtime, design, table.y.data(),
                                                 table.weights.data(), table.fold_ids.data(), 1);
    merge(parts[0], parts[1], parts[0]);
    for (int& fold : table.fold_ids) fold = 0;
    check_group(table, parts[0], 0);
}

TEST(mirror_copies_the_upper_triangle) {
    const Index n = 70;
    std::vector<double> square(static_cast<std::size_t>(n * n), -1.0);
    for (Index j = 0; j < n; ++j) {
        for (Index i = 0; i <= j; ++i) square[j * n + i] = static_cast<double>(100 * i + j);
    }
    mirror(n, square.data(), n);
    bool symmetric = true;
    for (Index j = 0; j < n; ++j) {
        for (Index i = 0; i < n; ++i) symmetric &= square[j * n + i] == square[i * n + j];
    }
    CHECK(symmetric);
}
