"""A stored model and the table that it is applied to: predictions and their measures."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import shrinkage
from shrinkage._typing import FloatArray
from shrinkage._validate import check_weights
from shrinkage.cli.families import check_offset, codes_of
from shrinkage.cli.inputs import read_roles
from shrinkage.cli.roles import Roles
from shrinkage.comparison.held_out import WRONG, HeldOutRows, measured
from shrinkage.families import Binomial, Family


def read_for(arguments: argparse.Namespace, target: str | None = None) -> tuple[Any, Roles]:
    """Read a model and the table that it is applied to."""
    location = Path(arguments.model)
    model: Any = shrinkage.load(location / "model.json" if location.is_dir() else location)
    check_offset(arguments, model._family().name)
    names = getattr(model, "feature_names_in_", None)
    as_text = set(model.levels_)
    is_classifier = hasattr(model, "classes_")
    if is_classifier and target is not None and model.classes_.dtype.kind in "OU":
        as_text.add(target)  # labels such as 007
    roles = read_roles(
        arguments,
        text_columns=frozenset(as_text),
        target=target,
        weights=getattr(arguments, "weights", None),
        features=names,
        levels=model.levels_ if arguments.unseen == "error" else None,
        labels=is_classifier,
    )
    return model, roles


def applied(
    function: Callable[..., Any], arguments: argparse.Namespace, model: Any, roles: Roles
) -> Any:
    """Return what a method of the model says of each row."""
    X: Any = roles.features
    if getattr(model, "feature_names_in_", None) is None:
        # A model of an array knows its columns by their order only.
        X = np.column_stack(list(roles.features.values()))
    return function(X, offset=roles.offset, unseen=arguments.unseen)


def scores(arguments: argparse.Namespace, model: Any, roles: Roles) -> dict[str, float]:
    """Return the measures of the predictions, by name."""
    assert roles.target is not None
    n, family = len(roles.target), model._family()
    mean = _mean(arguments, model, roles)
    if family.name == "gaussian":
        return {"n_rows": n, **_of_numbers(roles.target, mean, roles.weights, with_r2=True)}
    is_classifier = hasattr(model, "classes_")
    if is_classifier:
        family = Binomial() if mean.ndim == 1 else family
        y = codes_of(model, roles).astype(np.float64)
        y = y if mean.ndim == 1 else (y[:, None] == np.arange(mean.shape[1])).astype(np.float64)
    else:
        y = _in_range(family, roles.target)
    share = check_weights(roles.weights, n)
    share = np.full(n, 1.0 / n) if share is None else share / share.sum()
    eta = applied(model.predict_linear, arguments, model, roles)
    deviance, null = 2.0 * float(share @ family.loss(y, eta)), _null(family, y, share, roles.offset)
    ratio = {
        "mean_deviance": deviance,
        "deviance_ratio": 1.0 - deviance / null if null > 0.0 else math.nan,
    }
    if not is_classifier:
        return {"n_rows": n, **ratio, **_of_numbers(y, mean, roles.weights)}
    rows = HeldOutRows(family, y, model.classes_, share, n, np.zeros(n, np.int32), 1)
    found = measured(rows, mean, np.array([deviance]), np.array([null]))
    values = {name: float(by_fold.values[0]) for name, by_fold in found.items()}
    return {"n_rows": n, "accuracy": 1.0 - values.pop(WRONG), **values, **ratio}


def _in_range(family: Family, y: FloatArray) -> FloatArray:
    """Return the response; that it does not vary is no reason to refuse a table here."""
    family.check_target(np.append(y, (0.0, 1.0)))
    return y


def _null(family: Family, y: FloatArray, share: FloatArray, offset: FloatArray | None) -> float:
    """Return the mean deviance of the model without features fitted to this table."""
    kept = share > 0.0
    y, share = y[kept], share[kept]
    if (y == y[0]).all():
        return 0.0
    present = y if y.ndim == 1 else y[:, y.any(axis=0)]  # a class without rows takes no part
    return 2.0 * family.null_loss(present, share, None if offset is None else offset[kept])


def _mean(arguments: argparse.Namespace, model: Any, roles: Roles) -> FloatArray:
    if not hasattr(model, "classes_"):
        return np.asarray(applied(model.predict, arguments, model, roles))
    shares = np.asarray(applied(model.predict_proba, arguments, model, roles))
    return shares[:, 1] if shares.shape[1] == 2 else shares


def _of_numbers(
    y: FloatArray, mean: FloatArray, weights: FloatArray | None, *, with_r2: bool = False
) -> dict[str, float]:
    error = y - mean
    mean_squared = float(np.average(error**2, weights=weights))
    found = {
        "mean_squared_error": mean_squared,
        "mean_absolute_error": float(np.average(np.abs(error), weights=weights)),
    }
    if with_r2:
        centre = np.average(y, weights=weights)
        spread = float(np.average((y - centre) ** 2, weights=weights))
        found["r2"] = 1.0 - mean_squared / spread if spread > 0.0 else math.nan
    return found
