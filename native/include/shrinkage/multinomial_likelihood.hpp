#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "shrinkage/class_system.hpp"
#include "shrinkage/row_blocks.hpp"

namespace shrinkage {

/// Second derivatives of the loss of each row i in its K linear predictors:
///
///     D_km = diagonal_k if k = m, otherwise -root_k root_m
///
/// rows x classes, class by class.
struct ClassCurvatures {
    std::vector<double> root;      ///< sqrt(wt) mu_k
    std::vector<double> diagonal;  ///< wt mu_k (1 - mu_k)
};

/// The classes of all rows with their weights and offsets: the multinomial loss
///
///     l(y, eta) = log(sum_k exp(eta_k)) - sum_k y_k eta_k
///
/// as a function of eta, knowing nothing of X. What has a value for each row and class is kept
/// class by class.
class MultinomialLikelihood {
public:
    static constexpr double least_share = 1e-10;

    struct Balanced {
        PerClass intercept;
        double loss;
    };

    /// @param y rows x classes, row by row; rows sum to 1 @param wt sums to 1
    /// @param offset like y; empty: 0
    MultinomialLikelihood(const Kernels& simd, Index n_classes, std::span<const double> y,
                          std::span<const double> wt, std::span<const double> offset,
                          bool fit_intercept)
        : _simd(simd),
          _n_classes(n_classes),
          _fit_intercept(fit_intercept),
          _y(by_class(y)),
          _wt(wt.begin(), wt.end()),
          _offset(by_class(offset)),
          _mean_response(n_classes) {
        _offset.resize(_y.size(), 0.0);
        sum_responses();
    }

    MultinomialLikelihood reweighted(std::span<const double> wt) const {
        MultinomialLikelihood other = *this;
        other._wt.assign(wt.begin(), wt.end());
        other.sum_responses();
        return other;
    }

    /// Takes other weights and offsets, class by class, and gives back its own.
    void exchange(std::vector<double>& wt, std::vector<double>& offset) {
        _wt.swap(wt);
        _offset.swap(offset);
        sum_responses();
    }

    Index rows() const { return static_cast<Index>(_wt.size()); }
    Index n_classes() const { return _n_classes; }
    bool fits_intercept() const { return _fit_intercept; }
    std::span<const double> y() const { return _y; }
    std::span<const double> wt() const { return _wt; }
    std::span<const double> offset() const { return _offset; }
    /// Largest difference between the offsets of a row, over the rows that weigh something.
    double largest_offset() const {
        double largest = 0.0;
        for (Index i = 0; i < rows(); ++i) {
            if (_wt[i] == 0.0) continue;
            double low = _offset[i], high = _offset[i];
            for (Index k = 1; k < _n_classes; ++k) {
                low = std::min(low, _offset[k * rows() + i]);
                high = std::max(high, _offset[k * rows() + i]);
            }
            largest = std::max(largest, high - low);
        }
        return largest;
    }
    std::span<const double> mean_response() const { return _mean_response; }
    /// Loss of the fit that has a mean for each row.
    double saturated() const { return _saturated; }

    /// Replaces l(y, eta) by T l(y, eta / T) until it is set to 1 again: the larger T, the farther
    /// from 0 there is curvature.
    void set_temperature(double temperature) { _temperature = temperature; }

    /// Loss and residuals u = wt (y - mu) at the intercepts that make the residuals of each class
    /// sum to 0, which depend on eta alone; at 0 if none are fitted. Newton's method that takes no
    /// step on which loss and residuals grow.
    /// @param start a guess
    /// @param enough |sum u| that counts as 0 if the loss falls by no more than that either
    Balanced balance(const Runtime& runtime, const double* eta, const PerClass& start,
                     double enough, double* u) const {
        constexpr int most_steps = 200, most_halvings = 40;
        if (!_fit_intercept) {
            const PerClass zero{std::vector<double>(_n_classes, 0.0)};
            return {zero, evaluate(runtime, eta, zero, u, false).loss};
        }
        double longest = 3.0 * _temperature;
        Balanced at{start, 0.0};
        Sums sums = evaluate(runtime, eta, at.intercept, u, true);
        ClassSystem system;
        for (int step = 0; step < most_steps && !is_rounding(sums); ++step) {
            system.factorise(sums.curvature);
            PerClass move{system.solve(sums.residual)};
            double decrease = 0.0, size = 0.0;
            for (Index k = 0; k < _n_classes; ++k) {
                decrease += move.values[k] * sums.residual[k];
                size = std::max(size, std::abs(move.values[k]));
            }
            if (largest(sums) <= enough && decrease <= enough) break;
            if (!std::isfinite(size)) break;
            if (size > longest) move = (longest / size) * move;
            longest *= 2.0;
            bool moved = false;
            for (int halving = 0; halving < most_halvings && !moved; ++halving) {
                const PerClass next = at.intercept + move;
                Sums there = evaluate(runtime, eta, next, u, true);
                const double noise = 1e-15 * (1.0 + std::abs(sums.loss));
                moved = there.loss < sums.loss - noise ||
                        (there.loss <= sums.loss + noise && largest(there) < largest(sums));
                if (moved) {
                    at.intercept = next;
                    sums = std::move(there);
                }
                move = 0.5 * move;
            }
            if (moved) continue;
            sums = evaluate(runtime, eta, at.intercept, u, true);
            break;
        }
        at.loss = sums.loss;
        return at;
    }

