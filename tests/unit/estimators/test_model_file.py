"""A model that was saved and loaded is the model; a file that is not one is refused."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import KFold

import shrinkage
from shrinkage.errors import ArgumentError
from shrinkage.families import Binomial

RNG = np.random.default_rng(11)
X = RNG.normal(size=(50, 4)) * [1.0, 10.0, 0.1, 1.0]
Y = 3.0 + X @ [1.0, 0.2, 0.0, -1.0] + RNG.normal(size=50)
FRAME = pd.DataFrame(
    {"bmi": X[:, 0], "bp": X[:, 1], "city": np.array(["Rome", "Oslo", "Bern"])[np.arange(50) % 3]}
)
SCHEMA = json.loads(
    files("shrinkage.estimators").joinpath("model.schema.json").read_text(encoding="utf-8")
)

MODELS = {
    "lasso": shrinkage.Lasso(0.1),
    "ridge": shrinkage.Ridge(0.1, settings=shrinkage.Settings(tol=1e-10)),
    "elastic net": shrinkage.ElasticNet(0.1, 0.3, upper=np.inf),
    "null model": shrinkage.Lasso(1e6),
    "unpenalised": shrinkage.Lasso(0.0),
    "lasso cv": shrinkage.LassoCV(20),
    "ridge cv": shrinkage.RidgeCV(10, cv="loo"),
    "poisson": shrinkage.PoissonRegressor(0.1, 1.0),
    "poisson cv": shrinkage.PoissonRegressorCV(10, scoring="mae"),
    "logistic": shrinkage.LogisticRegression(0.1),
    "logistic, no penalty": shrinkage.LogisticRegression(0.0),
    "logistic cv": shrinkage.LogisticRegressionCV(10, cv=4, scoring="auc", class_weight="balanced"),
    "three classes": shrinkage.LogisticRegression(0.1, 1.0),
    "three classes cv": shrinkage.LogisticRegressionCV(10, cv=4, scoring="accuracy"),
    "two classes with coefficients each": shrinkage.LogisticRegression(0.1, family="multinomial"),
    "shares of classes": shrinkage.GeneralizedLinearRegressor("multinomial", 0.1),
    "family by name": shrinkage.GeneralizedLinearRegressor("poisson"),
    "family by value": shrinkage.GeneralizedLinearRegressor(Binomial()),
    "elastic net cv": shrinkage.ElasticNetCV(10, l1_ratio=[0.2, 0.9], rule="1se", cv=KFold(4)),
}


def target_of(model, name: str = "") -> np.ndarray:
    family = model._family().name
    if name.startswith("three"):
        return np.array(["a", "b", "c"])[np.digitize(Y, [1.0, 4.0])]
    if name.startswith("shares"):
        return np.digitize(Y, [1.0, 4.0])
    if family == "poisson":
        return np.round(np.exp(Y / 4.0))
    if family == "gaussian":
        return Y
    codes = (np.argsort(np.argsort(Y)) + 9 * np.sin(np.arange(50)) > 25).astype(int)
    return codes if is_regressor(model) else np.array(["no", "yes"])[codes]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("data", [X, FRAME], ids=["array", "frame"])
def test_a_loaded_model_is_the_saved_one(name: str, data, tmp_path: Path) -> None:
    model = MODELS[name]
    model.fit(data, target_of(model, name))
    written = model.save(tmp_path / "model.json")
    again = shrinkage.load(written)
    assert type(again) is type(model)
    assert np.array_equal(again.predict(data), model.predict(data))
    assert again.summary() == model.summary()
    assert again._repr_html_() == model._repr_html_()
    assert again.coef_names_ == model.coef_names_
    assert again.n_features_in_ == model.n_features_in_
    document = json.loads(written.read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    columns = np.atleast_2d(model.coef_).T.tolist()
    found = [np.ravel(each).tolist() for each in document["coefficients"].values()]
    assert dict(zip(document["coefficients"], found, strict=True)) == dict(
        zip(model.coef_names_, columns, strict=True)
    )
    assert document["family"] == model._family().name
    assert again.coef_.shape == model.coef_.shape
    assert np.shape(again.intercept_) == np.shape(model.intercept_)
    for method in ("predict_linear", "predict_proba", "decision_function"):
        if hasattr(model, method):
            assert np.array_equal(getattr(again, method)(data), getattr(model, method)(data))
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]


def test_saving_a_loaded_model_gives_the_same_file(tmp_path: Path) -> None:
    first = shrinkage.LassoCV(20).fit(FRAME, Y).save(tmp_path / "first.json")
    second = shrinkage.load(first).save(str(tmp_path / "second.json"))
    assert first.read_text(encoding="utf-8") == second.read_text(encoding="utf-8")


def test_a_loaded_model_finds_columns_by_name(tmp_path: Path) -> None:
    model = shrinkage.Lasso(0.1).fit(FRAME, Y)
    again = shrinkage.load(model.save(tmp_path / "model.json"))
    turned = FRAME[["city", "bp", "bmi"]].iloc[:5]
    assert np.array_equal(again.predict(turned), model.predict(FRAME.iloc[:5]))
    with pytest.raises(ArgumentError, match="Paris"):
        again.predict(FRAME.iloc[:5].assign(city="Paris"))
    with pytest.raises(ArgumentError, match="bmi"):
        again.predict(FRAME.drop(columns="bmi"))


def test_text_that_looks_like_a_number_stays_a_label(tmp_path: Path) -> None:
    y = np.array(["NaN", "Infinity"])[(Y > 3.0).astype(int)]
    model = shrinkage.LogisticRegression(0.1).fit(X, y)
    again = shrinkage.load(model.save(tmp_path / "model.json"))
    assert again.classes_.tolist() == ["Infinity", "NaN"]


def test_labels_that_json_does_not_have_are_not_saved(tmp_path: Path) -> None:
    y = np.array(["2001-01-01", "2002-02-02"], dtype="datetime64[D]")[(Y > 3.0).astype(int)]
    model = shrinkage.LogisticRegression(0.1).fit(X, y)
    with pytest.raises(ArgumentError, match="`classes_` can't be saved: labels of type"):
        model.save(tmp_path / "model.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_classes_is_still_a_model(tmp_path: Path) -> None:
    """Version 0.1.0 wrote neither classes nor whether larger errors are better."""
    place = shrinkage.LassoCV(20).fit(X, Y).save(tmp_path / "model.json")
    document = json.loads(place.read_text(encoding="utf-8"))
    del document["classes"], document["cross_validation"]["larger_is_better"]
    jsonschema.validate(document, SCHEMA)
    place.write_text(json.dumps(document), encoding="utf-8")
    assert not shrinkage.CrossValidationDisplay.from_estimator(
        shrinkage.load(place)
    ).larger_is_better


def test_what_json_cannot_hold_is_named(tmp_path: Path) -> None:
    model = shrinkage.LassoCV(20, cv=KFold(4)).fit(X, Y)
    document = json.loads(model.save(tmp_path / "model.json").read_text(encoding="utf-8"))
    assert document["parameters_not_saved"] == {
        "cv": "KFold(n_splits=4, random_state=None, shuffle=False)"
    }
    assert shrinkage.load(tmp_path / "model.json").cv == 10


def test_no_training_row_is_in_the_file(tmp_path: Path) -> None:
    text = shrinkage.LassoCV(20).fit(X, Y).save(tmp_path / "model.json").read_text(encoding="utf-8")
    assert not any(repr(float(value)) in text for value in [*X.ravel(), *Y])


def test_an_unfitted_model_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        shrinkage.Lasso().save(tmp_path / "model.json")
    assert list(tmp_path.iterdir()) == []


def test_an_old_file_survives_a_failed_save(tmp_path: Path, monkeypatch) -> None:
    place = shrinkage.Lasso(0.1).fit(X, Y).save(tmp_path / "model.json")
    before = place.read_text(encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ArgumentError, match="can't be written: No space left on device"):
        shrinkage.Lasso(1.0).fit(X, Y).save(place)
    assert place.read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]


def damaged(change, tmp_path: Path) -> Path:
    """Return a model file of which `change` changed the document."""
    place = shrinkage.LassoCV(20).fit(FRAME, Y).save(tmp_path / "model.json")
    document = json.loads(place.read_text(encoding="utf-8"))
    change(document)
    place.write_text(json.dumps(document), encoding="utf-8")
    return place


def rename_a_coefficient(document) -> None:
    document["coefficients"]["age"] = document["coefficients"].pop("bmi")


DAMAGE = {
    "other format": (lambda d: d.update(format="pickle"), "does not say that it is one"),
    "no version": (lambda d: d.pop("schema_version"), "no schema version"),
    "version as text": (lambda d: d.update(schema_version="1"), "no schema version"),
    "newer version": (
        lambda d: d.update(schema_version=2),
        "schema version 1, got schema version 2",
    ),
    "no coefficients": (lambda d: d.pop("coefficients"), "no entry 'coefficients'"),
    "other coefficients": (rename_a_coefficient, "not those of its columns"),
    "text as a coefficient": (lambda d: d["coefficients"].update(bmi="tall"), "damaged"),
    "null as a coefficient": (lambda d: d["coefficients"].update(bmi=None), "damaged"),
    "unknown estimator": (lambda d: d.update(estimator="Forest"), "no entry 'Forest'"),
    "unknown parameter": (lambda d: d["parameters"].update(C=1.0), "damaged"),
    "no labels": (lambda d: d.update(estimator="LogisticRegression"), "damaged"),
    "unknown status": (lambda d: d["certificate"].update(status="FINE"), "no entry 'FINE'"),
    "no curve": (lambda d: d.update(cross_validation=None), "damaged"),
    "list for an object": (lambda d: d.update(features=[]), "damaged"),
    "best is one number": (lambda d: d["cross_validation"].update(best=[1]), "damaged"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    change, words = DAMAGE[name]
    place = damaged(change, tmp_path)
    with pytest.raises(ArgumentError, match=words) as caught:
        shrinkage.load(place)
    assert "\n" not in str(caught.value).split("\nHint: ")[0]
    assert str(place) in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"bmi,bp\n1,2\n", b"[1, 2]", b"{", b"\x80\x04\x95pickle", b"null", b"[" * 100_000],
)
def test_a_file_that_is_something_else_is_refused(content: bytes, tmp_path: Path) -> None:
    place = tmp_path / "model.json"
    place.write_bytes(content)
    with pytest.raises(ArgumentError, match="a model file that `save` wrote, got "):
        shrinkage.load(place)


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    place = shrinkage.Lasso(0.1).fit(X, Y).save(tmp_path / "model.json")
    text = place.read_text(encoding="utf-8")
    place.write_text(text[: len(text) // 2], encoding="utf-8")
    with pytest.raises(ArgumentError, match="cut off"):
        shrinkage.load(place)


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="can't be read: No such file"):
        shrinkage.load(tmp_path / "none.json")
    with pytest.raises(ArgumentError, match="can't be read: Is a directory"):
        shrinkage.load(tmp_path)
    with pytest.raises(ArgumentError, match="can't be written"):
        shrinkage.Lasso(0.1).fit(X, Y).save(tmp_path / "nowhere" / "model.json")


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["intercept"].pop(),
        lambda d: d.update(intercept=0.5),
        lambda d: d["classes"]["labels"].pop(),
        lambda d: d["coefficients"]["x0"].pop(),
        lambda d: d["coefficients"].update(x0=1.0),
    ],
)
def test_a_damaged_file_of_classes_is_refused(change, tmp_path: Path) -> None:
    model = shrinkage.LogisticRegression().fit(X, np.digitize(Y, [1.0, 4.0]))
    place = model.save(tmp_path / "model.json")
    document = json.loads(place.read_text(encoding="utf-8"))
    change(document)
    place.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ArgumentError, match="it is damaged"):
        shrinkage.load(place)
