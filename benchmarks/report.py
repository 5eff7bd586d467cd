"""The tables: what was measured, beside what was to be reached."""

import math
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.cheapest import at_least, cheapest, fastest, fastest_default
from benchmarks.figures import draw
from benchmarks.machine import PRODUCT
from benchmarks.objective import LEVELS
from benchmarks.store import Entry, Store
from benchmarks.suite import TARGETS, TASKS, Row, rows

OURS = "shrinkage"
AT = 1e-6  # the gap of the ratio to the best peer

RULES = """
All solvers get the same X, y and alphas, `standardize=False`; peers whose path function does not
centre get X centred. Grids: 100 alphas down to 1e-3 (n > p), 1e-2 (p > n) or 5e-2 (sparse) of
alpha_max, or as long as said; ridge from 1e3 to 1e-4 times the lasso's.
The gap is the largest relative duality gap along the path, at all points, by the independent
certificate. Of a cross-validation it is that of the path on all rows at the same tolerance, or the
square of the largest relative error of the curve, if that is more.

Each solver climbs a ladder of tolerances from its default. A cell has the time at the default (and
the gap it reached), then the times of the cheapest runs with a gap of at most {levels}
(likelihoods {last}): milliseconds, the least of several runs in turns with the other solvers. "-":
no tolerance tried reaches it; "> 10 s": the next one was cut there. scikit-learn and adelie were
tried with one thread too, and the better is shown.

Ratios are times over ours: of the best peer at gap 1e-6, and of the fastest peer at its default,
which ends at whatever gap, over ours at our default, which ends at 1e-9 (likelihoods 1e-8).
">": no peer reached the gap, and the fastest took at least so long. The limit is the time of one
symmetric product X'X (of ridge on wide X: X X') in BLAS, or of reading X once at the speed of
memory, with as many threads.
"""

SAID_OF_VERSIONS = "R's glmnet 4.1-6 is the one that Debian has, not its newest."


def render(store: Store, out: Path) -> None:
    """Write the tables to a Markdown file, and the figures beside it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    figures = draw(store, out)
    out.write_text("\n".join(_lines(store, figures)) + "\n")


def _lines(store: Store, figures: list[Path]) -> Iterable[str]:
    yield f"# Benchmark, {time.strftime('%Y-%m-%d')}\n"
    machines = dict.fromkeys(e["machine"] for e in store.entries.values() if not e["solver"])
    yield from machines
    yield RULES.format(levels="1e-3 / 1e-6 / 1e-9", last="1e-8")
    yield "## Targets\n"
    yield from _targets(store)
    for task, title in TASKS.items():
        for family in LEVELS:
            there = [row for row in rows() if (row.task, row.family) == (task, family)]
            if there := [row for row in there if _entries(store, row)]:
                yield f"\n## {family.capitalize()}: {title}\n"
                yield from _table(store, there)
    yield "\n## Start\n"
    yield from _starts(store)
    yield "\n## Versions\n"
    yield from _versions(store)
    yield "\n## Figures\n"
    for figure in figures:
        yield f"![Time against gap, {figure.stem}]({figure.name})\n"


# -- what was to be reached --------------------------------------------------------------------


def _targets(store: Store) -> Iterable[str]:
    yield row_of(
        "target", "row", "at gap 1e-6", "wanted", "against defaults", "wanted", "limit", "reached"
    )
    yield "|" + "---|" * 8
    of_rows = rows()
    for key, target in TARGETS.items():
        for row in (row for row, mark in of_rows.items() if mark == key):
            said = _verdict(store, row)
            wanted = f">= {target.at_gap:g}", f">= {target.at_default:g}"
            if said is None:
                yield row_of(target.title, _short(row), "", wanted[0], "", wanted[1], "", "open")
                continue
            at_gap, at_default, of_limit = said
            limit = "" if target.of_limit is None else f"{of_limit:.2f} (<= {target.of_limit:g})"
            missed = [
                name
                for name, is_met in (
                    ("gap", at_gap.value >= target.at_gap),
                    ("default", at_default.value >= target.at_default),
                    ("limit", target.of_limit is None or of_limit <= target.of_limit),
                )
                if not is_met
            ]
            met = f"**missed**: {', '.join(missed)}" if missed else "met"
            cells = str(at_gap), wanted[0], str(at_default), wanted[1], limit, met
            yield row_of(target.title, _short(row), *cells)


class _Ratio:
    """A peer's time over ours."""

    def __init__(self, value: float, who: str, is_bound: bool = False) -> None:
        self.value, self.who, self.is_bound = value, who, is_bound

    def __str__(self) -> str:
        if math.isinf(self.value):
            return "no peer"
        if self.is_bound:
            return f"> {self.value:.3g} (no peer reached it)"
        return f"{self.value:.3g} ({self.who})"


