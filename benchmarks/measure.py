"""One row: every solver climbs its ladder of tolerances, then the runs that count take turns.

Turns, so that a slow minute of the machine hits all of them alike.
"""

import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cheapest import cheapest
from benchmarks.datasets import PROBLEMS
from benchmarks.machine import describe, physical_limit
from benchmarks.objective import LEVELS, Judge, error_of_curve, true_curve, true_leave_one_out
from benchmarks.problem import load
from benchmarks.process import Candidate, Failed, Late
from benchmarks.store import Entry, Store
from benchmarks.suite import Row

SLOW = 0.5  # seconds; a slower run is long enough to be timed once
# A turn is at least so many seconds, and so many runs unless these take longer than the last
# number of seconds: a fast run is repeated, so that its own data are in cache.
TURN, RUNS, LONGEST_TURN = 0.02, 3, 0.3
COMPILATION = 60.0  # seconds that the first call of a solver that compiles may take beside
START = 120.0  # seconds that a process may take to import its packages
SMALLEST_DEFAULT_RATIO = 1e-4


class Case:
    """The data of a row in files, for the workers, and the judge."""

    def __init__(self, row: Row, folder: Path) -> None:
        self.row = row
        self.folder = folder / f"{row.family} {row.problem}"
        self.row_folder = folder / row.name.replace("/", " ")
        self.row_folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "shape.npy").exists():
            PROBLEMS[row.family][row.problem]().save(self.folder)
        self.data = load(self.folder, row.family)
        self.data.l1_ratio = row.l1_ratio
        if row.grid == "default":
            self.data.ratio = SMALLEST_DEFAULT_RATIO if self.data.is_tall else 1e-2
        if row.task == "one":
            self.data.grid = self.data.alphas[49:50]
            del self.data.alphas
        np.save(self.row_folder / "alphas.npy", self.data.alphas)
        np.save(self.row_folder / "folds.npy", self.data.fold_ids.astype(np.int32))
        self.judge = Judge(self.data)

    def load_words(self) -> tuple[Any, ...]:
        row = self.row
        folders = self.folder.resolve(), self.row_folder.resolve()
        return "load", *folders, row.task, f"{row.l1_ratio!r}", row.family

    def true_curve(self) -> np.ndarray:
        """The cross-validated deviance, computed once and kept in the row's folder."""
        file = self.row_folder / "curve.npy"
        if not file.exists():
            make = true_leave_one_out if self.row.task == "loo" else true_curve
            np.save(file, make(self.data))
        return np.asarray(np.load(file))

    def judged(self, out: Path, shape: list[str]) -> tuple[float | None, float | None]:
        """Return the worst gap of what a worker wrote, and the error of its curve.

        A gap of g moves the predictions by at most sqrt(2 g) standard deviations, so an error e
        of the curve counts as a gap of e^2.
        """
        gap = error = None
        if self.row.task in ("crossval", "loo"):
            error = error_of_curve(np.fromfile(f"{out}.curve"), self.true_curve())
            gap = error**2
        if self.row.task != "loo":
            coefs = np.fromfile(f"{out}.coefs").reshape([int(each) for each in shape])
            gap = max(float(np.max(self.judge.gaps(coefs))), gap or 0.0)
        return (gap if gap is not None and math.isfinite(gap) else None), error


def measure(row: Row, candidates: Iterable[Candidate], store: Store, options: Any) -> None:
    """Measure one row with those of the solvers that have the problem."""
    case = Case(row, options.data)
    if row.task in ("crossval", "loo"):
        case.true_curve()
    able = [each for each in candidates if each.solves(row.task, case.data)]
    if options.resume:
        able = [each for each in able if not store.has(row.name, each.name, each.n_threads)]
    if not able:
        return
    store.add(_about(case, options.threads))
    entries: dict[Candidate, Entry] = {}
    for candidate in able:
        if time.perf_counter() > options.end:
            break
        if options.fresh:
            candidate.stop()
        if _is_slow_already(candidate, entries, options.limit):
            continue
        # The first of a session may take as long as it wants, so that each session gets on.
        entry = _climb(candidate, case, options.limit, options.end if entries else math.inf)
        if entry is None:
            break
        entries[candidate] = entry
        store.add(entry)
    _alternate(entries, case, options)
    for candidate, entry in entries.items():
        store.add(entry)
        print(_said(row, entry), flush=True)
        if options.fresh:
            candidate.stop()


def _about(case: Case, n_threads: int) -> Entry:
    seconds, what = physical_limit(case.data, case.row.task)
    n, p = case.data.X.shape
    row = case.row
    return {
        "row": row.name,
        "solver": "",
        "threads": n_threads,
        "n": n,
        "p": p,
        "entries": int(case.data.X.nnz if case.data.is_sparse else n * p),
        "physical_limit": seconds,
        "of": what,
        "machine": describe(n_threads),
    }


