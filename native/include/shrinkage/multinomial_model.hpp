#pragma once
#include <optional>
#include <span>
#include <vector>

#include "shrinkage/active_set.hpp"
#include "shrinkage/class_gram.hpp"
#include "shrinkage/model_product.hpp"
#include "shrinkage/quadratic_slots.hpp"
#include "shrinkage/scaled_columns.hpp"
#include "shrinkage/working_set.hpp"

namespace shrinkage {

/// Coefficients (scaled, one a slot) with everything that a pass over their columns says there.
/// What has a value for each row and class is kept class by class.
struct MultinomialPoint {
    std::vector<double> coef;
    PerClass intercept;            ///< of the centred columns; the best ones for these coefficients
    double loss = 0.0;             ///< but for what depends on y alone
    std::vector<double> eta;       ///< without the intercepts
    std::vector<double> u;         ///< wt (y - mu); sums to 0 in each class with intercepts
    std::vector<double> gradient;  ///< c = z_j'u_k, one a slot
    ModelProduct product;          ///< of coef
};

/// The coefficient of feature j for class k.
struct ClassFeature {
    Index of_class;
    Index feature;
};

/// A quadratic model of the multinomial loss in the coefficients of the active (class, feature)
/// pairs, the intercepts eliminated, with curvatures D taken where it was refreshed last:
///
///     G = Z'D Z - V M^+ V'      V = Z'D 1      M = 1'D 1      (without intercepts Z'D Z)
///
/// which is kept for many steps. A column is copied once for all classes that use it.
/// @tparam Columns TiledColumns or SparseRows
template <class Columns>
class MultinomialModel {
public:
    MultinomialModel(const Runtime& runtime, const ScaledColumns& data, const FeatureLimits& limits,
                     const MultinomialLikelihood& likelihood, Method method, Index max_rounds)
        : _runtime(runtime),
          _data(data),
          _limits(limits),
          _likelihood(likelihood),
          _method(method),
          _max_rounds(max_rounds),
          _copies(data.design),
          _copy_of(static_cast<std::size_t>(data.cols()), -1),
          _slots(runtime) {
        restart_engine();
    }

    Index size() const { return static_cast<Index>(_pairs.size()); }
    Index of_class(int slot) const { return _pairs[slot].of_class; }
    Index feature(int slot) const { return _features[_pairs[slot].column]; }
    const QuadraticSlots& slots() const { return _slots; }
    double norm(int slot) const { return _data.norm[feature(slot)]; }  ///< |z_j|, weighted
    const Columns& copies() const { return _copies; }
    Counts counts() const {
        Counts all = _counts;
        all += _engine->counts();
        return all;
    }

    /// Nanoseconds, about, by counting operations: never measured, so that plans repeat.
    double step_cost() const {
        const auto a = static_cast<double>(size()), k = n_members();
        const auto values = static_cast<double>(_data.rows() * n_classes());
        return copies().pass_cost() * static_cast<double>(n_classes()) + 12.0 * values + 3500.0 +
               1.5 * k * k + 0.6 * a * k;
    }
    double gram_cost() const {
        const auto a = static_cast<double>(size()), K = static_cast<double>(n_classes());
        const double stored = copies().stored() * a / std::max(1.0, columns());
        const double per_row = copies().stored() / static_cast<double>(_data.rows());
        const double work = _data.design.is_sparse() ? stored * per_row * a / columns() * 1.5
                                                     : stored * (a / 60.0 * (1.0 + 1.0 / K) + 2.0);
        return work + 5000.0 + std::pow(n_members(), 3) / 45.0;
    }

    /// Solve from nothing next time.
    void restart_engine() {
        if (_engine) _counts += _engine->counts();
        const Index rank = _data.rank_limit * (n_classes() - 1);
        _engine.emplace(_runtime, _slots, _method, EngineSettings{_max_rounds, rank, 0.0});
    }

    /// By what share the diagonal of G is larger than its curvatures, which makes steps shorter
    /// where G says next to nothing. For the curvatures to come.
    void set_damping(double damping) { _damping = damping; }

