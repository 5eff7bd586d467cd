"""`shrinkage show`: read or simulate data, draw one picture of them, write it."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shrinkage
from shrinkage.cli.families import say, with_family
from shrinkage.cli.inputs import compared, fit_by_folds, l1_ratio_of, read_data, target_of
from shrinkage.cli.options import UsageError, as_option, as_typed, placed, refuse
from shrinkage.cli.roles import Roles
from shrinkage.cli.table import suggestion
from shrinkage.cli.terminal import print_json, tell
from shrinkage.comparison import FamilyChoice
from shrinkage.comparison.files import check_directory, write_together
from shrinkage.comparison.pictures import check_pictures
from shrinkage.comparison.target import CLASSIFIERS
from shrinkage.design import FrameEncoder
from shrinkage.draw import description_of, png_of, svg_of
from shrinkage.errors import ArgumentError, Phrase, ShrinkageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STDOUT = "-"
_ENDINGS = (".svg", ".png")

# Python's name of what an option of the simulation sets.
_SIMULATED = {
    "signal": "signal",
    "snr": "snr",
    "rows": "n_samples",
    "columns": "n_features",
    "rho": "rho",
    "seed": "random_state",
}
_READ = (
    *("data", "target", "family", "keep", "drop", "weights", "offset", "exposure", "groups"),
    *("decimal", "missing"),
)
# In their messages an argument of the drawing functions is called as the option that sets it.
_TYPED = {
    "l1_ratios": "--l1-ratio",
    "features": "--feature",
    "columns": "--feature",
    "plot_roc": "show roc",
    **{argument: as_option(option) for option, argument in _SIMULATED.items()},
}


def show(arguments: argparse.Namespace) -> None:
    """Draw what is asked for and write it to a file or, as SVG, to stdout."""
    _check_out(arguments)
    _check_source(arguments)
    check_pictures("shrinkage show")
    draw = _PICTURES[arguments.what]
    arguments.choice = FamilyChoice("gaussian", "")  # unless the data say otherwise
    try:
        figure = draw(arguments)
    except ShrinkageError as error:
        source = {"X": "--simulate"} if getattr(arguments, "simulate", False) else {}
        words = as_typed(str(error), _TYPED | source)
        raise UsageError(placed(words, arguments)) from None
    say(arguments, arguments.choice)
    if arguments.out == _STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(svg_of(figure).encode())
        return
    place = Path(arguments.out)
    as_png = place.suffix.lower() == ".png"
    write_together(place.parent, {place.name: png_of(figure) if as_png else svg_of(figure)})
    if arguments.json:
        title, description = _title_of(figure), description_of(figure)
        print_json({"title": title, "description": description, "file": arguments.out})
    tell(arguments, f"wrote {place}\n{description_of(figure) or _title_of(figure)}")


def _check_out(arguments: argparse.Namespace) -> None:
    """Refuse, before any work, a place that no picture can be written to."""
    out = arguments.out
    if out == _STDOUT:
        refuse(arguments, ["json"], "with -o -, which prints the picture")
        return
    kinds = "name a file that ends in .svg or .png, or be - for standard output"
    if out is None:
        raise UsageError(f"--out must {kinds}, got nothing")
    place = Path(out)
    if place.is_dir():
        hint: str | None = f"-o {place / arguments.what}.svg"
        raise ArgumentError.must("--out", kinds, Phrase(f"the directory {out}"), hint)
    if place.suffix.lower() not in _ENDINGS:
        hint = f"-o {place.with_suffix('.svg')}" if place.name else None
        raise ArgumentError.must("--out", kinds, Phrase(out or "nothing"), hint)
    check_directory(str(place.parent), place.parent)


def _check_source(arguments: argparse.Namespace) -> None:
    """Refuse options that what is drawn could only ignore."""
    if getattr(arguments, "simulate", False):
        refuse(arguments, _READ, "with --simulate")
        if arguments.what == "sweet-spot":
            why = "with sweet-spot --simulate, which compares ridge, elastic net and lasso"
            refuse(arguments, ["penalty", "l1_ratio", "cv"], why)
        if arguments.what == "correlated":
            refuse(arguments, ["feature"], "with --simulate, which makes two features")
        return
    if arguments.data is None:
        in_place = ", or --simulate in its place" if hasattr(arguments, "simulate") else ""
        raise UsageError(f"DATA must be given{in_place}")
    only_simulated = set(_SIMULATED)
    if arguments.what not in ("geometry", "kink"):
        only_simulated.discard("seed")  # which also makes the folds or the resamples
    refuse(arguments, sorted(only_simulated), "without --simulate")
    target_of(arguments)


def _roles(arguments: argparse.Namespace) -> tuple[Roles, str, str]:
    """Return the data, read or simulated, the name of the target and its family."""
    if not getattr(arguments, "simulate", False):
        target, roles = target_of(arguments), read_data(arguments)
        if hasattr(arguments, "family"):
            roles, arguments.choice = with_family(arguments, roles, target)
        return roles, target, arguments.choice.name
    made = shrinkage.simulate(**_given(arguments, _SIMULATED))
    features = dict(zip(made.names, made.X.T, strict=True))
    return Roles(features, made.y, None, None, None), "y", "gaussian"


def _frame(arguments: argparse.Namespace) -> tuple[dict[str, Any], str, str]:
    """Return the data as one table, the name of its target and its family."""
    roles, target, family = _roles(arguments)
    return {**roles.features, target: roles.target}, target, family


def _given(arguments: argparse.Namespace, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the options that were given, by the names that Python has for them."""
    found = {argument: getattr(arguments, option, None) for option, argument in names.items()}
    return {argument: value for argument, value in found.items() if value is not None}


