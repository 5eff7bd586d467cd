#pragma once
#include <limits>
#include <optional>
#include <type_traits>

#include "shrinkage/cholesky_factor.hpp"
#include "shrinkage/conjugate_gradient.hpp"
#include "shrinkage/dense_slots.hpp"
#include "shrinkage/dual_factor.hpp"
#include "shrinkage/gram_slots.hpp"
#include "shrinkage/inverse_factor.hpp"
#include "shrinkage/operator_solver.hpp"
#include "shrinkage/quadratic_slots.hpp"

namespace shrinkage {

/// How (G + l2 D) is solved while the members are not too many: by its inverse, where l2 is always
/// 0, or by a Cholesky factor.
enum class Method { inverse, cholesky };

namespace detail {

/// What takes over when there are many members: nothing where a whole Gram matrix is held.
template <class S>
struct LargeSystem {
    struct type {
        type(const Runtime&, S&, Counts&) {}
        bool suits(Index, double) const { return false; }
        bool is_slow(Index) const { return false; }
        void set_l2(double) {}
        void restart(std::span<const int>) {}
        void append(int) {}
        void erase(int) {}
        void solve(std::span<const int>, const double*, const Accuracy&, double*) {}
    };
};
template <>
struct LargeSystem<DenseSlots> {
    using type = DualFactor<DenseSlots>;
};
template <>
struct LargeSystem<QuadraticSlots> {
    using type = LargeQuadratic;
};
template <>
struct LargeSystem<SparseSlots> {
    using type = ConjugateGradient;
};

/// From this many members on an inverse gives way to a factor. Where the Gram matrix itself changes
/// now and then, to compute an inverse anew costs three times as much as a factor, and to append to
/// it two to four times; only one that stays in the cache is worth it for its faster products.
template <class S>
constexpr Index most_inverted = std::numeric_limits<Index>::max();
template <>
inline constexpr Index most_inverted<QuadraticSlots> = 400;

}  // namespace detail

/// The linear system (G_AA + l2 D_A) x = b on a changing list of members A, whichever way it is
/// solved. A member that is erased gives its place to the last one.
template <Slots S>
class ActiveSystem {
public:
    /// @param max_rank no more members than this can be independent; matters while l2 = 0
    ActiveSystem(const Runtime& runtime, S& slots, Method method, Index max_rank, Counts& counts)
        : _slots(slots),
          _max_rank(max_rank),
          _counts(counts),
          _small(method == Method::inverse ? Solver::inverse : Solver::cholesky),
          _solver(_small),
          _inverse(runtime),
          _cholesky(runtime, counts),
          _large(runtime, slots, counts) {}

    std::span<const int> members() const { return _members; }
    Index size() const { return static_cast<Index>(_members.size()); }
    bool uses_inverse() const { return _solver == Solver::inverse; }
    /// Whether the Gram entries of members are known by products only.
    bool knows_products_only() const {
        if constexpr (std::is_same_v<S, QuadraticSlots>)
            return _large.iterates();
        else
            return false;
    }
    /// Whether the members' equations are solved by iteration on a factor of another l2: a start
    /// near the solution saves steps.
    bool is_shifted() const { return _solver == Solver::cholesky && _cholesky.is_shifted(); }

    void set_l2(double l2) {
        _l2 = l2;
        _cholesky.set_l2(l2);
        _large.set_l2(l2);
    }

    /// Appends candidates in order, except those that depend on members.
    /// @param accepted one flag a candidate @return how many were accepted
    Index append(std::span<const int> candidates, std::vector<char>& accepted) {
        accepted.assign(candidates.size(), 0);
        if (_solver != Solver::large &&
            _large.suits(size() + static_cast<Index>(candidates.size()), _l2)) {
            _solver = Solver::large;
            _large.restart(_members);
        }
        const Index before = size();
        if (_solver == Solver::inverse &&
            before + static_cast<Index>(candidates.size()) > detail::most_inverted<S>)
            take_factor();
        if (_solver == Solver::large)
            append_to_large(candidates, accepted);
        else if (_solver == Solver::inverse)
            append_to_inverse(candidates, accepted);
        else
            append_to_cholesky(candidates, accepted);
        const Index n_new = size() - before;
        _counts.appended += n_new;
        return n_new;
    }

    void erase(Index position) {
        const int removed = _members[position];
        _members[position] = _members.back();
        _members.pop_back();
        ++_counts.deleted;
        switch (_solver) {
            case Solver::inverse:
                _needs_rebuild = !_inverse.erase(position) || _needs_rebuild;
                break;
            case Solver::cholesky:
                _cholesky.erase(position);
                break;
            case Solver::large:
                _large.erase(removed);
                break;
        }
    }

    /// x = (G_AA + l2 D_A)^-1 b
    /// @param accuracy of b - (G + l2 D) x, and x holds the start, where the system is solved by
    /// iteration
    void solve(const double* b, const Accuracy& accuracy, double* x) {
        switch (_solver) {
            case Solver::inverse:
                _inverse.multiply(b, x);
                break;
            case Solver::cholesky:
                _cholesky.solve(b, accuracies(accuracy), x);
                break;
            case Solver::large:
                _large.solve(_members, b, accuracy, x);
                break;
        }
    }

