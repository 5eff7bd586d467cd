"""The public names, what importing does, and docstrings that match signatures."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import shrinkage
from tests.modules import MODULES

HOME = Path(shrinkage.__file__).parent


def test_the_public_names_are():
    assert sorted(shrinkage.__all__) == [
        "ArgumentError",
        "BiasVariance",
        "Comparison",
        "ConvergenceWarning",
        "CrossValidationDisplay",
        "DataError",
        "DataWarning",
        "ElasticNet",
        "ElasticNetCV",
        "GeneralizedLinearRegressor",
        "Lasso",
        "LassoCV",
        "LogisticRegression",
        "LogisticRegressionCV",
        "MissingDependencyError",
        "Path",
        "PathDisplay",
        "Plan",
        "PoissonRegressor",
        "PoissonRegressorCV",
        "Ridge",
        "RidgeCV",
        "Settings",
        "ShrinkageError",
        "Simulation",
        "Solution",
        "Status",
        "Trace",
        "__version__",
        "alpha_max",
        "bias_variance",
        "choose",
        "compare",
        "descent",
        "elastic_net_path",
        "load",
        "make_problem",
        "plot_bias_variance",
        "plot_correlated",
        "plot_descents",
        "plot_geometry",
        "plot_selection",
        "simulate",
    ]


def test_importing_the_package_starts_nothing():
    code = (
        "import sys, threading, warnings, logging\n"
        "before = set(sys.modules), list(warnings.filters), threading.active_count()\n"
        "import shrinkage\n"
        "assert list(warnings.filters) == before[1]\n"
        "assert threading.active_count() == before[2]\n"
        "assert not logging.getLogger('shrinkage').handlers\n"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before[0]})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    heavy = {
        "numpy",
        "scipy",
        "sklearn",
        "pandas",
        "polars",
        "pyarrow",
        "matplotlib",
        "rich",
        "torch",
    }
    assert not heavy & set(done.stdout.split())


def test_no_public_function_has_the_name_of_a_module():
    for module in MODULES:
        importlib.import_module(module)
    modules = {name.split(".")[1] for name in MODULES}
    assert not modules & set(shrinkage.__all__)
    for name in shrinkage.__all__:
        assert not inspect.ismodule(getattr(shrinkage, name))


def test_only_the_layers_below_the_estimators_import_the_compiled_core():
    users = set()
    for path in HOME.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(alias.name for alias in node.names)]
            if any(name.split(".")[-1] == "_core" for name in names):
                users.add(path.relative_to(HOME).parts[0])
    assert users <= {"design", "penalties", "select", "solve"}


def documented():
    """Every public function, class and method of the package."""
    for module in MODULES:
        for name, thing in vars(importlib.import_module(module)).items():
            if getattr(thing, "__module__", None) != module or name.startswith("_"):
                continue
            if inspect.isfunction(thing) or inspect.isclass(thing):
                yield f"{module}.{name}", thing
            for method, function in vars(thing).items() if inspect.isclass(thing) else ():
                if inspect.isfunction(function) and not method.startswith("_"):
                    yield f"{module}.{name}.{method}", function


def parameters_of(docstring):
    """The names in the section Parameters, None without one."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    if "Parameters" not in lines:
        return None
    names = []
    for line in lines[lines.index("Parameters") + 2 :]:
        if re.fullmatch(r"-{3,}", line):
            return names[:-1]  # the line before was the title of the next section
        if line and not line.startswith(" "):
            names += [name.strip().lstrip("*") for name in line.split(" : ")[0].split(",")]
    return names


DOCUMENTED = {
    name: thing for name, thing in documented() if parameters_of(inspect.getdoc(thing)) is not None
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_parameters_are_those_of_the_signature(name):
    thing = DOCUMENTED[name]
    signature = [key for key in inspect.signature(thing).parameters if key != "self"]
    assert sorted(parameters_of(inspect.getdoc(thing))) == sorted(signature)