def _geometry(arguments: argparse.Namespace) -> Figure:
    names = arguments.feature
    if names is not None and len(names) != 2:
        raise ArgumentError.must("--feature", "be given twice", Phrase(", ".join(names)))
    frame, target, family = _frame(arguments)
    options = _given(arguments, {"feature": "features", "alpha": "alpha", "l1_ratio": "l1_ratio"})
    return shrinkage.plot_geometry(frame, target, family=family, **options)


def _path(arguments: argparse.Namespace) -> Figure:
    figure: Figure = _fitted(arguments).plot_path()
    return figure


def _sweet_spot(arguments: argparse.Namespace) -> Figure:
    if arguments.simulate:
        return shrinkage.plot_bias_variance(**_given(arguments, _SIMULATED))
    figure: Figure = _fitted(arguments).plot_cv()
    return figure


def _fitted(arguments: argparse.Namespace) -> Any:
    l1_ratio = l1_ratio_of(arguments)
    roles, _, family = _roles(arguments)
    return fit_by_folds(arguments, roles, family, l1_ratio)


def _correlated(arguments: argparse.Namespace) -> Figure:
    seed = _given(arguments, {"seed": "random_state"})
    if arguments.simulate:
        return shrinkage.plot_correlated(**_given(arguments, {"rho": "rho"}), **seed)
    roles, target, family = _roles(arguments)
    columns = None
    if arguments.feature is not None:
        columns = _matching(roles, arguments.feature)
    frame = {**roles.features, target: roles.target}
    return shrinkage.plot_correlated(frame, target, columns, family=family, **seed)


def _matching(roles: Roles, patterns: list[str]) -> list[str]:
    """Return the encoded features that are named or match a pattern, as the table orders them.

    The name of a text column means all its levels.
    """
    encoder = FrameEncoder().fit(roles.features)
    names = encoder.names_out
    places = {name: {place} for place, name in enumerate(names)}
    for name, levels in encoder.sources.items():
        places.setdefault(name, set(levels))
    found: set[int] = set()
    for pattern in patterns:
        matches = [pattern] if pattern in places else fnmatch.filter(places, pattern)
        if not matches:
            hint = suggestion(pattern, places)
            raise ArgumentError.must("--feature", "match a feature", pattern, hint)
        found.update(*(places[name] for name in matches))
    return [names[place] for place in sorted(found)]


def _kink(arguments: argparse.Namespace) -> Figure:
    options = _given(arguments, {"alpha": "alpha", "l1_ratio": "l1_ratio"})
    frame, target, _ = _frame(arguments)
    return shrinkage.plot_descents(frame, target, **options)


def _selection(arguments: argparse.Namespace) -> Figure:
    options = _given(arguments, {"l1_ratio": "l1_ratios", "seed": "random_state"})
    frame, target, family = _frame(arguments)
    return shrinkage.plot_selection(frame, target, family=family, **options)


def _roc(arguments: argparse.Namespace) -> Figure:
    return _compared(arguments, CLASSIFIERS).plot_roc()


def _calibration(arguments: argparse.Namespace) -> Figure:
    return _compared(arguments, (*CLASSIFIERS, "poisson")).plot_calibration()


def _compared(arguments: argparse.Namespace, families: Sequence[str]) -> shrinkage.Comparison:
    roles, target, family = _roles(arguments)
    if family not in families:
        got, hint = Phrase(family), arguments.choice.because or None
        raise ArgumentError.must_be("--family", f"one of {', '.join(families)} here", got, hint)
    return compared(arguments, roles, target, family)


_PICTURES: dict[str, Callable[[argparse.Namespace], Figure]] = {
    "geometry": _geometry,
    "path": _path,
    "sweet-spot": _sweet_spot,
    "correlated": _correlated,
    "kink": _kink,
    "selection": _selection,
    "roc": _roc,
    "calibration": _calibration,
}


def _title_of(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts if text.get_fontweight() == "bold")
