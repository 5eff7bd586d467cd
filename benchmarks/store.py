"""The measurements: JSON lines, one for each row, solver and number of threads.

Lines are only ever appended while measuring, so that a long suite can be stopped, resumed and
measured again in parts; the last line of a kind counts.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Store:
    """A file of measurements, and what it has."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.entries: dict[tuple[str, str, int], Entry] = {}
        if file.exists():
            for line in file.read_text().splitlines():
                self._take(json.loads(line))

    def add(self, entry: Entry) -> None:
        """Keep a measurement, in the file too."""
        self._take(entry)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as out:
            out.write(json.dumps(entry) + "\n")

    def compact(self) -> None:
        """Write the file anew with the lines that count, in order."""
        ordered = (self.entries[key] for key in sorted(self.entries))
        self.file.write_text("".join(json.dumps(each) + "\n" for each in ordered))

    def of_row(self, row: str) -> list[Entry]:
        """Return the measurements of a row: the row itself (solver "") and its solvers."""
        return [entry for key, entry in self.entries.items() if key[0] == row]

    def rows(self) -> Iterable[str]:
        return dict.fromkeys(key[0] for key in self.entries)

    def _take(self, entry: Entry) -> None:
        self.entries[entry["row"], entry["solver"], entry["threads"]] = entry
