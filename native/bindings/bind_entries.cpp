#include "convert.hpp"
#include "shrinkage/entries.hpp"

namespace shrinkage::bindings {

namespace {

template <class X>
using Entries = nb::ndarray<X, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class X>
void bind_shrink(nb::module_& module, EntryKernels<X> Kernels::* kernels) {
    module.def(
        "shrink_entries",
        [kernels](Entries<X> weight, std::optional<VectorOf<X>> second, bool is_squared,
                  double scale, double shift, double l1, double l2, int n_threads) {
            if (second && weight.size() != second->size()) throw nb::value_error("sizes differ");
            const EntryStep<X> step = {X(scale), X(shift), X(l1), X(l2)};
            run(n_threads, [&](const Runtime& runtime) {
                shrink_entries(runtime, runtime.simd.*kernels, Index(weight.size()), weight.data(),
                               data_of(second), is_squared, step);
            });
        },
        nb::arg("weight").noconvert(), nb::arg("second").noconvert().none(), nb::arg("is_squared"),
        nb::arg("scale"), nb::arg("shift"), nb::arg("l1"), nb::arg("l2"), nb::arg("n_threads"));
}

}  // namespace

void bind_entries(nb::module_& module) {
    bind_shrink(module, &Kernels::entries64);
    bind_shrink(module, &Kernels::entries32);
}

}  // namespace shrinkage::bindings
