#include <memory>

#include "convert.hpp"
#include "shrinkage/cross_products.hpp"

namespace shrinkage::bindings {

namespace {

std::unique_ptr<CrossProducts> make(const Design& design, const Vector& y,
                                    const OptionalVector& weights, bool fit_intercept,
                                    bool standardize, const std::optional<FoldIds>& fold_ids,
                                    Index n_folds, int n_threads) {
    return run(n_threads, [&](const Runtime& runtime) {
        return std::make_unique<CrossProducts>(runtime, design, span_of(y), span_of(weights),
                                               fit_intercept, standardize, span_of(fold_ids),
                                               n_folds);
    });
}

NewVector<double> null_correlations(const CrossProducts& problem, const Vector& penalty_factor,
                                    const OptionalVector& lower, const OptionalVector& upper,
                                    Index max_rounds) {
    const PathTask task{{},         1.0, span_of(penalty_factor), span_of(lower), span_of(upper),
                        max_rounds, 0.0};
    return new_vector(
        run(1, [&](const Runtime& runtime) { return problem.null_correlations(runtime, task); }));
}

PathResult path(const CrossProducts& problem, const Vector& alphas, double l1_ratio,
                const Vector& penalty_factor, const OptionalVector& lower,
                const OptionalVector& upper, Index max_rounds, double tol, int n_threads) {
    const PathTask task = task_of(alphas, l1_ratio, penalty_factor, lower, upper, max_rounds, tol);
    return run(n_threads, [&](const Runtime& runtime) { return problem.path(runtime, task); });
}

FoldResult crossval(const CrossProducts& problem, const Vector& alphas, double l1_ratio,
                    const Vector& penalty_factor, const OptionalVector& lower,
                    const OptionalVector& upper, Index max_rounds, double tol, int n_threads) {
    const PathTask task = task_of(alphas, l1_ratio, penalty_factor, lower, upper, max_rounds, tol);
    return run(n_threads, [&](const Runtime& runtime) { return problem.crossval(runtime, task); });
}

PathResult ridge(const CrossProducts& problem, const Vector& alphas, const Vector& penalty_factor,
                 int n_threads) {
    return run(n_threads, [&](const Runtime& runtime) {
        return problem.ridge(runtime, span_of(alphas), span_of(penalty_factor));
    });
}

FoldResult ridge_crossval(const CrossProducts& problem, const Vector& alphas,
                          const Vector& penalty_factor, int n_threads) {
    return run(n_threads, [&](const Runtime& runtime) {
        return problem.ridge_crossval(runtime, span_of(alphas), span_of(penalty_factor));
    });
}

/// A property that shows figures of the columns as a read-only array without copying them.
template <class Get>
void show(nb::class_<CrossProducts>& bound, const char* name, Get get) {
    bound.def_prop_ro(
        name,
        [get](nb::handle self) {
            return view_of(get(nb::inst_ptr<CrossProducts>(self)->problem()), self);
        },
        nb::rv_policy::automatic);
}

}  // namespace

void bind_gram(nb::module_& module) {
    using Values = const std::vector<double>&;
    nb::class_<CrossProducts> bound(module, "CrossProducts");
    bound.def(nb::new_(&make), nb::arg("design"), nb::arg("y"), nb::arg("weights").none(),
              nb::arg("fit_intercept"), nb::arg("standardize"), nb::arg("fold_ids").none(),
              nb::arg("n_folds"), nb::arg("n_threads"), nb::keep_alive<0, 2>());
    show(bound, "mean", [](const GramProblem& p) -> Values { return p.units.mean; });
    show(bound, "scale", [](const GramProblem& p) -> Values { return p.units.scale; });
    show(bound, "spread", [](const GramProblem& p) -> Values { return p.spread; });
    bound.def_prop_ro("y_mean", [](const CrossProducts& c) { return c.problem().units.y_mean; })
        .def_prop_ro("y_spread", [](const CrossProducts& c) { return c.problem().y_spread; })
        .def_prop_ro("tau", [](const CrossProducts& c) { return c.problem().units.tau; })
        .def_prop_ro("null_loss", [](const CrossProducts& c) { return c.problem().null_loss(); })
        .def_prop_ro("n_folds", &CrossProducts::n_folds)
        .def_prop_ro("nbytes", &CrossProducts::nbytes)
        .def("null_correlations", &null_correlations, nb::arg("penalty_factor"),
             nb::arg("lower").none(), nb::arg("upper").none(), nb::arg("max_rounds"))
        .def("path", &path, nb::arg("alphas"), nb::arg("l1_ratio"), nb::arg("penalty_factor"),
             nb::arg("lower").none(), nb::arg("upper").none(), nb::arg("max_rounds"),
             nb::arg("tol"), nb::arg("n_threads"))
        .def("crossval", &crossval, nb::arg("alphas"), nb::arg("l1_ratio"),
             nb::arg("penalty_factor"), nb::arg("lower").none(), nb::arg("upper").none(),
             nb::arg("max_rounds"), nb::arg("tol"), nb::arg("n_threads"))
        .def("ridge", &ridge, nb::arg("alphas"), nb::arg("penalty_factor"), nb::arg("n_threads"))
        .def("ridge_crossval", &ridge_crossval, nb::arg("alphas"), nb::arg("penalty_factor"),
             nb::arg("n_threads"));
}

}  // namespace shrinkage::bindings
