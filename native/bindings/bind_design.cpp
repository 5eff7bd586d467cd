#include <cstdint>
#include <memory>
#include <stdexcept>

#include "convert.hpp"
#include "shrinkage/dense_design.hpp"
#include "shrinkage/predictor.hpp"
#include "shrinkage/sparse_design.hpp"
#include "shrinkage/uninformative_columns.hpp"

namespace shrinkage::bindings {

namespace {

using AnyMatrix = nb::ndarray<nb::ro, nb::ndim<2>, nb::device::cpu>;
using AnyVector = nb::ndarray<nb::ro, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class X>
std::unique_ptr<Design> dense_of(const AnyMatrix& matrix) {
    const auto rows = static_cast<Index>(matrix.shape(0));
    const auto cols = static_cast<Index>(matrix.shape(1));
    const auto down = static_cast<Index>(matrix.stride(0));
    const auto across = static_cast<Index>(matrix.stride(1));
    const X* values = static_cast<const X*>(matrix.data());
    // The stride of a dimension of one entry means nothing.
    if ((rows == 1 || down == 1) && (cols == 1 || across >= rows)) {
        return std::make_unique<DenseDesign<X>>(values, rows, cols, across, false);
    }
    if ((cols == 1 || across == 1) && (rows == 1 || down >= cols)) {
        return std::make_unique<DenseDesign<X>>(values, rows, cols, down, true);
    }
    throw std::logic_error("the entries of X have gaps in both directions");
}

std::unique_ptr<Design> dense(const AnyMatrix& matrix) {
    if (matrix.dtype() == nb::dtype<double>()) return dense_of<double>(matrix);
    if (matrix.dtype() == nb::dtype<float>()) return dense_of<float>(matrix);
    throw std::logic_error("X is neither float32 nor float64");
}

template <class X, class I>
std::unique_ptr<Design> sparse_of(const AnyVector& values, const AnyVector& indices,
                                  const AnyVector& indptr, Index rows, Index cols) {
    return std::make_unique<SparseDesign<X, I>>(static_cast<const X*>(values.data()),
                                                static_cast<const I*>(indices.data()),
                                                static_cast<const I*>(indptr.data()), rows, cols);
}

std::unique_ptr<Design> sparse(const AnyVector& values, const AnyVector& indices,
                               const AnyVector& indptr, Index rows, Index cols) {
    if (indices.dtype() != indptr.dtype()) throw std::logic_error("two types of indices in X");
    const bool wide = indices.dtype() == nb::dtype<std::int64_t>();
    if (!wide && indices.dtype() != nb::dtype<std::int32_t>()) {
        throw std::logic_error("the indices of X are neither int32 nor int64");
    }
    const auto make = [&]<class X>() {
        return wide ? sparse_of<X, std::int64_t>(values, indices, indptr, rows, cols)
                    : sparse_of<X, std::int32_t>(values, indices, indptr, rows, cols);
    };
    if (values.dtype() == nb::dtype<double>()) return make.template operator()<double>();
    if (values.dtype() == nb::dtype<float>()) return make.template operator()<float>();
    throw std::logic_error("X is neither float32 nor float64");
}

std::optional<std::pair<Index, Index>> first_nonfinite(const Design& design) {
    const Entry entry =
        run(1, [&](const Runtime& runtime) { return design.first_nonfinite(runtime); });
    if (entry == no_entry) return std::nullopt;
    return std::pair{entry.row, entry.column};
}

NewMatrix predict(const Design& design, const VectorOf<std::int64_t>& starts,
                  const VectorOf<std::int32_t>& features, const Vector& values,
                  const Vector& intercepts) {
    std::vector<double> eta = run(1, [&](const Runtime& runtime) {
        return linear_predictor(
            runtime, design,
            {span_of(starts), span_of(features), span_of(values), span_of(intercepts)});
    });
    return new_matrix(std::move(eta), static_cast<std::size_t>(design.rows()), intercepts.size());
}

std::pair<std::vector<Index>, std::vector<Index>> find_uninformative(const Design& design,
                                                                     const Vector& spread,
                                                                     int n_threads) {
    UninformativeColumns found = run(n_threads, [&](const Runtime& runtime) {
        return uninformative_columns(runtime, design, span_of(spread));
    });
    return {std::move(found.constant), std::move(found.repeated)};
}

}  // namespace

void bind_design(nb::module_& module) {
    nb::class_<Design>(module, "Design")
        .def_prop_ro("shape",
                     [](const Design& design) { return std::pair{design.rows(), design.cols()}; })
        .def_prop_ro("is_sparse", &Design::is_sparse)
        .def_prop_ro("has_columns", &Design::has_columns);
    module.def("dense", &dense, nb::arg("X").noconvert(), nb::keep_alive<0, 1>(),
               nb::sig("def dense(X: NDArray[numpy.float32] | NDArray[numpy.float64]) -> Design"));
    module.def("sparse", &sparse, nb::arg("values").noconvert(), nb::arg("indices").noconvert(),
               nb::arg("indptr").noconvert(), nb::arg("n_rows"), nb::arg("n_cols"),
               nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>(), nb::keep_alive<0, 3>(),
               nb::sig("def sparse(values: NDArray[numpy.float32] | NDArray[numpy.float64], "
                       "indices: NDArray[numpy.int32] | NDArray[numpy.int64], "
                       "indptr: NDArray[numpy.int32] | NDArray[numpy.int64], "
                       "n_rows: int, n_cols: int) -> Design"));
    module.def("first_nonfinite", &first_nonfinite, nb::arg("design"));
    module.def("uninformative_columns", &find_uninformative, nb::arg("design"), nb::arg("spread"),
               nb::arg("n_threads"));
    module.def("linear_predictor", &predict, nb::arg("design"), nb::arg("starts"),
               nb::arg("features"), nb::arg("values"), nb::arg("intercepts"));
}

}  // namespace shrinkage::bindings
