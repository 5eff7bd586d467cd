"""The figures say what they should, with names that do not overlap."""

import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from shrinkage.draw import ErrorCurves, describe, description_of, path_figure, svg_of
from shrinkage.draw.labels import from_entry, spread

ALPHAS = np.geomspace(1.0, 1e-3, 30)
STRENGTHS = np.array([3.0, -2.0, 1.5, 0.2, 0.1])
COEFS = np.sign(STRENGTHS) * np.maximum(np.abs(STRENGTHS) - 4.0 * ALPHAS[:, None], 0.0)
NAMES = ["bmi", "sex=female", "$s_5$", "<b>&", "age"]
ERRORS = ErrorCurves(ALPHAS + 1.0, ALPHAS + 0.1 / ALPHAS**0.5 + 1.0, np.full(30, 0.2))


def texts(figure):
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
        found += [axes.get_xlabel(), axes.get_ylabel()]
        if axes.get_legend():
            found += [text.get_text() for text in axes.get_legend().get_texts()]
    return found


def test_a_path_figure_has_names_errors_and_marks():
    figure = path_figure(
        ALPHAS,
        COEFS,
        NAMES,
        ERRORS,
        chosen=float(ALPHAS[10]),
        one_se=float(ALPHAS[5]),
        heading="Lasso",
    )
    found = texts(figure)
    assert {"bmi", "sex=female", "$s_5$", "Lasso", "training", "held-out"} <= set(found)
    assert "\N{PLUS-MINUS SIGN} 1 se of the error\nby itself" in found
    assert any("underfitting" in text for text in found)
    assert any("overfitting" in text for text in found)
    assert "chosen alpha 0.0924" in found
    assert "one-se alpha 0.304" in found
    kept = np.count_nonzero(COEFS[10])
    assert any(text.startswith(f"{kept} of 5 features at alpha 0.0924") for text in found)


def test_the_strong_penalty_is_on_the_left():
    left, right = path_figure(ALPHAS, COEFS, NAMES).axes[0].get_xlim()
    assert left == ALPHAS[0]
    assert right == pytest.approx(ALPHAS[-1])


def test_the_number_of_features_is_above():
    figure = path_figure(ALPHAS, COEFS, NAMES)
    top = figure.axes[0].child_axes[0]
    labels = [text.get_text() for text in top.get_xticklabels()]
    assert labels[0] == str(np.count_nonzero(COEFS[0]))
    assert labels[-1] == str(np.count_nonzero(COEFS[-1]))


def test_only_the_largest_at_the_chosen_alpha_are_named():
    found = texts(path_figure(ALPHAS, COEFS, NAMES, chosen=float(ALPHAS[10]), n_named=2))
    assert "bmi" in found
    assert "sex=female" in found
    assert "age" not in found


def test_names_do_not_overlap():
    figure = path_figure(
        ALPHAS, np.repeat(COEFS[:, :1], 20, axis=1), list("abcdefghijklmnopqrst"), n_named=20
    )
    figure.draw_without_rendering()
    named = [text for text in figure.axes[0].texts if len(text.get_text()) == 1]
    boxes = sorted((text.get_window_extent() for text in named), key=lambda b: b.y0)
    assert len(boxes) == 20
    for low, high in pairwise(boxes):
        assert low.y1 <= high.y0 + 0.5


@pytest.mark.parametrize("errors", [None, ERRORS])
def test_everything_fits_on_the_paper(errors):
    names = ["a rather long name of a feature, cut", *NAMES[1:]]
    figure = path_figure(ALPHAS, COEFS, names, errors, chosen=1.2345e-5, one_se=1.2345e-5)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    box = figure.get_tightbbox()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 * figure.dpi <= width
    assert box.y1 * figure.dpi <= height


def test_the_svg_is_the_same_every_time_and_has_words_for_screen_readers():
    def made():
        figure = path_figure(ALPHAS, COEFS, NAMES, ERRORS, heading="a <b> & c")
        describe(figure, "what <it> shows")
        return svg_of(figure)

    svg = made()
    assert svg == made()
    root = ET.fromstring(svg)
    assert root.attrib["role"] == "img"
    children = {child.tag.split("}")[1]: child.text for child in root}
    assert children["title"].startswith("a <b> & c ")
    assert children["desc"] == "what <it> shows"
    assert "2026" not in svg.split("<g", 1)[0]


def test_a_name_is_text_and_not_markup():
    svg = svg_of(path_figure(ALPHAS, COEFS, NAMES))
    words = [element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("}text")]
    assert "$s_5$" in words
    assert "<b>&" in words


def test_names_that_the_font_lacks_give_no_warning():
    names = ["\N{CJK UNIFIED IDEOGRAPH-5E74}", "a\x1b\n", *NAMES[2:]]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        ET.fromstring(svg_of(path_figure(ALPHAS, COEFS, names)))