    /// Appends pairs; curvatures must have been set.
    void append(std::span<const ClassFeature> wanted) {
        if (wanted.empty()) return;
        const Index first = size();
        for (const ClassFeature& each : wanted) {
            int& copy = _copy_of[each.feature];
            if (copy < 0) {
                copy = static_cast<int>(_features.size());
                _features.push_back(each.feature);
                _copies.append(_runtime.simd, each.feature, _data.mean[each.feature],
                               1.0 / _data.scale[each.feature]);
            }
            _pairs.push_back({static_cast<int>(each.of_class), copy});
        }
        _copies.appended();
        build_gram(first);
        for (Index slot = first; slot < size(); ++slot) {
            const Index j = feature(static_cast<int>(slot));
            const double diagonal = _slots.gram().data()[slot * (_slots.gram().ld() + 1)];
            _slots.add({.c0 = 0.0,
                        .diagonal = diagonal,
                        .penalty_factor = _limits.penalty_factor(j),
                        .lower = _limits.lower(j),
                        .upper = _limits.upper(j),
                        .rounding = std::sqrt(diagonal)});
        }
        _engine->slots_added();
    }

    /// Takes the curvatures of a point, or those of a bound (share 1).
    /// @param floor of the share
    void refresh_at(const MultinomialPoint& point, double share,
                    double floor = MultinomialLikelihood::least_share) {
        _curvatures =
            _likelihood.curvatures(_runtime, point.eta.data(), point.intercept, share, floor);
        sum_curvatures();
        ++_version;
        if (size() == 0) return;
        ++_counts.grams;
        build_gram(0);
        _slots.gram_written();
        _engine->gram_changed(0.0);
    }
    const ClassCurvatures& curvatures() const { return _curvatures; }
    /// Changes whenever G does, but for pairs that are appended.
    Index version() const { return _version; }

    /// q += sign G coef
    void add_product(std::span<const double> coef, double sign, std::span<double> q) const {
        _list.clear();
        _values.clear();
        for (int s = 0; s < static_cast<int>(coef.size()); ++s) {
            if (coef[s] == 0.0) continue;
            _list.push_back(s);
            _values.push_back(coef[s]);
        }
        _slots.add_product(_list, _values, sign, q.data());
    }

    /// Minimises b'G b / 2 - q'b + penalty, starting where it ended last. @param coef result
    Status minimise(std::span<const double> q, double l1, double l2, std::vector<double>& coef) {
        _engine->linear_term_changed(_slots.set_linear_term(q));
        const Status status = _engine->solve(l1, l2);
        coef.assign(static_cast<std::size_t>(size()), 0.0);
        for (std::size_t i = 0; i < _engine->features().size(); ++i)
            coef[_engine->features()[i]] = _engine->coef()[i];
        for (const AtBound& each : _engine->at_bound()) coef[each.slot] = each.value;
        return status;
    }

    /// q - G b of the last minimum.
    std::span<const double> correlations() const { return _engine->correlations(); }

    /// How the best intercepts change with the coefficients, as far as the model knows.
    PerClass intercept_at(const MultinomialPoint& from, std::span<const double> coef) const {
        PerClass intercept = from.intercept;
        if (!_likelihood.fits_intercept()) return intercept;
        std::vector<double> pull(n_classes(), 0.0);
        for (int s = 0; s < static_cast<int>(coef.size()); ++s) {
            const double step = coef[s] - from.coef[s];
            if (step == 0.0) continue;
            for (Index m = 0; m < n_classes(); ++m) pull[m] -= step * _cross[s * n_classes() + m];
            intercept.values[of_class(s)] += step * _copies.shift(_pairs[s].column);
        }
        return intercept + PerClass{_intercepts.solve(pull)};
    }

    /// What scaling the dual point u by 1 - rest costs. @param enough bounds will do up to this
    double conjugate_distance(const MultinomialPoint& point, double rest, double enough) const {
        return _likelihood.conjugate_distance(_runtime, point.eta.data(), point.intercept, rest,
                                              enough);
    }

