#pragma once
#include <array>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "shrinkage/active_columns.hpp"
#include "shrinkage/active_set.hpp"
#include "shrinkage/free_columns.hpp"
#include "shrinkage/quadratic_slots.hpp"
#include "shrinkage/sparse_rows.hpp"
#include "shrinkage/working_set.hpp"

namespace shrinkage {

/// A quadratic model of the loss in the coefficients of the active columns, the intercept
/// eliminated, with curvatures D taken where it was refreshed last:
///
///     G = Z'D Z - v v'/s      v = Z'D 1      s = 1'D 1      (without an intercept Z'D Z)
///
/// which is kept for many steps: near b the loss is about b'G b / 2 - q'b, q = c(b) + G b.
/// @tparam Columns TiledColumns or SparseRows
template <class Columns>
class NewtonModel : ProductsOf {
public:
    NewtonModel(const Runtime& runtime, const ScaledColumns& data, const FeatureLimits& limits,
                const Likelihood& likelihood, Method method, Index max_rounds)
        : _runtime(runtime),
          _data(data),
          _limits(limits),
          _likelihood(likelihood),
          _method(method),
          _max_rounds(max_rounds),
          _columns(runtime, data, likelihood),
          _slots(runtime) {
        restart_engine();
    }

    Index size() const { return _columns.size(); }
    Index feature(int slot) const { return _columns.feature(slot); }
    const QuadraticSlots& slots() const { return _slots; }
    double norm(int slot) const { return _columns.norm(slot); }  ///< |z_j|, weighted
    const Columns& copies() const { return _columns.copies(); }
    Counts counts() const {
        Counts all = _counts;
        all += _engine->counts();
        all += _columns.counts();
        return all;
    }

    /// Nanoseconds, about, by counting operations: never measured, so that plans repeat.
    double step_cost() const {
        const auto a = static_cast<double>(size()), k = n_members();
        const auto rows = static_cast<double>(_data.rows());
        constexpr double products = 12.0;
        const double solve = _slots.has_operator() ? products * product_cost()
                             : _slots.holds_gram() ? 1.5 * k * k + 0.6 * a * k
                                                   : 1.5 * rows * rows + 4.0 * a * rows;
        return copies().pass_cost() + 3.0 * rows + 3500.0 + solve;
    }
    double gram_cost() const {
        const double k = n_members(), rows = static_cast<double>(_data.rows());
        constexpr double products = 6.0;  // the history's points are multiplied anew
        if (_slots.has_operator()) return products * product_cost();
        if (!_slots.holds_gram())
            return 2.0 * rows * static_cast<double>(size()) + rows * rows * (k + rows) / 45.0;
        return copies().gram_cost() + 3000.0 + std::pow(k, 3) / 45.0;
    }

    /// Solve from nothing next time.
    void restart_engine() {
        if (_engine) _counts += _engine->counts();
        // Through W refinement costs as much as a step, whose error it would hardly change.
        constexpr double by_gram = 1e-15, by_columns = 1e-12;
        _engine.emplace(_runtime, _slots, _method,
                        EngineSettings{_max_rounds, _data.rank_limit, 0.0,
                                       _slots.rows() == 0 ? by_gram : by_columns});
    }

    /// Appends columns; curvatures must have been set.
    void append(std::span<const Index> features) {
        if (features.empty()) return;
        Index first = size();
        _columns.append(features);
        const bool changes_form = choose_form();
        if (changes_form) first = 0;
        build_gram(first);
        for (Index slot = _slots.size(); slot < size(); ++slot) {
            const Index j = feature(static_cast<int>(slot));
            const double diagonal = _slots.entry_on_diagonal(static_cast<int>(slot));
            _slots.add({.c0 = 0.0,
                        .diagonal = diagonal,
                        .penalty_factor = _limits.penalty_factor(j),
                        .lower = _limits.lower(j),
                        .upper = _limits.upper(j),
                        .rounding = std::sqrt(diagonal)});
        }
        if (changes_form || first == 0)
            form_changed();
        else
            _engine->slots_added();
    }

