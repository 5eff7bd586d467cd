"""The displays draw what the models found, and nothing is computed twice for them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

import shrinkage
from shrinkage import ArgumentError, CrossValidationDisplay, PathDisplay

RNG = np.random.default_rng(1)
X = RNG.normal(size=(60, 5)) * [1.0, 10.0, 0.1, 1.0, 1.0]
Y = X[:, 0] - 0.2 * X[:, 1] + RNG.normal(size=60)
FOLD_IDS = np.arange(60) % 4


@pytest.fixture(scope="module")
def lasso():
    return shrinkage.LassoCV(alphas=30).fit(X, Y, fold_ids=FOLD_IDS)


def fold_errors(model, measure):
    """The errors of each fold, by fitting each training part again."""
    rows = [k == FOLD_IDS for k in range(4)]
    return np.array(
        [
            [measure(Y[held_out], fit.predict(X[held_out], alpha=alpha)) for alpha in model.alphas_]
            for held_out in rows
            for fit in [
                shrinkage.elastic_net_path(X[~held_out], Y[~held_out], alphas=model.alphas_)
            ]
        ]
    )


def test_the_paired_standard_error_is_that_of_differences(lasso):
    errors = fold_errors(lasso, lambda y, p: np.mean((y - p) ** 2))
    assert_allclose(errors.mean(axis=0), lasso.cv_mean_[0], rtol=1e-6)
    best = int(np.argmin(lasso.cv_mean_[0]))
    differences = errors - errors[:, [best]]
    by_hand = differences.std(axis=0, ddof=1) / np.sqrt(4)
    assert_allclose(lasso.cv_paired_se_[0], by_hand, rtol=1e-4, atol=1e-7)
    assert lasso.cv_paired_se_[0, best] == 0.0


def test_the_stretches_hold_the_alphas_within_one_paired_standard_error(lasso):
    display = CrossValidationDisplay.from_estimator(lasso)
    mean = lasso.cv_mean_[0]
    is_as_good = mean - mean.min() <= lasso.cv_paired_se_[0]
    inside = np.zeros(30, dtype=bool)
    for high, low in display.as_good:
        inside |= (lasso.alphas_ <= high) & (lasso.alphas_ >= low)
    assert_array_equal(inside, is_as_good)
    assert 1 <= inside.sum() < 30


def test_a_score_is_turned_round():
    model = shrinkage.LassoCV(alphas=30, scoring="r2").fit(X, Y, fold_ids=FOLD_IDS)
    display = CrossValidationDisplay.from_estimator(model)
    assert display.larger_is_better
    best = model.alphas_[np.argmax(model.cv_mean_[0])]
    assert any(high >= best >= low for high, low in display.as_good)
    assert model.alphas_[0] not in [high for high, _ in display.as_good]


def test_figure_and_axes_are_kept_and_it_can_be_drawn_again(lasso):
    display = CrossValidationDisplay.from_estimator(lasso)
    first = display.figure_
    assert display.ax_ in first.axes
    axes = first.subplots()
    assert display.plot(ax=axes) is display
    assert display.ax_ is axes
    assert display.plot() is display
    assert display.figure_ is not first


def test_the_path_display_has_two_axes_and_the_same_errors(lasso):
    display = PathDisplay.from_estimator(lasso, n_named=2)
    assert display.ax_.shape == (2,)
    assert_allclose(display.coefs, lasso.path_.coef_path * X.std(axis=0), rtol=1e-12)
    assert_array_equal(display.errors.held_out, lasso.cv_mean_[0])
    assert {text.get_text() for text in display.ax_[0].texts} == {"features", "x0", "x1"}
    from matplotlib.figure import Figure

    pair = Figure().subplots(2)
    assert display.plot(ax=pair).ax_.tolist() == pair.tolist()
    one = Figure().subplots()
    assert display.plot(ax=one).ax_ is one


def test_of_several_l1_ratios_the_chosen_one_is_drawn():
    model = shrinkage.ElasticNetCV(l1_ratio=[0.1, 0.9], alphas=20, cv=3).fit(X, Y)
    row = model.best_index_[0]
    display = CrossValidationDisplay.from_estimator(model)
    assert_array_equal(display.alphas, model.alphas_[row])
    assert_array_equal(display.paired_se, model.cv_paired_se_[row])
    assert f"l1_ratio {model.l1_ratio_:g}" in display.heading


def test_a_single_fit_gets_the_path_through_its_alpha():
    model = shrinkage.Lasso(alpha=0.1).fit(X, Y)
    display = PathDisplay.from_estimator(model)
    assert display.alphas.size == 101
    k = int(np.flatnonzero(display.alphas == 0.1)[0])
    assert_allclose(display.coefs[k], model.coef_ * X.std(axis=0), rtol=1e-4, atol=1e-6)
    kept = np.count_nonzero(model.coef_)
    assert display.figure_.texts[1].get_text() == f"{kept} of 5 features at alpha 0.100"


def test_a_path_can_be_drawn():
    path = shrinkage.elastic_net_path(X, Y, l1_ratio=0.5, alphas=10)
    display = PathDisplay.from_path(path)
    assert_array_equal(display.alphas, path.alphas)
    assert display.ax_ in display.figure_.axes


def test_every_display_is_described(lasso):
    from shrinkage.draw import description_of

    words = description_of(CrossValidationDisplay.from_estimator(lasso).figure_)
    assert words.startswith("Training and held-out mean squared error over alpha")
    words = description_of(PathDisplay.from_estimator(lasso).figure_)
    assert f"{np.count_nonzero(lasso.coef_)} of 5 features" in words
    assert "Held out it is lowest" in words


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CrossValidationDisplay([1.0], [1.0, 2.0], [1.0]), "`training` must be numbers of"),
        (lambda: CrossValidationDisplay([[1.0]], [1.0], [1.0]), "`alphas` must be numbers of"),
        (lambda: PathDisplay([1.0, 0.5], [[1.0]]), "`coefs` must be of shape .2, n_features."),
        (lambda: PathDisplay([1.0], [[1.0]], ["a", "b"]), "`names` must be one for each of 1"),
        (lambda: PathDisplay([1.0], [[1.0]]).plot(ax=[1, 2, 3]), "`ax` must be one axes or two"),
        (lambda: PathDisplay.from_path("path"), "`path` must be a Path"),
        (
            lambda: PathDisplay.from_estimator("model"),
            "`estimator` must be an estimator",
        ),
        (
            lambda: CrossValidationDisplay.from_estimator(shrinkage.Lasso()),
            "`estimator` must be one whose name ends in CV",
        ),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize("display", [CrossValidationDisplay, PathDisplay])
def test_before_fit_there_is_nothing_to_draw(display):
    with pytest.raises(NotFittedError):
        display.from_estimator(shrinkage.LassoCV())


def test_a_model_from_a_file_has_no_path(tmp_path, lasso):
    single = shrinkage.Lasso(alpha=0.1).fit(X, Y).save(tmp_path / "one.json")
    for place in (lasso.save(tmp_path / "cv.json"), single):
        with pytest.raises(ArgumentError, match="can't draw a model read from a file"):
            PathDisplay.from_estimator(shrinkage.load(place))


def test_without_matplotlib_nothing_is_solved(monkeypatch):
    from shrinkage.draw import figure

    def missing():
        raise ImportError

    monkeypatch.setattr(figure, "_picture_class", missing)
    model = shrinkage.Lasso(alpha=0.1).fit(X, Y)
    monkeypatch.setattr(model.path_, "_solver", None)  # solving would be another error
    with pytest.raises(shrinkage.MissingDependencyError, match="`PathDisplay` can't be used"):
        PathDisplay.from_estimator(model)