def _is_slow_already(candidate: Candidate, entries: dict[Candidate, Entry], limit: float) -> bool:
    """Return whether the same solver is too slow with more threads to be tried with one."""
    for other, entry in entries.items():
        if other.name == candidate.name and other.make is candidate.make:
            runs = entry["runs"]
            return not runs or runs[0]["seconds"] > limit / 50
    return False


def _climb(candidate: Candidate, case: Case, limit: float, end: float) -> Entry | None:
    """Run at each tolerance until the gap is as small as asked for, or a run is cut.

    Returns None if the session ends before the ladder does.
    """
    row = case.row
    entry: Entry = {
        "row": row.name,
        "solver": candidate.name,
        "threads": candidate.n_threads,
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "runs": [],
        "limit": limit,
    }
    tol: Any = None
    try:
        is_fresh = not candidate.is_running
        if is_fresh:
            candidate.start(START)
            entry["process"], entry["import"] = candidate.process_seconds, candidate.import_seconds
        entry["versions"] = " ".join(candidate.ask("versions", limit=START))
        candidate.ask(*case.load_words(), limit=START)
        for tol in candidate.ladder(row.family):
            if time.perf_counter() > end:
                return None
            out = case.row_folder / "found"
            compiles = not entry["runs"] and getattr(candidate.make, "compiles", False)
            patience = _patience(limit, row.task)
            seconds, *shape = candidate.ask(
                "run", tol, out, limit=patience + (COMPILATION if compiles else 0.0)
            )
            if compiles or (is_fresh and not entry["runs"]):
                # What is loaded or compiled at the first call is not there at the next.
                entry["first"] = float(seconds)
                seconds, *shape = candidate.ask("run", tol, out, limit=patience)
            if float(seconds) > limit:
                raise Late
            gap, error = case.judged(out, shape)
            run = {"tol": tol, "seconds": float(seconds), "gap": gap, "error": error}
            entry["runs"].append(run)
            if tol is not None and gap is not None and gap <= LEVELS[row.family][-1]:
                break
    except Late:
        entry["cut"] = limit
        entry["cut_tol"] = tol
    except Failed as failure:
        entry["failed"] = f"tol {tol}: {failure}"[:200]
    return entry


def _patience(limit: float, task: str) -> float:
    """Return how long to wait for an answer: beside the clock it has the judge's path to write."""
    return 1.5 * limit + 1.0 if task in ("crossval", "loo") else limit + 1.0


def _alternate(entries: dict[Candidate, Entry], case: Case, options: Any) -> None:
    """Repeat the runs that count, in turns, and keep each one's least time."""
    turns: list[tuple[Candidate, Entry]] = []
    for candidate, entry in entries.items():
        turns += [
            (candidate, run)
            for run in _counting(entry["runs"], LEVELS[case.row.family])
            if run["seconds"] <= SLOW
        ]
    for candidate in dict.fromkeys(candidate for candidate, _ in turns):
        if not candidate.is_running:  # one that was cut
            candidate.start(START)
            candidate.ask(*case.load_words(), limit=START)
    end = time.perf_counter() + options.budget
    for _ in range(50):
        for candidate, run in turns:
            patience = 10 * options.limit
            turn = max(TURN, min((RUNS - 0.5) * run["seconds"], LONGEST_TURN))
            (seconds,) = candidate.ask("repeat", run["tol"], turn, limit=patience)
            run["seconds"] = min(run["seconds"], float(seconds))
        if time.perf_counter() > end:
            break


def _counting(runs: list[Entry], levels: tuple[float, ...]) -> list[Entry]:
    """Return the default's run, and those that may turn out to be the cheapest for a gap."""
    chosen = runs[:1]
    for level in levels:
        best = cheapest(runs, level)
        if best is not None:
            chosen += [
                run
                for run in runs
                if run["gap"] is not None
                and run["gap"] <= level
                and run["seconds"] <= 2.0 * best["seconds"]
            ]
    return list({id(run): run for run in chosen}.values())


def _said(row: Row, entry: Entry) -> str:
    runs = ", ".join(f"{1e3 * run['seconds']:.3g} ms ({_gap(run)})" for run in entry["runs"])
    end = f" > {entry['limit']:g} s" if entry.get("cut") else ""
    who = f"{entry['solver']} {entry['threads']}"
    return f"{row.name} | {who} | {runs}{end} {entry.get('failed', '')}"


def _gap(run: Entry) -> str:
    return "not finite" if run["gap"] is None else f"{run['gap']:.0e}"
