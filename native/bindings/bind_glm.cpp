#include <nanobind/stl/string.h>

#include <new>
#include <stdexcept>

#include "convert.hpp"
#include "shrinkage/glm_crossval.hpp"

namespace shrinkage::bindings {

namespace {

Family::Name family_of(const std::string& name) {
    if (name == "binomial") return Family::Name::binomial;
    if (name == "poisson") return Family::Name::poisson;
    throw std::invalid_argument("shrinkage: no such family in the core: " + name);
}

void construct(GlmProblem* place, const Design& design, const Vector& y,
               const OptionalVector& weights, const OptionalVector& offset,
               const std::string& family, bool fit_intercept, bool standardize, int n_threads) {
    const Family::Name name = family_of(family);
    run(n_threads, [&](const Runtime& runtime) {
        return new (place) GlmProblem(runtime, design, name, span_of(y), span_of(weights),
                                      span_of(offset), fit_intercept, standardize);
    });
}

NewVector<double> null_correlations(const GlmProblem& problem, const Vector& penalty_factor,
                                    const OptionalVector& lower, const OptionalVector& upper,
                                    Index max_rounds) {
    const PathTask task{{},         1.0, span_of(penalty_factor), span_of(lower), span_of(upper),
                        max_rounds, 0.0};
    return new_vector(
        run(1, [&](const Runtime& runtime) { return problem.null_correlations(runtime, task); }));
}

PathResult path(const GlmProblem& problem, const Vector& alphas, double l1_ratio,
                const Vector& penalty_factor, const OptionalVector& lower,
                const OptionalVector& upper, Index max_rounds, double tol, int n_threads) {
    const PathTask task = task_of(alphas, l1_ratio, penalty_factor, lower, upper, max_rounds, tol);
    return run(n_threads, [&](const Runtime& runtime) { return problem.path(runtime, task); });
}

FoldResult crossval(const GlmProblem& problem, const FoldIds& fold_ids, Index n_folds,
                    const Vector& alphas, double l1_ratio, const Vector& penalty_factor,
                    const OptionalVector& lower, const OptionalVector& upper, Index max_rounds,
                    double tol, int n_threads) {
    const PathTask task = task_of(alphas, l1_ratio, penalty_factor, lower, upper, max_rounds, tol);
    return run(n_threads, [&](const Runtime& runtime) {
        return cross_validate(runtime, problem, task, span_of(fold_ids), n_folds);
    });
}

/// A property that shows a column of figures as a read-only array without copying it.
void show(nb::class_<GlmProblem>& bound, const char* name,
          std::vector<double> ScaledColumns::* member) {
    bound.def_prop_ro(name, [member](nb::handle self) {
        return view_of(nb::inst_ptr<GlmProblem>(self)->columns().*member, self);
    });
}

}  // namespace

void bind_glm(nb::module_& module) {
    nb::class_<GlmProblem> bound(module, "Glm");
    bound.def("__init__", &construct, nb::arg("design"), nb::arg("y"), nb::arg("weights").none(),
              nb::arg("offset").none(), nb::arg("family"), nb::arg("fit_intercept"),
              nb::arg("standardize"), nb::arg("n_threads"), nb::keep_alive<1, 2>());
    show(bound, "mean", &ScaledColumns::mean);
    show(bound, "scale", &ScaledColumns::scale);
    show(bound, "spread", &ScaledColumns::spread);
    bound.def_prop_ro("null_loss", [](const GlmProblem& p) { return p.null().loss; })
        .def_prop_ro("null_intercept", [](const GlmProblem& p) { return p.null().intercept; })
        .def("null_correlations", &null_correlations, nb::arg("penalty_factor"),
             nb::arg("lower").none(), nb::arg("upper").none(), nb::arg("max_rounds"))
        .def("path", &path, nb::arg("alphas"), nb::arg("l1_ratio"), nb::arg("penalty_factor"),
             nb::arg("lower").none(), nb::arg("upper").none(), nb::arg("max_rounds"),
             nb::arg("tol"), nb::arg("n_threads"))
        .def("crossval", &crossval, nb::arg("fold_ids"), nb::arg("n_folds"), nb::arg("alphas"),
             nb::arg("l1_ratio"), nb::arg("penalty_factor"), nb::arg("lower").none(),
             nb::arg("upper").none(), nb::arg("max_rounds"), nb::arg("tol"), nb::arg("n_threads"));
}

}  // namespace shrinkage::bindings
