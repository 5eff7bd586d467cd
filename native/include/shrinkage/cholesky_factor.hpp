#pragma once
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "shrinkage/growing_square.hpp"
#include "shrinkage/kept_factor.hpp"
#include "shrinkage/path.hpp"

namespace shrinkage {

/// Gram matrix G of the members and the Cholesky factor U'U of G + l2 D, D the diagonal of penalty
/// factors. The factor is brought up to date when it is used: columns of members that left are
/// rotated out, new ones are added as a block; where that would cost more it is computed anew. Its
/// columns stand in an order of their own, so that a removed one moves none of those before it.
/// Where l2 has changed a little, the factor of the l2 before may serve as a preconditioner.
class CholeskyFactor {
public:
    CholeskyFactor(const Runtime& runtime, Counts& counts)
        : _blas(runtime.blas), _simd(runtime.simd), _counts(counts) {}

    Index size() const { return static_cast<Index>(_penalty_factor.size()); }

    void set_l2(double l2) {
        if (l2 == _l2) return;
        _l2 = l2;
        if (n_columns() > 0 && !_kept_factor.serves(n_columns(), _factor_l2, l2)) forget_factor();
    }
    /// Whether the factor is one of another l2, so that solve() iterates.
    bool is_shifted() const { return n_columns() > 0 && _factor_l2 != _l2; }
    void forget_factor() {
        _members.clear();
        _n_removed = 0;
        std::fill(_column_of.begin(), _column_of.end(), -1);
    }
    /// Where the caller writes the Gram entries of the present members anew; forget_factor() must
    /// follow.
    double* gram() { return _gram.data(); }
    Index gram_ld() const { return _gram.ld(); }
    /// Starts afresh with members of these penalty factors, independent or not, whose Gram entries
    /// the caller writes to gram().
    void restart(std::vector<double> penalty_factor) {
        _penalty_factor = std::move(penalty_factor);
        _gram.reserve(size(), 0);
        _column_of.assign(_penalty_factor.size(), -1);
        forget_factor();
    }

    /// Appends up to `room` of the candidates, in order. One that l2 hardly penalises is refused if
    /// it depends on those before it, by the pivot of its column.
    /// @param cross Gram entries of candidates with members, leading dimension size()
    /// @param corner Gram entries among the candidates @param accepted one flag a candidate
    void append(std::span<const double> penalty_factor, const double* cross, const double* corner,
                Index room, char* accepted) {
        constexpr Index most_at_once = 64;
        const auto k = static_cast<Index>(penalty_factor.size());
        const Index before = size();
        _gram.reserve(before + k, before);
        _accepted.clear();
        const auto may_depend = [&](Index q) {
            return _l2 * penalty_factor[q] <= dependent * corner[q * k + q];
        };
        for (Index q = 0; q < k && static_cast<Index>(_accepted.size()) < room;) {
            Index end = q + 1;
            if (may_depend(q))
                while (end < k && end - q < most_at_once && may_depend(end)) ++end;
            for (Index i = q; i < end; ++i) {
                double* column = _gram.data() + (size() + i - q) * _gram.ld();
                column = std::copy_n(cross + i * before, before, column);
                for (const Index other : _accepted) *column++ = corner[i * k + other];
                std::copy_n(corner + i * k + q, i - q + 1, column);
            }
            if (may_depend(q)) {
                if (is_shifted()) forget_factor();
                update();
                const Index most = room - static_cast<Index>(_accepted.size());
                add_independent(penalty_factor.subspan(q, end - q), most, accepted + q);
            } else {
                accepted[q] = 1;
                _column_of.push_back(-1);
            }
            for (; q < end; ++q)
                if (accepted[q]) {
                    _accepted.push_back(q);
                    _penalty_factor.push_back(penalty_factor[q]);
                }
        }
    }

