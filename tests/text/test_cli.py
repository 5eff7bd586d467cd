"""Golden texts of the command: what it says about itself, and the report of a comparison."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import shrinkage.families
from shrinkage.cli.parser import make_parser
from shrinkage.comparison.calibration import Calibration
from shrinkage.comparison.contender import Contender
from shrinkage.comparison.groups import Group
from shrinkage.comparison.held_out import ByFold, HeldOutRows
from shrinkage.comparison.result import Comparison
from shrinkage.comparison.thumb import RuleOfThumb
from shrinkage.solve import Status

GOLDEN = Path(__file__).parent / "golden"
PICTURES = ["geometry", "path", "sweet-spot", "correlated", "kink", "selection"]
PICTURES += ["roc", "calibration"]
COMMANDS = ["", "compare", "fit", "path", "cv", "predict", "score", "show"]
COMMANDS += [f"show {what}" for what in PICTURES]


def letters_of(text: str) -> str:
    """Return the text without spaces, which depend on the width of the terminal.

    Options are written as Python 3.13 does.
    """
    text = re.sub(r"(-\w) (\w+), (--[\w-]+) \2\b", r"\1, \3 \2", text)
    return "".join(text.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args([*command.split(), "--help"])
    assert ended.value.code == 0
    golden = (GOLDEN / f"{'-'.join(['help', *command.split()])}.txt").read_text(encoding="utf-8")
    assert letters_of(capsys.readouterr().out) == letters_of(golden)


def contender(name: str, l1_ratio: float, coef: list[float], error: float, **changes) -> Contender:
    least_squares = math.isnan(l1_ratio)
    values = {
        "name": name,
        "slug": name.lower().replace(" ", "-"),
        "l1_ratio": l1_ratio,
        "alpha": 0.0 if least_squares else 0.25,
        "alpha_1se": math.nan if least_squares else 0.5,
        "coef": np.array(coef) / 10.0,
        "coef_per_sd": np.array(coef),
        "intercept": 1.0,
        "n_nonzero": int(np.count_nonzero(coef)),
        "n_nonzero_1se": max(int(np.count_nonzero(coef)) - 1, 1),
        "training_error": 2.0,
        "held_out_error": error,
        "held_out_se": 0.25,
        "fold_errors": np.full(5, error),
        "difference": error - 2.5,
        "difference_se": 0.125,
        "dual_gap": 0.0,
        "status": Status.CONVERGED,
        "curve": None if least_squares else SimpleNamespace(),
        "oof_predict": None,
        "measures": {},
        "calibration": None,
        "confusion": None,
    }
    return Contender(**(values | changes))


def comparison_by_hand() -> Comparison:
    """Return a comparison with numbers that nobody had to fit."""
    contenders = (
        contender("OLS", math.nan, [4.0, -2.0, 1.0, 0.5, 0.0], 3.0),
        contender("ridge", 0.0, [3.0, -1.5, 1.25, 0.25, -0.25], 2.625),
        contender("elastic net 0.5", 0.5, [3.0, -1.0, 0.5, 0.0, 0.0], 2.5),
        contender("lasso", 1.0, [3.5, 0.0, 0.0, 0.0, 0.0], 2.875),
    )
    return Comparison(
        contenders,
        ("income", "age", "age when the policy was bought", "town=Bonn", "town=Ulm"),
        np.array([False, False, False, True, True]),
        np.array([4]),
        50,
        None,
        5,
        6.5,
        0.5,
        (Group(np.array([1, 2]), 0.93),),
        RuleOfThumb(50, 5, 2, 5, 0.93),
        "claims",
        ("a note.",),
        rows_by_hand(np.arange(50.0), shrinkage.families.Gaussian()),
        {},
    )


def rows_by_hand(y, family, classes=None) -> HeldOutRows:
    n = len(y)
    return HeldOutRows(family, y, classes, np.full(n, 1.0 / n), n, np.arange(n) % 5, 5)


def test_the_report_of_a_comparison():
    assert str(comparison_by_hand()) == (GOLDEN / "compare.txt").read_text(encoding="utf-8")


def classified(one: Contender, auc: float, loss: float, slope: float) -> Contender:
    """Return a contender with measures that nobody had to compute."""
    spread = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])
    values = {"auc": auc, "log_loss": loss, "brier": loss / 3.0, "misclassification": loss / 4.0}
    calibration = Calibration(slope, 0.21, 0.05, 0.1, np.array([0.4]), np.array([0.38]))
    return replace(
        one,
        measures={
            name: ByFold(value + spread * loss, np.ones(5)) for name, value in values.items()
        },
        calibration=calibration,
        confusion=np.array([[27.0, 3.0], [4.0, 16.0]]),
    )


def test_the_report_of_a_comparison_of_two_classes():
    whole = comparison_by_hand()
    contenders = tuple(
        classified(one, 0.9 - 0.01 * k, 0.3 + 0.02 * k, 0.8 + 0.1 * k)
        for k, one in enumerate(whole.contenders[1:])
    )
    rows = rows_by_hand(np.arange(50) % 2.0, shrinkage.families.Binomial(), np.array(["no", "yes"]))
    null = classified(whole.contenders[0], 0.5, 0.69, 1.0).measures
    found = replace(whole, contenders=contenders, rows=rows, null_measures=null)
    assert str(found) == (GOLDEN / "compare-classes.txt").read_text(encoding="utf-8")
