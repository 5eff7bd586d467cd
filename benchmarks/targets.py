"""What was to be reached, and whether it was."""

import math
from collections.abc import Iterable

from benchmarks.cheapest import at_least, cheapest, fastest, fastest_default
from benchmarks.store import Entry, Store
from benchmarks.suite import TARGETS, Row, Target, rows
from benchmarks.tables import row_of, short

OURS = "shrinkage"
AT = 1e-6  # the gap of the ratio to the best peer


class Ratio:
    """A peer's time over ours, or a bound on it."""

    def __init__(self, value: float, who: str, is_bound: bool = False) -> None:
        self.value, self.who, self.is_bound = value, who, is_bound

    def __str__(self) -> str:
        if math.isinf(self.value):
            return "no peer"
        if self.is_bound:
            return f"> {self.value:.3g} (no peer reached it)"
        return f"{self.value:.3g} ({self.who})"


class Verdict:
    """What a row shows.

    Attributes
    ----------
    at_gap, at_default : Ratio
    of_limit : float
        Our time at our default over the physical limit.
    """

    def __init__(self, ours: Entry, peers: list[Entry], physical_limit: float) -> None:
        default = ours["runs"][0]["seconds"]
        mine = cheapest(ours["runs"], AT)
        seconds, who = fastest(peers, AT)
        if mine is None:
            self.at_gap = Ratio(0.0, "we did not reach it")
        elif math.isinf(seconds):
            self.at_gap = Ratio(at_least(peers) / mine["seconds"], "", True)
        else:
            self.at_gap = Ratio(seconds / mine["seconds"], who)
        seconds, who = fastest_default(peers)
        self.at_default = Ratio(seconds / default, who)
        self.of_limit = default / physical_limit
        self._was_cut = any(peer.get("cut") for peer in peers)

    def word(self, target: Target) -> str:
        """Say whether a target was met; where no peer reached the gap, a cut leaves it open."""
        missed, is_open = [], False
        if self.at_gap.value < target.at_gap:
            if not self.at_gap.is_bound:
                missed.append("gap")
            is_open = self.at_gap.is_bound and self._was_cut
        if self.at_default.value < target.at_default:
            missed.append("default")
        if target.of_limit is not None and self.of_limit > target.of_limit:
            missed.append("limit")
        if missed:
            return f"**missed**: {', '.join(missed)}"
        return "open: peers were cut before" if is_open else "met"


def verdict(store: Store, row: Row) -> Verdict | None:
    """Return what a row shows, None before it is measured."""
    entries = store.of_row(row.name)
    about = [entry for entry in entries if not entry["solver"]]
    ours = [entry for entry in entries if entry["solver"] == OURS and entry["runs"]]
    if not about or not ours:
        return None
    peers = [entry for entry in entries if entry["solver"] not in ("", OURS)]
    return Verdict(ours[0], peers, about[0]["physical_limit"])


def target_table(store: Store, reasons: dict[str, str]) -> Iterable[str]:
    """Yield the lines of the table; `reasons` says, by the name of a row, why one is missed."""
    heads = "at gap 1e-6", "wanted", "against defaults", "wanted", "of the limit", "reached"
    yield row_of("target", "row", *heads)
    yield "|" + "---|" * 8
    of_rows = rows()
    for key, target in TARGETS.items():
        for row in (row for row, mark in of_rows.items() if mark == key):
            found = verdict(store, row)
            wanted = f">= {target.at_gap:g}", f">= {target.at_default:g}"
            if found is None:
                cells = "", wanted[0], "", wanted[1], "", "not measured yet"
            else:
                limit = ""
                if target.of_limit is not None:
                    limit = f"{found.of_limit:.2f} (<= {target.of_limit:g})"
                said = found.word(target)
                if said != "met" and row.name in reasons:
                    said += f". {reasons[row.name]}"
                cells = str(found.at_gap), wanted[0], str(found.at_default), wanted[1], limit, said
            yield row_of(target.title, short(row), *cells)


def read_reasons(text: str) -> dict[str, str]:
    """Read lines "- `row`: reason"."""
    found = {}
    for line in text.splitlines():
        if line.startswith("- `"):
            name, _, reason = line[3:].partition("`: ")
            found[name] = reason
    return found
