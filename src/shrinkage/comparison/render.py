"""A report as blocks, and the two ways to show it: plain text and HTML."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from shrinkage.draw import aligned, html_table, visible

WIDTH = 100
_LONGEST_LABEL = 26


@dataclass(frozen=True)
class Heading:
    """The title of what follows."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Words; a bullet if `item`."""

    text: str
    item: bool = False


@dataclass(frozen=True)
class Grid:
    """A table: the first column holds labels, the others are aligned to the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


Block = Heading | Paragraph | Grid


def as_text(blocks: Sequence[Block]) -> str:
    """Return the report in lines of at most 100 characters."""
    parts = []
    for block in blocks:
        if isinstance(block, Heading):
            title = textwrap.fill(visible(block.text), WIDTH)
            parts.append(f"\n{title}\n{'-' * min(len(title), WIDTH)}")
        elif isinstance(block, Paragraph):
            first, rest = ("- ", "  ") if block.item else ("", "")
            text = visible(block.text)
            parts.append(textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest))
        else:
            parts.extend(aligned(block.rows, block.header, longest=_LONGEST_LABEL))
    return "\n".join(parts).lstrip("\n") + "\n"


def as_html(blocks: Sequence[Block]) -> str:
    """Return the report as one HTML element, with every text escaped."""
    parts = []
    for block in blocks:
        if isinstance(block, Heading):
            parts.append(f"<h4>{html.escape(block.text)}</h4>")
        elif isinstance(block, Paragraph):
            mark = "&bull; " if block.item else ""
            parts.append(f"<p>{mark}{html.escape(block.text)}</p>")
        else:
            parts.append(html_table(block.rows, block.header))
    return "<div>" + "\n".join(parts) + "</div>"
