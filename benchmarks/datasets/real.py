"""Real problems: diabetes with squares and interactions, and the NCI60 cell lines."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.objective import Data


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
    spec = find_spec("ISLP")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("NCI60 needs the data files of ISLP: pip install --no-deps ISLP")
    values = np.load(Path(spec.submodule_search_locations[0]) / "data" / "NCI60data.npy")
    return Data(np.asfortranarray(values[:, 1:]), np.ascontiguousarray(values[:, 0]))
