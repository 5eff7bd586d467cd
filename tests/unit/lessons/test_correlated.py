"""The picture of correlated features: what it looks at, what it says, and what it refuses."""

import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from shrinkage import ArgumentError, DataError, make_problem, plot_correlated
from shrinkage.design import correlations, encode
from shrinkage.draw import description_of, svg_of
from shrinkage.lessons.correlated import bootstrap_effects, simulated_effects
from shrinkage.lessons.pick import most_correlated_pair, named_columns

NAMES = ["height", "weight", "age"]


def data(n=60):
    rng = np.random.default_rng(0)
    height = rng.normal(170.0, 10.0, size=n)
    weight = 0.9 * height + rng.normal(size=n)
    age = rng.uniform(20.0, 70.0, size=n)
    y = height + weight + 0.1 * age + rng.normal(scale=20.0, size=n)
    return {"height": height, "weight": weight, "age": age}, y


def frame():
    columns, y = data()
    town = np.array(["Aix", "Bonn", "Cork"])[np.arange(60) % 3].astype(object)
    club = np.where(columns["age"] > 40.0, "yes", "no").astype(object)
    return columns | {"town": town, "club": club}, y


def texts(figure):
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
        found += [axes.get_xlabel(), axes.get_ylabel()]
        found += [label.get_text() for label in axes.get_yticklabels()]
    return found


def test_the_simulation_says_its_numbers():
    figure = plot_correlated(rho=0.9, n_resamples=40)
    found = simulated_effects(0.9, 40, 0)
    one = 100.0 * (found.n_kept == 1).mean(axis=1)
    expected = (
        f"correlation 0.90; only one of them is kept in {one[0]:.3g} % (ridge), {one[1]:.3g} % "
        f"(elastic net 0.5), {one[2]:.3g} % (lasso) of 40 samples of 30 rows"
    )
    words = texts(figure)
    assert expected in words
    assert expected in description_of(figure)
    assert len(figure.axes) == 3
    assert any("plus: truth" in text for text in words)
    assert_array_equal(found.marks, 1.0)


@pytest.mark.parametrize(
    ("rho", "shown"), [(0.0, "0.00"), (0.994, "0.99"), (0.996, "0.996"), (1.0 - 1e-9, "1.00")]
)
def test_a_correlation_near_1_has_the_decimals_that_tell(rho, shown):
    figure = plot_correlated(rho=rho, n_resamples=2)
    assert any(text.startswith(f"correlation {shown};") for text in texts(figure))


def test_what_a_panel_says_of_the_lasso_adds_up():
    figure = plot_correlated(rho=0.99, n_resamples=50)
    words = next(text for text in texts(figure) if text.startswith("picks one") and "x0" in text)
    picked, first, second = (float(number) for number in re.findall(r"([\d.]+) %", words)[:3])
    assert picked > 0.0
    assert_allclose(first + second, picked)


def test_alpha_has_the_smallest_true_error_on_average():
    # Twice the samples with the same truth: another alpha may be best, yet not by much.
    found = simulated_effects(0.95, 100, 0)
    more = simulated_effects(0.95, 100, 7)
    assert_allclose(np.log(found.alphas[0]), np.log(more.alphas[0]), atol=0.7)
    away = found.coefs - 1.0
    covariance = np.array([[1.0, 0.95], [0.95, 1.0]])
    error = np.einsum("kni,ij,knj->kn", away, covariance, away).mean(axis=1)
    assert error[0] < error[1] < error[2]  # equal weights of correlated features are ridge's case


@pytest.mark.parametrize("of", [dict, sparse.csc_array], ids=["frame", "sparse"])
def test_the_most_correlated_pair_is_found(of):
    columns, y = data()
    X = columns if of is dict else sparse.csc_array(np.column_stack(list(columns.values())))
    words = texts(plot_correlated(X, y, n_resamples=5))
    first, second = ("height", "weight") if of is dict else ("x0", "x1")
    assert f"coefficient of {first} (per sd)" in words
    assert f"coefficient of {second} (per sd)" in words
    r = np.corrcoef(columns["height"], columns["weight"])[0, 1]
    assert any(f"correlation {r:.2f}" in text for text in words)


def test_the_target_may_be_a_column():
    columns, y = data()
    one = plot_correlated(columns, y, n_resamples=5)
    other = plot_correlated({"target": y, **columns}, "target", n_resamples=5)
    assert svg_of(one) == svg_of(other)


def test_levels_of_a_text_column_are_no_pair_but_can_be_named():
    X, y = frame()
    words = texts(plot_correlated(X, y, n_resamples=5))  # club=yes is 1 - club=no
    assert "coefficient of height (per sd)" in words
    words = texts(plot_correlated(X, y, ["town", "age"], n_resamples=5))
    assert {"town=Aix", "town=Bonn", "town=Cork", "age"} <= set(words)
    assert "height" not in words
    assert any("of 4 features" in text for text in words)


def test_positions_and_names_are_the_same():
    columns, y = data()
    one = plot_correlated(columns, y, ["age", "height"], n_resamples=5)
    other = plot_correlated(columns, y, [2, np.int64(0)], n_resamples=5)
    assert svg_of(one) == svg_of(other)