    /// Curvatures at eta + intercept, or between them (share 0) and those of a quadratic model
    /// that is never below the loss (share 1; Boehning, 1992), which are 1/2 (I - 11'/K).
    /// @param floor of the share: curvatures in relation to it can't be told from 0
    ClassCurvatures curvatures(const Runtime& runtime, const double* eta, const PerClass& intercept,
                               double share, double floor = least_share) const {
        share = std::max(share, floor);
        const double equal = 1.0 / static_cast<double>(_n_classes);
        const double factor =
            (1.0 + share * (0.5 * static_cast<double>(_n_classes) - 1.0)) / _temperature;
        ClassCurvatures found;
        found.root.resize(_y.size());
        found.diagonal.resize(_y.size());
        for_blocks(runtime, eta, intercept, [&](Index, const Softmax& at) {
            for (Index k = 0; k < _n_classes; ++k)
                for (Index i = 0; i < at.count; ++i) {
                    const double wt = factor * _wt[at.first + i];
                    const double mu = (1.0 - share) * at.mu(k)[i] + share * equal;
                    const double rest = (1.0 - share) * at.others(k)[i] + share * (1.0 - equal);
                    found.root[k * rows() + at.first + i] = std::sqrt(wt) * mu;
                    found.diagonal[k * rows() + at.first + i] = wt * mu * rest;
                }
        });
        return found;
    }

    /// sum_i wt_i times what it costs to scale the dual point by 1 - t: the Bregman distance of
    /// the conjugate, sum_k m log(m / mu) with m = mu + t (y - mu). It is bounded by t^2 times
    /// Pearson's statistic, which is returned where that is `enough`.
    double conjugate_distance(const Runtime& runtime, const double* eta, const PerClass& intercept,
                              double t, double enough) const {
        if (t == 0.0) return 0.0;
        const double pearson = sum_of(runtime, eta, intercept,
                                      [](double mu, double apart, const Softmax&, Index, Index) {
                                          return apart * (apart / mu);
                                      });
        if (t * t * pearson <= enough) return t * t * pearson;
        const double sum =
            sum_of(runtime, eta, intercept,
                   [t](double mu, double apart, const Softmax& at, Index k, Index i) {
                       return distance(mu, at.log_mu(k, i), t * apart);
                   });
        return std::max(sum, 0.0);
    }

    /// The mean unit deviance of row i at its K linear predictors, offset included.
    double unit_deviance(Index i, std::span<const double> eta) const {
        const double largest = *std::max_element(eta.begin(), eta.end());
        double sum = 0.0, loss = 0.0;
        for (Index k = 0; k < _n_classes; ++k) {
            sum += std::exp(eta[k] - largest);
            const double share = _y[k * rows() + i];
            if (share > 0.0) loss += share * (largest - eta[k] + std::log(share));
        }
        return 2.0 * std::max(0.0, loss + std::log(sum));
    }

private:
    struct Sums {
        double loss = 0.0;
        std::vector<double> residual;   ///< of each class
        std::vector<double> curvature;  ///< K x K
    };

    /// Means of some rows, and what they leave for the other classes without cancellation.
    struct Softmax {
        Index first = 0, count = 0;
        std::vector<double> means, other_means;  ///< class by class
        std::vector<double> below;               ///< eta less its largest
        std::vector<double> log_sum;             ///< log of the sum of exp(below)
        const double* mu(Index k) const { return means.data() + k * count; }
        const double* others(Index k) const { return other_means.data() + k * count; }
        double log_mu(Index k, Index i) const { return below[k * count + i] - log_sum[i]; }
        void resize(Index from, Index n, Index n_classes) {
            first = from;
            count = n;
            for (auto* each : {&means, &other_means, &below})
                each->resize(static_cast<std::size_t>(n * n_classes));
            log_sum.resize(static_cast<std::size_t>(n));
        }
    };

    static constexpr Index rows_at_a_time = 256;

    void sum_responses() {
        _saturated = 0.0;
        for (Index k = 0; k < _n_classes; ++k) {
            _mean_response[k] = 0.0;
            for (Index i = 0; i < rows(); ++i) {
                const double share = _y[k * rows() + i];
                _mean_response[k] += _wt[i] * share;
                if (share > 0.0) _saturated -= _wt[i] * share * std::log(share);
            }
        }
    }

