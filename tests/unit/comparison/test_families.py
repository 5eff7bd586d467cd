"""Comparisons of classes and counts: every number against another package or a closed form."""

from __future__ import annotations

import json
import math
import warnings

import numpy as np
import pytest
from scipy import optimize
from scipy.special import log_softmax, logit
from sklearn import metrics
from sklearn.model_selection import RepeatedKFold

import shrinkage
from shrinkage.comparison import choose_family
from shrinkage.comparison.calibration import calibration_of
from shrinkage.comparison.held_out import HeldOutRows, measured
from shrinkage.comparison.ranking import roc_curve
from shrinkage.comparison.reliability import bins_of
from shrinkage.comparison.target import read_target
from shrinkage.errors import ArgumentError, DataError, DataWarning
from shrinkage.families import Binomial, Multinomial, Poisson
from shrinkage.select.folds import make_splits
from shrinkage.solve.certificate import certify

N, P, CV = 120, 5, 4
FAMILIES = ("binomial", "poisson", "multinomial")
LABELS = np.array(["flat", "house", "villa"], object)


def data(family: str, n: int = N, seed: int = 3):
    """Return features and a target with some signal and much noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, P))
    X[:, 1] = X[:, 0] + 0.4 * rng.standard_normal(n)
    line = X[:, 0] - 0.8 * X[:, 2]
    if family == "binomial":
        return X, np.where(line + rng.logistic(size=n) > 0.0, "yes", "no").astype(object)
    if family == "poisson":
        return X, rng.poisson(np.exp(0.5 * line + 0.3)).astype(float)
    return X, LABELS[np.digitize(line + rng.normal(size=n), [-0.7, 0.7])]


@pytest.fixture(scope="module")
def comparisons():
    return {name: shrinkage.compare(*data(name), family=name, cv=CV) for name in FAMILIES}


def estimator(family: str, l1_ratio: float, **options):
    if family == "poisson":
        return shrinkage.PoissonRegressorCV(l1_ratio=l1_ratio, cv=CV, **options)
    return shrinkage.LogisticRegressionCV(l1_ratio=l1_ratio, cv=CV, **options)


def splits():
    return [held_out for _, held_out in make_splits(CV, N)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("name", "l1_ratio"), [("ridge", 0.0), ("elastic net 0.5", 0.5)])
def test_each_contender_is_the_estimator_of_its_family(comparisons, family, name, l1_ratio):
    model = estimator(family, l1_ratio).fit(*data(family))
    found = comparisons[family][name]
    assert found.alpha == pytest.approx(model.alpha_, rel=1e-12)
    assert found.alpha_1se == pytest.approx(model.alpha_1se_, rel=1e-12)
    np.testing.assert_allclose(np.atleast_2d(found.coef), np.atleast_2d(model.coef_), rtol=1e-9)
    np.testing.assert_allclose(np.ravel(found.intercept), np.ravel(model.intercept_), rtol=1e-9)
    assert found.held_out_error == pytest.approx(model.cv_mean_[model.best_index_], rel=1e-12)
    np.testing.assert_allclose(found.oof_predict, model.oof_predict_, rtol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_contender_is_certified(comparisons, family):
    X, y = data(family)
    target = read_target(y, family).values
    for found in comparisons[family].contenders:
        certificate = certify(
            X,
            target,
            found.coef,
            found.intercept,
            alpha=found.alpha,
            l1_ratio=found.l1_ratio if found.is_penalised else 0.0,
            family=family,
        )
        if found.is_penalised:
            assert certificate.dual_gap <= 1e-8
        else:  # nothing is penalised, and there is no gap
            assert certificate.kkt_violation <= 1e-6


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


def test_the_area_is_that_of_the_cross_validation_by_area(comparisons):
    X, y = data("binomial")
    found = comparisons["binomial"]["lasso"]
    model = estimator("binomial", 1.0, alphas=[found.alpha], scoring="auc").fit(X, y)
    mean, se = found.measures["auc"].mean_and_se()
    assert mean == pytest.approx(model.cv_mean_[0, 0], rel=1e-12)
    assert se == pytest.approx(model.cv_se_[0, 0], rel=1e-9)


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


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_of_two_are_repeated_rows(family):
    X, y = data(family, 60)
    weights = np.random.default_rng(0).integers(0, 3, 60)
    weights[0] = 0
    rows = np.repeat(np.arange(60), weights)
    fold_ids, alphas = np.arange(60) % 4, np.geomspace(0.3, 0.02, 8)
    options = {"family": family, "alphas": alphas}
    weighted = shrinkage.compare(X, y, sample_weight=weights, fold_ids=fold_ids, **options)
    repeated = shrinkage.compare(X[rows], y[rows], fold_ids=fold_ids[rows], **options)
    assert weighted.null_error == pytest.approx(repeated.null_error, rel=1e-9)
    for one, other in zip(weighted.contenders, repeated.contenders, strict=True):
        assert one.alpha == other.alpha
        assert one.held_out_error == pytest.approx(other.held_out_error, rel=1e-7)
        for name, by_fold in one.measures.items():
            expected = other.measures[name].mean_and_se()
            assert by_fold.mean_and_se() == pytest.approx(expected, rel=1e-5, abs=1e-8)
        assert one.calibration.slope == pytest.approx(other.calibration.slope, rel=1e-5)
        assert one.calibration.slope_se == pytest.approx(other.calibration.slope_se, rel=1e-4)
        if one.confusion is not None:
            np.testing.assert_allclose(one.confusion, other.confusion, atol=1e-9)


def test_the_null_model_predicts_shares_of_the_training_rows(comparisons):
    _, y = data("binomial")
    ones = (y == "yes").astype(float)
    errors = []
    for held_out in splits():
        share = np.delete(ones, held_out).mean()
        errors.append(2.0 * metrics.log_loss(ones[held_out], np.full(held_out.size, share)))
    comparison = comparisons["binomial"]
    assert comparison.null_error == pytest.approx(np.mean(errors), rel=1e-12)
    area, _ = comparison.null_measures["auc"].mean_and_se()
    assert area == 0.5


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_the_model_without_a_penalty_is_that_of_each_fold(comparisons, family):
    sm = pytest.importorskip("statsmodels.api")
    X, _ = data(family)
    comparison = comparisons[family]
    y = comparison.rows.y
    design = sm.add_constant(X)
    kind = sm.families.Poisson() if family == "poisson" else sm.families.Binomial()
    found = comparison["unpenalised"]
    whole = sm.GLM(y, design, family=kind).fit(tol=1e-12)
    np.testing.assert_allclose(found.coef, whole.params[1:], rtol=1e-5)
    for k, held_out in enumerate(splits()):
        part = np.delete(np.arange(N), held_out)
        fit = sm.GLM(y[part], design[part], family=kind).fit(tol=1e-12)
        expected = kind.deviance(y[held_out], fit.predict(design[held_out])) / held_out.size
        assert found.fold_errors[k] == pytest.approx(expected, rel=1e-5)


def test_classes_that_features_separate_have_no_model_without_a_penalty():
    X, _ = data("binomial")
    y = np.where(X[:, 0] > 0.0, "up", "down")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = shrinkage.compare(X, y, cv=CV, alphas=10)
    assert found.unpenalised is None
    assert any("no finite ones are best" in note for note in found.notes)
    assert "shrunk" not in found.effect(found["lasso"])


@pytest.mark.parametrize("family", FAMILIES)
def test_repeated_columns_are_mentioned_once(family):
    X, y = data(family)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        shrinkage.compare(np.column_stack([X, X[:, 3]]), y, family=family, cv=CV, alphas=8)
    assert [warning.category for warning in caught] == [DataWarning]


def test_an_exposure_is_an_offset():
    X, _ = data("poisson")
    rng = np.random.default_rng(8)
    years = rng.uniform(0.2, 5.0, N)
    y = rng.poisson(years * np.exp(0.4 * X[:, 0]))
    offset = np.log(years)
    found = shrinkage.compare(X, y, family="poisson", offset=offset, cv=CV)
    model = estimator("poisson", 1.0).fit(X, y, offset=offset)
    assert found["lasso"].held_out_error == pytest.approx(model.cv_mean_.min(), rel=1e-12)
    rate = [np.delete(y, rows).sum() / np.delete(years, rows).sum() for rows in splits()]
    null = [
        metrics.mean_poisson_deviance(y[rows], r * years[rows])
        for rows, r in zip(splits(), rate, strict=True)
    ]
    assert found.null_error == pytest.approx(np.mean(null), rel=1e-9)


def test_shares_of_ones_are_their_rows():
    X, _ = data("binomial", 40)
    rng = np.random.default_rng(5)
    trials = rng.integers(1, 6, 40)
    ones = rng.binomial(trials, Binomial().mean(X[:, 0]))
    options = {"family": "binomial", "alphas": np.geomspace(0.3, 0.02, 6)}
    share = shrinkage.compare(
        X, ones / trials, sample_weight=trials, fold_ids=np.arange(40) % 4, **options
    )
    rows = np.repeat(np.arange(40), trials)
    labels = np.concatenate([np.arange(t) < s for t, s in zip(trials, ones, strict=True)])
    single = shrinkage.compare(X[rows], labels.astype(int), fold_ids=rows % 4, **options)
    for one, other in zip(share.contenders, single.contenders, strict=True):
        for name in ("auc", "log_loss", "misclassification"):
            expected = other.measures[name].mean_and_se()
            # As close as two fits within the tolerance are.
            assert one.measures[name].mean_and_se() == pytest.approx(expected, rel=1e-3)
        np.testing.assert_allclose(one.confusion, other.confusion, atol=1e-6)


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


@pytest.mark.parametrize("family", FAMILIES)
def test_splits_that_overlap_are_compared(family):
    found = shrinkage.compare(
        *data(family), family=family, cv=RepeatedKFold(n_splits=3, n_repeats=2), alphas=8
    )
    assert found.fold_ids is None
    assert len(found["ridge"].fold_errors) == 6
    assert np.isfinite(found["ridge"].oof_predict).all()
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize("family", ["binomial", "multinomial"])
def test_a_training_set_without_a_class_is_refused(family):
    X, y = data(family)
    fold_ids = np.where(y == y[0], 0, 1)
    with pytest.raises(ArgumentError, match=r"rows of every class.*\n.*StratifiedKFold"):
        shrinkage.compare(X, y, family=family, fold_ids=fold_ids)


@pytest.mark.parametrize(
    ("y", "name", "words"),
    [
        (["no", "yes", "no"], "binomial", "the two values 'no' and 'yes'"),
        ([0.0, 1.0, 0.0, 1.0], "binomial", "the two values 0 and 1"),
        ([True, False, True], "binomial", "the two values False and True"),
        ([-1, 1, 1], "binomial", "the two values -1 and 1"),
        (["a", "b", "c"], "multinomial", "3 labels"),
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
    "a missing number": ([0.0, np.nan, 1.0], "binomial", "must hold a label in each row"),
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


@pytest.mark.parametrize("family", FAMILIES)
def test_the_report_fits_a_terminal_and_names_what_it_measures(comparisons, family):
    comparison = comparisons[family]
    text = str(comparison)
    assert max(map(len, text.splitlines())) <= 100
    assert "nan" not in text
    words = {
        "binomial": ["AUC", "log loss", "Brier", "wrong", "said yes", "log odds of y = yes"],
        "poisson": ["mean Poisson deviance", "explained", "abs. error", "logarithm of the mean"],
        "multinomial": ["macro AUC", "one class against the rest", "said villa", "house: x0"],
    }[family]
    for word in [*words, "Calibration of the held-out predictions", "slope"]:
        assert word in " ".join(text.split())
    assert "<table>" in comparison._repr_html_()


@pytest.mark.parametrize("family", FAMILIES)
def test_plain_values_hold_every_measure(comparisons, family):
    comparison = comparisons[family]
    stored = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert stored["family"] == family
    for model, found in zip(stored["models"], comparison.contenders, strict=True):
        assert set(model["measures"]) == set(found.measures)
        for name, by_fold in found.measures.items():
            mean, se = by_fold.mean_and_se()
            assert model["measures"][name]["value"] == pytest.approx(mean)
            assert model["measures"][name]["se"] == pytest.approx(se)
        assert model["calibration"]["slope"] == pytest.approx(found.calibration.slope)
        if found.confusion is not None:
            np.testing.assert_array_equal(model["confusion"], found.confusion)
    expected = {"binomial": ["no", "yes"], "poisson": None, "multinomial": list(LABELS)}
    assert stored["classes"] == expected[family]


def test_the_table_of_coefficients_has_a_row_for_each_class(comparisons):
    comparison = comparisons["multinomial"]
    table = comparison.coef_table()
    assert len(table["feature"]) == 3 * P
    np.testing.assert_array_equal(table["lasso"], comparison["lasso"].coef.ravel())
    assert comparison.coef.shape == (3, P, len(comparison.contenders))


@pytest.mark.parametrize("family", FAMILIES)
def test_save_writes_the_pictures_of_the_family(comparisons, tmp_path, family):
    pytest.importorskip("matplotlib")
    comparisons[family].save(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    extra = {"calibration.svg"} | ({"roc.svg"} if family != "poisson" else set())
    assert {name for name in names if not name.startswith("path-")} == extra | {
        "comparison.json",
        "coefficients.csv",
    }
    for name in extra:
        svg = (tmp_path / name).read_text(encoding="utf-8")
        assert len(svg.encode()) < 60_000
        assert "<desc>" in svg


def test_numbers_have_neither_curves_nor_calibration():
    X, _ = data("binomial")
    found = shrinkage.compare(X, X[:, 0] + 0.1 * X[:, 3], cv=CV, alphas=8)
    assert found["lasso"].oof_predict is None
    assert found["lasso"].measures == {}
    for draw in (found.plot_roc, found.plot_calibration):
        with pytest.raises(ArgumentError, match=r"gaussian|Gaussian"):
            draw()
    counts = shrinkage.compare(*data("poisson"), family="poisson", cv=CV, alphas=8)
    with pytest.raises(ArgumentError, match="poisson family, which has no classes"):
        counts.plot_roc()


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
