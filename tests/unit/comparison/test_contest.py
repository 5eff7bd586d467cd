"""The comparison: the numbers are those of the parts, and the words follow from the numbers."""

from __future__ import annotations

import csv
import json
import math
import warnings
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy import sparse

import shrinkage
from shrinkage.comparison import files, groups
from shrinkage.comparison.thumb import RuleOfThumb
from shrinkage.errors import ArgumentError, DataWarning, MissingDependencyError
from shrinkage.select.folds import make_splits
from shrinkage.solve.certificate import certify


def data(n: int = 80, p: int = 6, seed: int = 2):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    X[:, 1] = X[:, 0] + 0.3 * rng.standard_normal(n)
    return X, X[:, 0] * 2.0 - X[:, 2] + rng.standard_normal(n)


@pytest.fixture(scope="module")
def comparison():
    return shrinkage.compare(*data())


def test_each_contender_is_the_estimator_of_its_name(comparison):
    X, y = data()
    for name, model in {
        "ridge": shrinkage.RidgeCV(),
        "lasso": shrinkage.LassoCV(),
        "elastic net 0.5": shrinkage.ElasticNetCV(l1_ratio=0.5),
    }.items():
        model.fit(X, y)
        found = comparison[name]
        assert found.alpha == pytest.approx(model.alpha_, rel=1e-12)
        assert found.alpha_1se == pytest.approx(model.alpha_1se_, rel=1e-12)
        np.testing.assert_allclose(found.coef, model.coef_, rtol=1e-9, atol=1e-12)
        at = int(np.argmin(model.cv_mean_[0]))
        assert found.held_out_error == pytest.approx(model.cv_mean_[0, at], rel=1e-12)
        assert found.held_out_se == pytest.approx(model.cv_se_[0, at], rel=1e-9)
        assert found.training_error == pytest.approx(model.train_mean_[0, at], rel=1e-12)


def test_every_contender_is_certified(comparison):
    X, y = data()
    for found in comparison.contenders:
        certificate = certify(
            X,
            y,
            found.coef,
            found.intercept,
            alpha=found.alpha,
            l1_ratio=0.0 if math.isnan(found.l1_ratio) else found.l1_ratio,
        )
        assert certificate.dual_gap <= 1e-9


def test_least_squares_is_the_one_of_each_fold(comparison):
    X, y = data()
    with_one = np.column_stack([np.ones(len(y)), X])
    errors = []
    for training, held_out in make_splits(10, len(y)):
        coef = np.linalg.lstsq(with_one[training], y[training])[0]
        errors.append(np.mean((y[held_out] - with_one[held_out] @ coef) ** 2))
    np.testing.assert_allclose(comparison["OLS"].fold_errors, errors, rtol=1e-10)
    whole = np.linalg.lstsq(with_one, y)[0]
    np.testing.assert_allclose(comparison["OLS"].coef, whole[1:], rtol=1e-10)
    assert comparison["OLS"].intercept == pytest.approx(whole[0])


def test_the_null_model_predicts_the_mean_of_the_training_rows(comparison):
    _, y = data()
    splits = list(make_splits(10, len(y)))
    errors = [np.mean((y[held_out] - y[training].mean()) ** 2) for training, held_out in splits]
    assert comparison.null_error == pytest.approx(np.mean(errors), rel=1e-12)
    assert comparison.null_se == pytest.approx(np.std(errors, ddof=1) / math.sqrt(10), rel=1e-12)


def test_differences_are_paired(comparison):
    best = comparison.best
    for found in comparison.contenders:
        pairs = found.fold_errors - best.fold_errors
        assert found.difference == pytest.approx(np.mean(pairs), abs=1e-14)
        expected = np.std(pairs, ddof=1) / math.sqrt(len(pairs))
        assert found.difference_se == pytest.approx(expected, abs=1e-14)
        assert found.difference >= 0.0


