"""Run the pages that have pictures, and draw these (and the README's).

    python docs/figures.py

A page is read like a notebook: its blocks of Python run in order and share their names. Where the
last line of a block is a figure, the picture that follows the block shows it. A block of text after
a block of Python holds what that prints. `tests/text/test_docs.py` runs the same code.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PAGES = ("l1_vs_l2.md",)

_BLOCK = re.compile(r"^```python\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_TEXT = re.compile(r"^```text\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_PICTURE = re.compile(r"^!\[(.*?)\]\((images/\S+\.svg)\)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A block of Python and what the page shows after it.

    Attributes
    ----------
    code : str
    line : int
        Line of the page where the code starts.
    text : str or None
        What the page says that the code prints.
    picture : str or None
        File of the picture, relative to this folder.
    alt : str or None
        The picture in words.
    """

    code: str
    line: int
    text: str | None
    picture: str | None
    alt: str | None


@dataclass(frozen=True)
class Outcome:
    """What a block printed, and the value of its last line."""

    cell: Cell
    printed: str
    value: Any


def cells_of(page: str) -> list[Cell]:
    """Return the blocks of Python of a page, in order."""
    blocks = list(_BLOCK.finditer(page))
    ends = [block.start() for block in blocks[1:]] + [len(page)]
    cells = []
    for block, end in zip(blocks, ends, strict=True):
        after = page[block.end() : end]
        text, picture = _TEXT.match(after.lstrip("\n")), _PICTURE.search(after)
        cells.append(
            Cell(
                code=block[1],
                line=page[: block.start(1)].count("\n") + 1,
                text=text and text[1],
                picture=picture and picture[2],
                alt=picture and picture[1],
            )
        )
    return cells


def run(name: str) -> Iterator[Outcome]:
    """Run the blocks of a page one after the other.

    Parameters
    ----------
    name : str
        File of the page in this folder.
    """
    page = DOCS / name
    names: dict[str, Any] = {"__name__": name}
    for cell in cells_of(page.read_text(encoding="utf-8")):
        tree = ast.parse(cell.code)
        ast.increment_lineno(tree, cell.line - 1)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, str(page), "exec"), names)
            value = None
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), str(page), "eval"), names)
        yield Outcome(cell, printed.getvalue(), value)


def picture_of_the_readme() -> str:
    """Return what `make demo` draws of the lasso."""
    import shrinkage
    from shrinkage.cli.table import read_table

    comparison = shrinkage.compare(read_table("example:diabetes").columns, "progression")
    with tempfile.TemporaryDirectory() as folder:
        comparison.save(folder)
        return (Path(folder) / "path-lasso.svg").read_text(encoding="utf-8")


def main() -> None:
    """Draw every picture and say what the blocks print."""
    from shrinkage.draw.figure import svg_of

    (DOCS / "images/diabetes-lasso.svg").write_text(picture_of_the_readme(), encoding="utf-8")
    for name in PAGES:
        for outcome in run(name):
            if outcome.printed:
                print(f"{name}:{outcome.cell.line} prints\n{outcome.printed}")
            if outcome.cell.picture is not None:
                svg = svg_of(outcome.value)
                (DOCS / outcome.cell.picture).write_text(svg, encoding="utf-8")
                print(f"{outcome.cell.picture}: {len(svg) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
