#include "convert.hpp"
#include "shrinkage/fold_average.hpp"

namespace shrinkage::bindings {

namespace {

nb::typed<nb::dict, nb::str, nb::int_> counts_of(const PathResult& path) {
    const Counts& counts = path.counts;
    nb::typed<nb::dict, nb::str, nb::int_> named;
    named["rounds"] = counts.rounds;
    named["appended"] = counts.appended;
    named["deleted"] = counts.deleted;
    named["rebuilt"] = counts.rebuilt;
    named["exchanged"] = counts.exchanged;
    named["factorised"] = counts.factorised;
    named["column_products"] = counts.column_products;
    named["violators"] = counts.violators;
    named["batches"] = counts.batches;
    named["resolved"] = counts.resolved;
    named["working_set"] = counts.working_set;
    named["passes"] = counts.passes;
    named["evaluations"] = counts.evaluations;
    named["grams"] = counts.grams;
    named["rejects"] = counts.rejects;
    return named;
}

/// A property that shows a member as a read-only array without copying it.
template <class Class, class T>
void show(nb::class_<Class>& bound, const char* name, std::vector<T> Class::* member) {
    bound.def_prop_ro(
        name,
        [member](nb::handle self) { return view_of(nb::inst_ptr<Class>(self)->*member, self); },
        nb::rv_policy::automatic);
}

/// Values stored fold by fold, as a read-only (folds, alphas) array.
nb::ndarray<nb::numpy, const double, nb::ndim<2>> by_fold(const std::vector<double>& values,
                                                          const FoldResult& result,
                                                          nb::handle owner) {
    const std::size_t n_folds = result.weight.size();
    return {values.data(), {n_folds, n_folds ? values.size() / n_folds : 0}, owner};
}

using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

std::pair<NewVector<double>, NewVector<double>> average_over_folds(const Table& values,
                                                                   const Vector& weights) {
    if (values.shape(0) != weights.size()) throw nb::value_error("numbers of folds differ");
    FoldAverage average(values.data(), span_of(weights), static_cast<Index>(values.shape(1)));
    return {new_vector(std::move(average.mean)), new_vector(std::move(average.se))};
}

}  // namespace

void bind_results(nb::module_& module) {
    nb::class_<PathResult> path(module, "PathResult");
    show(path, "starts", &PathResult::starts);
    show(path, "features", &PathResult::features);
    show(path, "values", &PathResult::values);
    path.def_prop_ro(
        "intercepts",
        [](nb::handle self) -> nb::ndarray<nb::numpy, const double> {
            const auto& result = *nb::inst_ptr<PathResult>(self);
            const auto classes = static_cast<std::size_t>(result.n_classes);
            if (classes == 0) return {result.intercepts.data(), {result.intercepts.size()}, self};
            return {result.intercepts.data(), {result.intercepts.size() / classes, classes}, self};
        },
        nb::rv_policy::automatic);
    show(path, "loss", &PathResult::loss);
    show(path, "dual_gap", &PathResult::dual_gap);
    show(path, "kkt_violation", &PathResult::kkt_violation);
    show(path, "rounds", &PathResult::rounds);
    path.def_prop_ro(
        "status",
        [](const PathResult& result) {
            std::vector<int> codes;
            for (const Status status : result.status) codes.push_back(static_cast<int>(status));
            return new_vector(std::move(codes));
        },
        nb::rv_policy::automatic);
    path.def_prop_ro("counts", &counts_of);

    nb::class_<FoldResult> folds(module, "FoldResult");
    show(folds, "weight", &FoldResult::weight);
    folds.def_prop_ro(
        "error",
        [](nb::handle self) {
            const auto& result = *nb::inst_ptr<FoldResult>(self);
            return by_fold(result.error, result, self);
        },
        nb::rv_policy::automatic);
    folds.def_prop_ro(
        "train_error",
        [](nb::handle self) {
            const auto& result = *nb::inst_ptr<FoldResult>(self);
            return by_fold(result.train_error, result, self);
        },
        nb::rv_policy::automatic);
    folds.def_prop_ro(
        "status",
        [](const FoldResult& result) {
            std::vector<int> codes;
            for (const PathResult& path : result.paths)
                for (const Status status : path.status) codes.push_back(static_cast<int>(status));
            return new_vector(std::move(codes));
        },
        nb::rv_policy::automatic);
    folds.def_prop_ro("paths", [](nb::handle self) {
        nb::typed<nb::list, PathResult> paths;
        for (const PathResult& path : nb::inst_ptr<FoldResult>(self)->paths) {
            paths.append(nb::cast(path, nb::rv_policy::reference_internal, self));
        }
        return paths;
    });
    folds.def_prop_ro(
        "predictions",
        [](const FoldResult& result) -> std::optional<NewMatrix> {
            if (result.predictions.empty()) return std::nullopt;
            const std::size_t n_alphas = result.error.size() / result.weight.size();
            return new_matrix(std::vector<double>(result.predictions),
                              result.predictions.size() / n_alphas, n_alphas);
        },
        nb::rv_policy::automatic);
    module.def("average_over_folds", &average_over_folds, nb::arg("values"), nb::arg("weights"));
}

}  // namespace shrinkage::bindings