@pytest.mark.parametrize(
    ("alphas", "coefs"),
    [
        (np.array([0.5]), np.ones((1, 2))),
        (np.array([0.0]), np.ones((1, 2))),
        (np.array([1.0, 0.0]), np.zeros((2, 2))),
        (np.array([1.0, 0.5]), np.zeros((2, 0))),
    ],
    ids=["one alpha", "only alpha 0", "alpha 0 and a null model", "no features"],
)
def test_small_paths_can_be_drawn(alphas, coefs):
    n = alphas.size
    errors = ErrorCurves(np.ones(n), np.ones(n), np.full(n, np.nan))
    names = ["a", "b"][: coefs.shape[1]]
    svg_of(path_figure(alphas, coefs, names, errors, chosen=float(alphas[0])))


def test_a_notebook_shows_the_svg_with_its_description():
    figure = path_figure(ALPHAS, COEFS, NAMES, chosen=float(ALPHAS[10]))
    svg = figure._repr_svg_()
    assert svg == svg_of(figure)
    described = next(child.text for child in ET.fromstring(svg) if child.tag.endswith("}desc"))
    assert described == description_of(figure)
    kept = np.count_nonzero(COEFS[10])
    assert f"{kept} of 5 features at alpha 0.0924, the largest being bmi 2.63," in described


def test_an_svg_keeps_the_numbers_of_its_paths_short():
    paths = re.findall(r' d="([^"]*)"', svg_of(path_figure(ALPHAS, COEFS, NAMES)))
    assert len(paths) > 5
    assert not any(re.search(r"\.\d{3}", path) for path in paths)


def test_in_axes_of_the_user_the_title_is_above_and_the_names_are_inside():
    figure = Figure()
    axes = figure.subplots()
    assert path_figure(ALPHAS, COEFS, NAMES, chosen=float(ALPHAS[10]), heading="A", ax=axes) is (
        figure
    )
    assert not figure.texts
    assert axes.get_title("left").startswith("A; ")
    assert "bmi" in texts(figure)
    figure.draw_without_rendering()
    right = axes.get_window_extent().x1
    for text in axes.texts:
        if text.get_text() in NAMES:
            assert text.get_window_extent().x1 <= right + 1.0
    assert svg_of(figure).count("<title>A; ") == 1


def test_the_errors_are_in_the_second_axes_of_a_pair():
    figure = Figure()
    upper, lower = figure.subplots(2)
    path_figure(ALPHAS, COEFS, NAMES, ERRORS, ax=[upper, lower])
    assert "coefficient" in upper.get_ylabel()
    assert lower.get_ylabel() == "mean squared error"
    assert upper.get_xlim() == lower.get_xlim()


def test_long_names_keep_what_tells_them_apart():
    names = [f"a rather long name of feature number {j}" for j in range(5)]
    found = [text for text in texts(path_figure(ALPHAS, COEFS, names)) if "..." in text]
    assert len(set(found)) == 5
    assert max(map(len, found)) == 24


def test_in_one_axes_there_are_no_errors():
    figure = Figure()
    path_figure(ALPHAS, COEFS, NAMES, ERRORS, ax=figure.subplots())
    assert len(figure.axes) == 1
    assert "held-out" not in texts(figure)


def test_small_axes_name_fewer_features():
    figure = Figure()
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.1))
    path_figure(ALPHAS, COEFS, NAMES, ax=axes)
    assert len([name for name in NAMES if name in texts(figure)]) == 2


def test_lines_start_where_features_enter():
    lines = np.array([[0.0], [0.0], [1.0], [0.0], [0.0], [0.0]])
    np.testing.assert_array_equal(
        from_entry(lines).ravel(), [np.nan, 0.0, 1.0, 0.0, np.nan, np.nan]
    )


def test_labels_move_as_little_as_possible():
    assert spread([], 0.1) == []
    assert spread([0.2, 0.8], 0.1) == [0.2, 0.8]
    np.testing.assert_allclose(spread([0.5, 0.5, 0.9], 0.1), [0.45, 0.55, 0.9])
    np.testing.assert_allclose(spread([0.0, 0.0], 0.1), [0.0, 0.1])
    np.testing.assert_allclose(spread([1.0, 1.0, 1.0], 0.1), [0.8, 0.9, 1.0])


@pytest.mark.parametrize("seed", range(5))
def test_labels_keep_their_order_and_distance(seed):
    rng = np.random.default_rng(seed)
    wanted = np.sort(rng.beta(0.3, 0.3, size=15))
    places = np.array(spread(wanted.tolist(), 0.05))
    assert (np.diff(places) >= 0.05 - 1e-12).all()
    assert places.min() >= -1e-12
    assert places.max() <= 1.0 + 1e-12


def test_matplotlib_is_imported_only_to_draw():
    code = (
        "import sys, shrinkage.draw; assert 'matplotlib' not in sys.modules\n"
        "sys.modules['matplotlib'] = None\n"
        "import numpy as np\n"
        "one = np.ones((1, 1))\n"
        "try: shrinkage.draw.path_figure(one[0], one, ['a'], asked_by='path.plot')\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == [
        "`path.plot` can't be used without matplotlib.",
        "Hint: pip install 'shrinkage[plot]'",
    ]


def test_drawing_leaves_pyplot_alone():
    code = (
        "import sys, numpy as np; from shrinkage.draw import path_figure, svg_of\n"
        "svg_of(path_figure(np.ones(1), np.ones((1, 1)), ['a']))\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
