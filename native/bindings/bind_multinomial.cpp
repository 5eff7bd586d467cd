#include <new>

#include "convert.hpp"
#include "shrinkage/multinomial_crossval.hpp"

namespace shrinkage::bindings {

namespace {

using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using OptionalMatrix = std::optional<Matrix>;

std::span<const double> values_of(const Matrix& matrix) { return {matrix.data(), matrix.size()}; }
std::span<const double> values_of(const OptionalMatrix& matrix) {
    return matrix ? values_of(*matrix) : std::span<const double>{};
}

/// rows x cols, row by row.
NewMatrix by_rows(std::vector<double>&& values, Index rows, Index cols) {
    const auto [kept, owner] = hand_over(std::move(values));
    return {kept->data(), {static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)}, owner};
}

void construct(MultinomialProblem* place, const Design& design, const Matrix& y,
               const OptionalVector& weights, const OptionalMatrix& offset, bool fit_intercept,
               bool standardize, int n_threads) {
    run(n_threads, [&](const Runtime& runtime) {
        return new (place)
            MultinomialProblem(runtime, design, static_cast<Index>(y.shape(1)), values_of(y),
                               span_of(weights), values_of(offset), fit_intercept, standardize);
    });
}

NewMatrix null_correlations(const MultinomialProblem& problem, const Vector& penalty_factor,
                            const OptionalVector& lower, const OptionalVector& upper,
                            Index max_rounds) {
    const PathTask task{{},         1.0, span_of(penalty_factor), span_of(lower), span_of(upper),
                        max_rounds, 0.0};
    std::vector<double> found =
        run(1, [&](const Runtime& runtime) { return problem.null_correlations(runtime, task); });
    return by_rows(std::move(found), problem.likelihood().n_classes(), problem.columns().cols());
}

PathResult path(const MultinomialProblem& problem, const Vector& alphas, double l1_ratio,
                const Vector& penalty_factor, const OptionalVector& lower,
                const OptionalVector& upper, Index max_rounds, double tol, int n_threads) {
    const PathTask task = task_of(alphas, l1_ratio, penalty_factor, lower, upper, max_rounds, tol);
    return run(n_threads, [&](const Runtime& runtime) { return problem.path(runtime, task); });
}

FoldResult crossval(const MultinomialProblem& problem, const FoldIds& fold_ids, Index n_folds,
                    const Vector& alphas, double l1_ratio, const Vector& penalty_factor,
                    const OptionalVector& lower, const OptionalVector& upper, Index max_rounds,
                    double tol, int n_threads) {
    const PathTask task = task_of(alphas, l1_ratio, penalty_factor, lower, upper, max_rounds, tol);
    return run(n_threads, [&](const Runtime& runtime) {
        return cross_validate(runtime, problem, task, span_of(fold_ids), n_folds);
    });
}

/// A property that shows a column of figures as a read-only array without copying it.
void show(nb::class_<MultinomialProblem>& bound, const char* name,
          std::vector<double> ScaledColumns::* member) {
    bound.def_prop_ro(name, [member](nb::handle self) {
        return view_of(nb::inst_ptr<MultinomialProblem>(self)->columns().*member, self);
    });
}

}  // namespace

void bind_multinomial(nb::module_& module) {
    nb::class_<MultinomialProblem> bound(module, "Multinomial");
    bound.def("__init__", &construct, nb::arg("design"), nb::arg("y"), nb::arg("weights").none(),
              nb::arg("offset").none(), nb::arg("fit_intercept"), nb::arg("standardize"),
              nb::arg("n_threads"), nb::keep_alive<1, 2>());
    show(bound, "mean", &ScaledColumns::mean);
    show(bound, "scale", &ScaledColumns::scale);
    show(bound, "spread", &ScaledColumns::spread);
    bound.def_prop_ro("null_loss", [](const MultinomialProblem& p) { return p.null().loss; })
        .def_prop_ro("null_intercepts",
                     [](nb::handle self) {
                         return view_of(
                             nb::inst_ptr<MultinomialProblem>(self)->null().intercept.values, self);
                     })
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
