"""The stored answers of glmnet for families other than the Gaussian, as our arguments."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer

DATA = Path(__file__).parent / "data"
LINES = (DATA / "reference_glm.jsonl").read_text().splitlines()
REFERENCE = [json.loads(line) for line in LINES]
PATHS = [case for case in REFERENCE if "coef" in case]
CURVES = [case for case in REFERENCE if "cvm" in case]
TARGETS = {"binomial": "binom", "poisson": "pois", "multinomial": "multi"}


@cache
def read(name):
    return np.loadtxt(DATA / f"{name}.csv", delimiter=",")


def family_of(case):
    return next(family for family in TARGETS if f"family = '{family}'" in case["call"])


def tolerance(case):
    """Return how far coefficients may be apart; README.md says why."""
    return 5e-5 if case["case"].startswith(("wide", "sparse", "breast")) else 1e-6


def data_of(case):
    """Return (X, y); classes of a multinomial are 0, 1, 2."""
    name, family = case["case"], family_of(case)
    if name == "breast_cancer":
        return load_breast_cancer(return_X_y=True)
    design = next((d for d in ("wide", "sparse") if name.startswith(d)), "small")
    y = read(f"{design}_{TARGETS[family]}")
    return read(f"{design}_x"), y - 1 if family == "multinomial" else y


def options_of(case):
    """Translate the glmnet call."""
    call, options = case["call"], {"family": family_of(case), "l1_ratio": _l1_ratio(case)}
    if "weights = w" in call:
        options["sample_weight"] = read("small_w")
    if "offset = off" in call:
        options["offset"] = read("small_off")
    if "penalty.factor = pf" in call:
        factor = read("small_pf")
        options["penalty_factor"] = factor * factor.size / factor.sum()
    if "lower.limits = -0.2, upper.limits = 0.2" in call:
        options |= {"lower": -0.2, "upper": 0.2}
    return options


def _l1_ratio(case):
    if "alpha = al," in case["call"]:
        return float(case["case"].split("_alpha")[1])
    return next((r for r in (0.8, 0.9) if f"alpha = {r}," in case["call"]), 1.0)


def points(case):
    """Return (alpha, coef, intercept) of each point that solves a problem.

    The first point of ridge does not: its lambda is made up.
    """
    first = int(options_of(case)["l1_ratio"] == 0.0)
    for k, alpha in list(enumerate(case["lambda"]))[first:]:
        entries = case["coef"][k]
        columns = [entries] if isinstance(entries, dict) else entries
        coef = np.zeros((case["n_features"], len(columns)))
        for column, values in zip(coef.T, columns, strict=True):
            for j, value in values.items():
                column[int(j)] = value
        yield alpha, coef.T if coef.shape[1] > 1 else coef[:, 0], np.array(case["intercept"][k])
