"""Means, standard errors and choices, on numbers that can be checked by hand."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from shrinkage import ArgumentError
from shrinkage.select.curves import Curves, as_good_as_best, mean_and_se
from shrinkage.select.edges import edge_status, extension
from shrinkage.solve import Status
from shrinkage.solve.fold_points import Folds


def curves_of(errors, weight=None, alphas=None, l1_ratios=None, larger_is_better=False):
    """Curves from errors of shape (L, K, m)."""
    errors = np.array(errors, dtype=float)
    n_ratios, n_folds, m = errors.shape
    weight = np.ones(n_folds) / n_folds if weight is None else np.array(weight)
    alphas = np.tile(2.0 ** -np.arange(m), (n_ratios, 1)) if alphas is None else np.array(alphas)
    ratios = tuple(np.linspace(0.5, 1.0, n_ratios)) if l1_ratios is None else l1_ratios
    folds = [Folds(error, error / 2, weight, np.zeros(0, dtype=np.int32)) for error in errors]
    return Curves.of(ratios, alphas, folds, larger_is_better)


def test_weighted_mean_and_standard_error():
    mean, se = mean_and_se(np.array([[1.0], [4.0]]), np.array([0.75, 0.25]))
    assert mean == [1.75]
    assert_allclose(se, math.sqrt(0.75 * 0.75**2 + 0.25 * 2.25**2))


def test_one_fold_has_no_standard_error():
    curves = curves_of([[[3.0, 1.0, 2.0]]])
    assert np.isnan(curves.cv_se).all()
    assert math.isnan(curves.alpha_1se)
    assert curves.chosen("min") == (0, 1)
    with pytest.raises(ArgumentError, match="`rule` can't be '1se' without a standard error"):
        curves.chosen("1se")


def test_minimum_and_one_standard_error():
    curves = curves_of([[[4, 1.9, 0.9, 1.1], [4, 2.3, 1.7, 1.9]]])
    # mean 4, 2.1, 1.3, 1.5; at the minimum the standard error is 0.4.
    assert curves.best_index == (0, 2)
    assert curves.cv_se[0, 2] == pytest.approx(0.4)
    assert curves.one_se_index == (0, 2)
    wider = curves_of([[[4, 1.9, 0.3, 1.1], [4, 2.3, 2.3, 1.9]]])
    assert wider.one_se_index == (0, 1)
    assert wider.alpha_1se == 0.5
    assert wider.chosen("1se") == (0, 1)
    assert_allclose(curves.train_mean, curves.cv_mean / 2)


def test_ties_go_to_the_larger_alpha():
    curves = curves_of([[[2.0, 1.0, 1.0]] * 2, [[1.0, 1.0, 1.0]] * 2])
    assert curves.best_index == (1, 0)


def test_larger_is_better_turns_the_rules_round():
    scores = -np.array([[[4, 1.9, 0.3, 1.1], [4, 2.3, 2.3, 1.9]]])
    curves = curves_of(scores, larger_is_better=True)
    assert curves.best_index == (0, 2)
    assert curves.one_se_index == (0, 1)
    assert (curves.cv_mean < 0).all()


def test_a_function_as_rule():
    curves = curves_of([[[3.0, 1.0, 2.0]] * 2, [[3.0, 2.0, 2.0]] * 2])
    assert curves.chosen(lambda cv: np.int64(2)) == (0, 2)
    assert curves.chosen(lambda cv: (1, 0)) == (1, 0)
    assert curves.chosen(lambda cv: int(cv.cv_mean[1].argmin())) == (0, 1)
    for wrong in (3, -1, (0, 1, 2), "x", None, (2, 0), 0.5):
        with pytest.raises(ArgumentError, match="`rule` must return an index below 3"):
            curves.chosen(lambda cv, wrong=wrong: wrong)
    with pytest.raises(ArgumentError, match="`rule` must be 'min', '1se' or a function"):
        curves.chosen("best")


def test_extension_by_two_decades_at_the_same_spacing():
    alphas = [[10.0, 1.0, 0.1]]
    falling = curves_of([[[3.0, 2.0, 1.0]] * 2], alphas=alphas)
    more, upwards = extension(falling)
    assert not upwards
    assert_allclose(more, [[0.01, 0.001]])
    rising = [[[1.0, 2.0, 3.0]] * 2]
    assert extension(curves_of(rising, alphas=alphas, l1_ratios=(1.0,))) is None
    more, upwards = extension(curves_of(rising, alphas=alphas, l1_ratios=(0.0,)))
    assert upwards
    assert_allclose(more, [[1000.0, 100.0]])
    inside = curves_of([[[2.0, 1.0, 3.0]] * 2], alphas=alphas)
    assert extension(inside) is None
    assert extension(curves_of([[[1.0]] * 2])) is None


def test_status_at_the_edge():
    alphas = [[10.0, 1.0, 0.1]]
    falling = curves_of([[[3.0, 2.0, 1.0]] * 2], alphas=alphas)
    assert edge_status(falling, 10.0) is Status.GRID_EDGE
    flat = curves_of([[[3.0, 1.00001, 1.0]] * 2], alphas=alphas)
    assert edge_status(flat, 10.0) is Status.CONVERGED
    rising = curves_of([[[1.0, 2.0, 3.0]] * 2], alphas=alphas)
    assert edge_status(rising, 10.0) is Status.CONVERGED
    assert edge_status(rising, 20.0) is Status.GRID_EDGE
    assert edge_status(curves_of([[[2.0, 1.0, 3.0]] * 2], alphas=alphas), 10.0) is Status.CONVERGED


def test_what_all_alphas_share_cancels_in_the_paired_standard_error():
    hard, wiggle = np.array([0.0, 10.0, -5.0, 3.0]), np.array([0.1, -0.1, 0.2, -0.2])
    errors = np.column_stack([hard + 2.0 + wiggle, hard + 1.0, hard + 1.5])
    curves = curves_of([errors])
    expected = np.std(wiggle, ddof=1) / 2.0
    assert_allclose(curves.paired_se[0], [expected, 0.0, 0.0], atol=1e-14)
    assert curves.cv_se.min() > 1.0


def test_the_paired_standard_error_is_weighted_and_for_each_l1_ratio():
    errors = np.array([[[3.0, 1.0], [4.0, 5.0]], [[1.0, 2.0], [1.0, 6.0]]])
    curves = curves_of(errors, weight=[0.75, 0.25])
    _, by_hand = mean_and_se(errors[0] - errors[0][:, [1]], np.array([0.75, 0.25]))
    assert_allclose(curves.paired_se[0], by_hand)
    assert_allclose(curves.paired_se[1, 0], 0.0)
    assert curves.paired_se[1, 1] > 0.0


def test_a_score_is_paired_with_the_largest():
    curves = curves_of([[[3.0, 1.0], [4.0, 5.0]]], larger_is_better=True)
    assert curves.paired_se[0, 0] == 0.0
    assert curves.paired_se[0, 1] > 0.0


def test_one_fold_has_no_paired_standard_error():
    curves = curves_of([[[3.0, 1.0, 2.0]]])
    assert np.isnan(curves.paired_se).all()
    assert as_good_as_best(curves.loss[0], curves.paired_se[0]) == ()


def test_stretches_that_are_as_good_as_the_best():
    loss = np.array([2.0, 1.1, 1.0, 1.3, 1.05, np.nan, 1.2])
    se = np.array([0.5, 0.1, 0.0, 0.2, 0.1, np.nan, 0.2])
    assert as_good_as_best(loss, se + 1e-12) == ((1, 2), (4, 4), (6, 6))
    assert as_good_as_best(loss[:1], se[:1]) == ()
