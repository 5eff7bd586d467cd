"""A fitted model as one JSON file: `estimator.save` writes it, `load` reads it.

The format is described by `model.schema.json` beside this module. Numbers are written with all
their digits, so that a loaded model predicts bit for bit what the saved one did.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

import shrinkage
from shrinkage._typing import FloatArray
from shrinkage.design import FrameEncoder
from shrinkage.errors import ArgumentError, Phrase
from shrinkage.estimators.base import LinearModel, Training
from shrinkage.estimators.classifier import Classifier
from shrinkage.estimators.cross_validated import CrossValidatedModel
from shrinkage.estimators.glm import GeneralizedLinearRegressor, PoissonRegressor
from shrinkage.estimators.glm_cv import PoissonRegressorCV
from shrinkage.estimators.linear import ElasticNet, Lasso, Ridge
from shrinkage.estimators.linear_cv import ElasticNetCV, LassoCV, RidgeCV
from shrinkage.estimators.logistic import LogisticRegression, LogisticRegressionCV
from shrinkage.families import Family
from shrinkage.select.crossval import SQUARED_ERROR
from shrinkage.solve import Settings, Status

FORMAT = "shrinkage model"
SCHEMA_VERSION = 1
CLASSES: dict[str, type[LinearModel]] = {
    cls.__name__: cls
    for cls in (
        Lasso,
        Ridge,
        ElasticNet,
        LogisticRegression,
        PoissonRegressor,
        GeneralizedLinearRegressor,
        LassoCV,
        RidgeCV,
        ElasticNetCV,
        LogisticRegressionCV,
        PoissonRegressorCV,
    )
}
# JSON has no such numbers.
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def write(model: LinearModel, path: str | os.PathLike[str]) -> Path:
    """Write a fitted model to `path`, complete or not at all, and return the path."""
    place = Path(path)
    text = json.dumps(_document(model), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    temporary = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(place)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            reason = error.strerror or "the file system refused"
            raise ArgumentError.cannot(str(place), f"be written: {reason}") from None
        raise
    return place


def load(path: str | os.PathLike[str]) -> LinearModel:
    """Read a model that `estimator.save` or the command `shrinkage fit` wrote.

    Parameters
    ----------
    path : str or path-like
        For example "model.json".

    Returns
    -------
    Lasso, or whichever estimator it was
        Fitted: `predict` and `summary()` give what they gave before. `path_`, `fold_ids_` and
        `oof_predict_` are not in the file, and a parameter that JSON can't hold (a splitter, a
        callable) has its default value.

    Raises
    ------
    ArgumentError
        If the file can't be read, is not a model file, is damaged, or was written by a newer
        version of this package.

    Examples
    --------
    >>> import tempfile, pathlib, shrinkage
    >>> model = shrinkage.Lasso(alpha=0.1).fit([[0.0], [1.0], [2.0]], [1.0, 2.0, 4.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = shrinkage.load(model.save(pathlib.Path(folder) / "model.json"))
    >>> print(again.predict([[3.0]]) == model.predict([[3.0]]))
    [ True]
    """
    place = Path(path)
    document = _read(place)
    written = document.get("schema_version")
    if not isinstance(written, int):
        raise _not_a_model(place, "it has no schema version")
    if written != SCHEMA_VERSION:
        made_by = document.get("versions", {}).get("shrinkage", "another version")
        got = f"schema version {written} in {place}, written by shrinkage {made_by}"
        hint = "pip install --upgrade shrinkage, or fit and save the model again"
        raise ArgumentError.must_be(
            "path", f"a model file of schema version {SCHEMA_VERSION}", Phrase(got), hint
        )
    try:
        return _model(document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _not_a_model(place, f"it is damaged ({_cause(error)})") from error


def _read(place: Path) -> dict[str, Any]:
    try:
        text = place.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise _not_a_model(place, "it is not text") from None
    except OSError as error:
        reason = error.strerror or "the file system refused"
        raise ArgumentError.cannot(str(place), f"be read: {reason}") from None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _not_a_model(place, "it is not JSON, or was cut off") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _not_a_model(place, "it does not say that it is one")
    return document


def _not_a_model(place: Path, why: str) -> ArgumentError:
    requirement = "a model file that `save` wrote"
    return ArgumentError.must_be("path", requirement, Phrase(f"{place}: {why}"))


def _cause(error: Exception) -> str:
    missing = isinstance(error, KeyError)
    return f"no entry {error}" if missing else " ".join(str(error).split())[:120]


def _document(model: LinearModel) -> dict[str, Any]:
    alpha, l1_ratio = model._penalty()
    training = model._training
    parameters, left_out = _parameters(model)
    names = model.coef_names_
    coef, intercept = model._line()
    relative = alpha / model.alpha_max_ if model.alpha_max_ > 0.0 else math.nan
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "estimator": type(model).__name__,
        "family": model._family().name,
        "versions": {
            "shrinkage": shrinkage.__version__,
            "python": platform.python_version(),
            **{package: version(package) for package in ("numpy", "scipy", "scikit-learn")},
        },
        "parameters": parameters,
        "parameters_not_saved": left_out,
        "features": {
            "n_in": model.n_features_in_,
            "names_in": [str(name) for name in getattr(model, "feature_names_in_", [])] or None,
            "encoder": None if model._encoder is None else model._encoder.to_dict(),
        },
        "classes": _labels(model) if isinstance(model, Classifier) else None,
        "intercept": _plain(intercept),
        "coefficients": dict(zip(names, coef.T.tolist(), strict=True)),
        "spreads": dict(zip(names, training.spreads.tolist(), strict=True)),
        "penalty": {
            "alpha": alpha,
            "l1_ratio": l1_ratio,
            "alpha_max": _plain(model.alpha_max_),
            "alpha_over_alpha_max": _plain(relative),
        },
        "data": {
            "n_rows": training.n_rows,
            "total_weight": training.total_weight,
            "target_spread": training.target_spread,
        },
        "fit": {"df": _plain(model.df_), "deviance_ratio": _plain(model.deviance_ratio_)},
        "certificate": {
            "status": model.status_.name,
            "dual_gap": _plain(model.dual_gap_),
            "kkt_violation": _plain(model.kkt_violation_),
            "n_rounds": int(model.n_iter_),
        },
        "cross_validation": _curve(model) if isinstance(model, CrossValidatedModel) else None,
    }


def _curve(model: CrossValidatedModel) -> dict[str, Any]:
    return {
        "l1_ratios": list(model.l1_ratios_),
        "alphas": _plain(np.atleast_2d(model.alphas_)),
        "mean": _plain(model.cv_mean_),
        "standard_error": _plain(model.cv_se_),
        "paired_standard_error": _plain(model.cv_paired_se_),
        "train_mean": _plain(model.train_mean_),
        "best": [int(k) for k in model.best_index_],
        "alpha_1se": _plain(model.alpha_1se_),
        "measure": model.measure_,
        "larger_is_better": model._larger_is_better,
        "folds": model.folds_,
    }


def _labels(model: Classifier) -> dict[str, Any]:
    labels = model.classes_
    try:
        return {"dtype": labels.dtype.str, "labels": _plain(labels)}
    except TypeError:
        kind = type(labels[0]).__name__
        hint = "numbers, text and booleans can"
        raise ArgumentError.cannot("classes_", f"be saved: labels of type {kind}", hint) from None


def _parameters(model: LinearModel) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the constructor's parameters that JSON can hold, and a repr of the others."""
    saved, left_out = {}, {}
    for name, value in model.get_params(deep=False).items():
        try:
            if isinstance(value, Family):  # its link is the only one
                value = value.name
            saved[name] = asdict(value) if isinstance(value, Settings) else _plain(value)
        except TypeError:
            left_out[name] = " ".join(repr(value).split())
    return saved, left_out


def _plain(value: Any) -> Any:
    """Return `value` in what JSON has; anything but numbers, text and nests of them is an error."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        if math.isfinite(number):
            return number
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(entry) for key, entry in value.items()}
    raise TypeError(f"no JSON for {type(value).__name__}")


def _numbers(value: Any) -> Any:
    """Undo what `_plain` did to numbers that are not finite."""
    if isinstance(value, str):
        return _NON_FINITE.get(value, value)
    if isinstance(value, list):
        return [_numbers(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _numbers(entry) for key, entry in value.items()}
    return value


def _array(value: Any) -> FloatArray:
    return np.array(_numbers(value), dtype=np.float64)


def _model(document: dict[str, Any]) -> LinearModel:
    parameters = _numbers(document["parameters"])
    if parameters["settings"] is not None:
        parameters["settings"] = Settings(**parameters["settings"])
    model: LinearModel = CLASSES[document["estimator"]](**parameters)
    features, penalty, data = document["features"], document["penalty"], document["data"]
    coefficients = document["coefficients"]
    model.n_features_in_ = int(features["n_in"])
    if features["names_in"] is not None:
        model.feature_names_in_ = np.array(features["names_in"], dtype=object)
    encoder = features["encoder"]
    model._encoder = None if encoder is None else FrameEncoder.from_dict(encoder)
    # Of several classes each feature has a list, one number for each class.
    coef = np.ascontiguousarray(_array(list(coefficients.values())).T)
    intercept = document["intercept"]
    if coef.shape[:-1] != np.shape(intercept):
        raise ValueError("the coefficients are not those of its classes")
    if isinstance(model, Classifier):
        classes = document["classes"]
        model.classes_ = np.array(classes["labels"], dtype=classes["dtype"])
        if model.classes_.size != (coef.shape[0] if coef.ndim == 2 else 2):
            raise ValueError("the coefficients are not those of its classes")
    model._set_line(coef, _array(intercept) if coef.ndim == 2 else float(intercept))
    if model.coef_names_ != tuple(coefficients) or not np.isfinite(coef).all():
        raise ValueError("the coefficients are not those of its columns")
    model.alpha_max_ = float(_numbers(penalty["alpha_max"]))
    model.deviance_ratio_ = float(_numbers(document["fit"]["deviance_ratio"]))
    model._df = float(_numbers(document["fit"]["df"]))
    certificate = document["certificate"]
    model.status_ = Status[certificate["status"]]
    model.dual_gap_ = float(_numbers(certificate["dual_gap"]))
    model.kkt_violation_ = float(_numbers(certificate["kkt_violation"]))
    model.n_iter_ = int(certificate["n_rounds"])
    model._training = Training(
        int(data["n_rows"]),
        float(data["total_weight"]),
        float(data["target_spread"]),
        _array([document["spreads"][name] for name in coefficients]),
    )
    if isinstance(model, CrossValidatedModel):
        _restore_curve(model, document["cross_validation"], penalty)
    return model


def _restore_curve(
    model: CrossValidatedModel, curve: dict[str, Any], penalty: dict[str, Any]
) -> None:
    alphas = _array(curve["alphas"])
    model.l1_ratios_ = tuple(curve["l1_ratios"])
    model.alphas_ = alphas[0] if len(model.l1_ratios_) == 1 else alphas
    model.cv_mean_, model.cv_se_ = _array(curve["mean"]), _array(curve["standard_error"])
    paired = curve.get("paired_standard_error")  # files of version 0.1.0 may lack it
    model.cv_paired_se_ = np.full_like(model.cv_mean_, np.nan) if paired is None else _array(paired)
    model.train_mean_ = _array(curve["train_mean"])
    row, column = curve["best"]
    model.best_index_ = (int(row), int(column))
    model.alpha_, model.l1_ratio_ = float(penalty["alpha"]), float(penalty["l1_ratio"])
    model.alpha_1se_ = float(_numbers(curve["alpha_1se"]))
    larger = curve.get("larger_is_better")  # files of version 0.1.0 lack it
    model._larger_is_better = curve["measure"] != SQUARED_ERROR if larger is None else bool(larger)
    model.measure_, model.folds_ = str(curve["measure"]), str(curve["folds"])
