#include "convert.hpp"
#include "shrinkage/moments.hpp"

namespace shrinkage::bindings {

namespace {

std::vector<Moments> moments(const Design& design, const Vector& y,
                             const std::optional<Vector>& weights,
                             const std::optional<FoldIds>& fold_ids, Index n_folds, int n_threads) {
    return run(n_threads, [&](const Runtime& runtime) {
        return moments_by_fold(runtime, design, y.data(), data_of(weights), data_of(fold_ids),
                               n_folds);
    });
}

nb::typed<nb::list, Moments> moments_list(const Design& design, const Vector& y,
                                          const std::optional<Vector>& weights,
                                          const std::optional<FoldIds>& fold_ids, Index n_folds,
                                          int n_threads) {
    nb::typed<nb::list, Moments> list;
    for (Moments& group : moments(design, y, weights, fold_ids, n_folds, n_threads)) {
        list.append(nb::cast(std::move(group)));
    }
    return list;
}

}  // namespace

void bind_moments(nb::module_& module) {
    nb::class_<Moments>(module, "Moments")
        .def_ro("weight", &Moments::weight)
        .def_prop_ro(
            "mean",
            [](nb::handle self) { return view_of(nb::inst_ptr<Moments>(self)->mean, self); },
            nb::rv_policy::automatic)
        .def_prop_ro(
            "products",
            [](const Moments& group) {
                std::vector<double> products = group.products;
                mirror(group.width(), products.data(), group.width());
                const auto width = static_cast<std::size_t>(group.width());
                return new_matrix(std::move(products), width, width);
            },
            nb::rv_policy::automatic);
    module.def("moments", &moments_list, nb::arg("design"), nb::arg("y"), nb::arg("weights").none(),
               nb::arg("fold_ids").none(), nb::arg("n_folds"), nb::arg("n_threads"));
}

}  // namespace shrinkage::bindings
