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
    }

    /// Fills what a pass says of points whose coefficients are set and whose intercept is guessed.
    /// @param enough |sum u| / (1 + sum_j |t_j| |z_j|) that counts as 0
    void evaluate(std::span<GlmPoint* const> points, double enough) {
        ++_counts.passes;
        for (GlmPoint* point : points) {
            point->eta.resize(_data.rows());
            point->u.resize(_data.rows());
            ++_counts.evaluations;
        }
        predict(points);
        for (GlmPoint* point : points) balance(*point, enough);
        differentiate(points);
    }

    /// Finds the intercept, and with it loss and residuals, where eta is known.
    void balance(GlmPoint& point, double enough) const {
        double length = 1.0;
        for (int j = 0; j < static_cast<int>(point.coef.size()); ++j)
            length += std::abs(point.coef[j]) * norm(j);
        const Likelihood::Balanced at = _likelihood.balance(
            _runtime, point.eta.data(), point.intercept, enough / length, point.u.data());
        point.intercept = at.intercept;
        point.loss = at.sums.loss;
        point.pearson = -1.0;
    }

    /// c = Z'u, block sums added in the order of the blocks.
    void differentiate(std::span<GlmPoint* const> points) {
        const RowBlocks blocks = _copies.blocks();
        const Index width = size() + 1, n_points = static_cast<Index>(points.size());
        _parts.assign(static_cast<std::size_t>(blocks.count() * n_points * width), 0.0);
        for_chunks(true, [&](Index block, Index first, Index last) {
            double* out = _parts.data() + block * n_points * width;
            std::vector<double> side_by_side;
            if (n_points > 1) side_by_side.reserve(n_points * (last - first));
            const double* u = points[0]->u.data() + first;
            for (Index k = 0; k < n_points; ++k) {
                const double* each = points[k]->u.data() + first;
                out[k * width + size()] += _runtime.simd.f64.sum(last - first, each);
                if (n_points > 1)
                    side_by_side.insert(side_by_side.end(), each, each + (last - first));
            }
            if (n_points > 1) u = side_by_side.data();
            _copies.add_cross_product(_runtime.simd, first, last, u, n_points, out, width);
        });
        for (Index k = 0; k < n_points; ++k) {
            std::vector<double>& gradient = points[k]->gradient;
            gradient.assign(static_cast<std::size_t>(size()), 0.0);
            double sum = 0.0;
            for (Index block = 0; block < blocks.count(); ++block) {
                const double* part = _parts.data() + (block * n_points + k) * width;
                for (Index j = 0; j < size(); ++j) gradient[j] += part[j];
                sum += part[size()];
            }
            for (int j = 0; j < static_cast<int>(size()); ++j)
                gradient[j] -= _copies.shift(j) * sum;
        }
    }

private:
    /// eta = offset + Z t, the columns that any of the points uses read once for all.
    void predict(std::span<GlmPoint* const> points) {
        std::vector<int> list;
        for (int j = 0; j < static_cast<int>(size()); ++j)
            if (std::ranges::any_of(points,
                                    [j](const GlmPoint* point) { return coef(*point, j) != 0.0; }))
                list.push_back(j);
        std::vector<double> values(points.size() * list.size()), shifts(points.size(), 0.0);
        for (std::size_t k = 0; k < points.size(); ++k)
            for (std::size_t i = 0; i < list.size(); ++i) {
                const double t = coef(*points[k], list[i]);
                values[k * list.size() + i] = t;
                shifts[k] += t * _copies.shift(list[i]);
            }
        for_chunks(false, [&](Index, Index first, Index last) {
            for (std::size_t k = 0; k < points.size(); ++k) {
                double* eta = points[k]->eta.data() + first;
                const double* offset = _likelihood.offset().data() + first;
                for (Index i = 0; i < last - first; ++i) eta[i] = offset[i] - shifts[k];
            }
            for (std::size_t i = 0; i < list.size();) {
                const std::size_t count = std::min(Columns::columns_at_once, list.size() - i);
                for (std::size_t k = 0; k < points.size(); ++k)
                    _copies.add_product(
                        _runtime.simd, first, last, std::span(list).subspan(i, count),
                        values.data() + k * list.size() + i, points[k]->eta.data() + first);
                i += count;
            }
        });
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
    std::vector<double> _parts;  ///< sums of blocks
    Counts _counts;
};

}  // namespace shrinkage
