"""What each command does: read, fit, and write the result to stdout."""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import shrinkage
from shrinkage.cli.inputs import (
    fit_by_folds,
    folds_of,
    l1_ratio_of,
    read_data,
    read_roles,
    target_of,
)
from shrinkage.cli.options import refuse
from shrinkage.cli.roles import Roles
from shrinkage.cli.terminal import print_csv, print_json, show_report, tell
from shrinkage.comparison.files import check_directory, write_together


def compare(arguments: argparse.Namespace) -> None:
    """Print a comparison of the penalties; write its files if asked to."""
    if arguments.out is not None:
        from shrinkage.comparison.pictures import check_pictures

        check_directory("--out", arguments.out)
        check_pictures("--out")
    target, roles = target_of(arguments), read_data(arguments)
    comparison = shrinkage.compare(
        {**roles.features, target: roles.target},
        target,
        sample_weight=roles.weights,
        offset=roles.offset,
        groups=roles.groups,
        **folds_of(arguments),
    )
    if arguments.out is not None:
        comparison.save(arguments.out)
    if arguments.json:
        print_json(comparison.to_dict())
    else:
        show_report(str(comparison), color=not arguments.no_color)
    if arguments.out is not None:
        tell(
            arguments, f"wrote comparison.json, coefficients.csv and path-*.svg to {arguments.out}"
        )


def fit(arguments: argparse.Namespace) -> None:
    """Fit one model, print its summary and store it if asked to."""
    directory = None
    if arguments.out is not None:
        directory = check_directory("--out", arguments.out)
    if arguments.alpha is not None:
        refuse(arguments, ("cv", "seed", "groups", "rule"), "with --alpha, which needs no folds")
    l1_ratio = l1_ratio_of(arguments)
    roles = read_data(arguments)
    if arguments.alpha is None:
        rule = "min" if arguments.rule is None else arguments.rule
        model = fit_by_folds(arguments, roles, l1_ratio, rule=rule)
    else:
        model = _plain(l1_ratio, arguments.alpha)
        model.fit(roles.features, roles.target, sample_weight=roles.weights, offset=roles.offset)
    with tempfile.TemporaryDirectory() as scratch:
        stored = model.save(Path(scratch) / "model.json").read_text(encoding="utf-8")
    if directory is not None:
        write_together(directory, {"model.json": stored})
    if arguments.json:
        sys.stdout.write(stored)
    else:
        sys.stdout.write(model.summary().rstrip("\n") + "\n")
    if directory is not None:
        tell(arguments, f"wrote {directory / 'model.json'}")


def path(arguments: argparse.Namespace) -> None:
    """Print the coefficients for each alpha of the grid."""
    l1_ratio = l1_ratio_of(arguments)
    roles = read_data(arguments)
    names, X = _encoded(roles)
    assert roles.target is not None
    found = shrinkage.elastic_net_path(
        X,
        roles.target,
        l1_ratio=l1_ratio,
        alphas=arguments.alphas,
        sample_weight=roles.weights,
        offset=roles.offset,
    )
    measures = {
        "alpha": found.alphas,
        "n_nonzero": found.n_nonzero,
        "deviance_ratio": found.deviance_ratio,
        "dual_gap": found.dual_gap,
        "intercept": found.intercepts,
    }
    coef_path = found.coef_path
    if arguments.json:
        columns = {name: values.tolist() for name, values in measures.items()}
        coef = {name: coef_path[:, j].tolist() for j, name in enumerate(names)}
        status = [one.name for one in found.status]
        print_json({"l1_ratio": l1_ratio, **columns, "status": status, "coef": coef})
        return
    clash = set(measures) & set(names)
    labels = [f"coef_{name}" if clash else name for name in names]
    columns = [values.tolist() for values in measures.values()] + coef_path.T.tolist()
    print_csv([*measures, *labels], zip(*columns, strict=True))


def cv(arguments: argparse.Namespace) -> None:
    """Print the cross-validated error for each alpha of the grid."""
    l1_ratio = l1_ratio_of(arguments)
    roles = read_data(arguments)
    model = fit_by_folds(arguments, roles, l1_ratio, alphas=arguments.alphas)
    marks = [
        ("min" if alpha == model.alpha_ else "") + ("1se" if alpha == model.alpha_1se_ else "")
        for alpha in model.alphas_
    ]
    columns = {
        "alpha": model.alphas_.tolist(),
        "held_out_error": model.cv_mean_.ravel().tolist(),
        "held_out_se": model.cv_se_.ravel().tolist(),
        "training_error": model.train_mean_.ravel().tolist(),
        "n_nonzero": model.path_.n_nonzero.tolist(),
    }
    if arguments.json:
        chosen = {"alpha_min": model.alpha_, "alpha_1se": model.alpha_1se_}
        print_json({"l1_ratio": l1_ratio, **chosen, **columns})
        return
    columns["chosen"] = [mark.replace("min1se", "min 1se") for mark in marks]
    print_csv(list(columns), zip(*columns.values(), strict=True))


def predict(arguments: argparse.Namespace) -> None:
    """Print one prediction for each row of a table."""
    model, roles = _read_for(arguments)
    predicted = _predict(arguments, model, roles).tolist()
    if arguments.json:
        print_json({"prediction": predicted})
    else:
        print_csv(["prediction"], ([value] for value in predicted))


def score(arguments: argparse.Namespace) -> None:
    """Print how close the predictions of a model are to the target."""
    model, roles = _read_for(arguments, target=target_of(arguments))
    assert roles.target is not None
    error = roles.target - _predict(arguments, model, roles)
    mean_squared = float(np.average(error**2, weights=roles.weights))
    centre = np.average(roles.target, weights=roles.weights)
    spread = float(np.average((roles.target - centre) ** 2, weights=roles.weights))
    result = {
        "n_rows": len(error),
        "mean_squared_error": mean_squared,
        "mean_absolute_error": float(np.average(np.abs(error), weights=roles.weights)),
        "r2": 1.0 - mean_squared / spread if spread > 0.0 else math.nan,
    }
    if arguments.json:
        print_json(result)
    else:
        print_csv(list(result), [list(result.values())])


def _read_for(arguments: argparse.Namespace, target: str | None = None) -> tuple[Any, Roles]:
    """Read a model and the table that it is applied to."""
    location = Path(arguments.model)
    model = shrinkage.load(location / "model.json" if location.is_dir() else location)
    names = getattr(model, "feature_names_in_", None)
    roles = read_roles(
        arguments,
        text_columns=frozenset(model.levels_),
        target=target,
        weights=getattr(arguments, "weights", None),
        features=names,
        levels=model.levels_ if arguments.unseen == "error" else None,
    )
    return model, roles


def _predict(arguments: argparse.Namespace, model: Any, roles: Roles) -> Any:
    X: Any = roles.features
    if getattr(model, "feature_names_in_", None) is None:
        # A model of an array knows its columns by their order only.
        X = np.column_stack(list(roles.features.values()))
    return model.predict(X, offset=roles.offset, unseen=arguments.unseen)


def _plain(l1_ratio: float, alpha: float) -> Any:
    if l1_ratio == 0.0:
        return shrinkage.Ridge(alpha)
    if l1_ratio == 1.0:
        return shrinkage.Lasso(alpha)
    return shrinkage.ElasticNet(alpha, l1_ratio=l1_ratio)


def _encoded(roles: Roles) -> tuple[tuple[str, ...], Any]:
    from shrinkage.design import FrameEncoder

    encoder = FrameEncoder().fit(roles.features)
    return encoder.names_out, encoder.transform(roles.features)
