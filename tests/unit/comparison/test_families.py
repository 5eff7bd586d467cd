"""Comparisons of classes and counts: the contenders, the weights, the report and the files."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from sklearn import metrics
from sklearn.model_selection import RepeatedKFold

import shrinkage
from shrinkage.comparison.target import read_target
from shrinkage.errors import ArgumentError, DataWarning
from shrinkage.families import Binomial
from shrinkage.solve.certificate import certify
from tests.unit.comparison.class_data import CV, FAMILIES, LABELS, N, P, data, splits


def estimator(family: str, l1_ratio: float, **options):
    if family == "poisson":
        return shrinkage.PoissonRegressorCV(l1_ratio=l1_ratio, cv=CV, **options)
    return shrinkage.LogisticRegressionCV(l1_ratio=l1_ratio, cv=CV, **options)


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


def test_the_area_is_that_of_the_cross_validation_by_area(comparisons):
    X, y = data("binomial")
    found = comparisons["binomial"]["lasso"]
    model = estimator("binomial", 1.0, alphas=[found.alpha], scoring="auc").fit(X, y)
    mean, se = found.measures["auc"].mean_and_se()
    assert mean == pytest.approx(model.cv_mean_[0, 0], rel=1e-12)
    assert se == pytest.approx(model.cv_se_[0, 0], rel=1e-9)


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


@pytest.mark.filterwarnings("ignore::shrinkage.errors.ConvergenceWarning")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_that_was_given_up_is_not_called_infinite(family):
    settings = shrinkage.Settings(max_rounds=1)
    found = shrinkage.compare(*data(family), family=family, cv=3, alphas=4, settings=settings)
    assert found.unpenalised is None
    (note,) = [words for words in found.notes if words.startswith("unpenalised")]
    assert note.startswith("unpenalised is left out: it did not converge. The limit of rounds")


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


def test_counts_that_a_model_cannot_imagine_leave_the_report_readable():
    X, y = data("poisson", 40)
    X = X.copy()
    X[:2, 0] = 150.0, -4000.0  # far outside of what the other folds have seen
    found = shrinkage.compare(X, y, family="poisson", fold_ids=np.arange(40) // 2, alphas=20)
    text = str(found)
    assert max(map(len, text.splitlines())) <= 100
    assert "nan" not in text
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_training_set_without_a_count_is_refused():
    X, y = data("poisson")
    with pytest.raises(ArgumentError, match="leave positive counts in each training set"):
        shrinkage.compare(X, y, family="poisson", fold_ids=(y == 0).astype(int))


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
