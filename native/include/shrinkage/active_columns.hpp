#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include "shrinkage/likelihood.hpp"
#include "shrinkage/model_product.hpp"
#include "shrinkage/path.hpp"
#include "shrinkage/scaled_columns.hpp"

namespace shrinkage {

/// Coefficients (scaled, one a slot) with everything that a pass over their columns says there.
struct GlmPoint {
    std::vector<double> coef;
    double intercept = 0.0;         ///< of the centred columns; the best one for these coefficients
    double loss = 0.0;              ///< but for what depends on y alone
    std::vector<double> eta;        ///< without the intercept
    std::vector<double> u;          ///< wt (y - mu); sums to 0 with an intercept
    std::vector<double> gradient;   ///< c_j = z_j'u, one a slot
    ModelProduct product;           ///< of coef
    mutable double pearson = -1.0;  ///< Pearson's statistic; -1 until somebody asks for it
    /// Not 0: u is that of a guessed intercept, and sums to this. Intercept, loss and gradient are
    /// those of the best one as far as a step from the guess says.
    double excess = 0.0;
    double error = 0.0;  ///< |error of c_j| is at most this times |z_j|, where excess is 0

    bool is_exact() const { return excess == 0.0; }
};

/// Curvatures D and what of them says how z_j'u changes with the intercept.
struct Curvatures {
    std::span<const double> rows;      ///< D
    double sum;                        ///< 1'D 1
    std::span<const double> products;  ///< Z'D 1, of the copies
};

/// The columns that a Newton model uses, copied: the loss as a function of their coefficients,
/// its intercept always the best one.
/// @tparam Columns TiledColumns or SparseRows
template <class Columns>
class ActiveColumns {
public:
    ActiveColumns(const Runtime& runtime, const ScaledColumns& data, const Likelihood& likelihood)
        : _runtime(runtime), _data(data), _likelihood(likelihood), _copies(data.design) {}

    Index size() const { return static_cast<Index>(_features.size()); }
    Index feature(int slot) const { return _features[slot]; }
    double norm(int slot) const { return _data.norm[_features[slot]]; }  ///< |z_j|, weighted
    const Columns& copies() const { return _copies; }
    const Counts& counts() const { return _counts; }

    void append(std::span<const Index> features) {
        for (const Index j : features) {
            _copies.append(_runtime.simd, j, _data.mean[j], 1.0 / _data.scale[j]);
            _features.push_back(j);
        }
        _copies.appended();
        if (_likelihood.family().has_exponential_means()) append_responses(features);
    }

    /// Fills what a pass says of points whose coefficients are set and whose intercept is guessed.
    /// @param enough |sum u| / (1 + sum_j |t_j| |z_j|) that counts as 0
    void evaluate(std::span<GlmPoint* const> points, double enough) {
        const std::vector<FamilySums> sums = sweep(points);
        std::vector<GlmPoint*> moved;
        for (std::size_t k = 0; k < points.size(); ++k)
            if (balance_on(*points[k], sums[k], enough)) moved.push_back(points[k]);
        differentiate(moved);
    }

    /// The same from one read of the columns: where the guess is a little off, residuals stay those
    /// of the guess, and the rest is corrected as the curvatures say.
    void estimate(std::span<GlmPoint* const> points, double enough, const Curvatures& curvatures) {
        const double little = _likelihood.family().has_exponential_means() ? 0.5 : 1e-4;
        const std::vector<FamilySums> sums = sweep(points);
        std::vector<GlmPoint*> moved;
        for (std::size_t k = 0; k < points.size(); ++k) {
            const double shift = _likelihood.shift_to_balance(sums[k]);
            if (_likelihood.is_balanced(sums[k], enough_for(*points[k], enough)) ||
                !(std::abs(shift) <= little)) {
                if (balance_on(*points[k], sums[k], enough)) moved.push_back(points[k]);
            } else {
                correct(*points[k], sums[k], shift, curvatures);
            }
        }
        differentiate(moved);
    }

    /// Residuals of the best intercept for points that were estimated, with a bound for the error
    /// of their gradients; those for which that is more than they bear are differentiated.
    /// @param most the error that each bears
    void sharpen(std::span<GlmPoint* const> points, double enough, const Curvatures& curvatures,
                 std::span<const double> most) {
        std::vector<GlmPoint*> inexact;
        for (std::size_t k = 0; k < points.size(); ++k) {
            GlmPoint& point = *points[k];
            _guessed.resize(point.u.size());
            std::swap(_guessed, point.u);
            const FamilySums sums =
                _likelihood.evaluate(_runtime, point.eta.data(), point.intercept, point.u.data());
            const double step = point.excess / curvatures.sum;
            balance_on(point, sums, enough);
            if (_likelihood.family().has_exponential_means()) continue;
            point.error = std::sqrt(_likelihood.deviation(_runtime, point.u.data(), _guessed.data(),
                                                          curvatures.rows.data(), step));
            if (!(point.error <= most[k])) inexact.push_back(&point);
        }
        differentiate(inexact);
    }

