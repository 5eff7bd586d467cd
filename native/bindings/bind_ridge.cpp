#include "convert.hpp"
#include "shrinkage/leave_one_out.hpp"
#include "shrinkage/leave_one_out_wide.hpp"
#include "shrinkage/ridge_wide_crossval.hpp"

namespace shrinkage::bindings {

namespace {

PathResult ridge_wide(const Design& design, const Vector& y, const OptionalVector& weights,
                      bool fit_intercept, bool standardize, const Vector& alphas,
                      const Vector& penalty_factor, int n_threads) {
    return run(n_threads, [&](const Runtime& runtime) {
        return WideRidge(runtime, design, span_of(y), span_of(weights), fit_intercept, standardize,
                         span_of(penalty_factor))
            .path(span_of(alphas));
    });
}

FoldResult ridge_wide_crossval(const Design& design, const Vector& y, const OptionalVector& weights,
                               bool fit_intercept, bool standardize, const Vector& alphas,
                               const Vector& penalty_factor, const FoldIds& fold_ids, Index n_folds,
                               int n_threads) {
    return run(n_threads, [&](const Runtime& runtime) {
        return WideRidgeFolds(runtime, design, span_of(y), span_of(weights), fit_intercept,
                              standardize, span_of(penalty_factor), span_of(alphas))
            .run(span_of(fold_ids), n_folds);
    });
}

nb::typed<nb::tuple, NewVector<double>, NewMatrix, NewVector<double>, NewVector<double>>
ridge_leave_one_out(const Design& design, const Vector& y, const OptionalVector& weights,
                    bool fit_intercept, bool standardize, const Vector& alphas,
                    const Vector& penalty_factor, int n_threads) {
    LeaveOneOut result = run(n_threads, [&](const Runtime& runtime) {
        return leave_one_out(runtime, design, span_of(y), span_of(weights), fit_intercept,
                             standardize, span_of(penalty_factor), span_of(alphas));
    });
    return nb::make_tuple(new_vector(std::move(result.error)),
                          new_matrix(std::move(result.predictions), y.size(), alphas.size()),
                          new_vector(std::move(result.gcv)), new_vector(std::move(result.trace)));
}

}  // namespace

void bind_ridge(nb::module_& module) {
    module
        .def("ridge_wide", &ridge_wide, nb::arg("design"), nb::arg("y"), nb::arg("weights").none(),
             nb::arg("fit_intercept"), nb::arg("standardize"), nb::arg("alphas"),
             nb::arg("penalty_factor"), nb::arg("n_threads"))
        .def("ridge_wide_crossval", &ridge_wide_crossval, nb::arg("design"), nb::arg("y"),
             nb::arg("weights").none(), nb::arg("fit_intercept"), nb::arg("standardize"),
             nb::arg("alphas"), nb::arg("penalty_factor"), nb::arg("fold_ids"), nb::arg("n_folds"),
             nb::arg("n_threads"))
        .def("ridge_leave_one_out", &ridge_leave_one_out, nb::arg("design"), nb::arg("y"),
             nb::arg("weights").none(), nb::arg("fit_intercept"), nb::arg("standardize"),
             nb::arg("alphas"), nb::arg("penalty_factor"), nb::arg("n_threads"));
}

}  // namespace shrinkage::bindings