def test_a_group_shows_how_often_each_is_zero():
    columns, y = data()
    figure = plot_correlated(columns, y, NAMES, n_resamples=20)
    matrix, about = encode(columns)
    found = bootstrap_effects(make_problem(matrix, y), about, np.arange(3), 20, 0)
    lasso = [text.get_text() for text in figure.axes[2].texts]
    for row, share in enumerate(100.0 * found.zero[2]):
        assert f"{share:.3g} %" + (" zero" if row == 0 else "") in lasso
    assert found.zero[0].max() == 0.0


def test_the_same_seed_gives_the_same_bytes_and_another_one_others():
    columns, y = data()
    one, same, other = (
        svg_of(plot_correlated(columns, y, n_resamples=10, random_state=seed)) for seed in (3, 3, 4)
    )
    assert one == same
    assert one != other
    ET.fromstring(one)


def test_a_typical_picture_is_small():
    assert len(svg_of(plot_correlated())) < 60_000


def test_correlations_are_those_of_numpy():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(9000, 3)) @ rng.normal(size=(3, 3)) + 100.0
    expected = np.corrcoef(X, rowvar=False)
    which = np.array([2, 0])
    for made in (X, X.astype(np.float32), sparse.csc_array(X)):
        assert_allclose(correlations(made, which), expected[np.ix_(which, which)], atol=1e-5)


def test_constant_columns_are_no_pair():
    X = np.column_stack([np.ones(30), np.arange(30.0), np.ones(30), np.arange(30.0) ** 2])
    pair = most_correlated_pair(X, encode(X)[1], X.std(axis=0), np.ones(4))
    assert_array_equal(pair, [1, 3])


def test_of_very_many_columns_those_that_matter_are_looked_at():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5, 2001))
    X[:, 7] = X[:, 9]  # a perfect pair, and the only column that is left out is in it
    with_y = np.ones(2001)
    with_y[7] = 0.0
    assert 7 not in most_correlated_pair(X, encode(X)[1], X.std(axis=0), with_y)
    with_y[7], with_y[0] = 1.0, 0.0
    assert_array_equal(most_correlated_pair(X, encode(X)[1], X.std(axis=0), with_y), [7, 9])


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("height", "hold 2 to 30 different"),
        (["height"], "hold 2 to 30 different"),
        (["height", "height"], "hold 2 to 30 different"),
        (["height", 0], "hold 2 to 30 different"),
        ([], "got none"),
        (["height", "length"], "'length'"),
        ([0, 3], "got 3"),
        ([0, -1], "got -1"),
        ([0, True], "got True"),
        ([0, 1.0], "got 1.0"),
        (5, "hold 2 to 30 different"),
    ],
)
def test_columns_that_can_not_be_meant(columns, words):
    X, y = data()
    with pytest.raises(ArgumentError, match=re.escape(words)) as caught:
        plot_correlated(X, y, columns)
    assert str(caught.value).startswith("`columns` must")


def test_many_columns_are_refused():
    about = encode(np.zeros((2, 40)))[1]
    assert named_columns(range(30), about).size == 30
    with pytest.raises(ArgumentError, match="hold 2 to 30"):
        named_columns(range(31), about)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(rho=1.0), "`rho` must be a number >= 0 and below 1, got 1.0."),
        (dict(rho=-0.1), "`rho` must be"),
        (dict(rho="high"), "`rho` must be"),
        (dict(n_resamples=1), "`n_resamples` must be an integer >= 2, got 1."),
        (dict(random_state=-1), "`random_state` must be"),
        (dict(y=[1.0, 2.0]), "`y` can't be given without `X`."),
        (dict(columns=[0, 1]), "`columns` can't be given without `X`."),
        (dict(X=np.eye(5), y=np.arange(5.0), rho=0.5), "`rho` can't be given together with `X`."),
        (dict(X=np.eye(3), y=np.arange(3.0)), "`X` must have at least 4 rows, got 3."),
        (dict(X=np.eye(5)), "`y` must hold one number per row"),
        (dict(X=np.eye(5)[:, :1], y=np.arange(5.0)), "`X` must have two numeric columns that vary"),
        (
            dict(X=np.ones((5, 2)) * [1, 2], y=np.arange(5.0), columns=[0, 1]),
            "`columns` must name columns that vary, got 'x0'.",
        ),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "-".join(value),
)
def test_arguments_are_checked(arguments, words):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant columns are mentioned, too
        with pytest.raises(ArgumentError) as caught:
            plot_correlated(**arguments)
    assert str(caught.value).startswith(words)


def test_data_are_checked():
    X = np.eye(5)
    X[2, 1] = np.nan
    with pytest.raises(DataError, match="finite"):
        plot_correlated(X, np.arange(5.0))


def test_a_constant_target_gives_a_picture_of_zeros():
    X, _ = data()
    words = texts(plot_correlated(X, np.ones(60), n_resamples=3))
    assert any("neither 100 %" in text for text in words)


def test_a_missing_matplotlib_is_told_of_before_the_data_are_read():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import shrinkage\n"
        "for made in (shrinkage.plot_correlated, shrinkage.plot_selection):\n"
        "    try: made('no data', 'y')\n"
        "    except shrinkage.MissingDependencyError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    for name in ("plot_correlated", "plot_selection"):
        assert f"`{name}` can't be used without matplotlib." in done.stdout
    assert "shrinkage[plot]" in done.stdout