def test_coefficients_per_standard_deviation_do_not_depend_on_units(comparison):
    X, y = data()
    scale = np.array([1.0, 1e-3, 1e4, 7.0, 1.0, 2.0])
    other = shrinkage.compare(X * scale, y)
    np.testing.assert_allclose(other.coef_per_sd, comparison.coef_per_sd, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.coef * scale[:, None], comparison.coef, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(comparison.coef_per_sd, comparison.coef * X.std(0)[:, None])


def test_weights_of_two_are_repeated_rows():
    X, y = data(40)
    weights = np.random.default_rng(0).integers(0, 3, 40)
    rows = np.repeat(np.arange(40), weights)
    fold_ids = np.arange(40) % 4
    alphas = np.geomspace(1.0, 0.01, 12)
    weighted = shrinkage.compare(X, y, sample_weight=weights, fold_ids=fold_ids, alphas=alphas)
    repeated = shrinkage.compare(X[rows], y[rows], fold_ids=fold_ids[rows], alphas=alphas)
    assert weighted.null_error == pytest.approx(repeated.null_error, rel=1e-12)
    for one, other in zip(weighted.contenders, repeated.contenders, strict=True):
        assert one.alpha == other.alpha
        assert one.held_out_error == pytest.approx(other.held_out_error, rel=1e-9)
        assert one.difference_se == pytest.approx(other.difference_se, rel=1e-6, abs=1e-12)
    assert weighted.rule.strongest == pytest.approx(repeated.rule.strongest, rel=1e-9)


def test_an_offset_is_taken_from_the_response(comparison):
    X, y = data()
    offset = np.linspace(-3.0, 3.0, len(y))
    moved = shrinkage.compare(X, y + offset, offset=offset)
    for one, other in zip(moved.contenders, comparison.contenders, strict=True):
        assert one.held_out_error == pytest.approx(other.held_out_error, rel=1e-9)


def test_groups_and_splitters_make_the_folds():
    from sklearn.model_selection import KFold

    X, y = data()
    labels = np.arange(len(y)) // 8
    grouped = shrinkage.compare(X, y, groups=labels, cv=5)
    assert all(len(set(grouped.fold_ids[labels == label])) == 1 for label in set(labels))
    assert shrinkage.compare(X, y, cv=KFold(3)).n_folds == 3
    with pytest.raises(ArgumentError, match="at least 2 splits"):
        shrinkage.compare(X, y, cv=[(np.arange(40), np.arange(40, 80))])


def test_a_frame_and_its_column_are_the_arrays(comparison):
    pd = pytest.importorskip("pandas")
    X, y = data()
    names = [f"f{j}" for j in range(6)]
    frame = pd.DataFrame(X, columns=names).assign(price=y)
    found = shrinkage.compare(frame, "price")
    assert found.feature_names == tuple(names)
    assert found.target_name == "price"
    np.testing.assert_allclose(found.coef, comparison.coef, rtol=1e-9, atol=1e-12)


def test_least_squares_leaves_out_the_commonest_level():
    X, y = data()
    town = np.array(["A", "B", "B", "C"] * 20, dtype=object)
    found = shrinkage.compare({"x": X[:, 0], "town": town}, y)
    assert found.feature_names == ("x", "town=A", "town=B", "town=C")
    assert found["OLS"].coef[2] == 0.0
    assert found["OLS"].status.name == "CONVERGED"
    assert found.effect(found["OLS"])[1:] == ["not shrunk", "base level", "not shrunk"]
    assert found.effect(found["ridge"])[1:] == ["other coding"] * 3
    assert np.count_nonzero(found["ridge"].coef) == 4
    design = np.column_stack([np.ones(80), X[:, 0], town == "A", town == "C"]).astype(float)
    expected = np.linalg.lstsq(design, y)[0]
    np.testing.assert_allclose(found["OLS"].coef[[0, 1, 3]], expected[1:], rtol=1e-9)
    # The levels of one column exclude each other; that is no correlation of features.
    assert found.groups == ()


def test_sparse_and_dense_agree(comparison):
    X, y = data()
    found = shrinkage.compare(sparse.csc_array(X), y)
    np.testing.assert_allclose(found.coef, comparison.coef, rtol=1e-6, atol=1e-8)
    assert found.rule.strongest == pytest.approx(comparison.rule.strongest, rel=1e-12)


def test_more_features_than_rows_leave_out_least_squares():
    X, y = data(20, 30)
    found = shrinkage.compare(X, y, cv=4)
    assert next(contender.name for contender in found.contenders) == "ridge"
    assert "OLS is left out: 30 features, but only 20 rows." in str(found)
    assert "shrunk" not in found.effect(found["lasso"])


def test_collinear_features_are_mentioned():
    X, y = data()
    X = np.column_stack([X, X[:, 2] + X[:, 3]])
    assert any("minimum norm" in note for note in shrinkage.compare(X, y).notes)


def test_repeated_columns_are_mentioned_once():
    X, y = data()
    X = np.column_stack([X, X[:, 3]])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        shrinkage.compare(X, y)
    assert [warning.category for warning in caught] == [DataWarning]


def test_groups_are_connected_components():
    rng = np.random.default_rng(4)
    Z = rng.standard_normal((500, 3))
    # 0 and 2 are correlated only through 1.
    a, b, c = Z.T
    X = np.column_stack([a, a + 0.8 * b, 0.5 * a + b, c, c])
    found, strongest = groups.correlated_groups(X, None, np.arange(5), np.arange(5))
    assert [group.features.tolist() for group in found] == [[0, 1, 2], [3, 4]]
    assert strongest == pytest.approx(1.0)
    r = np.corrcoef(X[:, :3], rowvar=False)
    assert found[0].strongest == pytest.approx(np.abs(r - np.eye(3)).max())
    assert abs(r[0, 2]) < groups.THRESHOLD
    same = np.array([0, 0, 0, 1, 1])
    assert groups.correlated_groups(X, None, np.arange(5), same)[0] == []


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_correlations_survive_large_means_and_constant_columns(shift):
    X, _ = data(6000, 4)
    X = np.column_stack([X, np.full(6000, 3.0)]) + shift
    found, strongest = groups.correlated_groups(X, None, np.arange(5), np.arange(5))
    assert strongest == pytest.approx(np.corrcoef(X[:, 0], X[:, 1])[0, 1], rel=1e-6)
    assert [group.features.tolist() for group in found] == [[0, 1]]


def test_the_share_inside_a_group():
    group = groups.Group(np.array([0, 2, 3]), 0.9)
    found = groups.share(np.array([1.0, 9.0, -3.0, 0.0]), group)
    assert found == groups.Share(2, 0.75, 2)
    assert groups.share(np.zeros(4), group).n_kept == 0


@pytest.mark.parametrize(
    ("n_rows", "n_correlated", "answer", "words"),
    [
        (1000, 10, "L2", "The rule says L2"),
        (50, 0, "L1", "The rule says L1"),
        (50, 10, "both", "points both ways"),
        (1000, 0, "neither", "Neither condition holds"),
    ],
)
def test_the_rule_of_thumb_answers_from_its_measurements(n_rows, n_correlated, answer, words):
    rule = RuleOfThumb(n_rows, 20, n_correlated, 20, 0.9)
    assert rule.answer == answer
    assert words in rule.sentence
    assert f"{n_correlated} of 20 features" in rule.measurements[0]
    assert f"{n_rows / 20:.1f} rows for each feature" in rule.measurements[1]


def test_the_report_fits_a_terminal_and_says_what_it_does_not_prove(comparison):
    text = str(comparison)
    assert max(map(len, text.splitlines())) <= 100
    assert "do not yet prove which is better" in text
    assert "slightly too good" in text
    assert "correlated features or a simple model: L2" in text.replace("Correlated", "correlated")
    for contender in comparison.contenders:
        assert contender.name in text
    assert text.endswith("\n")


def test_long_and_hostile_names_break_no_report():
    X, y = data()
    hostile = {f"<script>\x1b[2J{'long ' * 20}{j}": X[:, j] for j in range(6)}
    found = shrinkage.compare(hostile, y)
    text = str(found)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100

    seen = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            seen.add(tag)

    Tags().feed(found._repr_html_())
    assert "table" in seen
    assert "script" not in seen


def test_extreme_units_are_readable():
    X, y = data()
    for unit in (1e-9, 1e9):
        text = str(shrinkage.compare(X, y * unit))
        assert max(map(len, text.splitlines())) <= 100
        assert "nan" not in text


def test_the_table_of_coefficients_has_what_each_penalty_did(comparison):
    table = comparison.coef_table()
    assert table["feature"] == [f"x{j}" for j in range(6)]
    np.testing.assert_array_equal(table["lasso"], comparison["lasso"].coef)
    for value, least, word in zip(table["lasso"], table["ols"], table["lasso_effect"], strict=True):
        expected = "shrunk" if abs(value) < abs(least) else "not shrunk"
        assert word == ("exactly zero" if value == 0.0 else expected)


def test_plain_values_hold_no_nan(comparison):
    text = json.dumps(comparison.to_dict(), allow_nan=False)
    stored = json.loads(text)
    assert next(model["name"] for model in stored["models"]) == "OLS"
    assert stored["models"][0]["l1_ratio"] is None
    assert stored["best"] == comparison.best.name
    assert len(stored["fold_ids"]) == 80


def test_save_writes_every_file(comparison, tmp_path):
    pytest.importorskip("matplotlib")
    comparison.save(tmp_path / "new")
    stored = json.loads((tmp_path / "new" / "comparison.json").read_text())
    assert stored == json.loads(json.dumps(comparison.to_dict()))
    with open(tmp_path / "new" / "coefficients.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    np.testing.assert_array_equal([float(row["ridge"]) for row in rows], comparison["ridge"].coef)
    for contender in comparison.contenders[1:]:
        svg = (tmp_path / "new" / f"path-{contender.slug}.svg").read_text()
        assert "underfitting" in svg
        assert "overfitting" in svg
        assert f"{contender.n_nonzero} of 6 features" in svg
    assert len(list((tmp_path / "new").iterdir())) == 7


def test_save_without_matplotlib_writes_nothing(comparison, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"shrinkage\[plot\]"):
        comparison.save(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_interrupted_write_leaves_what_was_there(tmp_path):
    (tmp_path / "a").write_text("old")

    class Interrupting(dict):
        def __getitem__(self, name):
            if name == "b":
                raise KeyboardInterrupt
            return super().__getitem__(name)

    contents = Interrupting(a="new", b="new")
    for directory in (tmp_path, tmp_path / "made" / "for this"):
        with pytest.raises(KeyboardInterrupt):
            files.write_together(directory, contents)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_an_unknown_contender_is_a_key_error(comparison):
    with pytest.raises(KeyError):
        comparison["best subset"]


def test_a_curve_that_still_falls_at_the_edge_is_mentioned():
    X, y = data()
    found = shrinkage.compare(X, y, alphas=np.array([1.5, 1.2]))
    assert any("edge of the grid" in note for note in found.notes)


def test_comparisons_are_values(comparison):
    assert replace(comparison, target_name="z").target_name == "z"


GOOD = data(12, 3)
BAD = {
    "NaN": (np.where(np.eye(12, 3) == 1, np.nan, GOOD[0]), GOOD[1], {}, "`X` must be finite"),
    "infinity": (GOOD[0], np.r_[np.inf, GOOD[1][1:]], {}, "`y` must be finite"),
    "a vector for X": (GOOD[1], GOOD[1], {}, "`X` must be a matrix"),
    "too short": (GOOD[0], GOOD[1][:5], {}, "inconsistent numbers of samples"),
    "complex": (GOOD[0] * 1j, GOOD[1], {}, "`X` must hold real numbers"),
    "text": (GOOD[0].astype(str), GOOD[1], {}, "`X` must hold real numbers"),
    "no features": (GOOD[0][:, :0], GOOD[1], {}, "must have at least 1 column"),
    "one row": (GOOD[0][:1], GOOD[1][:1], {}, "minimum of 2"),
    "a column without a frame": (GOOD[0], "price", {}, "`X` must be a data frame"),
    "no such column": ({"a": GOOD[1]}, "price", {}, "name of a column of `X`"),
    "weights of zero": (*GOOD, {"sample_weight": np.zeros(12)}, "`sample_weight`"),
    "a negative weight": (*GOOD, {"sample_weight": -np.ones(12)}, "`sample_weight`"),
    "short weights": (*GOOD, {"sample_weight": np.ones(3)}, "`sample_weight`"),
    "a short offset": (*GOOD, {"offset": np.ones(3)}, "`offset`"),
    "no alphas": (*GOOD, {"alphas": []}, "`alphas`"),
    "a negative alpha": (*GOOD, {"alphas": [1.0, -1.0]}, "`alphas"),
    "one fold": (*GOOD, {"cv": 1}, "`cv` must be an integer >= 2"),
    "more folds than rows": (*GOOD, {"cv": 13}, "`cv` must be at most"),
    "an empty fold": (*GOOD, {"fold_ids": [0] * 6 + [2] * 6}, "none in fold 1"),
    "settings of another kind": (*GOOD, {"settings": 1e-9}, "`settings`"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_refused_with_a_sentence(case):
    X, y, options, sentence = BAD[case]
    with pytest.raises(ArgumentError) as caught:
        shrinkage.compare(X, y, **options)
    assert sentence in str(caught.value)
