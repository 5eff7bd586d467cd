"""The picture of the errors shows the paired band and which alphas are as good as the best."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from shrinkage.draw import ErrorCurves, description_of, error_figure, stretches, svg_of
from shrinkage.draw.thin import thinned

ALPHAS = np.geomspace(1.0, 1e-3, 31)
LOSS = 1.0 + 0.1 * np.log10(ALPHAS / 0.03) ** 2
BEST = int(np.argmin(LOSS))
PAIRED = 0.05 * np.abs(np.arange(31) - BEST) / 10.0
CURVES = ErrorCurves(
    LOSS - 0.2, LOSS, np.full(31, 0.3), paired_se=PAIRED, as_good=((0.1, 0.01), (0.005, 0.005))
)


def legend_of(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def line_named(axes, start):
    (found,) = [line for line in axes.lines if str(line.get_label()).startswith(start)]
    return found


def test_the_legend_says_what_each_band_is():
    figure = error_figure(ALPHAS, CURVES, chosen=float(ALPHAS[BEST]), one_se=0.5)
    assert legend_of(figure) == [
        "training",
        "held-out",
        "\N{PLUS-MINUS SIGN} 1 se of the\ndifference to the best",
        "\N{PLUS-MINUS SIGN} 1 se of the error\nby itself",
        "as good as the best:\n0.100 to 0.00500,\n2 stretches",
        f"chosen alpha {ALPHAS[BEST]:.4f}",
        "one-se alpha 0.500",
    ]


def test_the_band_is_the_paired_standard_error():
    axes = error_figure(ALPHAS, CURVES).axes[0]
    (band,) = [part for part in axes.collections if "difference" in str(part.get_label())]
    corners = band.get_paths()[0].vertices
    for x, y in corners:
        k = int(np.argmin(np.abs(np.log(ALPHAS) - np.log(x))))
        assert min(abs(y - LOSS[k] - PAIRED[k]), abs(y - LOSS[k] + PAIRED[k])) < 1e-12
    assert corners[:, 1].max() > LOSS.max() + 0.02


def test_the_level_of_the_best_is_drawn():
    heights = [line.get_ydata() for line in error_figure(ALPHAS, CURVES).axes[0].lines]
    assert any(list(height) == [LOSS[BEST]] * 2 for height in heights)


def test_the_stretches_are_on_the_axis_and_in_the_title():
    figure = error_figure(ALPHAS, CURVES)
    marked = line_named(figure.axes[0], "as good")
    assert list(marked.get_xdata()) == [0.1, 0.01]
    numbers = figure.texts[1].get_text()
    assert "as good as the best: alpha 0.100 to 0.0100 and 0.00500 only" in numbers


def test_many_stretches_are_counted():
    assert stretches([(4.0, 3.0), (2.0, 1.0), (0.5, 0.5)]) == "4.00 to 0.500, 3 stretches"
    assert stretches([(4.0, 1.0)]) == "4.00 to 1.00"


def test_without_standard_errors_there_are_only_curves():
    nothing = np.full(31, np.nan)
    figure = error_figure(ALPHAS, ErrorCurves(LOSS, LOSS, nothing, paired_se=nothing))
    assert legend_of(figure) == ["training", "held-out"]


def test_the_number_of_features_is_above():
    figure = error_figure(ALPHAS, CURVES, n_features=np.arange(31))
    labels = [text.get_text() for text in figure.axes[0].child_axes[0].get_xticklabels()]
    assert labels[0] == "0"
    assert labels[-1] == "30"
    assert len(labels) == 9


def test_the_sides_are_named():
    words = {text.get_text(): text.get_ha() for text in error_figure(ALPHAS, CURVES).axes[0].texts}
    assert words["\N{LEFTWARDS ARROW} underfitting: too strong"] == "left"
    assert words["overfitting: too weak \N{RIGHTWARDS ARROW}"] == "right"


def test_a_score_is_turned_round():
    score = ErrorCurves(0.9 - LOSS, -LOSS, measure="r2", larger_is_better=True)
    figure = error_figure(ALPHAS, score)
    assert figure.axes[0].get_ylabel() == "r2 (larger is better)"
    assert f"it is highest, {-LOSS[BEST]:.3f}" in description_of(figure)
    assert any(list(line.get_ydata()) == [-LOSS[BEST]] * 2 for line in figure.axes[0].lines)


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["error", "score"])
def test_a_wild_end_is_cut_off(sign):
    wild = LOSS.copy()
    wild[-5:] = 1e6
    curves = ErrorCurves(sign * (LOSS - 0.2), sign * wild, larger_is_better=sign < 0)
    low, high = error_figure(ALPHAS, curves).axes[0].get_ylim()
    assert high - low < 5.0
    assert low < sign * LOSS[BEST] < high
    assert low < sign * LOSS[0] < high


def test_in_axes_of_the_user_everything_fits():
    figure = Figure()
    axes = figure.subplots()
    drawn = error_figure(
        ALPHAS, CURVES, chosen=0.03, n_features=np.arange(31), heading="LassoCV: 10 folds", ax=axes
    )
    assert drawn is figure
    assert axes.get_title("left").startswith("LassoCV: 10 folds; mean squared error ")
    figure.draw_without_rendering()
    box, size = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.x0, box.y0) >= 0
    assert box.x1 <= size[0]
    assert box.y1 <= size[1]


def test_in_small_axes_the_legend_names_the_curves_only():
    figure = Figure()
    error_figure(ALPHAS, CURVES, chosen=0.03, ax=figure.subplots(3, 3)[0, 0])
    assert legend_of(figure) == ["training", "held-out"]


def test_a_description_of_the_user_is_kept():
    figure = Figure()
    figure.set_label("mine")
    error_figure(ALPHAS, CURVES, ax=figure.subplots())
    assert description_of(figure) == "mine"


@pytest.mark.parametrize("alphas", [[], [0.0], [0.5], [0.5, 0.0]], ids=str)
def test_few_alphas_can_be_drawn(alphas):
    part = np.array(alphas)
    n = part.size
    curves = ErrorCurves(
        np.ones(n), np.ones(n), np.ones(n), paired_se=np.zeros(n), as_good=((0.5, 0.0),) * (n > 1)
    )
    svg_of(error_figure(part, curves, chosen=0.0, n_features=np.zeros(n, dtype=int)))


def test_a_thinned_line_looks_the_same():
    axes = Figure().subplots()
    x = np.linspace(0.0, 1.0, 400)
    y = np.where(x < 0.5, 0.0, np.sin(6.0 * x) ** 2)
    y[:20] = np.nan
    kept = thinned(axes, x, y)
    assert kept.sum() < 150
    assert kept[:21].all()
    height = axes.bbox.height * 72.0 / axes.figure.dpi
    between = np.interp(x[20:], x[kept][20:], y[kept][20:])
    # Away from the line, which is steep, it is less than upwards.
    steep = np.hypot(1.0, np.gradient(y[20:] * height, x[20:] * axes.bbox.width * 72.0 / 100.0))
    smooth = np.abs(x[20:] - 0.5) > 0.01
    assert (np.abs(between - y[20:]) * height / steep)[smooth].max() < 0.3
