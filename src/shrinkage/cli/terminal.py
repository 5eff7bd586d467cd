"""Results on stdout; progress and warnings on stderr; headings in bold on a terminal."""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import logging
import math
import os
import re
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from shrinkage.cli.options import as_typed

# A command that is done sooner says nothing of its progress.
_SILENT_SECONDS = 2.0


class _Progress(logging.Handler):
    """Writes the package's log to stderr once a command takes long."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._start = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        if time.monotonic() - self._start > _SILENT_SECONDS:
            print(record.getMessage(), file=sys.stderr, flush=True)


@contextlib.contextmanager
def narrate(*, quiet: bool, color: bool) -> Iterator[None]:
    """Show warnings in one line each, and the progress unless `quiet`."""
    logger = logging.getLogger("shrinkage")
    handler = _Progress()
    level = logger.level
    with warnings.catch_warnings():
        # Warnings for programmers (of deprecation, of open files) are none for users.
        warnings.simplefilter("ignore")
        warnings.simplefilter("default", UserWarning)
        warnings.simplefilter("default", RuntimeWarning)
        warnings.showwarning = lambda message, *_, **__: _warn(as_typed(str(message)), color)
        if not quiet:
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)


def _warn(message: str, color: bool) -> None:
    label = _bold("warning:", sys.stderr, color)
    print(f"shrinkage: {label} {message}", file=sys.stderr, flush=True)


def show_report(text: str, *, color: bool) -> None:
    """Print a report, with the lines that are underlined in bold on a terminal."""
    if _colorful(sys.stdout, color):
        text = re.sub(r"^(.+)\n-+$", "\x1b[1m\\1\x1b[0m", text, flags=re.MULTILINE)
    sys.stdout.write(text)


def tell(arguments: argparse.Namespace, message: str) -> None:
    """Say what was done, unless asked to be quiet."""
    if not arguments.quiet:
        print(message, file=sys.stderr)


def print_json(value: Any) -> None:
    """Print a result as JSON."""
    sys.stdout.write(json.dumps(_finite(value), indent=2, allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    """Return `value` with None for numbers that JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def print_csv(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print a result as CSV."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)


def _bold(text: str, stream: TextIO, color: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if _colorful(stream, color) else text


def _colorful(stream: TextIO, color: bool) -> bool:
    """Return whether to colour: asked for nothing else, on a terminal, NO_COLOR not set."""
    return color and stream.isatty() and not os.environ.get("NO_COLOR")