    std::vector<double> by_class(std::span<const double> by_row) const {
        std::vector<double> values(by_row.size());
        const auto n = static_cast<Index>(by_row.size()) / _n_classes;
        for (Index i = 0; i < n; ++i)
            for (Index k = 0; k < _n_classes; ++k) values[k * n + i] = by_row[i * _n_classes + k];
        return values;
    }

    RowBlocks blocks() const {
        return RowBlocks(rows(), rows_at_a_time, 64.0 * static_cast<double>(_n_classes));
    }

    ClassRows rows_from(Index first, Index count, const double* eta,
                        const PerClass& intercept) const {
        return {count,
                _n_classes,
                rows(),
                _y.data() + first,
                _wt.data() + first,
                eta + first,
                intercept.values.data(),
                1.0 / _temperature};
    }
    std::vector<double> room() const {
        return std::vector<double>(static_cast<std::size_t>(ClassKernels::room(_n_classes)));
    }

    /// Calls work(block, softmax) for pieces of all rows; pieces of a block in their order.
    template <class Work>
    void for_blocks(const Runtime& runtime, const double* eta, const PerClass& intercept,
                    const Work& work) const {
        const RowBlocks blocks = this->blocks();
        parallel_for(runtime, blocks.count(), [&](Index block) {
            Softmax at;
            std::vector<double> room = this->room();
            for (Index row = blocks.first(block); row < blocks.last(block); row += rows_at_a_time) {
                at.resize(row, std::min(rows_at_a_time, blocks.last(block) - row), _n_classes);
                _simd.classes.means(rows_from(row, at.count, eta, intercept), at.means.data(),
                                    at.other_means.data(), at.below.data(), at.log_sum.data(),
                                    room.data());
                work(block, at);
            }
        });
    }

    /// sum over rows and classes of wt value(mu, y - mu, softmax, k, i)
    template <class Value>
    double sum_of(const Runtime& runtime, const double* eta, const PerClass& intercept,
                  const Value& value) const {
        std::vector<double> parts(blocks().count(), 0.0);
        for_blocks(runtime, eta, intercept, [&](Index block, const Softmax& at) {
            for (Index k = 0; k < _n_classes; ++k)
                for (Index i = 0; i < at.count; ++i) {
                    const double wt = _wt[at.first + i];
                    if (wt == 0.0) continue;
                    const double y = _y[k * rows() + at.first + i], mu = at.mu(k)[i];
                    const double apart = y * at.others(k)[i] - (1.0 - y) * mu;
                    parts[block] += wt * value(mu, apart, at, k, i);
                }
        });
        double sum = 0.0;
        for (const double part : parts) sum += part;
        return sum;
    }

    Sums evaluate(const Runtime& runtime, const double* eta, const PerClass& intercept, double* u,
                  bool with_curvature) const {
        const Index K = _n_classes;
        const RowBlocks blocks = this->blocks();
        std::vector<Sums> parts(blocks.count());
        parallel_for(runtime, blocks.count(), [&](Index block) {
            Sums& part = parts[block];
            part.residual.assign(K, 0.0);
            part.curvature.assign(with_curvature ? K * K : 0, 0.0);
            std::vector<double> room = this->room();
            const Index first = blocks.first(block), count = blocks.last(block) - first;
            part.loss = _simd.classes.evaluate(
                rows_from(first, count, eta, intercept), u + first, part.residual.data(),
                with_curvature ? part.curvature.data() : nullptr, room.data());
        });
        Sums all = std::move(parts[0]);
        for (std::size_t block = 1; block < parts.size(); ++block) {
            all.loss += parts[block].loss;
            for (Index k = 0; k < K; ++k) all.residual[k] += parts[block].residual[k];
            for (std::size_t e = 0; e < all.curvature.size(); ++e)
                all.curvature[e] += parts[block].curvature[e];
        }
        all.loss *= _temperature;
        for (Index k = 0; k < (with_curvature ? K : 0); ++k)
            for (Index m = 0; m <= k; ++m)
                all.curvature[m * K + k] = all.curvature[k * K + m] /= _temperature;
        return all;
    }

    bool is_rounding(const Sums& sums) const {
        for (Index k = 0; k < _n_classes; ++k)
            if (std::abs(sums.residual[k]) > 2e-16 * (_mean_response[k] + 1e-3)) return false;
        return true;
    }
    static double largest(const Sums& sums) {
        double size = 0.0;
        for (const double each : sums.residual) size = std::max(size, std::abs(each));
        return size;
    }

    /// m log(m / mu) for m = mu + apart
    static double distance(double mu, double log_mu, double apart) {
        const double m = mu + apart;
        if (m <= 0.0) return 0.0;
        return m * (std::abs(apart) < 0.5 * mu ? std::log1p(apart / mu) : std::log(m) - log_mu);
    }

    const Kernels& _simd;
    Index _n_classes;
    bool _fit_intercept;
    std::vector<double> _y, _wt, _offset;
    std::vector<double> _mean_response;
    double _saturated = 0.0;
    double _temperature = 1.0;
};

}  // namespace shrinkage
