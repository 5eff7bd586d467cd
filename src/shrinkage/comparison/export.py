"""A comparison as plain values for JSON, and its table as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage.comparison.groups import Group, share
from shrinkage.comparison.thumb import RULE

if TYPE_CHECKING:
    from shrinkage.comparison.result import Comparison, Contender


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Return what `comparison.json` holds."""
    names = comparison.feature_names
    return {
        "schema_version": 1,
        "target": comparison.target_name,
        "n_rows": comparison.n_rows,
        "n_features": len(names),
        "n_folds": comparison.n_folds,
        "fold_ids": None if comparison.fold_ids is None else comparison.fold_ids.tolist(),
        "error": "mean squared error",
        "null_model": _plain(
            {"held_out_error": comparison.null_error, "held_out_se": comparison.null_se}
        ),
        "best": comparison.best.name,
        "models": [_contender_dict(contender, names) for contender in comparison.contenders],
        "groups": [_group_dict(comparison, group) for group in comparison.groups],
        "rule_of_thumb": {
            "rule": RULE,
            "answer": comparison.rule.answer,
            "sentence": comparison.rule.sentence,
            "measurements": list(comparison.rule.measurements),
            "n_correlated": comparison.rule.n_correlated,
            "strongest_correlation": comparison.rule.strongest,
        },
        "notes": list(comparison.notes),
    }


def _group_dict(comparison: Comparison, group: Group) -> dict[str, Any]:
    inside = {}
    for contender in comparison.contenders:
        found = share(contender.coef_per_sd, group)
        inside[contender.name] = _plain({"n_kept": found.n_kept, "largest_share": found.largest})
    members = [comparison.feature_names[j] for j in group.features]
    return {"features": members, "strongest_correlation": group.strongest, "models": inside}


def _contender_dict(contender: Contender, names: Sequence[str]) -> Any:
    kept = np.flatnonzero(contender.coef).tolist()
    values: dict[str, Any] = {
        "name": contender.name,
        "l1_ratio": contender.l1_ratio,
        "alpha": contender.alpha,
        "alpha_1se": contender.alpha_1se,
        "n_nonzero": contender.n_nonzero,
        "n_nonzero_1se": contender.n_nonzero_1se if contender.curve is not None else None,
        "training_error": contender.training_error,
        "held_out_error": contender.held_out_error,
        "held_out_se": contender.held_out_se,
        "fold_errors": contender.fold_errors.tolist(),
        "difference_to_best": contender.difference,
        "difference_se": contender.difference_se,
        "dual_gap": contender.dual_gap,
        "status": contender.status.name,
        "intercept": contender.intercept,
        "coef": {names[j]: float(contender.coef[j]) for j in kept},
        "coef_per_sd": {names[j]: float(contender.coef_per_sd[j]) for j in kept},
    }
    if contender.curve is not None:
        curve = contender.curve
        values["curve"] = {
            "alphas": curve.path.alphas.tolist(),
            "held_out_error": curve.held_out.tolist(),
            "held_out_se": curve.held_out_se.tolist(),
            "training_error": curve.training.tolist(),
            "n_nonzero": curve.path.n_nonzero.tolist(),
        }
    return _plain(values)


def _plain(value: Any) -> Any:
    """Return `value` with None where a number is not finite."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def as_csv(columns: dict[str, list[Any]]) -> str:
    """Return columns as CSV text."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return stream.getvalue()
