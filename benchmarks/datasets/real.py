"""Real problems: diabetes with squares and interactions, the NCI60 cell lines, Khan's tumours."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.problem import Data


def diabetes() -> Data:
    """scikit-learn's diabetes data, 10 columns with 9 squares and 45 products, standardised."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    X = X / X.std(axis=0)
    p = X.shape[1]
    products = [X[:, i] * X[:, j] for i in range(p) for j in range(i, p) if (i, j) != (1, 1)]
    full = np.asfortranarray(np.column_stack([X, *products]))
    return Data(np.asfortranarray((full - full.mean(axis=0)) / full.std(axis=0)), y)


def nci60() -> Data:
    """Expression of 6 830 genes in 64 cell lines (data file of the package ISLP); the first gene
    is the response, the others are the features."""
    values = np.load(_islp() / "NCI60data.npy")
    return Data(np.asfortranarray(values[:, 1:]), np.ascontiguousarray(values[:, 0]))


def khan() -> Data:
    """Expression of 2 308 genes in 63 tumours of 4 kinds (data files of the package ISLP)."""
    X = np.loadtxt(_islp() / "Khan_xtrain.csv", delimiter=",", skiprows=1)
    kinds = np.loadtxt(_islp() / "Khan_ytrain.csv", delimiter=",", skiprows=1)
    return Data(X.copy(order="F"), kinds.ravel() - 1.0, "multinomial")


def _islp() -> Path:
    spec = find_spec("ISLP")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("NCI60 and Khan need the data files of ISLP: pip install --no-deps ISLP")
    return Path(spec.submodule_search_locations[0]) / "data"
