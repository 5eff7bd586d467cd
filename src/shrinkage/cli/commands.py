"""What each command does: read, fit, and write the result to stdout."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import shrinkage
from shrinkage.cli.families import plain_model, say, with_family
from shrinkage.cli.inputs import compared, fit_by_folds, l1_ratio_of, read_data, target_of
from shrinkage.cli.options import refuse
from shrinkage.cli.roles import Roles
from shrinkage.cli.stored import applied, read_for, scores
from shrinkage.cli.terminal import print_csv, print_json, show_report, tell
from shrinkage.comparison.files import check_directory, write_together
from shrinkage.comparison.target import read_target, shown_label


def compare(arguments: argparse.Namespace) -> None:
    """Print a comparison of the penalties; write its files if asked to."""
    if arguments.out is not None:
        from shrinkage.comparison.pictures import check_pictures

        check_directory("--out", arguments.out)
        check_pictures("--out")
    target = target_of(arguments)
    roles, _ = with_family(arguments, read_data(arguments), target)
    comparison = compared(arguments, roles, target, arguments.family)
    if arguments.out is not None:
        comparison.save(arguments.out)
    if arguments.json:
        print_json(comparison.to_dict())
    else:
        show_report(str(comparison), color=not arguments.no_color)
    if arguments.out is not None:
        tell(arguments, f"wrote comparison.json, coefficients.csv and pictures to {arguments.out}")


def fit(arguments: argparse.Namespace) -> None:
    """Fit one model, print its summary and store it if asked to."""
    directory = None
    if arguments.out is not None:
        directory = check_directory("--out", arguments.out)
    if arguments.alpha is not None:
        refuse(arguments, ("cv", "seed", "groups", "rule"), "with --alpha, which needs no folds")
    l1_ratio = l1_ratio_of(arguments)
    roles, choice = with_family(arguments, read_data(arguments), target_of(arguments))
    if arguments.alpha is None:
        rule = "min" if arguments.rule is None else arguments.rule
        model = fit_by_folds(arguments, roles, choice.name, l1_ratio, rule=rule)
    else:
        model = plain_model(choice.name, roles, l1_ratio, arguments.alpha)
        model.fit(roles.features, roles.target, sample_weight=roles.weights, offset=roles.offset)
    with tempfile.TemporaryDirectory() as scratch:
        stored = model.save(Path(scratch) / "model.json").read_text(encoding="utf-8")
    if directory is not None:
        write_together(directory, {"model.json": stored})
    if arguments.json:
        sys.stdout.write(stored)
    else:
        sys.stdout.write(model.summary().rstrip("\n") + "\n")
    say(arguments, choice)
    if directory is not None:
        tell(arguments, f"wrote {directory / 'model.json'}")


def path(arguments: argparse.Namespace) -> None:
    """Print the coefficients for each alpha of the grid."""
    l1_ratio = l1_ratio_of(arguments)
    roles, choice = with_family(arguments, read_data(arguments), target_of(arguments))
    names, X = _encoded(roles)
    family = choice.name
    target = read_target(roles.target, family)
    found = shrinkage.elastic_net_path(
        X,
        target.values,
        family=family,
        l1_ratio=l1_ratio,
        alphas=arguments.alphas,
        sample_weight=roles.weights,
        offset=roles.offset,
    )
    say(arguments, choice)
    classes = None
    if target.classes is not None:
        classes = [shown_label(label) for label in target.classes.tolist()]
    # Of several classes one column for each class and feature.
    by_class = classes if target.values.ndim == 2 else None
    measures = {
        "alpha": found.alphas,
        "n_nonzero": found.n_nonzero,
        "deviance_ratio": found.deviance_ratio,
        "dual_gap": found.dual_gap,
        **_by_class("intercept", found.intercepts, by_class),
    }
    coefs = found.coef_path.reshape(len(found.alphas), -1).T.tolist()
    if by_class is not None:
        names = tuple(f"{label}: {name}" for label in by_class for name in names)
    columns = {name: values.tolist() for name, values in measures.items()}
    if arguments.json:
        kind = {"family": family, "classes": classes, "l1_ratio": l1_ratio}
        status = [one.name for one in found.status]
        coef = dict(zip(names, coefs, strict=True))
        print_json({**kind, **columns, "status": status, "coef": coef})
        return
    clash = set(measures) & set(names)
    labels = [f"coef_{name}" if clash else name for name in names]
    print_csv([*measures, *labels], zip(*columns.values(), *coefs, strict=True))


def _by_class(name: str, values: Any, classes: list[str] | None) -> dict[str, Any]:
    if classes is None:
        return {name: values}
    return {f"{label}: ({name})": values[:, k] for k, label in enumerate(classes)}


def cv(arguments: argparse.Namespace) -> None:
    """Print the cross-validated error for each alpha of the grid."""
    l1_ratio = l1_ratio_of(arguments)
    roles, choice = with_family(arguments, read_data(arguments), target_of(arguments))
    model = fit_by_folds(arguments, roles, choice.name, l1_ratio, alphas=arguments.alphas)
    say(arguments, choice)
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
        kind = {"family": choice.name, "error": model.measure_, "l1_ratio": l1_ratio}
        print_json({**kind, **chosen, **columns})
        return
    columns["chosen"] = [mark.replace("min1se", "min 1se") for mark in marks]
    print_csv(list(columns), zip(*columns.values(), strict=True))


def predict(arguments: argparse.Namespace) -> None:
    """Print one prediction for each row of a table; of classifiers with the probabilities."""
    model, roles = read_for(arguments)
    columns = {"prediction": applied(model.predict, arguments, model, roles).tolist()}
    if hasattr(model, "classes_"):
        shares = applied(model.predict_proba, arguments, model, roles).T.tolist()
        labels = [f"probability_{shown_label(label)}" for label in model.classes_.tolist()]
        columns |= dict(zip(labels, shares, strict=True))
    if arguments.json:
        print_json(columns)
    else:
        print_csv(list(columns), zip(*columns.values(), strict=True))


def score(arguments: argparse.Namespace) -> None:
    """Print how close the predictions of a model are to the target."""
    target = target_of(arguments)
    model, roles = read_for(arguments, target=target)
    result = scores(arguments, model, roles)
    if arguments.json:
        print_json(result)
    else:
        print_csv(list(result), [list(result.values())])


def _encoded(roles: Roles) -> tuple[tuple[str, ...], Any]:
    from shrinkage.design import FrameEncoder

    encoder = FrameEncoder().fit(roles.features)
    return encoder.names_out, encoder.transform(roles.features)
