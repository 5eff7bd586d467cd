"""Tables as lines of text or as HTML, from cells that are strings already."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Sequence


def significant(value: float, figures: int = 4) -> str:
    """Return `value` with `figures` significant digits, without an exponent where one can read it.

    Examples
    --------
    >>> [significant(value) for value in (0.0, 12.3456, -0.000123456, 1234567.0, float("nan"))]
    ['0', '12.35', '-0.0001235', '1.235e+06', '-']
    """
    if math.isnan(value):
        return "-"
    if value == 0.0 or math.isinf(value):
        return f"{value:g}".lstrip("-") if value == 0.0 else f"{value:g}"
    rounded = float(f"{value:.{figures - 1}e}")
    if 1e-4 <= abs(rounded) < 10.0 ** max(figures, 6):
        return f"{value:.{decimals(rounded, figures)}f}"
    return f"{value:.{figures - 1}e}"


def decimals(value: float, figures: int = 4) -> int:
    """Return how many decimals show `value` with `figures` significant digits, at least 0.

    One number of decimals, that of the largest entry, keeps a column of numbers aligned.
    """
    if not math.isfinite(value) or value == 0.0:
        return figures - 1
    return max(figures - 1 - math.floor(math.log10(abs(value))), 0)


def aligned(
    rows: Sequence[Sequence[str]],
    header: Sequence[str] | None = None,
    *,
    left: int = 1,
    longest: int = 40,
) -> list[str]:
    """Return a table as lines of text.

    Parameters
    ----------
    rows : sequence of equally long sequences of str
    header : sequence of str, optional
    left : int, default 1
        The first so many columns are aligned to the left, the others to the right.
    longest : int, default 40
        Cells of the left columns are cut to so many characters.
    """
    table = [
        [_cut(visible(cell), longest) if j < left else visible(cell) for j, cell in enumerate(row)]
        for row in ([header] if header else []) + list(rows)
    ]
    if not table:
        return []
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        cells = []
        for j, (cell, width) in enumerate(zip(row, widths, strict=True)):
            padding = " " * (width - _width(cell))
            cells.append(cell + padding if j < left else padding + cell)
        lines.append("  ".join(cells).rstrip())
    return lines


def html_table(
    rows: Sequence[Sequence[str]], header: Sequence[str] | None = None, *, left: int = 1
) -> str:
    """Return a table as one HTML element with every cell escaped, aligned as by `aligned`."""
    parts = ["<table>"]
    if header is not None:
        cells = "".join(_html_cell("th", cell, j < left) for j, cell in enumerate(header))
        parts.append(f"<thead><tr>{cells}</tr></thead>")
    parts.append("<tbody>")
    for row in rows:
        cells = "".join(_html_cell("td", cell, j < left) for j, cell in enumerate(row))
        parts.append(f"<tr>{cells}</tr>")
    parts.append("</tbody></table>")
    return "".join(parts)


def visible(text: str) -> str:
    """Return `text` without characters that could command a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _html_cell(tag: str, text: str, to_left: bool) -> str:
    side = "left" if to_left else "right"
    return f'<{tag} style="text-align:{side}">{html.escape(text)}</{tag}>'


def _cut(text: str, longest: int) -> str:
    if _width(text) <= longest:
        return text
    kept = text[: longest - 3]
    while _width(kept) > longest - 3:
        kept = kept[:-1]
    return kept + "..."


def _width(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(bool(unicodedata.combining(char)) for char in text)