    /// Fills what a pass says of a point whose coefficients are set and whose intercepts are
    /// guessed. @param enough |sum u| / (1 + sum |t| |z|) that counts as 0
    void evaluate(MultinomialPoint& point, double enough) {
        ++_counts.passes;
        ++_counts.evaluations;
        predict(point);
        point.u.resize(point.eta.size());
        double length = 1.0;
        for (int s = 0; s < static_cast<int>(point.coef.size()); ++s)
            length += std::abs(point.coef[s]) * norm(s);
        MultinomialLikelihood::Balanced at = _likelihood.balance(
            _runtime, point.eta.data(), point.intercept, enough / length, point.u.data());
        point.intercept = std::move(at.intercept);
        point.loss = at.loss;
        differentiate(point);
    }

    /// Largest change of eta + intercept between two points, over the rows that weigh something.
    double largest_change(const MultinomialPoint& from, const MultinomialPoint& to) const {
        const Index n = _data.rows();
        double largest = 0.0;
        for (Index k = 0; k < n_classes(); ++k) {
            const double shift = to.intercept.values[k] - from.intercept.values[k];
            for (Index i = 0; i < n; ++i)
                if (_likelihood.wt()[i] > 0.0)
                    largest = std::max(largest,
                                       std::abs(to.eta[k * n + i] - from.eta[k * n + i] + shift));
        }
        return largest;
    }

    /// c = z_j'u_k, block sums added in the order of the blocks.
    void differentiate(MultinomialPoint& point) {
        const RowBlocks blocks = _copies.blocks();
        const Index n = _data.rows(), K = n_classes();
        const auto width = static_cast<Index>(_features.size());
        _parts.assign(static_cast<std::size_t>(blocks.count() * K * width), 0.0);
        for_chunks([&](Index block, Index first, Index last) {
            std::vector<double> side_by_side;
            const double* u = point.u.data();
            if (last - first < n) {
                for (Index k = 0; k < K; ++k)
                    side_by_side.insert(side_by_side.end(), u + k * n + first, u + k * n + last);
                u = side_by_side.data();
            }
            _copies.add_cross_product(_runtime.simd, first, last, u, K,
                                      _parts.data() + block * K * width, width);
        });
        std::vector<double> sums(K);
        for (Index k = 0; k < K; ++k) sums[k] = _runtime.simd.f64.sum(n, point.u.data() + k * n);
        point.gradient.assign(static_cast<std::size_t>(size()), 0.0);
        for (Index s = 0; s < size(); ++s) {
            const ClassColumn pair = _pairs[s];
            double c = -_copies.shift(pair.column) * sums[pair.of_class];
            for (Index block = 0; block < blocks.count(); ++block)
                c += _parts[(block * K + pair.of_class) * width + pair.column];
            point.gradient[s] = c;
        }
    }

private:
    Index n_classes() const { return _likelihood.n_classes(); }
    double columns() const { return static_cast<double>(_features.size()); }
    double n_members() const { return static_cast<double>(_engine->features().size()); }

    /// eta = offset + Z t
    void predict(MultinomialPoint& point) const {
        const Index n = _data.rows();
        std::vector<std::vector<int>> lists(n_classes());
        std::vector<std::vector<double>> values(n_classes());
        std::vector<double> shifts(n_classes(), 0.0);
        for (int s = 0; s < static_cast<int>(point.coef.size()); ++s)
            if (const double t = point.coef[s]; t != 0.0) {
                const ClassColumn pair = _pairs[s];
                lists[pair.of_class].push_back(pair.column);
                values[pair.of_class].push_back(t);
                shifts[pair.of_class] += t * _copies.shift(pair.column);
            }
        point.eta.resize(static_cast<std::size_t>(n * n_classes()));
        for_chunks([&](Index, Index first, Index last) {
            for (Index k = 0; k < n_classes(); ++k) {
                double* eta = point.eta.data() + k * n + first;
                const double* offset = _likelihood.offset().data() + k * n + first;
                for (Index i = 0; i < last - first; ++i) eta[i] = offset[i] - shifts[k];
                _copies.add_product(_runtime.simd, first, last, lists[k], values[k].data(), eta);
            }
        });
    }

