"""The commands and the words that each understands. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from shrinkage.cli.options import (
    Parser,
    add_command,
    add_data,
    add_decimal,
    add_family,
    add_features,
    add_folds,
    add_offset,
    add_output,
    add_penalty,
    add_reading,
    add_rows,
    add_target,
    count,
    number,
)
from shrinkage.cli.show_parser import add_show

if TYPE_CHECKING:
    from shrinkage.cli.options import Commands


class _Version(argparse.Action):
    """Prints the version."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> NoReturn:
        import shrinkage

        print(f"shrinkage {shrinkage.__version__}")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; `run` of what it returns is the function that carries out the command."""
    parser = Parser(
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
    add_show(commands)
    return parser


def _compare(commands: Commands) -> None:
    parser = add_command(commands, "compare", "show ridge, elastic net and lasso side by side")
    add_data(parser)
    add_target(parser)
    add_family(parser)
    parser.add_argument(
        "-o",
        "--out",
        metavar="DIR",
        help="also write comparison.json, coefficients.csv and pictures: of each path, and for "
        "classes and counts of ROC curves and calibration",
    )
    add_folds(parser)
    add_features(parser)
    add_rows(parser)
    add_reading(parser)
    add_output(parser)


def _fit(commands: Commands) -> None:
    parser = add_command(commands, "fit", "fit one model and store it")
    add_data(parser)
    add_target(parser)
    add_family(parser)
    parser.add_argument("-o", "--out", metavar="DIR", help="write model.json into DIR")
    add_penalty(parser)
    parser.add_argument(
        "--alpha",
        type=number,
        metavar="A",
        help="strength of the penalty (default: chosen by cross-validation)",
    )
    parser.add_argument(
        "--rule",
        choices=("min", "1se"),
        help="alpha with the lowest held-out error (default), or the largest one within a standard "
        "error of it",
    )
    add_folds(parser)
    add_features(parser)
    add_rows(parser)
    add_reading(parser)
    add_output(parser)


def _path(commands: Commands) -> None:
    parser = add_command(commands, "path", "print the coefficients over a range of alphas")
    add_data(parser)
    add_target(parser)
    add_family(parser)
    add_penalty(parser)
    _alphas(parser)
    add_features(parser)
    add_rows(parser, groups=False)
    add_reading(parser)
    add_output(parser)


def _cv(commands: Commands) -> None:
    parser = add_command(commands, "cv", "print the cross-validated error over a range of alphas")
    add_data(parser)
    add_target(parser)
    add_family(parser)
    add_penalty(parser)
    _alphas(parser)
    add_folds(parser)
    add_features(parser)
    add_rows(parser)
    add_reading(parser)
    add_output(parser)


def _predict(commands: Commands) -> None:
    parser = add_command(commands, "predict", "print predictions of a stored model as CSV")
    _model(parser)
    add_data(parser)
    add_offset(parser, "known part of each prediction (of its log odds, of its logarithm)")
    _unseen(parser)
    add_decimal(parser)
    add_output(parser)


def _score(commands: Commands) -> None:
    parser = add_command(commands, "score", "print how well a stored model predicts a table")
    _model(parser)
    add_data(parser)
    add_target(parser)
    parser.add_argument("--weights", metavar="COLUMN", help="weight of each row")
    add_offset(parser, "known part of each prediction (of its log odds, of its logarithm)")
    _unseen(parser)
    add_reading(parser)
    add_output(parser)


def _alphas(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--alphas", type=count, default=100, metavar="N", help="length of the grid (default 100)"
    )


def _model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="model.json, or the directory that holds it")


def _unseen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--unseen",
        choices=("error", "base"),
        default="error",
        help="what to do with a text value that the model has not seen: error (default), or base, "
        "which treats it as having no effect",
    )
