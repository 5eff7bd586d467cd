"""The family that a command works with, and the models of each."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import numpy as np

import shrinkage
from shrinkage.cli.options import UsageError
from shrinkage.cli.roles import Roles
from shrinkage.cli.terminal import tell
from shrinkage.comparison import FamilyChoice, choose_family
from shrinkage.comparison.target import CLASSIFIERS, as_labels, read_target
from shrinkage.errors import ArgumentError, Phrase, listed


def with_family(
    arguments: argparse.Namespace, roles: Roles, target: str
) -> tuple[Roles, FamilyChoice]:
    """Return the data as the family takes them, and the family: the one given, or a choice.

    Numbers that are labels become integers, so that they are called 0 and 1.
    """
    assert roles.target is not None
    if arguments.family is None:
        choice = choose_family(roles.target, target)
    else:
        choice = FamilyChoice(arguments.family, "")
    family = choice.name
    check_offset(arguments, family)
    if family in CLASSIFIERS:
        labels = as_labels(roles.target)
        read_target(labels, family)  # refused before anything is fitted
        return replace(roles, target=labels), choice
    if roles.target.dtype == object:
        texts = listed(list(dict.fromkeys(roles.target)), 3)
        hint = "--family binomial or multinomial explains labels"
        got = Phrase(f"{target!r} with {texts}")
        raise ArgumentError.must("--target", "name a column of numbers", got, hint)
    return roles, choice


def say(arguments: argparse.Namespace, choice: FamilyChoice) -> None:
    """Tell the choice of a family, once what was asked for is done."""
    if choice.because:
        tell(arguments, str(choice))


def check_offset(arguments: argparse.Namespace, family: str) -> None:
    """Refuse a known part that the family does not have."""
    if getattr(arguments, "exposure", None) is not None and family != "poisson":
        raise UsageError(f"--exposure is for --family poisson, got --family {family}")
    if getattr(arguments, "offset", None) is not None and family == "multinomial":
        why = "which has a linear predictor for each class"
        raise UsageError(f"--offset can't be given with --family multinomial, {why}")


def is_share(roles: Roles) -> bool:
    """Whether a binomial target is shares of ones, and no labels."""
    y = roles.target
    assert y is not None
    return y.dtype.kind == "f" and bool((y >= 0.0).all() and (y <= 1.0).all())


def plain_model(family: str, roles: Roles, l1_ratio: float, alpha: float) -> Any:
    """Return the estimator with a given strength."""
    if family == "poisson":
        return shrinkage.PoissonRegressor(alpha, l1_ratio)
    if family == "binomial" and is_share(roles):
        return shrinkage.GeneralizedLinearRegressor(family, alpha, l1_ratio)
    if family in CLASSIFIERS:
        return shrinkage.LogisticRegression(alpha, l1_ratio, family=family)
    if l1_ratio == 0.0:
        return shrinkage.Ridge(alpha)
    if l1_ratio == 1.0:
        return shrinkage.Lasso(alpha)
    return shrinkage.ElasticNet(alpha, l1_ratio=l1_ratio)


def model_by_folds(family: str, roles: Roles, l1_ratio: float, **options: Any) -> Any:
    """Return the estimator that chooses its strength by cross-validation."""
    if family == "poisson":
        return shrinkage.PoissonRegressorCV(l1_ratio=l1_ratio, **options)
    if family in CLASSIFIERS:
        if family == "binomial" and is_share(roles):
            hint = "fit --alpha takes shares and a strength, and compare chooses one for shares"
            got = Phrase("shares in [0, 1]")
            raise ArgumentError.must("--target", "hold labels to choose a strength", got, hint)
        return shrinkage.LogisticRegressionCV(l1_ratio=l1_ratio, family=family, **options)
    if l1_ratio == 0.0:
        return shrinkage.RidgeCV(**options)
    if l1_ratio == 1.0:
        return shrinkage.LassoCV(**options)
    return shrinkage.ElasticNetCV(l1_ratio=l1_ratio, **options)


def codes_of(model: Any, roles: Roles) -> np.ndarray[Any, Any]:
    """Return the number of each row's class among those of a classifier."""
    assert roles.target is not None
    labels = as_labels(roles.target)
    places = {label: k for k, label in enumerate(model.classes_.tolist())}
    for row, label in enumerate(labels.tolist()):
        if label not in places:
            got = Phrase(f"{label!r} in {roles.place(row)}")
            hint = f"the classes are {listed(list(places), 10)}"
            raise ArgumentError.must("--target", "hold classes of the model", got, hint)
    return np.array([places[label] for label in labels.tolist()], dtype=np.intp)
