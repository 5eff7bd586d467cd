#pragma once
#include <span>
#include <vector>

#include "shrinkage/path.hpp"

namespace shrinkage {

/// G b of a point b that was found by solving a quadratic model, where it costs nothing.
struct ModelProduct {
    std::vector<double> values;
    Index version = -1;  ///< of the model; -1: not known

    void forget() { version = -1; }
};

/// The linear term of the quadratic model about a point: q = c + G b.
template <class Model, class Point>
std::vector<double> linear_term(const Model& model, const Point& point) {
    std::vector<double> q = point.gradient;
    const ModelProduct& product = point.product;
    if (product.version == model.version() && product.values.size() == q.size())
        for (std::size_t j = 0; j < q.size(); ++j) q[j] += product.values[j];
    else
        model.add_product(point.coef, 1.0, q);
    return q;
}

/// Lets a point be the minimum of b'G b / 2 - q'b + penalty.
template <class Model, class Point>
void minimise(Model& model, std::span<const double> q, double l1, double l2, Point& point) {
    model.minimise(q, l1, l2, point.coef);
    const std::span<const double> rest = model.correlations();
    point.product.values.resize(q.size());
    for (std::size_t j = 0; j < q.size(); ++j) point.product.values[j] = q[j] - rest[j];
    point.product.version = model.version();
}

}  // namespace shrinkage
