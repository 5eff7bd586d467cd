"""The README's numbers are those that the command prints, and its translations hold."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import sklearn.linear_model as peer
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import shrinkage
from shrinkage.cli.parser import make_parser
from shrinkage.cli.table import read_table
from shrinkage.families import FAMILIES
from tests.text.glm_strengths import saga

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?![\w.])")
EXACT = {"tol": 1e-12, "max_iter": 100_000}


def test_the_table_is_what_the_command_prints():
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    lines = shown[1].splitlines()
    report = str(shrinkage.compare(read_table("example:diabetes").columns, "progression"))
    for line, printed in zip(lines, report.splitlines(), strict=False):
        assert NUMBER.sub("N", line).split() == NUMBER.sub("N", printed).split()
        numbers = [[float(n) for n in NUMBER.findall(text)] for text in (line, printed)]
        # Another processor may round the last digit another way.
        assert_allclose(numbers[0], numbers[1], rtol=2e-3, atol=1.0)


def test_the_commands_of_the_readme_are_understood():
    commands = re.findall(r"^    shrinkage (.*?)(?: >.*)?$", README, re.MULTILINE)
    assert len(commands) == 7
    for command in commands:
        make_parser().parse_args(command.split())


@pytest.mark.parametrize(
    ("there", "here"),
    [
        (peer.Lasso(alpha=2.0, **EXACT), shrinkage.Lasso(alpha=2.0, standardize=False)),
        (
            peer.ElasticNet(alpha=2.0, l1_ratio=0.3, **EXACT),
            shrinkage.ElasticNet(alpha=2.0, l1_ratio=0.3, standardize=False),
        ),
        (peer.Ridge(alpha=20.0), shrinkage.Ridge(alpha=20.0 / 442, standardize=False)),
        (
            make_pipeline(StandardScaler(), peer.Lasso(2.0, **EXACT)),
            shrinkage.Lasso(alpha=2.0),
        ),
    ],
)
def test_models_from_scikit_learn_are_translated(there, here):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    assert len(y) == 442
    assert_allclose(here.fit(X, y).predict(X), there.fit(X, y).predict(X), rtol=1e-7)
    assert f"`{type(here).__name__}(alpha=a" in README


def test_classifiers_and_counts_from_scikit_learn_are_translated():
    X, y = load_breast_cancer(return_X_y=True)
    X, n = StandardScaler().fit_transform(X)[:, :5], len(y)
    pairs = [
        (
            peer.LogisticRegression(C=0.5, tol=1e-10, max_iter=10_000),
            shrinkage.LogisticRegression(alpha=1 / (0.5 * n), standardize=False),
        ),
        (
            saga(C=0.5, l1_ratio=1),
            shrinkage.LogisticRegression(alpha=1 / (0.5 * n), l1_ratio=1, standardize=False),
        ),
    ]
    for there, here in pairs:
        found, expected = (model.fit(X, y).predict_proba(X) for model in (here, there))
        assert_allclose(found, expected, atol=1e-3)
        assert "`LogisticRegression(alpha=1 / (c * n), " in README
    there = peer.PoissonRegressor(alpha=0.2, tol=1e-10).fit(X, y)
    here = shrinkage.PoissonRegressor(alpha=0.2, standardize=False).fit(X, y)
    assert_allclose(here.predict(X), there.predict(X), rtol=1e-3)
    assert "`PoissonRegressor(alpha=a, standardize=False)`" in README


def test_the_families_of_the_readme_are_those_of_the_package():
    rows = re.findall(r'^\| `"(\w+)"` \|.*\| (.*) \|$', README, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(FAMILIES)
    for _, estimators in rows:
        for name in re.findall(r"`(\w+)", estimators):
            assert hasattr(shrinkage, name) or name == "CV"


def test_the_grid_ratio_is_that_of_scikit_learn():
    X, y = load_diabetes(return_X_y=True)
    there = peer.LassoCV(eps=1e-2, cv=3).fit(X, y)
    here = shrinkage.LassoCV(alpha_min_ratio=1e-2, standardize=False, cv=3).fit(X, y)
    assert_allclose(here.alphas_[:100], there.alphas_, rtol=1e-9)
    assert np.isclose(here.alphas_[99] / here.alphas_[0], 1e-2)
