#include "convert.hpp"

NB_MODULE(_core, module) {
    using namespace shrinkage::bindings;
    // A path that lives until the interpreter ends is no leak, and no news to its owner.
    nb::set_leak_warnings(false);
    bind_results(module);
    bind_design(module);
    bind_moments(module);
    bind_gram(module);
    bind_ridge(module);
    bind_working_set(module);
    bind_glm(module);
    bind_multinomial(module);
    bind_entries(module);
    module.def("instruction_set", [] { return shrinkage::best_kernels().name; });
}
