"""From the options of a command to data and to the model that is asked for."""

from __future__ import annotations

import argparse
import logging
import warnings
from collections.abc import Collection
from typing import Any

import shrinkage
from shrinkage.cli.families import model_by_folds
from shrinkage.cli.options import UsageError, refuse
from shrinkage.cli.roles import Roles, assign
from shrinkage.cli.table import read_table
from shrinkage.comparison.example import target_of_example
from shrinkage.errors import DataWarning, ShrinkageError

_log = logging.getLogger("shrinkage")

_DEFAULT_L1_RATIO = 0.5
_DEFAULT_FOLDS = 10
_DEFAULT_SEED = 0
_DEFAULT_DECIMAL = "."


def read_data(arguments: argparse.Namespace) -> Roles:
    """Read the table that a model is to be fitted to."""
    target = target_of(arguments)
    _log.info("reading %s", arguments.data)
    roles = read_roles(
        arguments,
        target=target,
        weights=getattr(arguments, "weights", None),
        groups=getattr(arguments, "groups", None),
        keep=arguments.keep,
        drop=arguments.drop,
        labels=hasattr(arguments, "family"),
    )
    _log.info("fitting")
    return roles


def read_roles(
    arguments: argparse.Namespace, *, text_columns: Collection[str] = (), **parts: Any
) -> Roles:
    """Read DATA and give its columns their parts, as `assign` does."""
    if getattr(arguments, "exposure", None) is not None:
        refuse(arguments, ["offset"], "with --exposure, whose logarithm is the offset")
    decimal = _DEFAULT_DECIMAL if arguments.decimal is None else arguments.decimal
    try:
        table = read_table(arguments.data, decimal=decimal, text_columns=text_columns)
        roles = assign(
            table,
            offset=getattr(arguments, "offset", None),
            exposure=getattr(arguments, "exposure", None),
            drop_missing=getattr(arguments, "missing", None) == "drop",
            **parts,
        )
    except ShrinkageError as error:
        # It names a column or an option as the user knows it, even if one is called `X`.
        raise UsageError(str(error)) from None
    arguments.place = roles.place  # for an error that finds a row at fault
    if roles.n_dropped:
        message = f"{roles.n_dropped} of {table.n_rows} rows were left out: a value is missing"
        warnings.warn(message, DataWarning, stacklevel=2)
    return roles


def target_of(arguments: argparse.Namespace) -> str:
    """Return the name of the target."""
    if arguments.target is not None:
        return str(arguments.target)
    if arguments.data.startswith("example:"):
        return target_of_example(arguments.data, "DATA")
    raise UsageError(f"--target must name a column of {arguments.data}, got nothing")


def l1_ratio_of(arguments: argparse.Namespace) -> float:
    """Return the share of L1 that --penalty and --l1-ratio ask for."""
    given = arguments.l1_ratio
    if arguments.penalty in (None, "elastic-net"):
        return _DEFAULT_L1_RATIO if given is None else float(given)
    if given is not None:
        raise UsageError(f"--l1-ratio can't be given with --penalty {arguments.penalty}")
    return 0.0 if arguments.penalty == "ridge" else 1.0


def folds_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return how the rows are held out."""
    cv = _DEFAULT_FOLDS if arguments.cv is None else arguments.cv
    seed = _DEFAULT_SEED if arguments.seed is None else arguments.seed
    return {"cv": cv, "random_state": seed}


def fit_by_folds(
    arguments: argparse.Namespace, roles: Roles, family: str, l1_ratio: float, **options: Any
) -> Any:
    """Fit the model whose alpha is chosen by cross-validation."""
    model = model_by_folds(family, roles, l1_ratio, **options, **folds_of(arguments))
    return model.fit(
        roles.features,
        roles.target,
        sample_weight=roles.weights,
        offset=roles.offset,
        groups=roles.groups,
    )


def compared(
    arguments: argparse.Namespace, roles: Roles, target: str, family: str | None
) -> shrinkage.Comparison:
    """Return the comparison of the penalties, which chooses the family if there is none."""
    return shrinkage.compare(
        {**roles.features, target: roles.target},
        target,
        family=family,
        sample_weight=roles.weights,
        offset=roles.offset,
        groups=roles.groups,
        **folds_of(arguments),
    )