    /// Removes a member; the last one takes its place.
    void erase(Index position) {
        const Index last = size() - 1, ld = _gram.ld();
        double* gram = _gram.data();
        const double* moved = gram + last * ld;
        if (_column_of[position] >= 0) {
            _members[_column_of[position]] = -1;
            ++_n_removed;
        }
        if (position < last) {
            std::copy_n(moved, position, gram + position * ld);
            gram[position * ld + position] = moved[last];
            for (Index j = position + 1; j < last; ++j) gram[j * ld + position] = moved[j];
            _column_of[position] = _column_of[last];
            if (_column_of[last] >= 0) _members[_column_of[last]] = static_cast<int>(position);
            _penalty_factor[position] = _penalty_factor[last];
        }
        _column_of.pop_back();
        _penalty_factor.pop_back();
    }

    /// out = (G + l2 D)^-1 x
    /// @param accuracy largest entries of x - (G + l2 D) out; only looked at where is_shifted()
    void solve(const double* x, const double* accuracy, double* out) {
        if (size() == 0) return;
        update();
        if (is_shifted()) {
            if (iterate(x, accuracy, out)) return;
            forget_factor();
            update();
        }
        double* inner = _inner.reserve(size());
        for (Index i = 0; i < size(); ++i) inner[i] = x[_members[i]];
        apply_factor(inner);
        for (Index i = 0; i < size(); ++i) out[_members[i]] = inner[i];
    }

private:
    /// x = (U'U)^-1 x, in the order of the factor
    void apply_factor(double* x) const {
        _simd.factor.solve(size(), _factor.data(), _factor.ld(), x);
    }
    /// @return false if the matrix is not positive definite
    bool factorise_block(Index n, double* block) {
        return _simd.factor.factorise(n, block, _factor.ld(), _work.reserve(4 * n)) == 0;
    }

    /// Conjugate gradients on U'U + shift D, preconditioned by U'U. Its products are never computed
    /// but follow from those before: after U'U z = r, the product with p = z + beta p is r plus
    /// beta times the last one.
    /// @return false if that takes too long
    bool iterate(const double* x, const double* accuracy, double* out) {
        const Index n = size(), most = KeptFactor::most_steps(n);
        double* residual = _iterates.reserve(6 * n);
        double *solution = residual + n, *direction = solution + n, *product = direction + n,
               *image = product + n, *shift = image + n;
        std::fill_n(solution, 3 * n, 0.0);
        for (Index i = 0; i < n; ++i) {
            residual[i] = x[_members[i]];
            shift[i] = (_l2 - _factor_l2) * _penalty_factor[_members[i]];
        }
        const auto is_accurate = [&] {
            for (Index i = 0; i < n; ++i)
                if (!(std::abs(residual[i]) <= accuracy[_members[i]])) return false;
            return true;
        };
        double* preconditioned = _inner.reserve(n);
        double previous = std::numeric_limits<double>::infinity();
        Index steps = 0;
        for (; steps < most && !is_accurate(); ++steps) {
            std::copy_n(residual, n, preconditioned);
            apply_factor(preconditioned);
            const double current = _simd.f64.dot(n, residual, preconditioned);
            const double momentum = current / previous;
            for (Index i = 0; i < n; ++i) {
                direction[i] = preconditioned[i] + momentum * direction[i];
                product[i] = residual[i] + momentum * product[i];
                image[i] = product[i] + shift[i] * direction[i];
            }
            previous = current;
            const double step = current / _simd.f64.dot(n, direction, image);
            if (!std::isfinite(step)) break;
            for (Index i = 0; i < n; ++i) {
                solution[i] += step * direction[i];
                residual[i] -= step * image[i];
            }
        }
        _kept_factor.iterated(steps, n);
        if (!is_accurate()) return false;
        for (Index i = 0; i < n; ++i) out[_members[i]] = solution[i];
        return true;
    }
    static constexpr double dependent = 1e-13;

    /// Columns of the factor, those of members that left among them.
    Index n_columns() const { return static_cast<Index>(_members.size()); }
    double* column(Index j) { return _factor.data() + j * _factor.ld(); }
    /// Gram entry of two members; the upper triangle is kept.
    double entry(Index i, Index j) const {
        return _gram.data()[std::max(i, j) * _gram.ld() + std::min(i, j)];
    }