    /// Says how small the penalties will be, on which it depends how G is held.
    void expect(double l1, double l2) {
        _l1 = l1;
        _l2 = l2;
        if (size() == 0 || !choose_form()) return;
        build_gram(0);
        form_changed();
    }

    /// How exact the next minimum has to be, in units of l1, if that saves anything.
    void require(double accuracy) { _accuracy = accuracy; }

    /// Takes the curvatures for G, which is computed anew if there are columns.
    void refresh(std::vector<double>&& curvature) {
        _curvature = std::move(curvature);
        _curvature_sum = 0.0;
        for (const double h : _curvature) _curvature_sum += h;
        ++_version;
        if (size() == 0) return;
        ++_counts.grams;
        build_gram(0);
        _slots.gram_written();
        _engine->gram_changed(0.0);
    }
    /// Changes whenever G does, but for columns that are appended.
    Index version() const { return _version; }

    /// q += sign G coef
    void add_product(std::span<const double> coef, double sign, std::span<double> q) const {
        _list.clear();
        _values.clear();
        for (int j = 0; j < static_cast<int>(coef.size()); ++j) {
            if (coef[j] == 0.0) continue;
            _list.push_back(j);
            _values.push_back(coef[j]);
        }
        _slots.add_product(_list, _values, sign, q.data());
    }

    /// Minimises b'G b / 2 - q'b + penalty, starting where it ended last. @param coef result
    Status minimise(std::span<const double> q, double l1, double l2, std::vector<double>& coef) {
        _engine->linear_term_changed(_slots.set_linear_term(q));
        Status status = solve(l1, l2);
        if (_slots.has_operator() && (status != Status::converged || products_are_too_many())) {
            _refuses_operator = true;
            choose_form();
            build_gram(0);
            form_changed();
            _engine->linear_term_changed(_slots.set_linear_term(q));
            status = solve(l1, l2);
        }
        coef.assign(static_cast<std::size_t>(size()), 0.0);
        for (std::size_t i = 0; i < _engine->features().size(); ++i)
            coef[_engine->features()[i]] = _engine->coef()[i];
        for (const AtBound& each : _engine->at_bound()) coef[each.slot] = each.value;
        return status;
    }

    /// Brings the correlations of the free columns to `noise` |z_j| with all other coefficients
    /// kept. The loss never rises. @return false: there are too many for that; otherwise the point
    /// is evaluated
    bool fit_free(GlmPoint& point, double noise, double enough) {
        constexpr int most_steps = 200;
        const std::vector<int> free = free_slots();
        if (!FreeColumns::suit(free.size())) return false;
        if (_free.size() == 0) _free.copy(_runtime, copies(), free);
        std::vector<double> h;
        for (int step = 0; step < most_steps; ++step) {
            std::vector<double> c = _free.correlations(_runtime.simd, point.u.data());
            double largest = 0.0;
            for (std::size_t k = 0; k < free.size(); ++k)
                largest = std::max(largest, std::abs(c[k]) / norm(free[k]));
            if (largest <= 0.5 * noise) break;
            _likelihood.curvature(point.eta.data(), point.intercept, h);
            if (!_free.solve(_runtime, h.data(), _likelihood.fits_intercept(), c)) break;
            if (!step_free(point, c, enough)) break;
        }
        _columns.differentiate(std::array{&point});
        return true;
    }

    /// Slots that are not held between two bounds.
    std::vector<int> loose_slots() const {
        std::vector<int> loose;
        for (int j = 0; j < static_cast<int>(size()); ++j)
            if (!std::isfinite(_slots.lower(j)) || !std::isfinite(_slots.upper(j)))
                loose.push_back(j);
        return loose;
    }

    /// Where a coefficient without a penalty may go without end: 1 up, -1 down, 0 both.
    double side(int slot) const {
        return std::isfinite(_slots.lower(slot))   ? 1.0
               : std::isfinite(_slots.upper(slot)) ? -1.0
                                                   : 0.0;
    }