def _verdict(store: Store, row: Row) -> tuple[_Ratio, _Ratio, float] | None:
    """Return the ratios at the gap and at defaults, and our time over the physical limit."""
    ours = _of(store, row, OURS)
    about = [entry for entry in _entries(store, row) if not entry["solver"]]
    if ours is None or not ours["runs"] or not about:
        return None
    peers = [e for e in _entries(store, row) if e["solver"] and e["solver"] != OURS]
    mine, default = cheapest(ours["runs"], AT), ours["runs"][0]["seconds"]
    if mine is None:
        return None
    seconds, who = fastest(peers, AT)
    if math.isinf(seconds):
        at_gap = _Ratio(at_least(peers) / mine["seconds"], "", True)
    else:
        at_gap = _Ratio(seconds / mine["seconds"], who)
    seconds, who = fastest_default(peers)
    of_limit = default / about[0]["physical_limit"]
    return at_gap, _Ratio(seconds / default, who), of_limit


# -- the rows ----------------------------------------------------------------------------------


def _table(store: Store, there: list[Row]) -> Iterable[str]:
    names = dict.fromkeys(
        entry["solver"] for row in there for entry in _entries(store, row) if entry["solver"]
    )
    names = {OURS: None, **{name: None for name in names if name != OURS}}
    heads = "ratio at 1e-6", "ratio to defaults", "limit, ms", "ours / limit"
    yield row_of("problem", *names, *heads)
    yield "|" + "---|" * (len(names) + 5)
    for row in there:
        about = [entry for entry in _entries(store, row) if not entry["solver"]]
        cells = [_cell(_of(store, row, name), LEVELS[row.family]) for name in names]
        said = _verdict(store, row)
        last = ["", "", "", ""]
        if about and said is not None:
            kind = "" if about[0]["of"] == PRODUCT else " (read)"
            limit = f"{1e3 * about[0]['physical_limit']:.3g}{kind}"
            last = [str(said[0]), str(said[1]), limit, f"{said[2]:.3g}"]
        yield row_of(_short(row), *cells, *last)


def _cell(entry: Entry | None, levels: tuple[float, ...]) -> str:
    if entry is None:
        return ""
    cut = f"> {entry['cut']:g} s" if entry.get("cut") else ""
    if not entry["runs"]:
        return cut or "failed"
    first = entry["runs"][0]
    gap = "?" if first["gap"] is None else f"{first['gap']:.0e}"
    found = [cheapest(entry["runs"], level) for level in levels]
    times = [_ms(run["seconds"]) if run is not None else cut or "-" for run in found]
    return f"{_ms(first['seconds'])} ({gap}); {' / '.join(times)}"


def _ms(seconds: float) -> str:
    value = 1e3 * seconds
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def _short(row: Row) -> str:
    family = "" if row.family == "gaussian" else f"{row.family} "
    ratio = "" if row.l1_ratio in (0.0, 1.0) else f", l1_ratio {row.l1_ratio:g}"
    grid = "" if row.grid == "usual" else ", our default grid"
    task = {"crossval": ", 10 folds", "loo": ", leave-one-out", "one": ", one alpha"}
    return f"{family}{row.problem}{ratio}{grid}{task.get(row.task, '')}"


def _entries(store: Store, row: Row) -> list[Entry]:
    return store.of_row(row.name)


def _of(store: Store, row: Row, solver: str) -> Entry | None:
    """Return what a solver reached, each run with the better number of threads."""
    found = [entry for entry in _entries(store, row) if entry["solver"] == solver]
    if len(found) < 2:
        return found[0] if found else None
    best = min(found, key=_default_time)
    others = [run for entry in found if entry is not best for run in entry["runs"]]
    return {**best, "runs": [*best["runs"], *others]}


def _default_time(entry: Entry) -> float:
    return float(entry["runs"][0]["seconds"]) if entry["runs"] else math.inf


# -- beside the clock --------------------------------------------------------------------------


def _starts(store: Store) -> Iterable[str]:
    yield "Of a new process, in milliseconds, at the default tolerance.\n"
    yield row_of("row", "solver", "process start", "import", "first call", "warm call")
    yield "|" + "---|" * 6
    for row in rows():
        for entry in _entries(store, row):
            if "first" not in entry or "import" not in entry or not entry["runs"]:
                continue
            if _is_repeated(store, entry):
                continue
            starts = entry["process"], entry["import"], entry["first"], entry["runs"][0]["seconds"]
            yield row_of(_short(row), entry["solver"], *map(_ms, starts))


def _is_repeated(store: Store, entry: Entry) -> bool:
    """Return whether the same solver was started with more threads too."""
    return any(
        other["solver"] == entry["solver"] and other["threads"] > entry["threads"]
        for other in store.of_row(entry["row"])
    )


def _versions(store: Store) -> Iterable[str]:
    found = {e["solver"]: e["versions"] for e in store.entries.values() if e.get("versions")}
    for name, versions in found.items():
        yield f"- {name}: {versions}"
    if any("glmnet 4.1" in versions for versions in found.values()):
        yield f"\n{SAID_OF_VERSIONS}"


def row_of(*cells: str) -> str:
    """Return one row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"