    /// Finds the intercept, and with it loss and residuals, where eta is known.
    void balance(GlmPoint& point, double enough) const {
        take(point, _likelihood.balance(_runtime, point.eta.data(), point.intercept,
                                        enough_for(point, enough), point.u.data()));
    }

    /// c = Z'u, block sums added in the order of the blocks.
    void differentiate(std::span<GlmPoint* const> points) {
        if (points.empty()) return;
        ++_counts.passes;
        const RowBlocks blocks = _copies.blocks();
        const Index width = size() + 1, n_points = static_cast<Index>(points.size());
        _parts.assign(static_cast<std::size_t>(blocks.count() * n_points * width), 0.0);
        for_chunks(true, [&](Index block, Index first, Index last) {
            add_products(points, first, last, _parts.data() + block * n_points * width);
        });
        add_up(points);
    }

private:
    double enough_for(const GlmPoint& point, double enough) const {
        double length = 1.0;
        for (int j = 0; j < static_cast<int>(point.coef.size()); ++j)
            length += std::abs(point.coef[j]) * norm(j);
        return enough / length;
    }

    static void take(GlmPoint& point, const Likelihood::Balanced& at) {
        point.intercept = at.intercept;
        point.loss = at.sums.loss;
        point.pearson = -1.0;
        point.excess = point.error = 0.0;
    }

    /// @param sums at the point @return whether its intercept has changed
    bool balance_on(GlmPoint& point, const FamilySums& sums, double enough) const {
        Likelihood::Balanced at{point.intercept, sums};
        const bool moved = _likelihood.balance_on(_runtime, point.eta.data(),
                                                  enough_for(point, enough), at, point.u.data());
        take(point, at);
        return moved;
    }

    /// Moves the intercept to where residuals sum to 0: exactly so where a shift of eta multiplies
    /// all means, else but for what is of fourth order in the loss and what D is wrong by in the
    /// gradient.
    void correct(GlmPoint& point, const FamilySums& sums, double shift,
                 const Curvatures& curvatures) const {
        point.intercept += shift;
        point.excess = sums.residual;
        if (_likelihood.family().has_exponential_means()) {
            point.loss += sums.residual - shift * _likelihood.mean_response();
            const double growth = std::expm1(shift);
            for (int j = 0; j < static_cast<int>(size()); ++j)
                point.gradient[j] -= growth * (_responses[j] - point.gradient[j]);
            return;
        }
        const double bend = sums.curvature / 2.0 + shift * sums.slope / 6.0;
        point.loss -= shift * (sums.residual - shift * bend);
        const double step = sums.residual / curvatures.sum;
        for (int j = 0; j < static_cast<int>(size()); ++j)
            point.gradient[j] -=
                step * (curvatures.products[j] - _copies.shift(j) * curvatures.sum);
    }

    /// z_j' diag(wt) y of new columns.
    void append_responses(std::span<const Index> features) {
        std::vector<double> response(_likelihood.wt().size()), products(features.size());
        for (std::size_t i = 0; i < response.size(); ++i)
            if (const double wt = _likelihood.wt()[i]; wt > 0.0)
                response[i] = wt * (_likelihood.y()[i] - _likelihood.mean_response());
        _data.design.products(_runtime, features, response.data(), 1, products.data(),
                              static_cast<Index>(products.size()));
        const double sum = _runtime.simd.f64.sum(_data.rows(), response.data());
        for (std::size_t i = 0; i < features.size(); ++i) {
            const Index j = features[i];
            _responses.push_back((products[i] - _data.mean[j] * sum) / _data.scale[j]);
        }
    }

    /// eta, and loss, residuals and gradient at the guessed intercepts, from one read of the
    /// columns. @return sums of each point
    std::vector<FamilySums> sweep(std::span<GlmPoint* const> points) {
        ++_counts.passes;
        _counts.evaluations += static_cast<Index>(points.size());
        for (GlmPoint* point : points) {
            point->eta.resize(_data.rows());
            point->u.resize(_data.rows());
            if (!_likelihood.fits_intercept()) point->intercept = 0.0;
        }
        const Terms terms = terms_of(points);
        const RowBlocks blocks = _copies.blocks();
        const Index width = size() + 1, n_points = static_cast<Index>(points.size());
        _parts.assign(static_cast<std::size_t>(blocks.count() * n_points * width), 0.0);
        std::vector<FamilySums> parts(static_cast<std::size_t>(blocks.count() * n_points));
        for_chunks(false, [&](Index block, Index first, Index last) {
            predict(points, terms, first, last);
            for (Index k = 0; k < n_points; ++k)
                parts[block * n_points + k] +=
                    _likelihood.evaluate_rows(first, last - first, points[k]->eta.data() + first,
                                              points[k]->intercept, points[k]->u.data() + first);
            add_products(points, first, last, _parts.data() + block * n_points * width);
        });
        add_up(points);
        std::vector<FamilySums> sums(points.size());
        for (Index block = 0; block < blocks.count(); ++block)
            for (Index k = 0; k < n_points; ++k) sums[k] += parts[block * n_points + k];
        for (Index k = 0; k < n_points; ++k) take(*points[k], {points[k]->intercept, sums[k]});
        return sums;
    }

