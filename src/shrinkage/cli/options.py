"""The options that several commands share, and how a wrong call is told."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

_DATA = (
    "CSV, TSV or Parquet file with a line of column names; - for CSV from standard input; or a "
    "packaged example: example:diabetes (numbers), example:breast-cancer (two classes), "
    "example:wine (three classes), example:doctor-visits (counts)"
)
FAMILIES = ("gaussian", "binomial", "poisson", "multinomial")


class UsageError(Exception):
    """The command line can't be understood."""


class Parser(argparse.ArgumentParser):
    """Raises an error in place of printing the usage and leaving the program."""

    def error(self, message: str) -> NoReturn:
        """Raise."""
        raise UsageError(f"{message} (see `{self.prog} --help`)")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Raise if anything is unknown: here it is still known which command it was given to."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[Parser]
    # A parser, or a group of its options.
    Options: TypeAlias = argparse._ActionsContainer


def add_command(
    commands: Commands, name: str, summary: str, *, description: str | None = None
) -> Parser:
    """Add a command, which the function of its name in `commands` or `show` carries out."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=description or f"{summary[:1].upper()}{summary[1:]}.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=_runner(name))
    return parser


def _runner(name: str) -> Callable[[argparse.Namespace], None]:
    def run(arguments: argparse.Namespace) -> None:
        from shrinkage.cli import commands, show

        getattr(show if name == "show" else commands, name)(arguments)

    return run


def add_data(parser: Options, *, optional: bool = False) -> None:
    """Add DATA."""
    parser.add_argument("data", metavar="DATA", nargs="?" if optional else None, help=_DATA)


def add_target(parser: Options) -> None:
    """Add -y."""
    parser.add_argument(
        "-y",
        "--target",
        metavar="COLUMN",
        help="column to explain (an example has its own)",
    )


def add_family(parser: Options, families: Sequence[str] = FAMILIES) -> None:
    """Add --family."""
    known = {
        "gaussian": "numbers (least squares)",
        "binomial": "two labels, or shares in [0, 1]",
        "poisson": "counts",
        "multinomial": "several labels",
    }
    words = "; ".join(f"{name}: {known[name]}" for name in families)
    parser.add_argument(
        "--family",
        choices=families,
        help=f"what the target is ({words}); by default its values decide, and the choice is told",
    )


def add_penalty(parser: Options) -> None:
    """Add --penalty and --l1-ratio."""
    parser.add_argument(
        "--penalty", choices=("ridge", "lasso", "elastic-net"), help="default: elastic-net"
    )
    parser.add_argument(
        "--l1-ratio",
        type=number,
        metavar="R",
        help="share of L1 in the elastic net, from 0 (ridge) to 1 (lasso); default 0.5",
    )


def add_folds(parser: Options, *, seed: bool = True) -> None:
    """Add --cv and --seed."""
    parser.add_argument("--cv", type=count, metavar="K", help="number of folds (default 10)")
    if seed:
        parser.add_argument("--seed", type=count, metavar="N", help="makes other folds (default 0)")


def add_features(parser: Options) -> None:
    """Add --keep and --drop."""
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


def add_rows(parser: Options, *, groups: bool = True, exposure: bool = True) -> None:
    """Add --weights, --offset, --exposure and --groups."""
    parser.add_argument("--weights", metavar="COLUMN", help="weight of each row")
    add_offset(parser, "known part of the target (of its log odds, of its logarithm)", exposure)
    if groups:
        parser.add_argument(
            "--groups", metavar="COLUMN", help="rows with equal values are held out together"
        )


def add_offset(parser: Options, what: str, exposure: bool = True) -> None:
    """Add --offset and --exposure."""
    parser.add_argument("--offset", metavar="COLUMN", help=what)
    if exposure:
        parser.add_argument(
            "--exposure",
            metavar="COLUMN",
            help="of counts: time or size in which they were counted; its logarithm is the offset",
        )


def add_reading(parser: Options) -> None:
    """Add --decimal and --missing."""
    add_decimal(parser)
    parser.add_argument(
        "--missing",
        choices=("error", "drop"),
        help="what to do with rows that lack a value (default: error)",
    )


def add_decimal(parser: Options) -> None:
    """Add --decimal."""
    parser.add_argument(
        "--decimal",
        type=_decimal_mark,
        metavar="MARK",
        help="decimal mark of CSV and TSV: . (default) or ,",
    )


def add_output(parser: Options, result: str = "the result") -> None:
    """Add --json, -q and --no-color."""
    parser.add_argument("--json", action="store_true", help=f"print {result} as JSON")
    parser.add_argument("-q", "--quiet", action="store_true", help="print no progress")
    parser.add_argument("--no-color", action="store_true", help="print no bold text")


def number(text: str) -> float:
    """Read a number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None


def count(text: str) -> int:
    """Read an integer."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be an integer, got {text!r}") from None


def _decimal_mark(text: str) -> str:
    if text not in (".", ","):
        raise argparse.ArgumentTypeError(f"must be . or , but got {text!r}")
    return text


def refuse(arguments: argparse.Namespace, options: Sequence[str], why: str) -> None:
    """Refuse each of these options that was given: none is ever ignored."""
    for option in options:
        given = getattr(arguments, option, None)
        if given is not None and given is not False and given != []:
            raise UsageError(f"{as_option(option)} can't be given {why}")


def as_option(name: str) -> str:
    """Return an option as it is typed."""
    return "DATA" if name == "data" else f"--{name.replace('_', '-')}"


# What sets a Python argument. Its name is the option's unless it is here.
_TYPED = {
    "X": "DATA",
    "y": "--target",
    "l1_ratio": "--l1-ratio",
    "alphas": "--alphas",
    "alpha": "--alpha",
    "sample_weight": "--weights",
    "offset": "--offset",
    "family": "--family",
    "groups": "--groups",
    "cv": "--cv",
    "random_state": "--seed",
}


# The way out that the command does not have: other folds come from another seed.
_STRATIFIED = "cv=StratifiedKFold() of scikit-learn"


def as_typed(message: str, more: Mapping[str, str] | None = None) -> str:
    """Return a message about a Python argument with the name of the option that sets it."""
    for name, option in {**_TYPED, **(more or {})}.items():
        message = message.replace(f"`{name}`", f"`{option}`").replace(f"`{name}[", f"`{option}[")
    return message.replace(_STRATIFIED, "another --seed")


def placed(message: str, arguments: argparse.Namespace) -> str:
    """Return the message with the line of the file in place of the position in an array."""
    place = getattr(arguments, "place", None)
    if place is None:
        return message
    position = r"\bat (?:y|sample_weight|offset)\[(\d+)\]"
    return re.sub(position, lambda found: f"in {place(int(found[1]))}", message)
