"""Every place that has to know a family knows every family: the list for who adds one."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import shrinkage
from shrinkage.cli import options
from shrinkage.comparison.held_out import MEASURES
from shrinkage.families import FAMILIES
from shrinkage.lessons import read
from shrinkage.select.measures import measure_of
from shrinkage.solve.problem import SOLVED
from tests import cases, twins

ROOT = Path(__file__).parents[2]
OBJECTIVE = (ROOT / "docs" / "objective.md").read_text(encoding="utf-8")
# Of several linear predictors for each row.
OF_CLASSES = {"multinomial"}
EVERY = pytest.mark.parametrize("name", FAMILIES)


def first_cells(page: str, title: str) -> list[str]:
    """Return the first cells of the first table under a heading."""
    after = page.partition(f"{title}\n")[2]
    table = re.search(r"^\|---.*\n((?:\|.*\n)+)", after, re.MULTILINE)
    return [row.split("|")[1].strip() for row in table[1].splitlines()]


def test_the_conformance_table_has_every_family():
    assert list(cases.FAMILIES) == list(FAMILIES)
    assert {case.family for case in cases.CASES + cases.GLM_CASES} == set(FAMILIES)


def test_the_core_solves_every_family():
    assert set(SOLVED) == set(FAMILIES)


def test_the_objective_has_a_row_for_every_family():
    classes = first_cells(OBJECTIVE, "### The families")
    assert [re.match(r"`(\w+)\(", cell)[1] for cell in classes] == [
        cls.__name__ for cls in FAMILIES.values()
    ]
    gaps = first_cells(OBJECTIVE, "### The gap of the other families")
    assert [name.lower() for name in gaps] == list(FAMILIES)


def test_the_reference_has_every_family():
    page = (ROOT / "docs" / "reference" / "families.md").read_text(encoding="utf-8")
    assert [cell.strip('`"') for cell in first_cells(page, "## Which one")] == list(FAMILIES)
    documented = re.findall(r"autoclass:: shrinkage\.families\.(\w+)", page)
    assert set(documented) == {"Family", *(cls.__name__ for cls in FAMILIES.values())}


@EVERY
def test_the_names_of_other_packages_are_translated(name):
    page = (ROOT / "docs" / "names.md").read_text(encoding="utf-8")
    assert name == "gaussian" or f'"{name}"' in page


@EVERY
def test_docstrings_name_it(name):
    for thing in (shrinkage.elastic_net_path, shrinkage.GeneralizedLinearRegressor):
        assert f'"{name}"' in thing.__doc__
    for picture in (shrinkage.plot_geometry, shrinkage.plot_selection, shrinkage.plot_correlated):
        assert (f'"{name}"' in picture.__doc__) == (name not in OF_CLASSES)


def test_the_command_takes_every_family():
    assert set(options.FAMILIES) == set(FAMILIES)


def test_pictures_take_every_family_of_one_linear_predictor():
    assert set(read.FAMILIES) == set(FAMILIES) - OF_CLASSES


@EVERY
def test_comparisons_and_cross_validations_measure_it(name):
    assert name in MEASURES
    for scoring in ("deviance", "mse", "mae"):
        assert measure_of(scoring, FAMILIES[name]()).name


@EVERY
def test_a_summary_says_what_its_linear_predictor_is(name):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    y = cases.FAMILIES[name].of_response(rng, X[:, 0])
    model = shrinkage.GeneralizedLinearRegressor(name).fit(X, y)
    said = model.summary()
    assert ("intercept + sum of coefficient times feature" in said) == (name != "gaussian")
    assert "in other words" in said


@EVERY
def test_the_slow_twin_has_its_formulas(name):
    family = FAMILIES[name]()
    y, eta = cases.FAMILIES[name].grid()
    rows = eta.reshape(len(eta), -1)
    np.testing.assert_allclose(
        twins.glm_loss(name, y.reshape(rows.shape), rows), family.loss(y, eta), rtol=1e-8, atol=1e-9
    )
    mean = twins.glm_mean(name, rows).reshape(eta.shape)
    np.testing.assert_allclose(mean, family.mean(eta), rtol=1e-10, atol=1e-15)