    /// Whether the model's residuals after a step from where its curvatures were taken have another
    /// sign, or nearly so, in rows where y is at the end of its range. Otherwise these residuals
    /// prove that a finite fit is best (Stiemke's lemma).
    bool turns_residuals(const GlmPoint& from, const GlmPoint& to) const {
        // There |u| is nearly the curvature itself, unless that was raised to its floor.
        constexpr double nearly = 0.5, most_raised = 100.0;
        for (std::size_t i = 0; i < _curvature.size(); ++i) {
            if (_likelihood.wt()[i] == 0.0 || !_likelihood.is_at_an_end(i)) continue;
            const double change = to.eta[i] + to.intercept - from.eta[i] - from.intercept;
            const double share = std::min(_curvature[i] / std::abs(from.u[i]), most_raised);
            if (std::copysign(share, from.u[i]) * change > nearly) return true;
        }
        return false;
    }

    /// q - G b of the last minimum.
    std::span<const double> correlations() const { return _engine->correlations(); }

    /// How the best intercept changes with the coefficients, as far as the model knows.
    double intercept_at(const GlmPoint& from, std::span<const double> coef) const {
        if (!_likelihood.fits_intercept()) return 0.0;
        double shift = 0.0;
        for (int j = 0; j < static_cast<int>(coef.size()); ++j)
            if (const double step = coef[j] - from.coef[j]; step != 0.0)
                shift += step * (_cross[j] / _curvature_sum - copies().shift(j));
        return from.intercept - shift;
    }

    /// What scaling the dual point u by 1 - rest costs. @param enough bounds will do up to this
    double conjugate_distance(const GlmPoint& point, double rest, double enough) const {
        if (rest == 0.0) return 0.0;
        const double* eta = point.eta.data();
        if (point.pearson < 0.0)
            point.pearson = _likelihood.pearson(eta, point.intercept, point.u.data());
        const double bound = rest * rest * point.pearson;
        return bound <= enough ? bound : _likelihood.conjugate_distance(eta, point.intercept, rest);
    }

    /// As ActiveColumns has it.
    void evaluate(std::span<GlmPoint* const> points, double enough) {
        _columns.evaluate(points, enough);
    }

    /// The same, but gradients may be approximate, for points that have to be sharpened before
    /// they can be taken for a solution.
    void estimate(std::span<GlmPoint* const> points, double enough) {
        if (bears_errors())
            _columns.estimate(points, enough, curvatures());
        else
            _columns.evaluate(points, enough);
    }
    /// @param most the error of the gap that does not matter
    void sharpen(std::span<GlmPoint* const> points, double enough, double most) {
        // Of the largest |c_j| / |z_j| that there can be.
        const double nothing = 1e-9 * std::sqrt(_data.target_square);
        std::vector<double> errors;
        for (const GlmPoint* point : points)
            errors.push_back(std::min(nothing, most / gap_of_errors(*point)));
        _columns.sharpen(points, enough, curvatures(), errors);
    }
    /// What the gap of a point may be wrong by.
    double gap_error(const GlmPoint& point) const {
        return point.error == 0.0 ? 0.0 : point.error * gap_of_errors(point);
    }

private:
    /// Moves the free columns' coefficients by as large a share of `step` as does not raise the
    /// loss. @return false: there is none
    bool step_free(GlmPoint& point, std::vector<double>& step, double enough) {
        constexpr int most_cuts = 40;
        constexpr double far = 30.0, rounding = 1e-15;
        std::vector<double> change(point.eta.size(), 0.0);
        _free.add_product(_runtime.simd, step, change.data());
        const std::vector<double> none(change.size(), 0.0);
        const double largest = _likelihood.largest_change(change, none);
        if (!std::isfinite(largest)) return false;
        double share = std::min(1.0, far / std::max(largest, 1e-300));
        GlmPoint moved = point;
        moved.product.forget();
        for (int cut = 0; cut < most_cuts; ++cut, share *= 0.25) {
            for (std::size_t i = 0; i < change.size(); ++i)
                moved.eta[i] = point.eta[i] + share * change[i];
            for (std::size_t k = 0; k < step.size(); ++k) {
                const int slot = _free.slots()[k];
                moved.coef[slot] = point.coef[slot] + share * step[k];
            }
            moved.intercept = point.intercept;
            _columns.balance(moved, enough);
            if (moved.loss <= point.loss + rounding * std::abs(point.loss)) {
                std::swap(point, moved);
                return true;
            }
        }
        return false;
    }

