"""What all figures share: their colours, their title, and words for those who can't see them.

matplotlib is imported inside the functions and its global state (pyplot, rcParams) is not touched.
"""

from __future__ import annotations

import functools
import html
import io
import re
import warnings
from typing import TYPE_CHECKING, Any

from shrinkage.errors import MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008): distinguishable with every kind of colour blindness.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
GREY, INK = "#BBBBBB", "#333333"

_LEFT_INCHES = 0.8
_DIGITS = re.compile(r"(\.\d\d)\d+")


def new_figure(asked_by: str, inches: tuple[float, float]) -> Figure:
    """Return an empty figure, which a notebook shows as SVG with its description.

    Parameters
    ----------
    asked_by : str
        What the user called, for the error if matplotlib is missing.
    inches : tuple of float
        Width and height.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    check_matplotlib(asked_by)
    figure: Figure = _picture_class()(figsize=inches, facecolor="white")
    return figure


def check_matplotlib(asked_by: str) -> None:
    """Raise the error that names the extra if matplotlib is missing, before any work."""
    try:
        _picture_class()
    except ImportError:
        raise MissingDependencyError.needs(asked_by, "matplotlib", "plot") from None


@functools.cache
def _picture_class() -> type[Any]:
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A figure that a notebook shows without pyplot."""

        def _repr_svg_(self) -> str:
            return svg_of(self)

    return Picture


def write_title(figure: Figure, heading: str, numbers: str) -> None:
    """Write what the figure shows, and under it its most important numbers."""
    width, height = figure.get_size_inches()
    look: dict[str, Any] = {"ha": "left", "va": "top", "color": INK, "parse_math": False}
    left = _LEFT_INCHES / float(width)
    figure.text(left, 1 - 0.15 / float(height), heading, size=13, weight="bold", **look)
    figure.text(left, 1 - 0.40 / float(height), numbers, size=10, **look)


def plain_axes(axes: Axes) -> None:
    """Set the common look: no box, quiet ticks."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(which="both", colors=INK, labelsize=9)


def describe(figure: Figure, description: str) -> None:
    """Keep one or two sentences for readers who can't see the figure."""
    figure.set_label(description)


def description_of(figure: Figure) -> str:
    """Return the sentences of `describe`, empty without any."""
    label = str(figure.get_label())
    return "" if label.startswith("_") else label


def svg_of(figure: Figure) -> str:
    """Return the figure as SVG text with its title and description for screen readers.

    The same figure gives the same text: no date, no random ids.
    """
    import matplotlib

    buffer = io.StringIO()
    # Every word repeats its fonts: one name and the generic one keep the file small.
    settings: dict[Any, Any] = {
        "svg.hashsalt": "shrinkage",
        "svg.fonttype": "none",
        "font.sans-serif": ["DejaVu Sans"],
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # The viewer's font may well have what ours lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        metadata = {"Date": None, "Creator": None}
        figure.savefig(buffer, format="svg", metadata=metadata)
    svg = re.sub(r' d="[^"]*"', lambda found: _short_path(found[0]), buffer.getvalue())
    start = svg.index(">", svg.index("<svg")) + 1
    title = html.escape(_title_of(figure))
    words = f"<title>{title}</title><desc>{html.escape(description_of(figure))}</desc>"
    return f'{svg[: start - 1]} role="img">\n {words}{svg[start:]}'


def _short_path(path: str) -> str:
    """Return the data of a line without what nobody sees: hundredths of a point are enough."""
    return re.sub(r" ?\n([LCQz]) ?", r"\1", _DIGITS.sub(r"\1", path))


def png_of(figure: Figure) -> bytes:
    """Return the figure as PNG, 150 dots an inch, with its title and description inside."""
    buffer = io.BytesIO()
    words = {"Title": _title_of(figure), "Description": description_of(figure), "Software": None}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="png", dpi=150, metadata=words)
    return buffer.getvalue()


def _title_of(figure: Figure) -> str:
    if figure.texts:
        return " ".join(text.get_text() for text in figure.texts)
    # In the user's own figure the titles stand above the axes.
    return " ".join(axes.get_title("left") for axes in figure.axes).strip()
