#include <new>

#include "convert.hpp"
#include "shrinkage/working_set_crossval.hpp"

namespace shrinkage::bindings {

namespace {

void construct(WorkingSetProblem* place, const Design& design, const Vector& y,
               const OptionalVector& weights, bool fit_intercept, bool standardize, int n_threads) {
    run(n_threads, [&](const Runtime& runtime) {
        return new (place) WorkingSetProblem(runtime, design, span_of(y), span_of(weights),
                                             fit_intercept, standardize);
    });
}

NewVector<double> null_correlations(const WorkingSetProblem& problem, const Vector& penalty_factor,
                                    const OptionalVector& lower, const OptionalVector& upper,
                                    Index max_rounds) {
    const PathTask task{{},         1.0, span_of(penalty_factor), span_of(lower), span_of(upper),
                        max_rounds, 0.0};
    return new_vector(
        run(1, [&](const Runtime& runtime) { return problem.null_correlations(runtime, task); }));
}

PathResult path(const WorkingSetProblem& problem, const Vector& alphas, double l1_ratio,
                const Vector& penalty_factor, const OptionalVector& lower,
                const OptionalVector& upper, Index max_rounds, double tol, int n_threads) {
    const PathTask task = task_of(alphas, l1_ratio, penalty_factor, lower, upper, max_rounds, tol);
    return run(n_threads, [&](const Runtime& runtime) { return problem.path(runtime, task); });
}

FoldResult crossval(const WorkingSetProblem& problem, const FoldIds& fold_ids, Index n_folds,
                    const Vector& alphas, double l1_ratio, const Vector& penalty_factor,
                    const OptionalVector& lower, const OptionalVector& upper, Index max_rounds,
                    double tol, int n_threads) {
    const PathTask task = task_of(alphas, l1_ratio, penalty_factor, lower, upper, max_rounds, tol);
    return run(n_threads, [&](const Runtime& runtime) {
        return cross_validate(runtime, problem, task, span_of(fold_ids), n_folds);
    });
}

/// A property that shows a column of figures as a read-only array without copying it.
void show(nb::class_<WorkingSetProblem>& bound, const char* name,
          std::vector<double> ScaledColumns::* member) {
    bound.def_prop_ro(name, [member](nb::handle self) {
        return view_of(nb::inst_ptr<WorkingSetProblem>(self)->columns().*member, self);
    });
}

}  // namespace

void bind_working_set(nb::module_& module) {
    nb::class_<WorkingSetProblem> bound(module, "WorkingSet");
    bound.def("__init__", &construct, nb::arg("design"), nb::arg("y"), nb::arg("weights").none(),
              nb::arg("fit_intercept"), nb::arg("standardize"), nb::arg("n_threads"),
              nb::keep_alive<1, 2>());
    show(bound, "mean", &ScaledColumns::mean);
    show(bound, "scale", &ScaledColumns::scale);
    show(bound, "spread", &ScaledColumns::spread);
    bound.def_prop_ro("y_mean", [](const WorkingSetProblem& p) { return p.columns().y_mean; })
        .def_prop_ro("y_spread", [](const WorkingSetProblem& p) { return p.columns().y_spread; })
        .def_prop_ro("tau", [](const WorkingSetProblem& p) { return p.columns().tau; })
        .def_prop_ro("null_loss", &WorkingSetProblem::null_loss)
        .def_prop_ro("nbytes", &WorkingSetProblem::nbytes)
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
