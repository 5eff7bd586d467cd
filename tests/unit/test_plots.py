"""The figures of the estimators that choose alpha by cross-validation."""

import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import shrinkage

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4))
Y = X[:, 0] - 2 * X[:, 2] + RNG.normal(size=40)


@pytest.mark.parametrize(
    "model",
    [
        shrinkage.LassoCV(cv=3),
        shrinkage.ElasticNetCV(cv=3, l1_ratio=[0.2, 0.8]),
        shrinkage.RidgeCV(cv="loo"),
        shrinkage.LassoCV(cv=3, alphas=[0.1], scoring="r2"),
        shrinkage.LassoCV(cv=[(np.arange(20), np.arange(20, 40))]),
    ],
    ids=["lasso", "two l1_ratios", "leave-one-out", "one alpha", "one fold"],
)
def test_the_chosen_model_is_in_the_title(model):
    model = clone(model).fit(X, Y)
    kept = np.count_nonzero(model.coef_)
    words = [text.get_text() for text in model.plot_path().texts]
    assert words[0].startswith(type(model).__name__)
    assert words[1].startswith(f"{kept} of 4 features at alpha ")
    assert model.measure_ in words[1]
    words = [text.get_text() for text in model.plot_cv().texts]
    assert words[1].startswith(model.measure_)


def test_before_fit_there_is_nothing_to_draw():
    for draw in (shrinkage.LassoCV().plot_path, shrinkage.LassoCV().plot_cv):
        with pytest.raises(NotFittedError):
            draw()


def words_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_model_from_a_file_has_its_errors_but_no_path(tmp_path):
    fitted = shrinkage.LassoCV(cv=3).fit(X, Y)
    fitted.save(tmp_path / "model.json")
    model = shrinkage.load(tmp_path / "model.json")
    (axes,) = model.plot_cv().axes
    assert words_of(axes) == words_of(fitted.plot_cv().axes[0])
    with pytest.raises(shrinkage.ArgumentError, match="can't draw a model read from a file"):
        model.plot_path()


def test_a_file_of_an_older_version_has_no_paired_band(tmp_path):
    path = shrinkage.LassoCV(cv=3).fit(X, Y).save(tmp_path / "model.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["cross_validation"]["paired_standard_error"]
    path.write_text(json.dumps(document), encoding="utf-8")
    words = words_of(shrinkage.load(path).plot_cv().axes[0])
    assert any("of the error" in text for text in words)
    assert not any("difference" in text or "as good" in text for text in words)


def test_axes_of_pyplot_can_be_given(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    model = shrinkage.LassoCV(cv=3).fit(X, Y)
    figure, (upper, lower) = pyplot.subplots(2, layout="constrained")
    try:
        assert model.plot_cv(ax=lower) is figure
        assert model.plot_path(ax=upper) is figure
        assert model.path_.plot(ax=upper) is figure
        assert len(figure.axes) == 2
        figure.canvas.draw()
    finally:
        pyplot.close(figure)
