#include <stdexcept>
#include <string>
#include <string_view>

#include "convert.hpp"

namespace shrinkage::bindings {

namespace {

/// The name of a capsule is its C signature; with Cython's name for double made readable.
std::string signature_of(const nb::capsule& capsule) {
    constexpr std::string_view prefix = "__pyx_t_";
    std::string signature = capsule.name();
    for (std::size_t at; (at = signature.find(prefix)) != std::string::npos;) {
        const std::size_t end = signature.find_first_of(" ,)", at);
        const bool is_double = signature.compare(end - 2, 2, "_d") == 0;
        signature.replace(at, end - at, is_double ? "double" : "other");
    }
    return signature;
}

template <class Function>
void load(const nb::dict& functions, const char* name, std::string_view expected,
          Function*& function) {
    const nb::capsule capsule = nb::cast<nb::capsule>(functions[name]);
    const std::string found = signature_of(capsule);
    if (found != expected) {
        throw std::runtime_error(std::string("shrinkage can't use SciPy's ") + name +
                                 ": its signature is " + found);
    }
    function = reinterpret_cast<Function*>(capsule.data());
}

Blas load_all() {
    const auto functions_of = [](const char* module) {
        return nb::cast<nb::dict>(nb::module_::import_(module).attr("__pyx_capi__"));
    };
    const nb::dict blas = functions_of("scipy.linalg.cython_blas");
    const nb::dict lapack = functions_of("scipy.linalg.cython_lapack");
    Blas table{};
    load(blas, "dgemm",
         "void (char *, char *, int *, int *, int *, double *, double *, int *, double *, int *, "
         "double *, double *, int *)",
         table.dgemm);
    load(
        blas, "dsyrk",
        "void (char *, char *, int *, int *, double *, double *, int *, double *, double *, int *)",
        table.dsyrk);
    load(blas, "dtrsv", "void (char *, char *, char *, int *, double *, int *, double *, int *)",
         table.dtrsv);
    load(blas, "dtrsm",
         "void (char *, char *, char *, char *, int *, int *, double *, double *, int *, double *, "
         "int *)",
         table.dtrsm);
    load(lapack, "dpotrf", "void (char *, int *, double *, int *, int *)", table.dpotrf);
    load(lapack, "dpotri", "void (char *, int *, double *, int *, int *)", table.dpotri);
    load(lapack, "dpotrs", "void (char *, int *, int *, double *, int *, double *, int *, int *)",
         table.dpotrs);
    load(lapack, "dsyevd",
         "void (char *, char *, int *, double *, int *, double *, double *, int *, int *, int *, "
         "int *)",
         table.dsyevd);
    return table;
}

}  // namespace

const Blas& scipy_blas() {
    static const Blas table = load_all();
    return table;
}

}  // namespace shrinkage::bindings