    void update() {
        if (_n_removed > 0) {
            if (removal_pays())
                remove_columns();
            else
                forget_factor();
        }
        if (n_columns() == size()) return;
        if (n_columns() == 0 || !add_columns()) factorise();
    }

    /// Nanoseconds, about, by counting operations.
    bool removal_pays() const {
        const auto n = static_cast<double>(n_columns());
        double cost = 0.0;
        for (Index j = 0; j < n_columns(); ++j)
            if (const double after = n - static_cast<double>(j); _members[j] < 0)
                cost += after * (after + 0.3 * n);
        return cost < 3000.0 + n * n + n * n * n / 45.0;
    }

    void remove_columns() {
        for (Index j = n_columns() - 1; j >= 0; --j)
            if (_members[j] < 0) rotate_out(j);
        for (Index j = 0; j < n_columns(); ++j) _column_of[_members[j]] = static_cast<int>(j);
        _n_removed = 0;
    }

    /// Without its column `removed` the factor has an entry below the diagonal in each column after
    /// it; one rotation of two rows each makes it triangular again.
    void rotate_out(Index removed) {
        _members.erase(_members.begin() + removed);
        const Index n = n_columns();
        _cosines.resize(static_cast<std::size_t>(n));
        _sines.resize(static_cast<std::size_t>(n));
        for (Index j = removed; j < n; ++j) std::copy_n(column(j + 1), j + 2, column(j));
        constexpr Index width = 8;
        for (Index first = removed; first < n; first += width) {
            const Index last = std::min(first + width, n);
            // Rotations of columns before the block: eight chains side by side.
            std::array<double, width> carry{};
            for (Index q = first; q < last; ++q) carry[q - first] = column(q)[removed];
            for (Index i = removed; i < first; ++i) {
                const double c = _cosines[i], s = _sines[i];
                for (Index q = first; q < last; ++q) {
                    double* x = column(q) + i;
                    double& above = carry[q - first];
                    x[0] = c * above + s * x[1];
                    above = c * x[1] - s * above;
                }
            }
            for (Index q = first; q < last; ++q) rotate_column(q, first, carry[q - first]);
        }
    }

    /// The rotations from `first` on, and column j's own. @param above its entry in row `first`
    void rotate_column(Index j, Index first, double above) {
        double* x = column(j);
        for (Index i = first; i < j; ++i) {
            x[i] = _cosines[i] * above + _sines[i] * x[i + 1];
            above = _cosines[i] * x[i + 1] - _sines[i] * above;
        }
        const double length = std::hypot(above, x[j + 1]);
        _cosines[j] = length > 0.0 ? above / length : 1.0;
        _sines[j] = length > 0.0 ? x[j + 1] / length : 0.0;
        x[j] = length;
    }

    /// Writes U'^-1 times the Gram entries of these members beside the factor, and below it what
    /// they leave of their own entries: a Schur complement of order k, its upper triangle.
    double* start_columns(std::span<const Index> fresh) {
        const Index n = n_columns(), ld = _factor.ld(), k = static_cast<Index>(fresh.size());
        double* block = column(n);
        for (Index q = 0; q < k; ++q) {
            const Index j = fresh[q];
            double* target = block + q * ld;
            for (Index i = 0; i < n; ++i) target[i] = entry(_members[i], j);
            for (Index i = 0; i <= q; ++i) target[n + i] = entry(fresh[i], j);
        }
        const auto order = static_cast<int>(n), stride = static_cast<int>(ld),
                   count = static_cast<int>(k);
        if (n > 0) {
            if (k == 1)
                _blas.trsv('U', 'T', order, _factor.data(), stride, block);
            else
                _blas.trsm('U', 'T', order, count, _factor.data(), stride, block, stride);
            _blas.syrk('U', 'T', count, order, -1.0, block, stride, 1.0, block + n, stride);
        }
        return block;
    }

