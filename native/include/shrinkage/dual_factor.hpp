#pragma once
#include "shrinkage/path.hpp"
#include "shrinkage/slots.hpp"

namespace shrinkage {

/// Solves (Z'Z + l2 D) x = b for more members than about the n rows, through an n x n matrix:
///
///     K = l2 I + Z D^-1 Z'      w = K^-1 Z D^-1 b      x = D^-1 (b - Z'w) / l2
///
/// D is the diagonal of penalty factors, none of them 0. K is factored once for each l2; later
/// changes of members are added by the Woodbury identity, up to n / 8 of them.
/// @tparam S DenseSlots or QuadraticSlots: Z has rows(), or none where it is not at hand
template <class S>
class DualFactor {
public:
    DualFactor(const Runtime& runtime, S& slots, Counts& counts)
        : _blas(runtime.blas), _simd(runtime.simd), _slots(slots), _counts(counts) {}

    /// Whether `n` members are better handled here than by a factor of their Gram matrix.
    bool suits(Index n, double l2) const {
        return rows() > 0 && is_exact(_slots, l2) &&
               static_cast<double>(n) > 0.7 * static_cast<double>(rows());
    }
    /// x loses the digits by which l2 is smaller than Z'Z.
    static bool is_exact(const SlotTable& slots, double l2) {
        return l2 > 1e-5 * slots.largest_diagonal() && !slots.any_free();
    }
    bool is_slow(Index) const { return false; }

    void restart(std::span<const int> members) {
        _sum.assign(static_cast<std::size_t>(rows() * rows()), 0.0);
        _factored = false;
        _changes.clear();
        for (const int j : members) change(j, 1.0);
    }
    void set_l2(double l2) {
        if (l2 != _l2) _factored = false;
        _l2 = l2;
    }
    void append(int slot) { change(slot, 1.0); }
    void erase(int slot) { change(slot, -1.0); }

    /// out = (Z'Z + l2 D)^-1 b over the members, as exact as rounding lets it be.
    void solve(std::span<const int> members, const double* b, const Accuracy&, double* out) {
        update();
        const auto n = static_cast<int>(rows());
        _scaled.resize(members.size());
        for (std::size_t i = 0; i < members.size(); ++i)
            _scaled[i] = b[i] / _slots.penalty_factor(members[i]);
        double* w = _work.reserve(rows());
        std::fill_n(w, rows(), 0.0);
        _slots.add_columns(members, _scaled, 1.0, w);
        // Half the time of dpotrs, which packs the triangle for many right-hand sides.
        _blas.trsv('L', 'N', n, _factor.data(), n, w);
        _blas.trsv('L', 'T', n, _factor.data(), n, w);
        correct(w);
        _slots.dot_columns(members, w, _scaled.data());
        for (std::size_t i = 0; i < members.size(); ++i)
            out[i] = (b[i] - _scaled[i]) / (_l2 * _slots.penalty_factor(members[i]));
    }

private:
    struct Change {
        int slot;
        double sign;
    };

    Index rows() const { return _slots.rows(); }
    Index n_changes() const { return static_cast<Index>(_changes.size()); }

    void change(int slot, double sign) { _changes.push_back({slot, sign}); }

    /// Factors K if it is stale or too many changes wait, otherwise prepares Woodbury for the new
    /// ones.
    void update() {
        const Index most = std::max<Index>(4, rows() / 8);
        if (!_factored || n_changes() > most) {
            absorb_changes();
            factorise();
        }
        if (n_changes() > _prepared) prepare_changes();
    }

    void copy_scaled(const Change& change, double* out) const {
        const double factor = 1.0 / std::sqrt(_slots.penalty_factor(change.slot));
        _simd.f64.centre(rows(), _slots.column(change.slot), 0.0, factor, nullptr, out);
    }

    /// sum += and -= the changed columns, in two products of at most 64 columns at a time
    void absorb_changes() {
        constexpr Index most = 64;
        const auto n = static_cast<int>(rows());
        double* block = _block.reserve(most * rows());
        for (const double sign : {1.0, -1.0}) {
            Index k = 0;
            for (const Change& change : _changes) {
                if (change.sign != sign) continue;
                copy_scaled(change, block + k++ * rows());
                if (k < most) continue;
                _blas.syrk('L', 'N', n, static_cast<int>(k), sign, block, n, 1.0, _sum.data(), n);
                k = 0;
            }
            if (k > 0)
                _blas.syrk('L', 'N', n, static_cast<int>(k), sign, block, n, 1.0, _sum.data(), n);
        }
        _changes.clear();
        _prepared = 0;
    }

