"""What counts of a ladder: the cheapest run that is accurate enough, and the default."""

import math
from collections.abc import Iterable

from benchmarks.store import Entry


def cheapest(runs: Iterable[Entry], level: float) -> Entry | None:
    """Return the fastest run whose gap is at most `level`."""
    enough = [run for run in runs if run["gap"] is not None and run["gap"] <= level]
    return min(enough, key=lambda run: float(run["seconds"]), default=None)


def fastest(entries: Iterable[Entry], level: float) -> tuple[float, str]:
    """Return the least time at a gap of several solvers, and whose; infinite if none reached it."""
    best = (math.inf, "")
    for entry in entries:
        run = cheapest(entry["runs"], level)
        if run is not None:
            best = min(best, (run["seconds"], entry["solver"]))
    return best


def fastest_default(entries: Iterable[Entry]) -> tuple[float, str]:
    """Return the least time at a default tolerance, whatever the gap, and whose."""
    first = ((entry["runs"][0]["seconds"], entry["solver"]) for entry in entries if entry["runs"])
    return min(first, default=(math.inf, ""))


def at_least(entries: Iterable[Entry]) -> float:
    """Return what the fastest of several solvers takes at least, where none reached the gap.

    Each one's most exact run took so long and was not exact enough, or was cut.
    """
    least = math.inf
    for entry in entries:
        times = [run["seconds"] for run in entry["runs"]]
        if entry.get("cut"):
            times.append(entry["cut"])
        if times:
            least = min(least, max(times))
    return least
