#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "shrinkage/path.hpp"
#include "shrinkage/runtime.hpp"

namespace shrinkage::bindings {

namespace nb = nanobind;

/// SciPy's BLAS and LAPACK, loaded at the first call; needs the GIL.
const Blas& scipy_blas();

template <class T>
using VectorOf = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Vector = VectorOf<double>;
using OptionalVector = std::optional<Vector>;
using FoldIds = VectorOf<std::int32_t>;

template <class T>
std::span<const T> span_of(const VectorOf<T>& vector) {
    return {vector.data(), vector.size()};
}

/// Empty where Python said None.
template <class T>
std::span<const T> span_of(const std::optional<VectorOf<T>>& vector) {
    return vector ? span_of(*vector) : std::span<const T>{};
}

/// Null where Python said None.
template <class T>
const T* data_of(const std::optional<VectorOf<T>>& vector) {
    return vector ? vector->data() : nullptr;
}

/// Holds views of the arrays: they must outlive it.
inline PathTask task_of(const Vector& alphas, double l1_ratio, const Vector& penalty_factor,
                        const OptionalVector& lower, const OptionalVector& upper, Index max_rounds,
                        double tol) {
    return {span_of(alphas), l1_ratio, span_of(penalty_factor), span_of(lower), span_of(upper),
            max_rounds,      tol};
}

template <class T>
using NewVector = nb::ndarray<nb::numpy, T, nb::ndim<1>>;
using NewMatrix = nb::ndarray<nb::numpy, double, nb::ndim<2>>;
template <class T>
using View = nb::ndarray<nb::numpy, const T, nb::ndim<1>>;

/// Moves values to the heap, to be freed when NumPy drops them.
template <class T>
std::pair<std::vector<T>*, nb::capsule> hand_over(std::vector<T>&& values) {
    auto* kept = new std::vector<T>(std::move(values));
    return {kept,
            nb::capsule(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); })};
}

/// A NumPy array that takes over the values.
template <class T>
NewVector<T> new_vector(std::vector<T>&& values) {
    const auto [kept, owner] = hand_over(std::move(values));
    return NewVector<T>(kept->data(), {kept->size()}, owner);
}

/// A NumPy matrix that takes over values stored column by column.
inline NewMatrix new_matrix(std::vector<double>&& values, std::size_t rows, std::size_t cols) {
    const auto [kept, owner] = hand_over(std::move(values));
    return NewMatrix(kept->data(), {rows, cols}, owner, {1, static_cast<std::int64_t>(rows)});
}

/// A read-only NumPy view of values that live as long as `owner`.
template <class T>
View<T> view_of(const std::vector<T>& values, nb::handle owner) {
    return View<T>(values.data(), {values.size()}, owner);
}

/// Runs `work(runtime)` without the GIL; Ctrl-C ends it with KeyboardInterrupt.
template <class Work>
auto run(int n_threads, Work&& work) {
    const Blas& blas = scipy_blas();
    Interrupt interrupt([] {
        const nb::gil_scoped_acquire gil;
        return PyErr_CheckSignals() != 0;
    });
    try {
        const nb::gil_scoped_release free;
        return work(Runtime{blas, best_kernels(), interrupt, n_threads});
    } catch (const Interrupted&) {
        throw nb::python_error();
    }
}

void bind_results(nb::module_& module);
void bind_design(nb::module_& module);
void bind_moments(nb::module_& module);
void bind_gram(nb::module_& module);
void bind_ridge(nb::module_& module);
void bind_working_set(nb::module_& module);
void bind_glm(nb::module_& module);
void bind_multinomial(nb::module_& module);
void bind_entries(nb::module_& module);

}  // namespace shrinkage::bindings