    /// Columns for all members that have none. @return false: rounding makes that impossible
    bool add_columns() {
        _factor.reserve(size(), n_columns());
        _fresh.clear();
        for (Index j = 0; j < size(); ++j)
            if (_column_of[j] < 0) _fresh.push_back(j);
        const Index n = n_columns();
        double* block = start_columns(_fresh);
        for (std::size_t q = 0; q < _fresh.size(); ++q)
            block[static_cast<Index>(q) * _factor.ld() + n + static_cast<Index>(q)] +=
                _factor_l2 * _penalty_factor[_fresh[q]];
        if (!factorise_block(static_cast<Index>(_fresh.size()), block + n)) return false;
        for (const Index j : _fresh) {
            _column_of[j] = static_cast<int>(n_columns());
            _members.push_back(static_cast<int>(j));
        }
        return true;
    }

    /// Takes as members those candidates, their Gram entries beside those of the members, that
    /// do not depend on what is before them. The factor must be up to date.
    void add_independent(std::span<const double> penalty_factor, Index most, char* accepted) {
        const Index n = size(), ld = _gram.ld(), k = static_cast<Index>(penalty_factor.size());
        _factor.reserve(n + k, n);
        _factor_l2 = _l2;
        _fresh.clear();
        for (Index q = 0; q < k; ++q) _fresh.push_back(n + q);
        double* block = start_columns(_fresh);
        _kept.clear();
        for (Index q = 0; q < k; ++q) {
            const auto n_kept = static_cast<Index>(_kept.size());
            const double* source = block + q * _factor.ld();
            double* target = block + n_kept * _factor.ld();
            double* row = _inner.reserve(k);
            double pivot = source[n + q] + _l2 * penalty_factor[q];
            for (Index i = 0; i < n_kept; ++i) {
                const double* other = block + i * _factor.ld() + n;
                row[i] = source[n + _kept[i]];
                for (Index l = 0; l < i; ++l) row[i] -= other[l] * row[l];
                row[i] /= other[i];
                pivot -= row[i] * row[i];
            }
            const double* gram = _gram.data() + (n + q) * ld;
            accepted[q] = n_kept < most && pivot > dependent * gram[n + q];
            if (!accepted[q]) continue;
            if (n_kept != q) std::copy_n(source, n, target);
            std::copy_n(row, n_kept, target + n);
            target[n + n_kept] = std::sqrt(pivot);
            _kept.push_back(q);
            double* home = _gram.data() + (n + n_kept) * ld;
            if (n_kept != q) std::copy_n(gram, n, home);
            for (Index i = 0; i <= n_kept; ++i) home[n + i] = gram[n + _kept[i]];
            _column_of.push_back(static_cast<int>(n_columns()));
            _members.push_back(static_cast<int>(n + n_kept));
        }
    }

    /// Where rounding makes the matrix indefinite, a little more is added to its diagonal; the
    /// refinement that follows every solve corrects for it.
    void factorise() {
        _factor.reserve(size(), 0);
        for (double more = 0.0;; more = std::max(1e-14, 100.0 * more)) {
            for (Index j = 0; j < size(); ++j) {
                double* target = column(j);
                std::copy_n(_gram.data() + j * _gram.ld(), j + 1, target);
                target[j] += _l2 * _penalty_factor[j] + more * target[j];
            }
            ++_counts.factorised;
            if (factorise_block(size(), _factor.data()) || more > 1.0) break;
        }
        _factor_l2 = _l2;
        _kept_factor.factorised(size());
        _members.resize(_penalty_factor.size());
        for (std::size_t j = 0; j < _members.size(); ++j)
            _members[j] = _column_of[j] = static_cast<int>(j);
    }

    const Blas& _blas;
    const Kernels& _simd;
    Counts& _counts;
    double _l2 = 0.0;
    double _factor_l2 = 0.0;  ///< the l2 of the factor
    KeptFactor _kept_factor;
    std::vector<double> _penalty_factor;  ///< of each member
    GrowingSquare _gram;                  ///< upper triangle, in the order of members
    GrowingSquare _factor;                ///< U, in the order of _members
    std::vector<int> _members;            ///< whose each column of U is, -1: it has left
    std::vector<int> _column_of;          ///< of each member, -1: not yet in U
    Index _n_removed = 0;
    std::vector<double> _cosines, _sines;
    std::vector<Index> _fresh, _kept, _accepted;
    GrowingArray<double> _inner, _iterates, _work;
};

}  // namespace shrinkage
