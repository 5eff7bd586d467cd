"""Run one command; every way in which it can end has its exit code.

0: done. 2: the call or the data are wrong; one sentence says how. 70: a mistake of ours.
130: interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from shrinkage.cli.options import UsageError, as_typed, placed
from shrinkage.cli.parser import make_parser

EXIT_DONE, EXIT_USAGE, EXIT_BUG, EXIT_INTERRUPTED = 0, 2, 70, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv`, by default the program's own, and return the exit code."""
    try:
        arguments = make_parser().parse_args(argv)
    except UsageError as error:
        return _fail(EXIT_USAGE, str(error))
    try:
        return _carry_out(arguments)
    except KeyboardInterrupt:
        return _fail(EXIT_INTERRUPTED, "interrupted")


def _carry_out(arguments: argparse.Namespace) -> int:
    # NumPy comes with these imports, which `--help` and `--version` do without.
    from shrinkage.cli.terminal import narrate
    from shrinkage.errors import ShrinkageError

    try:
        with narrate(quiet=arguments.quiet, color=not arguments.no_color):
            arguments.run(arguments)
        sys.stdout.flush()
    except UsageError as error:
        return _fail(EXIT_USAGE, str(error))
    except ShrinkageError as error:
        return _fail(EXIT_USAGE, placed(as_typed(str(error)), arguments))
    except BrokenPipeError:
        # The reader has seen enough. Python would complain when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MemoryError:
        return _fail(EXIT_USAGE, "the data do not fit in memory")
    except Exception as error:
        import traceback

        what = f"{type(error).__name__}: {error}"
        _fail(EXIT_BUG, f"this is a mistake of ours ({what}); please report it with what follows")
        traceback.print_exc()
        return EXIT_BUG
    return EXIT_DONE


def _fail(code: int, message: str) -> int:
    print(f"shrinkage: {message}", file=sys.stderr)
    return code
