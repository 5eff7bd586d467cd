"""The packaged example: scikit-learn's diabetes data with its squares and interactions."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from shrinkage._typing import AnyArray


def diabetes() -> dict[str, AnyArray]:
    """Return the 442 patients of Efron, Hastie, Johnstone and Tibshirani (2004).

    The 10 measurements are followed by 9 squares (`sex` has two values, so its square says
    nothing new) and 45 products of two measurements; `progression` is that of the disease
    after one year. 442 rows, 64 features.
    """
    from sklearn.datasets import load_diabetes

    data = load_diabetes()
    columns = dict(zip(data.feature_names, np.ascontiguousarray(data.data.T), strict=True))
    squares = {f"{name}^2": x**2 for name, x in columns.items() if len(np.unique(x)) > 2}
    products = {f"{a}*{b}": columns[a] * columns[b] for a, b in combinations(columns, 2)}
    return {**columns, **squares, **products, "progression": data.target}
