#pragma once
#include <algorithm>
#include <array>
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

    /// Calls work(block, softmax) for pieces of all rows; pieces of a block in their order.
    template <class Work>
    void for_blocks(const Runtime& runtime, const double* eta, const PerClass& intercept,
                    const Work& work) const {
        const RowBlocks blocks = this->blocks();
        parallel_for(runtime, blocks.count(), [&](Index block) {
            Softmax at;
            for (Index row = blocks.first(block); row < blocks.last(block); row += rows_at_a_time) {
                at.first = row;
                at.count = std::min(rows_at_a_time, blocks.last(block) - row);
                soften_and_normalise(eta, intercept, at);
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

    void soften_and_normalise(const double* eta, const PerClass& intercept, Softmax& at) const {
        const Index n = at.count;
        const auto size = static_cast<std::size_t>(n * _n_classes);
        for (auto* each : {&at.means, &at.other_means, &at.below}) each->resize(size);
        at.log_sum.assign(static_cast<std::size_t>(n), 0.0);
        std::array<double, rows_at_a_time> largest, rest;
        std::fill_n(largest.begin(), n, -std::numeric_limits<double>::infinity());
        const double cooling = 1.0 / _temperature;
        for (Index k = 0; k < _n_classes; ++k) {
            const double* from = eta + k * rows() + at.first;
            double* below = at.below.data() + k * n;
            const double shift = intercept.values[k];
            for (Index i = 0; i < n; ++i) {
                below[i] = (from[i] + shift) * cooling;
                largest[i] = std::max(largest[i], below[i]);
            }
        }
        // The first class with the largest eta is the only one whose rest may be small.
        std::array<double, rows_at_a_time> found;
        std::fill_n(rest.begin(), n, 0.0);
        std::fill_n(found.begin(), n, 0.0);
        for (Index k = 0; k < _n_classes; ++k) {
            double* below = at.below.data() + k * n;
            double* power = at.means.data() + k * n;
            double* is_top = at.other_means.data() + k * n;
            for (Index i = 0; i < n; ++i) below[i] -= largest[i];
            _simd.functions.exp(n, below, power);
            for (Index i = 0; i < n; ++i) {
                is_top[i] = below[i] == 0.0 && found[i] == 0.0 ? 1.0 : 0.0;
                found[i] += is_top[i];
                rest[i] += is_top[i] == 1.0 ? 0.0 : power[i];
            }
        }
        for (Index k = 0; k < _n_classes; ++k) {
            double* power = at.means.data() + k * n;
            double* others = at.other_means.data() + k * n;
            for (Index i = 0; i < n; ++i) {
                const double inverse = 1.0 / (1.0 + rest[i]);
                others[i] = (others[i] == 1.0 ? rest[i] : 1.0 + (rest[i] - power[i])) * inverse;
                power[i] *= inverse;
            }
        }
        log_of_one_plus(rest.data(), n, at.log_sum.data());
    }

    /// out = log(1 + x), x >= 0, which is changed
    void log_of_one_plus(double* x, Index n, double* out) const {
        std::array<double, rows_at_a_time> halvings;
        for (Index i = 0; i < n; ++i) {
            halvings[i] = 0.0;
            for (; x[i] > 1.0; ++halvings[i]) x[i] = 0.5 * (x[i] - 1.0);
        }
        _simd.functions.log1p(n, x, out);
        for (Index i = 0; i < n; ++i) out[i] += halvings[i] * 0.69314718055994530942;
    }

    Sums evaluate(const Runtime& runtime, const double* eta, const PerClass& intercept, double* u,
                  bool with_curvature) const {
        const Index K = _n_classes;
        std::vector<Sums> parts(blocks().count());
        for (Sums& part : parts) {
            part.residual.assign(K, 0.0);
            part.curvature.assign(with_curvature ? K * K : 0, 0.0);
        }
        for_blocks(runtime, eta, intercept, [&](Index block, const Softmax& at) {
            Sums& part = parts[block];
            const double* wt = _wt.data() + at.first;
            for (Index i = 0; i < at.count; ++i)
                if (wt[i] > 0.0) part.loss += wt[i] * at.log_sum[i];
            for (Index k = 0; k < K; ++k) {
                const double* y = _y.data() + k * rows() + at.first;
                const double *mu = at.mu(k), *others = at.others(k);
                const double* below = at.below.data() + k * at.count;
                double* to = u + k * rows() + at.first;
                double loss = 0.0, sum = 0.0;
                for (Index i = 0; i < at.count; ++i) {
                    to[i] = wt[i] > 0.0 ? wt[i] * (y[i] * others[i] - (1.0 - y[i]) * mu[i]) : 0.0;
                    sum += to[i];
                    loss -= y[i] > 0.0 && wt[i] > 0.0 ? wt[i] * y[i] * below[i] : 0.0;
                }
                part.residual[k] += sum;
                part.loss += loss;
            }
            if (with_curvature) add_curvature(at, part.curvature.data());
        });
        Sums all = std::move(parts[0]);
        for (std::size_t block = 1; block < parts.size(); ++block) {
            all.loss += parts[block].loss;
            for (Index k = 0; k < K; ++k) all.residual[k] += parts[block].residual[k];
            for (std::size_t e = 0; e < all.curvature.size(); ++e)
                all.curvature[e] += parts[block].curvature[e];
        }
        all.loss *= _temperature;
        for (double& each : all.curvature) each /= _temperature;
        return all;
    }

    void add_curvature(const Softmax& at, double* curvature) const {
        const double* wt = _wt.data() + at.first;
        std::array<double, rows_at_a_time> weighted;
        for (Index k = 0; k < _n_classes; ++k) {
            for (Index i = 0; i < at.count; ++i) weighted[i] = wt[i] * at.mu(k)[i];
            curvature[k * _n_classes + k] += _simd.f64.dot(at.count, weighted.data(), at.others(k));
            for (Index m = 0; m < k; ++m) {
                const double product = _simd.f64.dot(at.count, weighted.data(), at.mu(m));
                curvature[k * _n_classes + m] -= product;
                curvature[m * _n_classes + k] -= product;
            }
        }
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
