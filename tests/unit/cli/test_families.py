"""The command with classes and counts: the family, labels, probabilities, exposure."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from sklearn import metrics

import shrinkage

N = 80


@pytest.fixture(scope="module")
def columns():
    rng = np.random.default_rng(11)
    x = rng.standard_normal((N, 3))
    line = 1.5 * x[:, 0] - x[:, 1]
    kinds = np.array(["flat", "house", "villa"], object)
    years = rng.uniform(0.5, 4.0, N)
    return {
        **{f"x{j}": x[:, j] for j in range(3)},
        "sold": np.where(line + rng.logistic(size=N) > 0.0, "yes", "no").astype(object),
        "code": (line + rng.logistic(size=N) > 0.0).astype(int),
        "kind": kinds[np.digitize(line + rng.normal(size=N), [-1.0, 1.0])],
        "visits": rng.poisson(years * np.exp(0.4 * line)),
        "years": years,
        "w": rng.integers(0, 3, N),
    }


@pytest.fixture
def data(tmp_path, columns):
    path = tmp_path / "data.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*[values.tolist() for values in columns.values()], strict=True))
    return str(path)


def features(columns):
    return {f"x{j}": columns[f"x{j}"] for j in range(3)}


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


KEEP = ["--keep", "x?"]
CHOICES = {
    "sold": "family binomial: sold has the two values 'no' and 'yes'",
    "code": "family binomial: code has the two values 0 and 1",
    "kind": "family multinomial: kind has 3 labels",
    "visits": "family gaussian: visits holds integers >= 0; for counts family poisson",
    "x0": "family gaussian: x0 holds numbers",
}
ESTIMATORS = {
    "sold": "LogisticRegression",
    "code": "LogisticRegression",
    "kind": "LogisticRegression",
    "visits": "ElasticNet",
    "x0": "ElasticNet",
}


@pytest.mark.parametrize("target", CHOICES)
@pytest.mark.parametrize("command", ["fit", "path", "cv"])
def test_the_family_is_chosen_by_the_target_and_said(call, data, command, target):
    options = ["--alpha", "0.1"] if command == "fit" else ["--alphas", "3"]
    options += ["--keep", "x[12]", "--json"]
    found = call(command, data, "-y", target, *options)
    assert found.code == 0, found.err
    assert CHOICES[target] in found.err
    stored = json.loads(found.out)
    assert stored["family"] == CHOICES[target].split()[1].rstrip(":")
    if command == "fit":
        assert stored["estimator"] == ESTIMATORS[target]
    assert call(command, data, "-y", target, *options, "-q").err == ""


@pytest.mark.parametrize("target", ["sold", "visits"])
def test_a_comparison_says_the_family_in_its_report(call, data, target):
    found = call("compare", data, "-y", target, *KEEP, "--cv", "3")
    assert found.err == ""
    assert CHOICES[target].split(";")[0] in found.out
    stored = json.loads(call("compare", data, "-y", target, *KEEP, "--cv", "3", "--json").out)
    assert stored["family"] == CHOICES[target].split()[1].rstrip(":")


def test_a_given_family_is_not_talked_about(call, data):
    found = call("cv", data, "-y", "visits", "--family", "poisson", *KEEP, "--alphas", "3")
    assert (found.code, found.err) == (0, "")


@pytest.mark.parametrize("target", ["sold", "code", "kind"])
def test_classifiers_predict_labels_with_probabilities(call, data, columns, tmp_path, target):
    model = str(tmp_path / "model")
    options = ["--penalty", "ridge", "--cv", "4", *KEEP]
    assert call("fit", data, "-y", target, *options, "-o", model).code == 0
    expected = shrinkage.LogisticRegressionCV(cv=4).fit(features(columns), columns[target])
    rows = rows_of(call("predict", model, data).out)
    X = features(columns)
    assert [row["prediction"] for row in rows] == [str(label) for label in expected.predict(X)]
    names = [f"probability_{label}" for label in expected.classes_]
    assert list(rows[0]) == ["prediction", *names]
    found = [[float(row[name]) for name in names] for row in rows]
    np.testing.assert_allclose(found, expected.predict_proba(X), rtol=1e-12)
    as_json = json.loads(call("predict", model, data, "--json").out)
    assert as_json["prediction"] == expected.predict(X).tolist()
    assert as_json[names[1]] == [float(row[names[1]]) for row in rows]


@pytest.mark.parametrize("target", ["sold", "code", "kind"])
def test_classifiers_are_scored_as_scikit_learn_does(call, data, columns, tmp_path, target):
    model, X = str(tmp_path / "model"), features(columns)
    assert call("fit", data, "-y", target, "--alpha", "0.05", *KEEP, "-o", model).code == 0
    fitted = shrinkage.LogisticRegression(0.05, 0.5).fit(X, columns[target])
    proba, y, w = fitted.predict_proba(X), columns[target], columns["w"]
    found = json.loads(call("score", model, data, "-y", target, "--weights", "w", "--json").out)
    assert found["n_rows"] == N
    assert found["accuracy"] == pytest.approx(fitted.score(X, y, sample_weight=w), rel=1e-12)
    assert found["log_loss"] == pytest.approx(
        metrics.log_loss(y, proba, sample_weight=w, labels=fitted.classes_), rel=1e-9
    )
    indicator = y[:, None] == fitted.classes_
    if target == "kind":
        each = [
            metrics.roc_auc_score(indicator[:, k], proba[:, k], sample_weight=w) for k in range(3)
        ]
        assert found["auc"] == pytest.approx(np.mean(each), rel=1e-9)
    else:
        area = metrics.roc_auc_score(indicator[:, 1], proba[:, 1], sample_weight=w)
        assert found["auc"] == pytest.approx(area, rel=1e-9)
        brier = metrics.brier_score_loss(indicator[:, 1], proba[:, 1], sample_weight=w)
        assert found["brier"] == pytest.approx(brier, rel=1e-9)
    whole = json.loads(call("score", model, data, "-y", target, "--json").out)
    assert whole["deviance_ratio"] == pytest.approx(fitted.deviance_ratio_, rel=1e-6)
    assert list(rows_of(call("score", model, data, "-y", target).out)[0]) == list(whole)


def test_counts_have_an_exposure(call, data, columns, tmp_path):
    model, X, y = str(tmp_path / "model"), features(columns), columns["visits"]
    options = ["--family", "poisson", "--exposure", "years", *KEEP]
    assert call("fit", data, "-y", "visits", "--alpha", "0.02", *options, "-o", model).code == 0
    offset = np.log(columns["years"])
    fitted = shrinkage.PoissonRegressor(0.02, 0.5).fit(X, y, offset=offset)
    rows = rows_of(call("predict", model, data, "--exposure", "years").out)
    expected = fitted.predict(X, offset=offset)
    np.testing.assert_allclose([float(row["prediction"]) for row in rows], expected, rtol=1e-12)
    score = ["score", model, data, "-y", "visits", "--exposure", "years", "--json"]
    found = json.loads(call(*score).out)
    assert found["mean_deviance"] == pytest.approx(metrics.mean_poisson_deviance(y, expected))
    assert found["deviance_ratio"] == pytest.approx(fitted.deviance_ratio_, rel=1e-6)
    assert found["mean_absolute_error"] == pytest.approx(metrics.mean_absolute_error(y, expected))
    chosen = json.loads(call("cv", data, "-y", "visits", *options, "--json").out)
    by_folds = shrinkage.PoissonRegressorCV(l1_ratio=0.5).fit(X, y, offset=offset)
    assert chosen["alpha_min"] == pytest.approx(by_folds.alpha_, rel=1e-12)
    assert chosen["error"] == "mean deviance"


def test_a_path_of_classes_has_columns_for_each(call, data, columns):
    found = rows_of(call("path", data, "-y", "kind", "--alphas", "3", *KEEP).out)
    kinds, codes = np.unique(columns["kind"], return_inverse=True)
    X = np.column_stack(list(features(columns).values()))
    path = shrinkage.elastic_net_path(X, codes, family="multinomial", l1_ratio=0.5, alphas=3)
    for k, kind in enumerate(kinds):
        for j in range(3):
            values = [float(row[f"{kind}: x{j}"]) for row in found]
            np.testing.assert_allclose(values, path.coef_path[:, k, j], rtol=1e-9, atol=1e-12)
        values = [float(row[f"{kind}: (intercept)"]) for row in found]
        np.testing.assert_allclose(values, path.intercepts[:, k], rtol=1e-9, atol=1e-12)


def test_shares_of_ones_are_fitted_with_a_given_strength(call, tmp_path):
    rng = np.random.default_rng(2)
    x, trials = rng.normal(size=30), rng.integers(1, 9, 30)
    share = rng.binomial(trials, 1.0 / (1.0 + np.exp(-x))) / trials
    path = tmp_path / "shares.csv"
    lines = [f"{a!r},{b!r},{c}" for a, b, c in zip(x.tolist(), share.tolist(), trials, strict=True)]
    path.write_text("x,share,trials\n" + "\n".join(lines) + "\n")
    options = ["-y", "share", "--family", "binomial", "--weights", "trials"]
    stored = json.loads(call("fit", str(path), *options, "--alpha", "0.1", "--json").out)
    expected = shrinkage.GeneralizedLinearRegressor("binomial", 0.1, 0.5)
    expected.fit({"x": x}, share, sample_weight=trials)
    assert stored["coefficients"]["x"] == pytest.approx(expected.coef_[0], rel=1e-12)
    refused = call("cv", str(path), *options)
    assert refused.code == 2
    assert "must hold labels to choose a strength" in refused.err


def test_labels_that_look_like_numbers_stay_labels(call, columns, tmp_path):
    labels = np.where(columns["sold"] == "yes", "007", "1a")
    path = tmp_path / "codes.csv"
    body = "\n".join(f"{a!r},{b}" for a, b in zip(columns["x0"].tolist(), labels, strict=True))
    path.write_text(f"x,code\n{body}\n")
    some = tmp_path / "some.csv"
    kept = [line for line in body.splitlines() if line.endswith("007")]
    some.write_text("x,code\n" + "\n".join(kept) + "\n")
    model = str(tmp_path / "model")
    assert call("fit", str(path), "-y", "code", "--alpha", "0.1", "-o", model).code == 0
    found = json.loads(call("score", model, str(some), "-y", "code", "--json").out)
    predicted = rows_of(call("predict", model, str(some)).out)
    assert found["accuracy"] == np.mean([row["prediction"] == "007" for row in predicted])
    # Of one class there is nothing to put in order, and no deviance to explain.
    assert found["auc"] is None
    assert found["deviance_ratio"] is None


WRONG = {
    "text for numbers": (["--family", "gaussian", "-y", "kind"], "must name a column of numbers"),
    "text for counts": (["--family", "poisson", "-y", "kind"], "explains labels"),
    "negative counts": (["--family", "poisson", "-y", "below"], "got -1.0 in line 5 of "),
    "too many labels": (["--family", "binomial", "-y", "kind"], "must hold two labels"),
    "measurements for labels": (["--family", "binomial", "-y", "x0"], "`--target` must"),
    "negative weights": (["-y", "kind", "--weights", "below"], "got -1.0 in line 5 of "),
    "one label": (["--family", "binomial", "-y", "one"], "one class"),
    "no such family": (["--family", "cox", "-y", "kind"], "invalid choice: 'cox'"),
    "exposure of numbers": (["-y", "x0", "--exposure", "years"], "--exposure is for --family pois"),
    "exposure and offset": (
        ["-y", "visits", "--family", "poisson", "--exposure", "years", "--offset", "x1"],
        "--offset can't be given with --exposure",
    ),
    "no exposure at all": (
        ["-y", "visits", "--family", "poisson", "--exposure", "w"],
        "`--exposure` must be above 0 in every row, got 0 in line",
    ),
    "no such exposure": (
        ["-y", "visits", "--family", "poisson", "--exposure", "year"],
        "did you mean `years`",
    ),
    "one offset for several classes": (
        ["-y", "kind", "--offset", "x1"],
        "--offset can't be given with --family multinomial",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_target_outside_its_family_ends_with_one_sentence(call, columns, tmp_path, case):
    options, sentence = WRONG[case]
    at = np.arange(N)
    table = {**columns, "one": np.full(N, "same", object), "below": np.where(at == 3, -1, at)}
    path = tmp_path / "data.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(table)
        writer.writerows(zip(*[values.tolist() for values in table.values()], strict=True))
    found = call("cv", str(path), *options, "--keep", "x2", "--cv", "3")
    assert (found.code, found.out) == (2, "")
    assert sentence in found.err
    assert found.err.startswith("shrinkage: ")
    assert "Traceback" not in found.err


def test_ways_out_are_those_of_the_command(call, columns, tmp_path):
    path = tmp_path / "rare.csv"
    lonely = ["lonely" if row == 6 else "common" for row in range(N)]
    rows = zip(columns["x0"].tolist(), lonely, strict=True)
    path.write_text("x,lonely\n" + "".join(f"{x!r},{label}\n" for x, label in rows))
    found = call("compare", str(path), "-y", "lonely", "--keep", "x")
    assert found.code == 2
    assert "got no row of class 'lonely' in that of fold" in found.err
    assert "a class of one row can't be held out" in found.err
    warned = call("fit", str(path), "-y", "lonely", "--keep", "x")
    assert warned.code == 0
    assert "Hint: fewer folds, or another --seed" in warned.err


def test_a_label_that_the_model_has_not_seen_is_refused(call, data, columns, tmp_path):
    model = str(tmp_path / "model")
    call("fit", data, "-y", "sold", "--alpha", "0.1", *KEEP, "-o", model)
    found = call("score", model, data, "-y", "kind")
    assert (found.code, found.out) == (2, "")
    assert "must hold classes of the model" in found.err
    assert "the classes are 'no', 'yes'" in found.err
    assert f" in line 2 of {data}." in found.err


EXAMPLES = {
    "example:breast-cancer": ("family binomial", 569, 30),
    "example:wine": ("family multinomial", 178, 13),
    "example:doctor-visits": ("family gaussian", 2019, 9),
}


def test_an_unknown_example_is_no_missing_target(call):
    found = call("compare", "example:iris")
    assert found.code == 2
    assert "`DATA` must be one of example:diabetes, example:breast-cancer" in found.err


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_fitted(call, name):
    family, n_rows, n_features = EXAMPLES[name]
    found = call("fit", name, "--alpha", "0.1", "--json")
    assert found.code == 0
    assert found.err.startswith(family)
    stored = json.loads(found.out)
    assert stored["data"]["n_rows"] == n_rows
    assert stored["features"]["n_in"] == n_features


def test_the_example_of_counts_is_every_tenth_row_of_its_source():
    datasets = pytest.importorskip("statsmodels.datasets")
    from shrinkage.comparison.example import doctor_visits

    source = datasets.randhie.load_pandas().data.iloc[::10]
    np.testing.assert_array_equal(np.column_stack(list(doctor_visits().values())), source)