    /// Gram entries of one slot with the members.
    void cross(int slot, double* out) { _slots.cross({&slot, 1}, _members, out, size()); }

    /// Whether rounding has spoilt the inverse, or iterations are too many: rebuild() before the
    /// next solve.
    bool needs_rebuild() const { return _needs_rebuild || is_slow(); }

    /// Computes the inverse or factor anew from the Gram entries.
    /// @return false if the members have become dependent or want a factor instead of iterations:
    /// reset() must follow
    bool rebuild() {
        ++_counts.rebuilt;
        _needs_rebuild = false;
        switch (_solver) {
            case Solver::inverse: {
                double* gram = _inverse.restart(size());
                _slots.cross(_members, _members, gram, _inverse.ld());
                ++_counts.factorised;
                return _inverse.invert();
            }
            case Solver::cholesky:
                _cholesky.forget_factor();
                return true;
            case Solver::large:
                _large.restart(_members);
                return !is_slow();
        }
        return true;
    }

    /// Reads the Gram entries of the members anew, because they have changed.
    /// @return as rebuild()
    bool gram_changed() {
        if (knows_products_only() && _solver != Solver::large) {
            _inverse.restart(0);
            _cholesky.restart({});
            _solver = Solver::large;
        }
        if (_solver == Solver::cholesky)
            _slots.cross(_members, _members, _cholesky.gram(), _cholesky.gram_ld());
        return size() == 0 || rebuild();
    }

    /// Forgets all members; while the next ones are few, they are solved for by a factor.
    void reset() {
        if (_solver == Solver::large) _solver = _small;
        _members.clear();
        _inverse.restart(0);
        _cholesky.restart({});
        _needs_rebuild = false;
    }

    /// Forgets all members, and uses the Cholesky factor from now on: it solves the members'
    /// equations to rounding even where they are so nearly dependent that an inverse is useless.
    void reset_to_cholesky() {
        reset();
        _solver = Solver::cholesky;
    }

private:
    enum class Solver { inverse, cholesky, large };

    bool is_slow() const { return _solver == Solver::large && _large.is_slow(size()); }

    Index room() const {
        return _l2 > 0.0 ? _slots.size() : std::max<Index>(0, _max_rank - size());
    }

    void append_to_large(std::span<const int> candidates, std::vector<char>& accepted) {
        const Index most = std::min<Index>(room(), static_cast<Index>(candidates.size()));
        for (Index q = 0; q < most; ++q) {
            accepted[q] = 1;
            _large.append(candidates[q]);
            _members.push_back(candidates[q]);
        }
    }

    void append_to_inverse(std::span<const int> candidates, std::vector<char>& accepted) {
        read_gram(candidates);
        _inverse.append(static_cast<Index>(candidates.size()), _cross.data(), size(),
                        _corner.data(), room(), accepted.data());
        for (std::size_t q = 0; q < candidates.size(); ++q)
            if (accepted[q]) _members.push_back(candidates[q]);
    }

    void append_to_cholesky(std::span<const int> candidates, std::vector<char>& accepted) {
        read_gram(candidates);
        _cholesky.append(penalty_factors(candidates), _cross.data(), _corner.data(), room(),
                         accepted.data());
        for (std::size_t q = 0; q < candidates.size(); ++q)
            if (accepted[q]) _members.push_back(candidates[q]);
    }

    /// From the inverse to a factor, with the same members.
    void take_factor() {
        _solver = Solver::cholesky;
        _inverse.restart(0);
        _needs_rebuild = false;
        _cholesky.restart(penalty_factors(_members));
        _slots.cross(_members, _members, _cholesky.gram(), _cholesky.gram_ld());
    }

    /// One for each member, where the factor needs them.
    const double* accuracies(const Accuracy& accuracy) {
        double* out = _accuracies.reserve(size());
        if (_cholesky.is_shifted())
            for (Index i = 0; i < size(); ++i) out[i] = accuracy.of(_slots, _members[i]);
        return out;
    }

    std::vector<double> penalty_factors(std::span<const int> list) const {
        std::vector<double> factors;
        factors.reserve(list.size());
        for (const int j : list) factors.push_back(_slots.penalty_factor(j));
        return factors;
    }

    /// Gram entries of candidates with members and among themselves.
    void read_gram(std::span<const int> candidates) {
        const auto k = static_cast<Index>(candidates.size());
        _slots.cross(candidates, _members, _cross.reserve(std::max<Index>(size(), 1) * k), size());
        _slots.cross(candidates, candidates, _corner.reserve(k * k), k);
    }

    S& _slots;
    Index _max_rank;
    Counts& _counts;
    Solver _small;  ///< while the members are not too many
    Solver _solver;
    double _l2 = 0.0;
    bool _needs_rebuild = false;
    std::vector<int> _members;
    InverseFactor _inverse;
    CholeskyFactor _cholesky;
    typename detail::LargeSystem<S>::type _large;
    GrowingArray<double> _cross, _corner, _accuracies;
};

}  // namespace shrinkage
