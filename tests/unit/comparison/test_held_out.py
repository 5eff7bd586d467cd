"""Measures of held-out rows, calibration, ROC and bins: each against another package."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize
from scipy.special import log_softmax, logit, softmax
from sklearn import metrics

import shrinkage
from shrinkage.comparison.calibration import calibration_of
from shrinkage.comparison.held_out import HeldOutRows, measured
from shrinkage.comparison.ranking import roc_curve
from shrinkage.comparison.reliability import bins_of
from shrinkage.errors import ArgumentError
from shrinkage.families import Binomial, Multinomial, Poisson
from tests.unit.comparison.class_data import CV, FAMILIES, LABELS, N, data, splits


def test_measures_of_two_classes_are_those_of_scikit_learn(comparisons):
    _, y = data("binomial")
    for found in comparisons["binomial"].contenders:
        p = found.oof_predict
        expected = {
            "auc": [metrics.roc_auc_score(y[rows], p[rows]) for rows in splits()],
            "log_loss": [metrics.log_loss(y[rows], p[rows]) for rows in splits()],
            "brier": [
                metrics.brier_score_loss(y[rows], p[rows], pos_label="yes") for rows in splits()
            ],
            "misclassification": [
                metrics.zero_one_loss(y[rows] == "yes", p[rows] > 0.5) for rows in splits()
            ],
        }
        for name, values in expected.items():
            np.testing.assert_allclose(found.measures[name].values, values, rtol=1e-9)
            mean, se = found.measures[name].mean_and_se()
            assert mean == pytest.approx(np.mean(values), rel=1e-9)
            spread = np.std(values, ddof=1) / math.sqrt(CV)
            assert se == pytest.approx(spread, rel=1e-9)
        table = metrics.confusion_matrix(y == "yes", p > 0.5)
        np.testing.assert_allclose(found.confusion, table, atol=1e-9)


def test_measures_of_several_classes_are_those_of_scikit_learn(comparisons):
    _, y = data("multinomial")
    for found in comparisons["multinomial"].contenders:
        p = found.oof_predict
        for k, rows in enumerate(splits()):
            part, given = y[rows], p[rows]
            area = metrics.roc_auc_score(part.astype(str), given, multi_class="ovr")
            assert found.measures["auc"].values[k] == pytest.approx(area, rel=1e-9)
            loss = metrics.log_loss(part, given, labels=LABELS)
            assert found.measures["log_loss"].values[k] == pytest.approx(loss, rel=1e-9)
            squares = np.sum((given - (part[:, None] == LABELS)) ** 2, axis=1)
            assert found.measures["brier"].values[k] == pytest.approx(squares.mean(), rel=1e-9)
            wrong = np.mean(LABELS[given.argmax(axis=1)] != part)
            assert found.measures["misclassification"].values[k] == pytest.approx(wrong)
        table = metrics.confusion_matrix(y, LABELS[p.argmax(axis=1)], labels=LABELS)
        np.testing.assert_allclose(found.confusion, table, atol=1e-9)


def test_measures_of_counts_are_those_of_scikit_learn(comparisons):
    _, y = data("poisson")
    for found in comparisons["poisson"].contenders:
        p = found.oof_predict
        for k, rows in enumerate(splits()):
            deviance = metrics.mean_poisson_deviance(y[rows], p[rows])
            assert found.fold_errors[k] == pytest.approx(deviance, rel=1e-9)
            distance = metrics.mean_absolute_error(y[rows], p[rows])
            assert found.measures["mean_absolute_error"].values[k] == pytest.approx(distance)
            # The null model of the fold is the mean of the other rows.
            centre = np.full(rows.size, np.delete(y, rows).mean())
            null = metrics.mean_poisson_deviance(y[rows], centre)
            explained = found.measures["deviance_explained"].values[k]
            assert explained == pytest.approx(1.0 - deviance / null, rel=1e-9)


def test_the_report_shows_how_much_a_model_of_counts_explains(comparisons):
    comparison = comparisons["poisson"]
    lines = [line.split() for line in str(comparison).splitlines()]
    start = next(k for k, words in enumerate(lines) if "explained" in words)
    shown = {words[0]: float(words[1]) for words in lines[start + 2 : start + 4]}
    expected, se = comparison["ridge"].measures["deviance_explained"].mean_and_se()
    assert shown["ridge"] == pytest.approx(expected, abs=0.05 * se)


@pytest.mark.parametrize("family", FAMILIES)
def test_differences_of_measures_are_paired(comparisons, family):
    comparison = comparisons[family]
    best = comparison.best
    for found in comparison.contenders:
        for name, by_fold in found.measures.items():
            apart = by_fold.values - best.measures[name].values
            mean, se = by_fold.mean_and_se(less=best.measures[name])
            assert mean == pytest.approx(apart.mean(), abs=1e-12)
            assert se == pytest.approx(np.std(apart, ddof=1) / math.sqrt(CV), abs=1e-12)


def regressed(family: str, y, eta, folds, design, offset=None):
    """Return what statsmodels makes of it, with standard errors clustered by folds."""
    sm = pytest.importorskip("statsmodels.api")
    kind = sm.families.Poisson() if family == "poisson" else sm.families.Binomial()
    model = sm.GLM(y, design, family=kind, offset=offset)
    options = {"groups": folds, "use_correction": False}
    fit = model.fit(tol=1e-12, maxiter=200, cov_type="cluster", cov_kwds=options)
    return fit.params[-1], fit.bse[-1] * math.sqrt(CV / (CV - 1.0))


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_calibration_is_the_regression_on_the_held_out_predictor(comparisons, family):
    comparison = comparisons[family]
    y = comparison.rows.y
    for found in comparison.contenders:
        p = found.oof_predict
        eta = logit(p) if family == "binomial" else np.log(p)
        ones = np.ones(N)
        slope, slope_se = regressed(
            family, y, eta, comparison.fold_ids, np.column_stack([ones, eta])
        )
        assert found.calibration.slope == pytest.approx(slope, rel=1e-6)
        assert found.calibration.slope_se == pytest.approx(slope_se, rel=1e-5)
        level, level_se = regressed(family, y, eta, comparison.fold_ids, ones, offset=eta)
        assert found.calibration.intercept == pytest.approx(level, rel=1e-5, abs=1e-8)
        assert found.calibration.intercept_se == pytest.approx(level_se, rel=1e-5)
        assert found.calibration.observed[0] == pytest.approx(y.mean())
        assert found.calibration.predicted[0] == pytest.approx(p.mean())


def test_calibration_of_several_classes_is_one_common_slope(comparisons):
    comparison = comparisons["multinomial"]
    y, found = comparison.rows.y, comparison["ridge"]

    def loss(slope):
        return -np.sum(y * log_softmax(slope * np.log(found.oof_predict), axis=1))

    slope = optimize.minimize_scalar(loss, bounds=(0.01, 20.0), method="bounded").x
    assert found.calibration.slope == pytest.approx(slope, rel=1e-4)
    line = np.log(found.oof_predict)

    def pull(slope):
        """Return the derivative of the loss by the slope, of the rows of each fold."""
        each = np.sum((softmax(slope * line, axis=1) - y) * line, axis=1)
        return np.bincount(comparison.fold_ids, each)

    slope, step = found.calibration.slope, 1e-5
    bend = (pull(slope + step).sum() - pull(slope - step).sum()) / (2.0 * step)
    spread = math.sqrt(CV / (CV - 1.0) * np.sum(pull(slope) ** 2))
    assert found.calibration.slope_se == pytest.approx(spread / bend, rel=1e-6)
    np.testing.assert_allclose(found.calibration.observed, y.mean(axis=0))
    assert found.calibration.predicted.sum() == pytest.approx(1.0)


def test_true_probabilities_are_calibrated_and_exaggerated_ones_are_not():
    rng = np.random.default_rng(0)
    eta = 1.5 * rng.standard_normal(40_000)
    y = (rng.logistic(size=eta.size) < eta).astype(float)
    n = eta.size
    rows = HeldOutRows(Binomial(), y, None, np.full(n, 1.0 / n), n, np.arange(n) % 10, 10)
    right = calibration_of(rows, Binomial().mean(eta))
    assert right.slope == pytest.approx(1.0, abs=4.0 * right.slope_se)
    assert right.intercept == pytest.approx(0.0, abs=4.0 * right.intercept_se)
    doubled = calibration_of(rows, Binomial().mean(2.0 * eta))
    assert doubled.slope == pytest.approx(0.5 * right.slope, rel=1e-9)
    shifted = calibration_of(rows, Binomial().mean(eta + 0.7))
    assert shifted.intercept == pytest.approx(right.intercept - 0.7, rel=1e-9)


def test_separated_predictions_have_no_finite_slope():
    y = np.arange(20) % 2.0
    rows = HeldOutRows(Binomial(), y, None, np.full(20, 0.05), 20, np.arange(20) // 5, 4)
    assert math.isnan(calibration_of(rows, 0.1 + 0.8 * y).slope)
    assert math.isnan(calibration_of(rows, np.full(20, 0.3)).slope)
    certain = calibration_of(rows, y)  # probabilities of 0 and 1 are no infinite predictor
    assert math.isfinite(certain.intercept)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_held_out_rows_that_are_all_alike_have_no_calibration(family):
    X, y = data(family)
    y = (y == "yes").astype(int) if family == "binomial" else y
    held_out = np.where(y == 0, np.arange(N) % 3, -1)
    found = shrinkage.compare(X, y, family=family, fold_ids=held_out, alphas=10)
    for contender in found.contenders:
        assert math.isnan(contender.calibration.slope)
        assert math.isnan(contender.calibration.intercept)
        assert contender.calibration.observed == 0.0
    assert "nan" not in str(found)


@pytest.mark.parametrize("family", ["binomial", "multinomial"])
def test_the_area_under_the_mean_curve_is_the_area_of_the_report(comparisons, family):
    comparison = comparisons[family]
    for found in comparison.contenders:
        curve = roc_curve(comparison.rows, found.oof_predict)
        rise = 0.5 * (curve.true[1:] + curve.true[:-1])
        area = float(rise @ np.diff(curve.false))
        assert area == pytest.approx(found.measures["auc"].mean_and_se()[0], abs=1e-9)
        assert (np.diff(curve.false) >= 0.0).all()
        assert (np.diff(curve.true) >= -1e-12).all()
        assert (curve.false[0], curve.true[0], curve.false[-1], curve.true[-1]) == (0, 0, 1, 1)


def test_the_curve_of_one_fold_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    p = rng.integers(0, 12, 60) / 12.0  # with ties
    y = (rng.uniform(size=60) < p).astype(float)
    w = rng.integers(1, 4, 60).astype(float)
    rows = HeldOutRows(Binomial(), y, None, w / w.sum(), w.sum(), np.zeros(60, int), 1)
    curve = roc_curve(rows, p)
    false, true, _ = metrics.roc_curve(y, p, sample_weight=w, drop_intermediate=False)
    for x, height in zip(false, true, strict=True):
        at = np.abs(curve.false - x) < 1e-9
        assert np.abs(curve.true[at] - height).min() < 1e-9


def test_folds_without_a_class_take_no_part_in_the_area():
    X, y = data("binomial")
    order = np.argsort(y, kind="stable")
    held_out = np.empty(N, dtype=int)
    held_out[order] = np.arange(N) * 7 // N  # most folds are of one class
    found = shrinkage.compare(X, y, fold_ids=held_out, alphas=10)
    by_fold = found["ridge"].measures["auc"]
    both = [k for k in range(7) if len(set(y[held_out == k])) == 2]
    assert by_fold.n_used == len(both) == 1
    assert f"mean over the folds ({len(both)} of 7)" in " ".join(str(found).split())
    assert roc_curve(found.rows, found["ridge"].oof_predict).n_folds == 1


def test_a_row_at_a_time_has_no_curve():
    X, y = data("binomial", 30)
    found = shrinkage.compare(X, y, cv=30, alphas=8)
    assert found["lasso"].measures["auc"].n_used == 0
    assert "nan" not in str(found)
    with pytest.raises(ArgumentError, match="no fold holds out rows of every class"):
        found.plot_roc()


def test_bins_hold_every_row_and_have_the_intervals_of_wilson(comparisons):
    stats = pytest.importorskip("statsmodels.stats.proportion")
    comparison = comparisons["binomial"]
    p, y = comparison.best.oof_predict, comparison.rows.y
    (bins,) = bins_of(comparison.rows, p)
    place = np.minimum((10.0 * p).astype(int), 9)
    np.testing.assert_allclose(bins.counts, np.bincount(place, minlength=10), atol=1e-9)
    for at, k in enumerate(np.unique(place)):
        inside = y[place == k]
        low, high = stats.proportion_confint(inside.sum(), inside.size, method="wilson")
        assert bins.observed[at] == pytest.approx(inside.mean())
        assert bins.predicted[at] == pytest.approx(p[place == k].mean())
        assert (bins.low[at], bins.high[at]) == pytest.approx((low, high), abs=1e-9)


def test_bins_of_shares_are_those_of_their_trials():
    rng = np.random.default_rng(9)
    trials = rng.integers(1, 9, 50)
    p = rng.uniform(size=50)
    ones = rng.binomial(trials, p)
    n = trials.sum()
    share = HeldOutRows(Binomial(), ones / trials, None, trials / n, n, np.arange(50) % 5, 5)
    labels = [np.arange(t) < s for t, s in zip(trials, ones, strict=True)]
    y, each = np.concatenate(labels).astype(float), np.repeat(np.arange(50), trials)
    single = HeldOutRows(Binomial(), y, None, np.full(n, 1.0 / n), n, each % 5, 5)
    (found,), (expected,) = bins_of(share, p), bins_of(single, p[each])
    for part in ("predicted", "observed", "low", "high", "counts"):
        np.testing.assert_allclose(getattr(found, part), getattr(expected, part), atol=1e-12)


def test_bins_of_counts_hold_a_tenth_of_the_rows_each(comparisons):
    comparison = comparisons["poisson"]
    p, y = comparison.best.oof_predict, comparison.rows.y
    (bins,) = bins_of(comparison.rows, p)
    tenths = np.array_split(np.argsort(p), 10)
    np.testing.assert_allclose(bins.observed, [y[rows].mean() for rows in tenths])
    np.testing.assert_allclose(bins.predicted, [p[rows].mean() for rows in tenths])
    half = [1.959964 * np.std(y[rows], ddof=1) / math.sqrt(rows.size) for rows in tenths]
    np.testing.assert_allclose(bins.high - bins.observed, half, rtol=1e-6)
    assert bins.counts.sum() == pytest.approx(N)


def test_measures_do_not_care_for_rows_of_no_weight():
    rng = np.random.default_rng(2)
    p = rng.dirichlet([1.0, 1.0, 1.0], 30)
    y = np.eye(3)[rng.integers(0, 3, 30)]
    w = np.where(np.arange(30) < 24, 1.0 / 24.0, 0.0)
    folds = np.arange(30) % 2

    def rows(n):
        return HeldOutRows(Multinomial(), y[:n], None, w[:n], 24, folds[:n], 2)

    zeros = np.zeros(2)
    whole, part = (measured(rows(n), p[:n], zeros, zeros) for n in (30, 24))
    for name in ("auc", "brier", "misclassification"):
        np.testing.assert_allclose(whole[name].values, part[name].values, rtol=1e-12)


def test_counts_far_from_their_means_are_still_binned():
    rng = np.random.default_rng(6)
    mu = np.exp(rng.normal(size=50) * 3.0)
    y = rng.poisson(mu).astype(float)
    rows = HeldOutRows(Poisson(), y, None, np.full(50, 0.02), 50, np.arange(50) % 5, 5)
    (bins,) = bins_of(rows, mu)
    assert bins.counts.sum() == pytest.approx(50.0)
    assert np.isfinite(bins.high).all()


def test_a_curve_of_many_rows_has_few_steps_and_the_same_area():
    rng = np.random.default_rng(4)
    y = np.arange(12_000) % 2.0
    p = Binomial().mean(rng.logistic(size=y.size) + y)
    rows = HeldOutRows(
        Binomial(), y, None, np.full(y.size, 1.0 / y.size), y.size, np.arange(y.size) // 4 % 2, 2
    )
    curve = roc_curve(rows, p)
    assert curve.false.size <= 4000
    area = float(0.5 * (curve.true[1:] + curve.true[:-1]) @ np.diff(curve.false))
    expected = np.mean([metrics.roc_auc_score(y[at], p[at]) for at in rows.folds()])
    assert area == pytest.approx(expected, abs=1e-4)
