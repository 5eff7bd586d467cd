#include <cmath>
#include <vector>

#include "check.hpp"
#include "shrinkage/fold_average.hpp"

using namespace shrinkage;

TEST(means_over_folds_are_weighted_and_so_are_their_errors) {
    const std::vector<double> values{1.0, 2.0, 4.0, 2.0}, weights{3.0, 1.0};
    const FoldAverage average(values.data(), weights, 2);
    CHECK((average.mean == std::vector<double>{1.75, 2.0}));
    CHECK(std::abs(average.se[0] - std::sqrt(0.75 * 0.75 * 0.75 + 0.25 * 2.25 * 2.25)) < 1e-15);
    CHECK(average.se[1] == 0.0);
}

TEST(one_fold_has_a_mean_and_no_error) {
    const std::vector<double> values{1.0, 2.0}, weights{0.5};
    const FoldAverage average(values.data(), weights, 2);
    CHECK(average.mean == values);
    CHECK(std::isnan(average.se[0]) && std::isnan(average.se[1]));
}
