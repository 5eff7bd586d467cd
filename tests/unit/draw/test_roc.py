"""The picture of ROC curves."""

import numpy as np
import pytest

from shrinkage.draw import RocLine, description_of, roc_figure, svg_of
from shrinkage.errors import MissingDependencyError

FALSE = np.repeat(np.linspace(0.0, 1.0, 21), 2)


def line(name="ridge", power=0.4, se=0.05, area_se=0.02) -> RocLine:
    true = FALSE**power
    true[1::2] = np.minimum(true[1::2] + 0.01, 1.0)
    true[0], true[-1] = 0.0, 1.0
    return RocLine(name, FALSE, true, np.full(FALSE.size, se), 0.71, area_se)


def drawn(lines, **changes):
    options = {"heading": "ROC curves", "what": "yes against no", "n_folds": 5}
    return roc_figure(lines, **(options | changes))


def legend_of(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_the_legend_has_the_areas():
    figure = drawn([line(), line("lasso", 0.6), line("OLS", 0.8, area_se=np.nan)])
    assert legend_of(figure) == [
        "ridge: AUC 0.710 \N{PLUS-MINUS SIGN} 0.020",
        "lasso: AUC 0.710 \N{PLUS-MINUS SIGN} 0.020",
        "OLS: AUC 0.710",
        "\N{PLUS-MINUS SIGN} 1 se over the folds",
        "guessing: AUC 0.5",
    ]


def test_the_band_belongs_to_the_first_curve_and_stays_inside():
    figure = drawn([line(se=0.3), line("lasso", 0.6)])
    (band,) = figure.axes[0].collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() >= 0.0
    assert heights.max() <= 1.0
    assert heights.max() - heights.min() > 0.9


def test_one_fold_has_no_band():
    figure = drawn([line(se=np.nan, area_se=np.nan)], n_folds=1)
    assert not figure.axes[0].collections
    assert legend_of(figure) == ["ridge: AUC 0.710", "guessing: AUC 0.5"]


def test_the_description_says_what_the_curves_show():
    words = description_of(drawn([line(), line("lasso", 0.6)]))
    assert "yes against no, each the mean over 5 folds" in words
    assert "ridge 0.710" in words
    found = line().true[np.searchsorted(FALSE, 0.1, side="right") - 1]
    assert f"Where 10 % of the others are taken for the class, ridge finds {found:.0%}" in words


def test_the_picture_is_small_and_always_the_same():
    steps = np.linspace(0.0, 1.0, 4001)
    rng = np.random.default_rng(0)
    true = np.maximum.accumulate(np.clip(steps**0.3 + 0.01 * rng.standard_normal(4001), 0.0, 1.0))
    many = [RocLine("a", steps, true, np.full(4001, 0.02), 0.8, 0.01)] * 3
    svg = svg_of(drawn(many))
    assert svg == svg_of(drawn(many))
    assert len(svg.encode()) < 60_000


def test_matplotlib_is_named_where_it_is_missing(monkeypatch):
    def missing():
        raise ImportError

    monkeypatch.setattr("shrinkage.draw.figure._picture_class", missing)
    with pytest.raises(MissingDependencyError, match=r"(?s)plot_roc.*shrinkage\[plot\]"):
        drawn([line()], asked_by="plot_roc")