    Curvatures curvatures() const { return {_curvature, _curvature_sum, _cross}; }

    /// Without a penalty, or at a bound, a gap takes correlations to rounding.
    bool bears_errors() const {
        if (_curvature.empty() || !_likelihood.fits_intercept()) return false;
        for (int j = 0; j < static_cast<int>(size()); ++j)
            if (_slots.penalty_factor(j) == 0.0 || std::isfinite(_slots.lower(j)) ||
                std::isfinite(_slots.upper(j)))
                return false;
        return true;
    }

    /// What the gap changes by at most for each |z_j| that correlations change by: those of
    /// coefficients count, and the largest one says by how much the dual point is scaled.
    double gap_of_errors(const GlmPoint& point) const {
        double size = 0.0, penalty = 0.0, largest = 0.0;
        for (int j = 0; j < static_cast<int>(point.coef.size()); ++j) {
            const double v = _slots.penalty_factor(j), t = std::abs(point.coef[j]);
            size += norm(j) * t;
            penalty += v * t;
            largest = std::max(largest, norm(j) / v);
        }
        return size + largest * penalty;
    }

    /// Slots of penalty factor 0; none if one of them has a bound.
    std::vector<int> free_slots() const {
        std::vector<int> free;
        for (int j = 0; j < static_cast<int>(size()); ++j) {
            if (_slots.penalty_factor(j) != 0.0) continue;
            if (std::isfinite(_slots.lower(j)) || std::isfinite(_slots.upper(j))) return {};
            free.push_back(j);
        }
        return free;
    }

    double n_members() const { return static_cast<double>(_engine->features().size()); }

    /// By columns W = D^1/2 (Z - 1 v'/s) where G would be larger, by products with the sparse
    /// columns where it would be far denser. @return whether that changed
    bool choose_form() {
        const bool by_columns =
            size() > _data.rows() && DualFactor<QuadraticSlots>::is_exact(_slots, _l2);
        const bool by_products = !by_columns && suits_products();
        if (by_columns == (_slots.rows() > 0) && by_products == _slots.has_operator()) return false;
        if (by_products)
            _slots.hold(*this);
        else
            _slots.hold(by_columns ? _data.rows() : 0);
        return true;
    }

    /// Whether a solve with a factor costs more than iterations do. Once yes, always yes: columns
    /// that come late are the sparser ones.
    bool suits_products() const {
        if constexpr (!std::is_same_v<Columns, SparseRows>) return false;
        constexpr Index few = 300;
        constexpr double products = 6.0;
        if (_refuses_operator || _l1 == 0.0 || _slots.any_free() || size() < few) return false;
        const auto k = static_cast<double>(size());
        return _slots.has_operator() || 3.0 * k * k > products * product_cost();
    }
    /// Nanoseconds, about.
    double product_cost() const {
        if constexpr (std::is_same_v<Columns, SparseRows>) return 1.2 * copies().stored();
        return 0.0;
    }
    /// What products have cost beyond the work with a factor has added up to the price of one.
    bool products_are_too_many() {
        const double k = n_members();
        const auto n = static_cast<double>(_slots.n_products() - _products_before);
        _products_before = _slots.n_products();
        _regret = std::max(0.0, _regret + n * product_cost() - 10.0 * k * k);
        return _regret > k * k * k / 10.0 + copies().gram_cost();
    }

    Status solve(double l1, double l2) {
        if (_slots.has_operator()) _engine->set_accuracy(_accuracy, std::max(1e-11, _accuracy));
        return _engine->solve(l1, l2);
    }

