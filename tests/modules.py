"""The modules of the package that can be imported here, by name."""

import importlib.util
import pkgutil

import shrinkage

HAS_TORCH = importlib.util.find_spec("torch") is not None
MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(shrinkage.__path__, "shrinkage.")
    if not info.name.endswith(("__main__", "_core"))
    and (HAS_TORCH or not info.name.startswith("shrinkage.torch"))
)