    /// Coefficients of the columns that any point uses, with what the copies' shifts come to.
    struct Terms {
        std::vector<int> list;
        std::vector<double> values, shifts;
    };
    Terms terms_of(std::span<GlmPoint* const> points) const {
        Terms terms;
        for (int j = 0; j < static_cast<int>(size()); ++j)
            if (std::ranges::any_of(points,
                                    [j](const GlmPoint* point) { return coef(*point, j) != 0.0; }))
                terms.list.push_back(j);
        terms.values.resize(points.size() * terms.list.size());
        terms.shifts.resize(points.size(), 0.0);
        for (std::size_t k = 0; k < points.size(); ++k)
            for (std::size_t i = 0; i < terms.list.size(); ++i) {
                const double t = coef(*points[k], terms.list[i]);
                terms.values[k * terms.list.size() + i] = t;
                terms.shifts[k] += t * _copies.shift(terms.list[i]);
            }
        return terms;
    }

    /// eta = offset + Z t of some rows.
    void predict(std::span<GlmPoint* const> points, const Terms& terms, Index first,
                 Index last) const {
        for (std::size_t k = 0; k < points.size(); ++k) {
            double* eta = points[k]->eta.data() + first;
            const double* offset = _likelihood.offset().data() + first;
            for (Index i = 0; i < last - first; ++i) eta[i] = offset[i] - terms.shifts[k];
        }
        for (std::size_t i = 0; i < terms.list.size();) {
            const std::size_t count = std::min(Columns::columns_at_once, terms.list.size() - i);
            for (std::size_t k = 0; k < points.size(); ++k)
                _copies.add_product(
                    _runtime.simd, first, last, std::span(terms.list).subspan(i, count),
                    terms.values.data() + k * terms.list.size() + i, points[k]->eta.data() + first);
            i += count;
        }
    }

    /// Adds Z'u of some rows, and sum u, one point after the other.
    void add_products(std::span<GlmPoint* const> points, Index first, Index last,
                      double* out) const {
        const Index width = size() + 1, n_points = static_cast<Index>(points.size());
        std::vector<double> side_by_side;
        if (n_points > 1) side_by_side.reserve(n_points * (last - first));
        const double* u = points[0]->u.data() + first;
        for (Index k = 0; k < n_points; ++k) {
            const double* each = points[k]->u.data() + first;
            out[k * width + size()] += _runtime.simd.f64.sum(last - first, each);
            if (n_points > 1) side_by_side.insert(side_by_side.end(), each, each + (last - first));
        }
        if (n_points > 1) u = side_by_side.data();
        _copies.add_cross_product(_runtime.simd, first, last, u, n_points, out, width);
    }

    /// Gradients, the blocks' parts added in their order.
    void add_up(std::span<GlmPoint* const> points) const {
        const Index width = size() + 1, n_points = static_cast<Index>(points.size());
        for (Index k = 0; k < n_points; ++k) {
            std::vector<double>& gradient = points[k]->gradient;
            gradient.assign(static_cast<std::size_t>(size()), 0.0);
            double sum = 0.0;
            for (Index block = 0; block < _copies.blocks().count(); ++block) {
                const double* part = _parts.data() + (block * n_points + k) * width;
                for (Index j = 0; j < size(); ++j) gradient[j] += part[j];
                sum += part[size()];
            }
            for (int j = 0; j < static_cast<int>(size()); ++j)
                gradient[j] -= _copies.shift(j) * sum;
            points[k]->error = 0.0;
        }
    }

    /// Of a slot, which may be newer than the point.
    static double coef(const GlmPoint& point, int slot) {
        return slot < static_cast<int>(point.coef.size()) ? point.coef[slot] : 0.0;
    }

    /// Rows in chunks that stay in cache while all points meet them, by blocks of fixed size.
    /// @param backwards begin with the last block: what a pass in the other direction has left in
    /// cache is used first
    template <class Work>
    void for_chunks(bool backwards, const Work& work) const {
        const RowBlocks blocks = _copies.blocks();
        const Index length = _copies.rows_in_cache();
        parallel_for(_runtime, blocks.count(), [&](Index task) {
            const Index block = backwards ? blocks.count() - 1 - task : task;
            for (Index first = blocks.first(block); first < blocks.last(block); first += length)
                work(block, first, std::min(first + length, blocks.last(block)));
        });
    }

    const Runtime& _runtime;
    const ScaledColumns& _data;
    const Likelihood& _likelihood;
    Columns _copies;
    std::vector<Index> _features;
    std::vector<double> _responses;  ///< z_j' diag(wt) y, where they are used
    std::vector<double> _parts;      ///< sums of blocks
    std::vector<double> _guessed;    ///< residuals of a guessed intercept
    Counts _counts;
};

}  // namespace shrinkage