    /// G has been written in another form, or for the first time.
    void form_changed() {
        ++_version;
        _slots.gram_written();
        if (_slots.has_operator()) {
            _engine->slots_added();
            _engine->gram_changed(0.0);
        } else {
            restart_engine();
        }
    }

    void multiply(const double* x, double* out) const override {
        if constexpr (std::is_same_v<Columns, SparseRows>) {
            copies().multiply_gram(_runtime, _curvature.data(), x, _parts, out);
            if (!_likelihood.fits_intercept()) return;
            const double along = _runtime.simd.f64.dot(size(), _cross.data(), x);
            _runtime.simd.f64.axpy(size(), -along / _curvature_sum, _cross.data(), out);
        }
    }
    double entry_on_diagonal(int j) const override {
        constexpr double least = 1e-14;  // of a column that the intercept explains but for rounding
        const double whole = _squares[j];
        const double share = _likelihood.fits_intercept() ? _cross[j] / _curvature_sum : 0.0;
        return std::max({whole - share * _cross[j], least * whole, 1e-300});
    }

    void build_gram(Index first) {
        if constexpr (std::is_same_v<Columns, SparseRows>)
            if (_slots.has_operator())
                return copies().weighted_squares(_curvature.data(), first, _cross, _squares);
        if (!_slots.holds_gram()) return build_columns(first);
        GrowingSquare& gram = _slots.gram();
        copies().weighted_gram(_runtime, _curvature.data(), first, gram, _cross);
        constexpr double least = 1e-14;  // of a column that the intercept explains but for rounding
        for (Index j = first; j < size(); ++j) {
            double* column = gram.data() + j * gram.ld();
            const double whole = column[j];
            const double share = _likelihood.fits_intercept() ? _cross[j] / _curvature_sum : 0.0;
            for (Index i = 0; i <= j; ++i) column[i] -= share * _cross[i];
            column[j] = std::max({column[j], least * whole, 1e-300});
        }
        mirror_from(first, size(), gram);
    }

    void build_columns(Index first) {
        const Index rows = _data.rows();
        double* columns = _slots.reserve_columns(size());
        std::vector<double> root(_curvature.size());
        for (std::size_t i = 0; i < root.size(); ++i) root[i] = std::sqrt(_curvature[i]);
        _cross.resize(static_cast<std::size_t>(size()));
        parallel_for(_runtime, size() - first, [&](Index i) {
            const int slot = static_cast<int>(first + i);
            const Index j = feature(slot);
            double* column = columns + slot * rows;
            const ColumnKernels<double>& simd = _runtime.simd.f64;
            _data.design.copy_column(_runtime.simd, j, _data.mean[j], 1.0 / _data.scale[j], nullptr,
                                     column);
            const double product = simd.dot(rows, _curvature.data(), column);
            const double mean = _likelihood.fits_intercept() ? product / _curvature_sum : 0.0;
            simd.centre(rows, column, mean, 1.0, root.data(), column);
            _cross[slot] = product + copies().shift(slot) * _curvature_sum;
        });
    }

    const Runtime& _runtime;
    const ScaledColumns& _data;
    const FeatureLimits& _limits;
    const Likelihood& _likelihood;
    Method _method;
    Index _max_rounds;
    ActiveColumns<Columns> _columns;
    QuadraticSlots _slots;
    std::optional<ActiveSet<QuadraticSlots>> _engine;
    FreeColumns _free;
    std::vector<double> _curvature;  ///< D
    std::vector<double> _cross;      ///< Z'D 1, of the copies
    std::vector<double> _squares;    ///< diagonal of Z'D Z, where only products are taken
    mutable std::vector<double> _parts;
    double _accuracy = 1e-12;
    bool _refuses_operator = false;  ///< iterations were too many
    Index _products_before = 0;
    double _regret = 0.0;
    double _l1 = 0.0;  ///< the least to come
    double _curvature_sum = 0.0;
    double _l2 = 0.0;  ///< the least to come
    Index _version = 0;
    Counts _counts;
    mutable std::vector<int> _list;
    mutable std::vector<double> _values;
};

}  // namespace shrinkage
