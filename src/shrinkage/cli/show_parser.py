"""The words of `shrinkage show`: each picture knows only the options that it can honour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shrinkage.cli.options import (
    FAMILIES,
    Parser,
    add_command,
    add_data,
    add_family,
    add_features,
    add_folds,
    add_output,
    add_penalty,
    add_reading,
    add_rows,
    add_target,
    count,
    number,
)

if TYPE_CHECKING:
    from shrinkage.cli.options import Commands, Options

# The families whose linear predictor is one number for each row.
_SINGLE = ("gaussian", "binomial", "poisson")
_SEE_MORE = (
    "It is drawn of DATA or, but for roc and calibration, with --simulate of data whose truth is "
    "known. "
    "`shrinkage show WHAT --help` lists the options of each picture."
)


def add_show(commands: Commands) -> None:
    """Add the command with its pictures."""
    summary = "draw a picture of how the penalties work"
    description = f"{summary[:1].upper()}{summary[1:]}. {_SEE_MORE}"
    parser = add_command(commands, "show", summary, description=description)
    pictures = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    _geometry(pictures)
    _path(pictures)
    _sweet_spot(pictures)
    _correlated(pictures)
    _kink(pictures)
    _selection(pictures)
    _held_out(
        pictures,
        "roc",
        "how well two classes, or each of several, are told apart",
        "Draw the ROC curves of rows that the models have not seen: of the best of ridge, elastic "
        "net and lasso, and of ridge and lasso beside it.",
        ("binomial", "multinomial"),
    )
    _held_out(
        pictures,
        "calibration",
        "whether probabilities and mean counts are as large as what is observed",
        "Draw observed over predicted means of rows that the best model has not seen, in bins.",
        ("binomial", "poisson", "multinomial"),
    )


def _geometry(pictures: Commands) -> None:
    parser = _picture(
        pictures,
        "geometry",
        "where loss and penalty touch: why L1 gives exact zeros",
        "Draw the contours of the loss over two coefficients, the others at their best, and the "
        "ball of the penalty that they touch: at a corner of L1 a coefficient is exactly 0.",
    )
    parser.add_argument(
        "--feature",
        action="append",
        metavar="NAME",
        help="given twice: the two features to show (default: those with the largest standardized "
        "coefficients)",
    )
    _alpha(
        parser,
        "strength of the penalty (default: where lasso sets one of the two to 0, and"
        " alike in the other panels)",
    )
    _shares(parser, "share of L1 of a panel; can be repeated (default: 1, 0.5 and 0)")
    _source(parser, rows=False)
    _simulation(parser, seed=True)
    _output(parser)


def _path(pictures: Commands) -> None:
    parser = _picture(
        pictures,
        "path",
        "each coefficient, and the errors, as the penalty weakens",
        "Draw each coefficient over the strength of the penalty and, below, training and held-out "
        "error.",
    )
    add_penalty(parser)
    add_folds(parser, seed=False)
    _seed(parser, "makes other folds, and other simulated data (default 0)")
    _source(parser, rows=True, families=FAMILIES)
    _simulation(parser)
    _output(parser)


def _sweet_spot(pictures: Commands) -> None:
    parser = _picture(
        pictures,
        "sweet-spot",
        "the best strength, between underfitting and overfitting",
        "Draw training and held-out error over the strength of the penalty. With --simulate: bias, "
        "variance and noise, which add up to the error, for ridge, elastic net and lasso.",
    )
    add_penalty(parser)
    add_folds(parser, seed=False)
    _seed(parser, "makes other folds, and other simulated data (default 0)")
    _source(parser, rows=True, families=FAMILIES)
    _simulation(parser, rows=50, columns=40, snr=2)
    _output(parser)


def _correlated(pictures: Commands) -> None:
    parser = _picture(
        pictures,
        "correlated",
        "how each penalty treats correlated features",
        "Draw the coefficients of correlated features over resamples of the rows: ridge shares "
        "the weight, lasso picks one, elastic net groups them.",
    )
    parser.add_argument(
        "--feature",
        action="append",
        metavar="GLOB",
        help="2 to 30 features to show, by name or by a pattern such as 'size*'; can be repeated "
        "(default: the most correlated pair)",
    )
    _seed(parser, "makes other resamples (default 0)")
    _source(parser, rows=False)
    group = _simulation_group(parser)
    group.add_argument(
        "--rho", type=number, metavar="R", help="correlation of the two features (default 0.95)"
    )
    _output(parser)


def _kink(pictures: Commands) -> None:
    parser = _picture(
        pictures,
        "kink",
        "descent step by step: which methods reach an exact zero",
        "Draw how methods of descent approach the solution and its exact zeros, which the "
        "subgradient method misses at the kink of L1.",
    )
    _alpha(parser, "strength of the penalty (default: a tenth of what makes every coefficient 0)")
    parser.add_argument(
        "--l1-ratio",
        type=number,
        metavar="R",
        help="share of L1, from 0 (ridge) to 1 (lasso, default)",
    )
    _source(parser, rows=False, families=())
    _simulation(parser, seed=True)
    _output(parser)


def _selection(pictures: Commands) -> None:
    parser = _picture(
        pictures,
        "selection",
        "how often each feature is kept over half-samples",
        "Draw how often each feature is kept over random halves of the rows, at each strength of "
        "the penalty, for lasso and elastic net.",
    )
    _shares(parser, "share of L1 of a panel; can be repeated (default: 1 and 0.5)")
    _seed(parser, "makes other halves, and other simulated data (default 0)")
    _source(parser, rows=False)
    _simulation(parser)
    _output(parser)


def _picture(pictures: Commands, name: str, summary: str, description: str) -> Parser:
    return pictures.add_parser(name, help=summary, description=description, allow_abbrev=False)


def _held_out(
    pictures: Commands, name: str, summary: str, description: str, families: Sequence[str]
) -> None:
    parser = _picture(pictures, name, summary, description)
    add_folds(parser)
    add_data(parser, optional=True)
    add_target(parser)
    add_family(parser, families)
    add_features(parser)
    add_rows(parser, exposure="poisson" in families)
    add_reading(parser)
    _output(parser)


def _source(parser: Parser, *, rows: bool, families: Sequence[str] = _SINGLE) -> None:
    """Add DATA and how it is read; `rows` if the picture knows weights, offset and groups."""
    add_data(parser, optional=True)
    group = parser.add_argument_group("with DATA")
    add_target(group)
    if families:
        add_family(group, families)
    add_features(group)
    if rows:
        add_rows(group)
    add_reading(group)


def _simulation_group(parser: Parser) -> Options:
    group = parser.add_argument_group("in place of DATA")
    group.add_argument("--simulate", action="store_true", help="make data whose truth is known")
    return group


def _simulation(
    parser: Parser, *, rows: int = 100, columns: int = 20, snr: int = 3, seed: bool = False
) -> None:
    """Add what is simulated; `seed` if nothing but the simulation needs one."""
    group = _simulation_group(parser)
    group.add_argument(
        "--signal",
        choices=("sparse", "dense", "groups"),
        help="a few features matter (sparse, default), all a little (dense), or some groups of "
        "correlated ones (groups)",
    )
    group.add_argument(
        "--snr",
        type=number,
        metavar="R",
        help=f"variance of the signal over that of the noise (default {snr})",
    )
    group.add_argument("--rows", type=count, metavar="N", help=f"number of rows (default {rows})")
    group.add_argument(
        "--columns", type=count, metavar="P", help=f"number of features (default {columns})"
    )
    group.add_argument(
        "--rho",
        type=number,
        metavar="R",
        help="correlation of neighbouring features, or of those in a group (default: 0.35 for "
        "sparse, 0.5 for dense, 0.95 for groups)",
    )
    if seed:
        _seed(group, "makes other data (default 0)")


def _seed(parser: Options, what: str) -> None:
    parser.add_argument("--seed", type=count, metavar="N", help=what)


def _alpha(parser: Options, what: str) -> None:
    parser.add_argument("--alpha", type=number, metavar="A", help=what)


def _shares(parser: Options, what: str) -> None:
    parser.add_argument("--l1-ratio", type=number, action="append", metavar="R", help=what)


def _output(parser: Parser) -> None:
    parser.add_argument(
        "-o",
        "--out",
        metavar="FILE",
        help="the picture: a name that ends in .svg or .png; - for SVG on standard output",
    )
    add_output(parser, "title, description and file of the picture")
