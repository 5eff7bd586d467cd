"""docs/names.md as tests read it, data for them, and an independent minimiser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

import shrinkage

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "names.md").read_text(encoding="utf-8")
N, P = 60, 5


def rows_of(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without its two header lines."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


STRENGTHS = {row[0]: row[1:] for row in rows_of("Strength of the penalty")}


def ours_of(name: str, **theirs: float) -> dict[str, Any]:
    """Return what the row of the page makes of another package's numbers, the cell executed.

    `alpha = ...` stands in code; alone, `...` is the alpha. l1_ratio is 1 where it is not said.
    `lambda_` stands for lambda. The remark says what to standardize.
    """
    ours_cell, remark = STRENGTHS[name]
    known: dict[str, Any] = {"sqrt": np.sqrt, "n": N, **theirs}
    ours: dict[str, Any] = {"l1_ratio": 1.0}
    for code in re.findall(r"`(.*?)`", ours_cell):
        word, _, formula = code.rpartition(" = ")
        if not word:
            word = formula if formula in ("alpha", "l1_ratio") else "alpha"
        ours[word] = eval(re.sub(r"\blambda\b", "lambda_", formula), known)
        known.setdefault("alpha", ours[word])
    ours["standardize"] = {"True": True, "False": False}[
        re.search(r"`standardize=(True|False)`", remark)[1]
    ]
    return ours


def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X, y and whole-numbered weights."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(N, P)) * [1.0, 3.0, 0.4, 1.0, 2.0] + [0.0, 5.0, -1.0, 2.0, 0.0]
    y = 7.0 + X @ [1.5, -0.4, 0.0, 2.0, 0.0] + rng.normal(size=N)
    return X, y, rng.integers(1, 4, size=N).astype(float)


def minimised(objective: Callable) -> np.ndarray:
    """Return (b0, b) that minimises objective(b0, b, |b|), from its literal text.

    b = up - down with up, down >= 0 and |b| = up + down makes it smooth; the gradient is
    taken by complex steps, exact for a polynomial.
    """

    def value(theta: np.ndarray) -> np.ndarray:
        up, down = theta[1 : P + 1], theta[P + 1 :]
        return objective(theta[0], up - down, up + down)

    def gradient(theta: np.ndarray) -> np.ndarray:
        steps = theta + 1e-30j * np.eye(theta.size)
        return np.array([value(step).imag / 1e-30 for step in steps])

    bounds = [(None, None)] + [(0.0, None)] * (2 * P)
    options = {"maxiter": 20_000, "maxfun": 10**6, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 30}
    theta = np.zeros(2 * P + 1)
    for _ in range(4):  # its line search may give up early; a new start forgets why
        theta = minimize(value, theta, jac=gradient, bounds=bounds, options=options).x
    return np.append(theta[0], theta[1 : P + 1] - theta[P + 1 :])


def fitted(data, **keywords) -> np.ndarray:
    X, y, _ = data
    model = shrinkage.ElasticNet(**keywords).fit(X, y)
    return np.append(model.intercept_, model.coef_)


def squares(error: np.ndarray) -> complex:
    return (error**2).sum()
