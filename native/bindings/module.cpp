#include "convert.hpp"

NB_MODULE(_core, module) {
    using namespace shrinkage::bindings;
    // A path that lives until the interpreter ends is no leak, and no news to its owner.
    nb::set_leak_warnings(false);
    bind_results(module);
    bind_design(module);
    bind_moments(module);
#ifdef SHRINKAGE_BIND_GRAM
    bind_gram(module);
#endif
#ifdef SHRINKAGE_BIND_RIDGE
    bind_ridge(module);
#endif
#ifdef SHRINKAGE_BIND_WORKING_SET
    bind_working_set(module);
#endif
    module.def("instruction_set", [] { return shrinkage::best_kernels().name; });
}
