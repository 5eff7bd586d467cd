"""The family that a target suggests, and the target as its family takes it."""

from __future__ import annotations

import numpy as np
import pytest

import shrinkage
from shrinkage.comparison import choose_family
from shrinkage.comparison.target import read_target
from shrinkage.errors import ArgumentError, DataError
from tests.unit.comparison.class_data import CV, LABELS, N, P, data


@pytest.mark.parametrize(
    ("y", "name", "words"),
    [
        (["no", "yes", "no"], "binomial", "the two values 'no' and 'yes'"),
        ([0.0, 1.0, 0.0, 1.0], "binomial", "the two values 0 and 1"),
        ([True, False, True], "binomial", "the two values False and True"),
        ([-1, 1, 1], "binomial", "the two values -1 and 1"),
        (["a", "b", "c", "a"], "multinomial", "3 labels"),
        ([0, 3, 1, 2], "gaussian", "for counts family poisson"),
        ([0.5, 2.0, 1.0], "gaussian", "holds numbers"),
        ([-1, 0, 2], "gaussian", "holds numbers"),
        ([0.25, 0.75, 0.25], "gaussian", "holds numbers"),
        ([1.0, 2.0], "gaussian", "holds numbers"),
        ([4.0, 4.0, 4.0], "gaussian", "holds numbers"),
    ],
    ids=str,
)
def test_the_family_follows_from_the_values(y, name, words):
    choice = choose_family(y, "price")
    assert choice.name == name
    assert words in str(choice)
    assert str(choice).startswith(f"family {name}: price ")


BAD = {
    "one class": (["a", "a"], "binomial", "must hold rows of at least two classes"),
    "three labels for two": (["a", "b", "c"], "binomial", "must hold two labels"),
    "a missing label": (["a", None, "b"], "multinomial", "must hold a label in each row"),
    "a missing number": ([0.0, np.nan, 1.0], "binomial", r"must be finite, got NaN at y\[1\]"),
    "a mixture": (["a", 1, 2.5], "multinomial", "labels of one type"),
    "a matrix": (np.ones((3, 2)), "binomial", "one label per row"),
    "text for counts": (["a", "b"], "poisson", "must hold real numbers"),
    "nothing": (None, "binomial", "must hold one number per row"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_target_outside_its_family_is_refused(case):
    y, family, sentence = BAD[case]
    with pytest.raises(ArgumentError, match=sentence):
        read_target(np.array(y, object) if case == "a mixture" else y, family)


def test_a_name_of_each_row_is_no_label():
    with pytest.raises(DataError, match="labels that are repeated, got a different one in each"):
        choose_family(["Ada", "Bert", "Cleo", "Dan"])


def test_one_text_is_no_choice():
    with pytest.raises(ArgumentError, match="at least two classes, got only 'a'"):
        choose_family(["a", "a", "a"])
    with pytest.raises(DataError, match="must hold real numbers, got complex"):
        choose_family([1j, 2j, 1j])


def test_counts_have_no_negative_ones():
    X, y = data("poisson")
    with pytest.raises(DataError, match="must be non-negative for Poisson"):
        shrinkage.compare(X, np.where(np.arange(N) == 3, -1.0, y), family="poisson")


@pytest.mark.parametrize("library", ["dict", "pandas", "polars"])
def test_labels_may_be_a_column_of_a_frame(comparisons, library):
    X, y = data("multinomial")
    frame = {f"x{j}": X[:, j] for j in range(P)} | {"kind": y}
    if library != "dict":
        frame = pytest.importorskip(library).DataFrame(frame)
    found = shrinkage.compare(frame, "kind", cv=CV)
    np.testing.assert_allclose(found.coef, comparisons["multinomial"].coef, rtol=1e-9, atol=1e-12)
    assert found.rows.labels == tuple(LABELS)
    assert "family multinomial: kind has 3 labels." in found.notes
    assert found.coef_names[0] == "flat: x0"


def test_a_gap_in_a_column_of_labels_is_named():
    X, y = data("binomial")
    y = y.copy()
    y[7] = None
    with pytest.raises(DataError, match="NaN in row 7 of column 'sold'"):
        shrinkage.compare({"x": X[:, 0], "sold": y}, "sold")


@pytest.mark.parametrize(
    ("name", "family", "target"),
    [
        ("example:breast-cancer", "binomial", "diagnosis"),
        ("example:wine", "multinomial", "cultivar"),
        ("example:doctor-visits", "gaussian", "visits"),
    ],
)
def test_an_example_knows_its_target(name, family, target):
    found = shrinkage.compare(name, cv=3, alphas=5)
    assert (found.family, found.target_name) == (family, target)


def test_an_unknown_example_brings_the_known_ones():
    with pytest.raises(ArgumentError, match="`X` must be one of example:diabetes, example:breast"):
        shrinkage.compare("example:iris")
    with pytest.raises(ArgumentError, match="`y`"):
        shrinkage.compare(np.ones((4, 2)))
