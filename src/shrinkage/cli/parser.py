"""The words that the command understands. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeAlias

_DATA = (
    "CSV, TSV or Parquet file with a line of column names; - for CSV from standard input; "
    "example:diabetes for the packaged example"
)


class UsageError(Exception):
    """The command line can't be understood."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise, in place of printing the usage and leaving the program."""
        raise UsageError(f"{message} (see `{self.prog} --help`)")


class _Version(argparse.Action):
    """Prints the version."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> NoReturn:
        import shrinkage

        print(f"shrinkage {shrinkage.__version__}")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; `run` of what it returns is the function that carries out the command."""
    parser = _Parser(
        prog="shrinkage",
        description="Fit and compare ridge (L2), lasso (L1) and elastic net on a table.",
        epilog="Exit codes: 0 done, 2 the call or the data are wrong, 70 a mistake of ours, "
        "130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _compare(commands)
    _fit(commands)
    _path(commands)
    _cv(commands)
    _predict(commands)
    _score(commands)
    return parser


if TYPE_CHECKING:
    _Commands: TypeAlias = argparse._SubParsersAction[_Parser]


def _compare(commands: _Commands) -> None:
    parser = _command(commands, "compare", "show ridge, elastic net and lasso side by side")
    parser.add_argument("data", metavar="DATA", help=_DATA)
    _target(parser)
    parser.add_argument(
        "-o",
        "--out",
        metavar="DIR",
        help="also write comparison.json, coefficients.csv and a picture of each path",
    )
    _folds(parser)
    _columns(parser)
    _reading(parser)
    _output(parser)


def _fit(commands: _Commands) -> None:
    parser = _command(commands, "fit", "fit one model and store it")
    parser.add_argument("data", metavar="DATA", help=_DATA)
    _target(parser)
    parser.add_argument("-o", "--out", metavar="DIR", help="write model.json into DIR")
    _penalty(parser)
    parser.add_argument(
        "--alpha",
        type=_number,
        metavar="A",
        help="strength of the penalty (default: chosen by cross-validation)",
    )
    parser.add_argument(
        "--rule",
        choices=("min", "1se"),
        help="alpha with the lowest held-out error (default), or the largest one within a standard "
        "error of it",
    )
    _folds(parser)
    _columns(parser)
    _reading(parser)
    _output(parser)


def _path(commands: _Commands) -> None:
    parser = _command(commands, "path", "print the coefficients over a range of alphas")
    parser.add_argument("data", metavar="DATA", help=_DATA)
    _target(parser)
    _penalty(parser)
    _alphas(parser)
    _columns(parser, groups=False)
    _reading(parser)
    _output(parser)


def _cv(commands: _Commands) -> None:
    parser = _command(commands, "cv", "print the cross-validated error over a range of alphas")
    parser.add_argument("data", metavar="DATA", help=_DATA)
    _target(parser)
    _penalty(parser)
    _alphas(parser)
    _folds(parser)
    _columns(parser)
    _reading(parser)
    _output(parser)


def _predict(commands: _Commands) -> None:
    parser = _command(commands, "predict", "print predictions of a stored model as CSV")
    parser.add_argument("model", metavar="MODEL", help="model.json, or the directory that holds it")
    parser.add_argument("data", metavar="DATA", help=_DATA)
    parser.add_argument("--offset", metavar="COLUMN", help="known part of each prediction")
    _unseen(parser)
    _decimal(parser)
    _output(parser)


def _score(commands: _Commands) -> None:
    parser = _command(commands, "score", "print how well a stored model predicts a table")
    parser.add_argument("model", metavar="MODEL", help="model.json, or the directory that holds it")
    parser.add_argument("data", metavar="DATA", help=_DATA)
    _target(parser)
    parser.add_argument("--weights", metavar="COLUMN", help="weight of each row")
    parser.add_argument("--offset", metavar="COLUMN", help="known part of each prediction")
    _unseen(parser)
    _reading(parser)
    _output(parser)


def _command(commands: _Commands, name: str, summary: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.", allow_abbrev=False
    )
    parser.set_defaults(run=_runner(name))
    return parser


def _runner(name: str) -> Callable[[argparse.Namespace], None]:
    def run(arguments: argparse.Namespace) -> None:
        from shrinkage.cli import commands

        getattr(commands, name)(arguments)

    return run


def _target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-y",
        "--target",
        metavar="COLUMN",
        help="column to explain (example:diabetes has its own)",
    )


def _penalty(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--penalty",
        choices=("ridge", "lasso", "elastic-net"),
        default="elastic-net",
        help="default: elastic-net",
    )
    parser.add_argument(
        "--l1-ratio",
        type=_number,
        metavar="R",
        help="share of L1 in the elastic net, from 0 (ridge) to 1 (lasso); default 0.5",
    )


def _alphas(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--alphas", type=_count, default=100, metavar="N", help="length of the grid (default 100)"
    )


def _folds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cv", type=_count, metavar="K", help="number of folds (default 10)")
    parser.add_argument("--seed", type=_count, metavar="N", help="makes other folds (default 0)")


def _columns(parser: argparse.ArgumentParser, *, groups: bool = True) -> None:
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="GLOB",
        help="use only features that match, for example 'x*'; can be repeated",
    )
    parser.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="GLOB",
        help="leave out features that match; can be repeated",
    )
    parser.add_argument("--weights", metavar="COLUMN", help="weight of each row")
    parser.add_argument("--offset", metavar="COLUMN", help="known part of the target")
    if groups:
        parser.add_argument(
            "--groups", metavar="COLUMN", help="rows with equal values are held out together"
        )


def _reading(parser: argparse.ArgumentParser) -> None:
    _decimal(parser)
    parser.add_argument(
        "--missing",
        choices=("error", "drop"),
        default="error",
        help="what to do with rows that lack a value (default: error)",
    )


def _decimal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--decimal",
        type=_decimal_mark,
        default=".",
        metavar="MARK",
        help="decimal mark of CSV and TSV: . (default) or ,",
    )


def _unseen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--unseen",
        choices=("error", "base"),
        default="error",
        help="what to do with a text value that the model has not seen: error (default), or base, "
        "which treats it as having no effect",
    )


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("-q", "--quiet", action="store_true", help="print no progress")
    parser.add_argument("--no-color", action="store_true", help="print no bold text")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None


def _decimal_mark(text: str) -> str:
    if text not in (".", ","):
        raise argparse.ArgumentTypeError(f"must be . or , but got {text!r}")
    return text


def _count(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be an integer, got {text!r}") from None
