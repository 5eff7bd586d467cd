"""`plot_descents`: its words are the numbers of `descent`."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import shrinkage
from shrinkage.draw import description_of, svg_of
from shrinkage.lessons.exercise import Exercise
from shrinkage.lessons.kink import kink_along
from shrinkage.lessons.read import read

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 15))
Y = X[:, :4] @ [3.0, -2.0, 1.0, 0.5] + RNG.normal(size=100)
FRAME = pd.DataFrame(X, columns=[f"feature {j}" for j in range(15)]).assign(price=Y)


def titles(figure):
    return [text.get_text() for text in figure.texts]


def names(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_title_has_the_numbers_of_the_traces():
    figure = shrinkage.plot_descents(FRAME, "price", n_steps=60)
    alpha = 0.1 * shrinkage.alpha_max(X, Y)
    traces = {
        method: shrinkage.descent(X, Y, alpha, method=method, n_steps=60)
        for method in ("subgradient", "proximal", "accelerated", "coordinate")
    }
    zeros = traces["proximal"].n_zeros_certified
    ends = ", ".join(f"{method} {trace.n_zeros[-1]}" for method, trace in traces.items())
    assert titles(figure) == [
        "Lasso by descent: the subgradient method never has a zero",
        f"alpha {alpha:.3g}: {zeros} of 15 are zero, certified; after 120 passes: {ends}",
    ]
    assert traces["subgradient"].n_zeros[-1] == 0
    assert traces["proximal"].n_zeros[-1] == zeros > 0
    assert f"certified solution has {zeros} zeros" in description_of(figure)
    assert figure.axes[0].get_ylabel() == "above the minimum [price, squared]"


def test_the_coefficient_shown_is_a_certified_zero():
    figure = shrinkage.plot_descents(FRAME, "price", n_steps=60)
    words = figure.axes[2].get_title(loc="left")
    assert words.startswith("The objective along feature ")
    solution = shrinkage.elastic_net_path(X, Y, alphas=[0.1 * shrinkage.alpha_max(X, Y)])
    assert solution.coef_path[0, int(words.split()[-1])] == 0.0
    assert "so the minimum is at 0" in figure.axes[2].texts[0].get_text()


def test_the_slopes_at_the_kink_are_those_of_the_objective():
    alpha = 0.1 * shrinkage.alpha_max(X, Y)
    figure = shrinkage.plot_descents(X, Y, alpha, n_steps=20)
    j = int(figure.axes[2].get_title(loc="left").split()[-1].removeprefix("x"))
    path = shrinkage.elastic_net_path(X, Y, alphas=[alpha])
    residual = Y - path.intercepts[0] - X @ path.coef_path[0]
    drag = (X[:, j] - X[:, j].mean()) @ residual / 100 / X[:, j].std()
    left, right = (float(word) for word in figure.axes[2].texts[0].get_text().split()[3:8:4])
    assert left == pytest.approx(-drag - alpha, rel=0.06)
    assert right == pytest.approx(-drag + alpha, rel=0.06)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("j", [0, 3, 14])
def test_the_slice_is_the_objective_along_one_coefficient(l1_ratio, j):
    exercise = Exercise(read(X, Y, l1_ratio=l1_ratio), 0.4)
    values = np.linspace(-4, 4, 21)
    t = np.tile(exercise.standardized(exercise.solution.coef), (21, 1))
    t[:, j] = values
    expected = exercise.objective(t) - exercise.optimum
    np.testing.assert_allclose(kink_along(exercise, j).at(values), expected, atol=1e-12)


def test_without_a_kink_the_subgradient_is_the_gradient():
    figure = shrinkage.plot_descents(X, Y, l1_ratio=0.0, n_steps=20)
    assert names(figure) == ["gradient", "accelerated (FISTA)", "coordinate"]
    assert titles(figure)[0] == "Ridge by descent: no coefficient is zero"
    assert "no kink: one slope at 0" in figure.axes[2].texts[0].get_text()
    assert shrinkage.plot_descents(X, Y, 0.0, n_steps=2).texts[0].get_text().startswith("Least")


def test_an_elastic_net_and_chosen_methods():
    figure = shrinkage.plot_descents(X, Y, l1_ratio=0.5, methods=["coordinate"], n_steps=20)
    assert names(figure) == ["coordinate"]
    assert titles(figure)[0] == "Elastic net 0.5 by descent: how many exact zeros"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"methods": ["gradient"]}, '`l1_ratio` must be 0 with method="gradient"'),
        ({"methods": ["newton"]}, "`methods` must be one of 'gradient'"),
        ({"methods": "proximal"}, "`methods` must be None or a non-empty list of methods"),
        ({"methods": []}, "`methods` must be None or a non-empty list of methods"),
        ({"methods": ["proximal", "proximal"]}, "`methods` must hold each method once"),
        ({"alpha": -1.0}, "`alpha` must be a finite number >= 0"),
        ({"n_steps": 1}, "`n_steps` must be an integer >= 2"),
        ({"y": Y[:3]}, "`y` must have one entry per row"),
    ],
)
def test_wrong_arguments_are_named(change, words):
    with pytest.raises(shrinkage.ArgumentError) as caught:
        shrinkage.plot_descents(**({"X": X, "y": Y} | change))
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("data", "target", "alpha"),
    [
        (X, np.ones(100), None),
        (X, Y, 1e3),
        (X[:3, :1], Y[:3], None),
        (RNG.normal(size=(30, 200)), Y[:30], None),
    ],
    ids=["constant target", "null model", "one column", "wide"],
)
def test_degenerate_problems_have_a_picture(data, target, alpha):
    figure = shrinkage.plot_descents(data, target, alpha, n_steps=10)
    assert "<desc>Four panels" in svg_of(figure)


def test_only_constant_columns_leave_nothing_to_draw():
    with (
        pytest.warns(shrinkage.DataWarning, match="constant"),
        pytest.raises(shrinkage.ArgumentError, match="`X` must have a column that is not constant"),
    ):
        shrinkage.plot_descents(np.ones((5, 2)), Y[:5])


def test_the_same_data_give_the_same_small_picture():
    first, second = (svg_of(shrinkage.plot_descents(FRAME, "price")) for _ in range(2))
    assert first == second
    assert len(first) < 60_000


def test_a_missing_matplotlib_is_named_before_any_work():
    code = (
        "import sys, shrinkage; sys.modules['matplotlib'] = None\n"
        "try: shrinkage.plot_descents(None, None)\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == [
        "`plot_descents` can't be used without matplotlib.",
        "Hint: pip install 'shrinkage[plot]'",
    ]
