"""Families as values: names, what they take for y, and what they say about the rest."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from shrinkage.errors import ArgumentError, DataError
from shrinkage.families import FAMILIES, Binomial, Gaussian, Multinomial, Poisson, resolve


@pytest.mark.parametrize("name", FAMILIES)
def test_names_and_values(name):
    family = resolve(name)
    assert family == resolve(name)
    assert hash(family) == hash(resolve(name))
    assert resolve(family) is family
    assert family.name == name
    with pytest.raises(AttributeError):
        family.name = "other"


def test_reprs_can_be_typed_again():
    values = Gaussian(), Binomial(), Poisson(), Multinomial()
    assert [eval(repr(family)) for family in values] == list(values)


@pytest.mark.parametrize("wrong", ["logistic", None, 3, Binomial])
def test_unknown_families(wrong):
    expected = "`family` must be one of 'gaussian', 'binomial', 'poisson', 'multinomial', or an"
    with pytest.raises(ArgumentError, match=expected):
        resolve(wrong)


def test_unknown_links():
    with pytest.raises(ArgumentError, match="`link` must be one of 'logit', got 'probit'"):
        Binomial(link="probit")


TARGETS = [
    (Gaussian(), [1.0, np.inf], "`y` must be finite, got inf at y[1]."),
    (Binomial(), [0, 1, 2], "`y` must be between 0 and 1 for binomial, got 2.0 at y[2]."),
    (Binomial(), [-1, 1], "`y` must be between 0 and 1 for binomial, got -1.0 at y[0]."),
    (Binomial(), [1, 1], "`y` must hold both classes, got only 1.0: rows of one class."),
    (Binomial(), [0.0, 0.0], "`y` must hold both classes, got only 0.0: rows of one class."),
    (Poisson(), [1, -3.0], "`y` must be non-negative for Poisson, got -3.0 at y[1]."),
    (Poisson(), [0, 0, 0], "`y` must hold a positive count, got only zeros."),
    (Multinomial(), [0, 1, 1.5], "class codes 0, 1, 2, ... or shares of shape (n, K)"),
    (
        Multinomial(),
        [0, 2, 2],
        "rows of every class, at least 2, got only rows of class 0, 2.",
    ),
    (Multinomial(), [0, 0], "hold rows of every class, at least 2, got only rows of class 0."),
    (Multinomial(), [[0.5, 0.6]], "hold shares that sum to 1 in each row, got 1.1 in row 0."),
    (Multinomial(), [[1.5, -0.5]], "between 0 and 1 for multinomial, got 1.5 at y[0, 0]."),
    (Multinomial(), [[1.0, 0.0], [1.0, 0.0]], "got only rows of class 0."),
    (Multinomial(), [0, 1, 10**12], "hold rows of every class"),
]


@pytest.mark.parametrize(("family", "y", "message"), TARGETS)
def test_targets_out_of_range(family, y, message):
    with pytest.raises(ArgumentError) as caught:
        family.check_target(y)
    assert message in str(caught.value)


def test_errors_know_the_row():
    with pytest.raises(DataError) as caught:
        Poisson().check_target([1.0, 2.0, -1.0])
    assert caught.value.row == 2


@pytest.mark.parametrize("family", [Gaussian(), Binomial(), Poisson()], ids=lambda f: f.name)
def test_targets_in_range_are_taken_as_they_are(family):
    y = np.array([0.0, 0.25, 1.0])
    assert family.check_target(y) is y
    assert_array_equal(family.check_target([False, True]), [0.0, 1.0])
    with pytest.raises(ArgumentError, match="inconsistent numbers of samples"):
        family.check_target(y, 4)


def test_class_codes_become_a_column_for_each_class():
    expected = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    assert_array_equal(Multinomial().check_target([0, 2, 1]), expected)
    assert_array_equal(Multinomial().check_target(expected), expected)
    with pytest.raises(ArgumentError, match="inconsistent numbers of samples"):
        Multinomial().check_target(expected, 4)


@pytest.mark.parametrize("family", [Gaussian(), Binomial(), Poisson()], ids=lambda f: f.name)
def test_the_null_loss_of_a_constant_target_is_exactly_zero(family):
    assert family.null_loss(np.full(7, 0.3)) == 0.0
    assert family.null_loss(np.full(7, 0.3), offset=np.full(7, 2.0)) == 0.0
    assert family.null_loss(np.full(7, 0.3), offset=np.arange(7.0)) > 0.0
    assert family.null_loss(np.full(7, 0.3), fit_intercept=False) > 0.0


def test_counts_that_are_large_and_nearly_equal_keep_their_digits():
    # Half the deviance is z^2 / (2 y) to leading order; y log(y) is 1e9 times larger.
    y = np.full(4, 1e8)
    z = np.array([1e3, -1e3, 1e4, 0.0])
    loss = Poisson().loss(y, np.log(y + z))
    assert loss == pytest.approx(z**2 / (2 * y), rel=1e-4, abs=1e-6)
