"""The benchmark's judge, its choice of runs, its tables. No clock, and no peer, is needed."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cheapest import at_least, cheapest, fastest, fastest_default
from benchmarks.datasets.simulated import categories, dense, in_float32, sparse, text
from benchmarks.objective import (
    LEVELS,
    Judge,
    error_of_curve,
    true_curve,
    true_leave_one_out,
    worst_gap,
)
from benchmarks.problem import Data, load
from benchmarks.store import Store
from benchmarks.suite import TARGETS, TASKS, Row, rows
from shrinkage import ElasticNetCV, RidgeCV, Settings, elastic_net_path
from shrinkage.families import resolve
from shrinkage.solve.certificate import certify

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")


def _classes() -> Data:
    rng = np.random.default_rng(3)
    X = np.asfortranarray(rng.standard_normal((60, 8)))
    return Data(X, rng.integers(0, 3, 60).astype(float), "multinomial")


def _counted(family: str) -> Data:
    return dense(80, 12, family=family, n_true=4)


PROBLEMS = {
    "tall": lambda: dense(90, 10),
    "wide": lambda: dense(30, 60),
    "float32": lambda: in_float32(dense(50, 7)),
    "sparse": lambda: sparse(200, 400, density=0.02),
    "categories": lambda: categories(150, levels=(9, 4, 30), n_true=5),
    "binomial": lambda: _counted("binomial"),
    "poisson": lambda: _counted("poisson"),
    "text": lambda: text(100, 300, family="poisson", n_words=20, n_true=5),
    "multinomial": _classes,
}


def _solved(data: Data) -> np.ndarray:
    path = elastic_net_path(
        data.X,
        data.y,
        family=data.family,
        l1_ratio=data.l1_ratio,
        alphas=data.alphas,
        standardize=False,
    )
    return np.array(path.coef_path)


def _certified(data: Data, coefs: np.ndarray, k: int) -> float:
    """The gap of one point by `certify` itself, with the best intercept."""
    family = resolve(data.family)
    intercept = family.null_intercept(data.target, None, data.X @ coefs[k].T)
    found = certify(
        data.X,
        data.y,
        coefs[k],
        intercept,
        family=family,
        alpha=data.alphas[k],
        l1_ratio=data.l1_ratio,
        standardize=False,
    )
    return found.dual_gap


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("name", PROBLEMS)
def test_all_points_are_judged_as_certify_judges_one(name: str, l1_ratio: float) -> None:
    data = PROBLEMS[name]()
    data.l1_ratio = l1_ratio
    exact = _solved(data)
    rng = np.random.default_rng(0)
    rough = exact * (1.0 + 0.05 * rng.standard_normal(exact.shape))
    for coefs in (exact, rough):
        gaps = Judge(data).gaps(coefs)
        assert gaps.shape == (100,)
        for k in (0, 7, 50, 99):
            assert gaps[k] == pytest.approx(_certified(data, coefs, k), rel=1e-6, abs=1e-13)
    assert worst_gap(data, exact) <= LEVELS[data.family][-1]


@pytest.mark.parametrize("name", ["tall", "poisson", "multinomial"])
def test_one_wrong_point_is_found(name: str) -> None:
    data = PROBLEMS[name]()
    coefs = _solved(data)
    coefs[63] = coefs[62]  # the neighbour's answer
    gaps = Judge(data).gaps(coefs)
    assert gaps.argmax() == 63
    assert gaps[63] > 1e-6
    coefs[10] = np.nan
    assert not np.isfinite(worst_gap(data, coefs))


def test_the_gap_of_a_moved_ridge_is_known() -> None:
    """On orthogonal columns X'X = n I, so a step d from the minimum costs d'd / 2 and as much of
    the penalty."""
    X = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    data = Data(X, X @ [3.0, 2.0], l1_ratio=0.0, grid=np.array([1.0]))
    best = np.array([3.0, 2.0]) / 2.0  # ridge at alpha 1 halves
    null_loss = 0.5 * (3.0**2 + 2.0**2)
    moved = best + np.array([0.1, 0.0])
    # objective: (d'd + alpha d'd) / 2 above the minimum; the gap doubles it, as the dual point
    # made from the residual is as far below
    assert Judge(data).gaps(moved[None])[0] == pytest.approx(2 * 0.1**2 / null_loss)
    assert Judge(data).gaps(best[None])[0] == pytest.approx(0.0, abs=1e-15)


def test_points_in_several_blocks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = PROBLEMS["multinomial"]()
    coefs = _solved(data)
    whole = Judge(data).gaps(coefs)
    monkeypatch.setattr("benchmarks.objective.BLOCK", 60 * 3 * 7)
    np.testing.assert_allclose(Judge(data).gaps(coefs), whole, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_the_curve_of_the_judge_is_that_of_the_estimator(l1_ratio: float) -> None:
    data = PROBLEMS["tall"]()
    data.l1_ratio = l1_ratio
    common = {"alphas": data.alphas, "standardize": False}
    model = RidgeCV(**common) if l1_ratio == 0.0 else ElasticNetCV(l1_ratio=l1_ratio, **common)
    found = model.fit(data.X, data.y, fold_ids=data.fold_ids).cv_mean_[0]
    assert error_of_curve(found, true_curve(data)) < 1e-9


@pytest.mark.parametrize("name", ["tall", "wide"])
def test_leave_one_out_of_the_judge_is_that_of_the_estimator(name: str) -> None:
    data = PROBLEMS[name]()
    data.l1_ratio = 0.0
    model = RidgeCV(alphas=data.alphas, cv="loo", standardize=False).fit(data.X, data.y)
    assert error_of_curve(model.cv_mean_[0], true_leave_one_out(data)) < 1e-9


@pytest.mark.parametrize("name", ["wide", "sparse", "multinomial", "float32"])
def test_a_problem_comes_back_from_its_files(name: str, tmp_path: Path) -> None:
    data = PROBLEMS[name]()
    data.save(tmp_path)
    again = load(tmp_path, data.family)
    assert again.X.dtype == data.X.dtype
    assert abs(again.X - data.X).max() == 0
    np.testing.assert_array_equal(again.y, data.y)
    np.testing.assert_array_equal(again.alphas, data.alphas)


def _run(tol: float, gap: float | None, seconds: float) -> dict[str, object]:
    return {"tol": tol, "gap": gap, "seconds": seconds, "error": None}


def test_a_ladder_gives_the_cheapest_run_that_is_accurate_enough() -> None:
    runs = [_run(1e-4, 1e-2, 1.0), _run(1e-6, 5e-7, 4.0), _run(1e-8, 1e-9, 3.0)]
    assert cheapest(runs, 1e-3) is runs[2]  # a tighter tolerance may be faster
    assert cheapest(runs, 1e-1) is runs[0]
    assert cheapest(runs, 1e-10) is None
    assert cheapest([_run(1e-4, None, 1.0)], 1e-1) is None


def test_peers_are_compared_at_a_gap_and_at_their_defaults() -> None:
    quick = {"solver": "quick", "runs": [_run(1e-4, 1e-2, 1.0), _run(1e-9, 1e-4, 7.0)]}
    exact = {"solver": "exact", "runs": [_run(1e-4, 1e-6, 5.0)]}
    slow = {"solver": "slow", "runs": [], "cut": 10.0}
    assert fastest([quick, exact, slow], 1e-6) == (5.0, "exact")
    assert fastest_default([quick, exact, slow]) == (1.0, "quick")
    assert fastest([quick, slow], 1e-6)[0] == np.inf
    assert at_least([quick, slow]) == 7.0


def test_the_last_measurement_counts(tmp_path: Path) -> None:
    store = Store(tmp_path / "measured.jsonl")
    for seconds in (2.0, 1.0):
        store.add({"row": "a", "solver": "s", "threads": 1, "runs": [_run(1, 1, seconds)]})
    again = Store(store.file)
    assert again.of_row("a")[0]["runs"][0]["seconds"] == 1.0
    again.compact()
    assert len(store.file.read_text().splitlines()) == 1
    json.loads(store.file.read_text())


def test_every_target_has_a_row_and_every_row_a_table() -> None:
    assert {target for target in rows().values() if target} == set(TARGETS)
    assert {row.task for row in rows()} == set(TASKS)


def _entry(row: Row, solver: str, runs: list[dict[str, object]], **more: object) -> object:
    return {"row": row.name, "solver": solver, "threads": 2, "runs": runs, **more}


def test_the_tables_say_what_was_reached_and_what_was_not(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from benchmarks.report import render

    row = Row("gaussian", "100x10")
    store = Store(tmp_path / "measured.jsonl")
    about = {"n": 100, "p": 10, "entries": 1000, "physical_limit": 1e-6, "of": "one read of X"}
    store.add({"row": row.name, "solver": "", "threads": 2, "machine": "a machine", **about})
    store.add(_entry(row, "shrinkage", [_run(0, 1e-15, 1e-3)], versions="shrinkage 1"))
    store.add(_entry(row, "celer", [_run(1e-4, 1e-2, 5e-3), _run(1e-6, 1e-7, 2e-2)]))
    store.add(_entry(row, "glum", [], cut=10.0))
    (tmp_path / "reasons.md").write_text(f"# Why\n\n- `{row.name}`: The clock was wrong.\n")
    render(store, tmp_path / "table.md")
    text = (tmp_path / "table.md").read_text()
    line = next(each for each in text.splitlines() if each.startswith("| 100x10 |"))
    assert "5 (1e-02); 20 / 20 / -" in line
    assert "> 10 s" in line
    assert "20 (celer)" in line
    target = next(each for each in text.splitlines() if "| 100x10 |" in each and "tiny" in each)
    assert "**missed**: default. The clock was wrong." in target
    assert sum("| not measured yet |" in each for each in text.splitlines()) > 20  # none is dropped
    assert list(tmp_path.glob("table-*.png"))


# What is counted must not grow unseen: the suite's problems, made small.


@pytest.mark.parametrize(
    ("name", "rounds"), [("tall", 300), ("wide", 400), ("sparse", 400), ("poisson", 600)]
)
def test_counts_of_small_problems(name: str, rounds: int) -> None:
    data = PROBLEMS[name]()
    path = elastic_net_path(
        data.X,
        data.y,
        family=data.family,
        alphas=data.alphas,
        standardize=False,
        settings=Settings(n_threads=2),
    )
    assert np.sum(path.n_rounds) <= rounds