    void factorise() {
        const auto n = static_cast<int>(rows());
        _factor.resize(_sum.size());
        for (double more = 0.0;; more = std::max(1e-14, 100.0 * more)) {
            for (Index j = 0; j < rows(); ++j) {
                double* column = _factor.data() + j * rows();
                std::copy_n(_sum.data() + j * rows() + j, rows() - j, column + j);
                column[j] += _l2 + more * column[j];
            }
            ++_counts.factorised;
            if (_blas.potrf('L', n, _factor.data(), n) == 0 || more > 1.0) break;
        }
        _factored = true;
    }

    /// Keeps V, the changed columns, Y = K^-1 V, and the small matrix C + V'Y, C the signs.
    void prepare_changes() {
        const Index k = n_changes(), fresh = k - _prepared, n = rows();
        _changed.reserve(k * n);
        _solved.reserve(k * n);
        for (Index q = _prepared; q < k; ++q) copy_scaled(_changes[q], _changed.data() + q * n);
        double* solved = _solved.data() + _prepared * n;
        std::copy_n(_changed.data() + _prepared * n, fresh * n, solved);
        _blas.potrs('L', static_cast<int>(n), static_cast<int>(fresh), _factor.data(),
                    static_cast<int>(n), solved, static_cast<int>(n));
        _small.resize(static_cast<std::size_t>(k * k));
        _simd.matrix.dot_block(n, k, _changed.data(), n, nullptr, k, _solved.data(), n,
                               _small.data(), k);
        for (Index q = 0; q < k; ++q) _small[q * k + q] += _changes[q].sign;
        _prepared = k;
    }

    /// w -= Y (C + V'Y)^-1 V'w
    void correct(double* w) {
        const Index k = n_changes();
        if (k == 0) return;
        _reduced = _small;
        _coef.resize(static_cast<std::size_t>(k));
        _simd.matrix.dot_columns(rows(), k, _changed.data(), rows(), nullptr, w, _coef.data());
        eliminate(k);
        _simd.matrix.add_columns(rows(), k, _solved.data(), rows(), nullptr, -1.0, _coef.data(), w);
    }

    /// Gaussian elimination with row exchanges: the small matrix is symmetric but indefinite.
    void eliminate(Index k) {
        double* matrix = _reduced.data();
        for (Index c = 0; c < k; ++c) {
            Index pivot = c;
            for (Index r = c + 1; r < k; ++r)
                if (std::abs(matrix[c * k + r]) > std::abs(matrix[c * k + pivot])) pivot = r;
            if (pivot != c) {
                for (Index q = 0; q < k; ++q) std::swap(matrix[q * k + c], matrix[q * k + pivot]);
                std::swap(_coef[c], _coef[pivot]);
            }
            for (Index r = c + 1; r < k; ++r) {
                const double factor = matrix[c * k + r] / matrix[c * k + c];
                if (factor == 0.0) continue;
                for (Index q = c + 1; q < k; ++q) matrix[q * k + r] -= factor * matrix[q * k + c];
                _coef[r] -= factor * _coef[c];
            }
        }
        for (Index c = k - 1; c >= 0; --c) {
            for (Index q = c + 1; q < k; ++q) _coef[c] -= matrix[q * k + c] * _coef[q];
            _coef[c] /= matrix[c * k + c];
        }
    }

    const Blas& _blas;
    const Kernels& _simd;
    S& _slots;
    Counts& _counts;
    double _l2 = 0.0;
    bool _factored = false;
    std::vector<double> _sum, _factor;  ///< lower triangles: Z D^-1 Z', and the factor of K
    std::vector<Change> _changes;       ///< since the factor
    Index _prepared = 0;                ///< changes that have their Y
    GrowingArray<double> _changed, _solved, _block, _work;
    std::vector<double> _small, _reduced, _coef, _scaled;
};

}  // namespace shrinkage