    /// Rows in chunks that stay in cache while all classes meet them, by blocks of fixed size.
    template <class Work>
    void for_chunks(const Work& work) const {
        const RowBlocks blocks = _copies.blocks();
        const Index length = _copies.rows_in_cache();
        parallel_for(_runtime, blocks.count(), [&](Index block) {
            for (Index first = blocks.first(block); first < blocks.last(block); first += length)
                work(block, first, std::min(first + length, blocks.last(block)));
        });
    }

    void sum_curvatures() {
        const Index n = _data.rows(), K = n_classes();
        std::vector<double> sums(static_cast<std::size_t>(K * K));
        for (Index k = 0; k < K; ++k) {
            const double* root = _curvatures.root.data() + k * n;
            sums[k * K + k] = _runtime.simd.f64.sum(n, _curvatures.diagonal.data() + k * n);
            for (Index m = 0; m < k; ++m)
                sums[k * K + m] = sums[m * K + k] =
                    -_runtime.simd.f64.dot(n, root, _curvatures.root.data() + m * n);
        }
        _intercepts.factorise(std::move(sums));
    }

    void build_gram(Index first) {
        constexpr double least = 1e-14;  // of a column that the intercepts explain but for rounding
        GrowingSquare& gram = _slots.gram();
        ClassGram(_runtime, _pairs, _curvatures, n_classes(), first, gram, _cross).fill(_copies);
        std::vector<double> whole;
        for (Index j = first; j < size(); ++j) whole.push_back(gram.data()[j * (gram.ld() + 1)]);
        if (_likelihood.fits_intercept()) eliminate_intercepts(first);
        for (Index j = first; j < size(); ++j) {
            double& diagonal = gram.data()[j * (gram.ld() + 1)];
            diagonal = std::max({diagonal, least * whole[j - first], 1e-300}) * (1.0 + _damping);
        }
        mirror_from(first, size(), gram);
    }

    /// G -= Y'Y with Y = L^-1 V' for the curvatures M = L L' of the intercepts.
    void eliminate_intercepts(Index first) {
        const Index K = n_classes(), a = size(), inner = K - 1;
        GrowingSquare& gram = _slots.gram();
        std::vector<double> Y(static_cast<std::size_t>(inner * a));
        for (Index s = 0; s < a; ++s)
            _intercepts.solve_lower(_cross.data() + s * K, Y.data() + s * inner);
        const auto to_int = [](Index value) { return static_cast<Blas::Int>(value); };
        if (first == 0)
            _runtime.blas.syrk('U', 'T', to_int(a), to_int(inner), -1.0, Y.data(), to_int(inner),
                               1.0, gram.data(), to_int(gram.ld()));
        else
            _runtime.blas.gemm('T', 'N', to_int(a), to_int(a - first), to_int(inner), -1.0,
                               Y.data(), to_int(inner), Y.data() + first * inner, to_int(inner),
                               1.0, gram.data() + first * gram.ld(), to_int(gram.ld()));
    }

    const Runtime& _runtime;
    const ScaledColumns& _data;
    const FeatureLimits& _limits;
    const MultinomialLikelihood& _likelihood;
    Method _method;
    Index _max_rounds;
    Columns _copies;
    std::vector<Index> _features;  ///< of the copies
    std::vector<int> _copy_of;     ///< each feature's copy, -1 if there is none
    std::vector<ClassColumn> _pairs;
    QuadraticSlots _slots;
    std::optional<ActiveSet<QuadraticSlots>> _engine;
    ClassCurvatures _curvatures;
    std::vector<double> _cross;  ///< V row by row
    ClassSystem _intercepts;     ///< M
    double _damping = 0.0;
    Index _version = 0;
    Counts _counts;
    std::vector<double> _parts;  ///< sums of blocks
    mutable std::vector<int> _list;
    mutable std::vector<double> _values;
};

}  // namespace shrinkage
