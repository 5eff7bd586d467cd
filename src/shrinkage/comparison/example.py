"""The packaged examples: three of scikit-learn's data sets, and one of counts."""

from __future__ import annotations

import csv
from collections.abc import Callable
from importlib.resources import files
from itertools import combinations

import numpy as np

from shrinkage._typing import AnyArray
from shrinkage.errors import ArgumentError

# The name of each, and its target.
EXAMPLES = {
    "example:diabetes": "progression",
    "example:breast-cancer": "diagnosis",
    "example:wine": "cultivar",
    "example:doctor-visits": "visits",
}


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


def breast_cancer() -> dict[str, AnyArray]:
    """Return the 569 tumours of Street, Wolberg and Mangasarian (1993).

    30 measurements of the nuclei of cells; `diagnosis` is "benign" or "malignant".
    """
    from sklearn.datasets import load_breast_cancer

    return _labelled(load_breast_cancer(), "diagnosis")


def wine() -> dict[str, AnyArray]:
    """Return the 178 wines of Forina and others (1991), of three cultivars.

    13 measurements; `cultivar` is "class_0", "class_1" or "class_2".
    """
    from sklearn.datasets import load_wine

    return _labelled(load_wine(), "cultivar")


def doctor_visits() -> dict[str, AnyArray]:
    """Return visits to a doctor in the RAND Health Insurance Experiment, every tenth row.

    2 019 rows: visits in a year and 9 features of the person and of the insurance (logarithm of
    the coinsurance + 1, individual deductible, logarithms of the incentive and of the maximum
    expenditure, physical limitation, chronic diseases, and self-rated health). The data are in
    the public domain; Cameron and Trivedi (2005), Microeconometrics, use them, and these are the
    rows 0, 10, 20, ... of `statsmodels.datasets.randhie`.
    """
    text = files("shrinkage.comparison").joinpath("doctor-visits.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines()))
    values = np.array(rows[1:], dtype=np.float64)
    return dict(zip(rows[0], np.ascontiguousarray(values.T), strict=True))


def _labelled(data: object, target: str) -> dict[str, AnyArray]:
    """Return a data set of scikit-learn with its labels in words."""
    names, values = data.feature_names, data.data  # type: ignore[attr-defined]
    labels = data.target_names[data.target].astype(object)  # type: ignore[attr-defined]
    columns = dict(zip(map(str, names), np.ascontiguousarray(values.T), strict=True))
    return {**columns, target: labels}


_READERS: dict[str, Callable[[], dict[str, AnyArray]]] = {
    "example:diabetes": diabetes,
    "example:breast-cancer": breast_cancer,
    "example:wine": wine,
    "example:doctor-visits": doctor_visits,
}


def target_of_example(name: str, argument: str) -> str:
    """Return the name of the target of a packaged example.

    Raises
    ------
    ArgumentError
        If there is none of this name; `argument` is what the user gave it as.
    """
    if name not in EXAMPLES:
        raise ArgumentError.must_be(argument, f"one of {', '.join(EXAMPLES)}", name)
    return EXAMPLES[name]


def read_example(name: str, argument: str) -> dict[str, AnyArray]:
    """Return the columns of a packaged example; errors are those of `target_of_example`."""
    target_of_example(name, argument)
    return _READERS[name]()
