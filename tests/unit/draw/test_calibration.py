"""The picture of observed over predicted means."""

import numpy as np
import pytest

from shrinkage.draw import Reliability, calibration_figure, description_of, svg_of
from shrinkage.draw.calibration import MOST_NAMED

EDGES = np.linspace(0.0, 1.0, 11)
MIDDLES = 0.5 * (EDGES[1:] + EDGES[:-1])


def bins(name="yes", shift=0.0, half=0.1) -> Reliability:
    observed = np.clip(MIDDLES + shift, 0.0, 1.0)
    counts = np.arange(10.0, 0.0, -1.0)
    return Reliability(name, MIDDLES, observed, observed - half, observed + half, EDGES, counts)


def drawn(parts, **changes):
    options = {"heading": "Calibration", "numbers": "slope 0.9", "is_share": True}
    return calibration_figure(parts, **(options | changes))


def test_the_points_are_the_means_and_the_bars_their_intervals():
    upper, lower = drawn([bins(shift=0.05)]).axes
    (container,) = upper.containers
    points, _, (bars,) = container.lines
    np.testing.assert_allclose(points.get_xdata(), MIDDLES)
    np.testing.assert_allclose(points.get_ydata(), MIDDLES + 0.05)
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends[:, 1] - ends[:, 0], 0.2)
    written = [text.get_text() for text in lower.texts]
    assert written == [str(count) for count in range(10, 0, -1)]


def test_several_classes_have_their_own_colours_and_names():
    parts = [bins(f"class {k}") for k in range(9)]
    figure = drawn(parts)
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names == ["perfect", *[f"class {k}" for k in range(MOST_NAMED)]]
    assert not figure.axes[1].texts


def test_means_of_counts_have_an_axis_of_their_own():
    part = bins("")
    wide = Reliability(
        "",
        9.0 * part.predicted,
        9.0 * part.observed,
        9.0 * part.low,
        9.0 * part.high,
        EDGES,
        part.counts,
    )
    upper = drawn([wide], is_share=False).axes[0]
    assert upper.get_xlim() == upper.get_ylim()
    assert upper.get_ylim()[1] > 9.0 * part.high.max()
    assert upper.get_ylabel().startswith("observed mean")


def test_the_description_counts_the_bins_that_are_off():
    words = description_of(drawn([bins(shift=0.2, half=0.05)]))
    assert "9 of 10 bins have a 95 % interval without the prediction" in words
    assert "slope 0.9" in words
    assert "0 of 10" in description_of(drawn([bins(shift=0.0)]))


@pytest.mark.parametrize("n", [1, 3, 9])
def test_the_picture_is_small_and_always_the_same(n):
    parts = [bins(f"class {k}", 0.01 * k) for k in range(n)]
    svg = svg_of(drawn(parts))
    assert svg == svg_of(drawn(parts))
    assert len(svg.encode()) < 60_000
