"""A comparison as plain values for JSON, and its table as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shrinkage.comparison.calibration import Calibration
from shrinkage.comparison.groups import Group, share
from shrinkage.comparison.held_out import ByFold
from shrinkage.comparison.thumb import RULE

if TYPE_CHECKING:
    from shrinkage.comparison.contender import Contender
    from shrinkage.comparison.result import Comparison


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Return what `comparison.json` holds."""
    names = comparison.coef_names
    return {
        "schema_version": 1,
        "target": comparison.target_name,
        "n_rows": comparison.n_rows,
        "family": comparison.family,
        "classes": _classes(comparison),
        "n_features": len(comparison.feature_names),
        "n_folds": comparison.n_folds,
        "fold_ids": None if comparison.fold_ids is None else comparison.fold_ids.tolist(),
        "error": comparison.measure,
        "null_model": _plain(
            {
                "held_out_error": comparison.null_error,
                "held_out_se": comparison.null_se,
                "measures": _measures(comparison.null_measures, None),
            }
        ),
        "best": comparison.best.name,
        "models": [
            _contender_dict(contender, names, comparison.best)
            for contender in comparison.contenders
        ],
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
        found = share(contender.size, group)
        inside[contender.name] = _plain({"n_kept": found.n_kept, "largest_share": found.largest})
    members = [comparison.feature_names[j] for j in group.features]
    return {"features": members, "strongest_correlation": group.strongest, "models": inside}


def _classes(comparison: Comparison) -> list[str] | None:
    return list(comparison.rows.labels) if comparison.rows.is_classified else None


def _measures(found: Mapping[str, ByFold], best: Mapping[str, ByFold] | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, by_fold in found.items():
        mean, se = by_fold.mean_and_se()
        values[name] = {"value": mean, "se": se, "n_folds": by_fold.n_used}
        if best is not None:
            apart, apart_se = by_fold.mean_and_se(less=best[name])
            values[name] |= {"difference_to_best": apart, "difference_se": apart_se}
    return values


def _calibration(found: Calibration | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "slope": found.slope,
        "slope_se": found.slope_se,
        "intercept": found.intercept,
        "intercept_se": found.intercept_se,
        "observed": found.observed.tolist(),
        "predicted": found.predicted.tolist(),
    }


def _contender_dict(contender: Contender, names: Sequence[str], best: Contender) -> Any:
    coef, per_sd = contender.coef.ravel(), contender.coef_per_sd.ravel()
    kept = np.flatnonzero(coef).tolist()
    confusion = contender.confusion
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
        "measures": _measures(contender.measures, best.measures),
        "calibration": _calibration(contender.calibration),
        "confusion": None if confusion is None else confusion.tolist(),
        "intercept": np.asarray(contender.intercept).tolist(),
        "coef": {names[j]: float(coef[j]) for j in kept},
        "coef_per_sd": {names[j]: float(per_sd[j]) for j in kept},
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
