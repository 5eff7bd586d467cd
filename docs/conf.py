"""The site: `make docs` builds it from the pages of this folder into build/docs."""

from __future__ import annotations

import re
from typing import Any

import latex2mathml.converter
from docutils.nodes import SkipNode

import shrinkage

project = "shrinkage"
author = copyright = "The shrinkage developers"
version = release = shrinkage.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
nitpicky = True  # an internal link that leads nowhere is an error
nitpick_ignore = [("py:class", "sklearn.exceptions.ConvergenceWarning")]
default_role = "code"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
highlight_language = "none"  # indented blocks are formulas and commands, not Python

autodoc_typehints = "none"  # the docstrings say type, shape and range
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_title = "shrinkage"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_sidebars = {
    page: []
    for page in (
        "index",
        "l1_vs_l2",
        "neural_networks",
        "command",
        "names",
        "objective",
        "changelog",
    )
}
html_theme_options = {
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 8,
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
}


def _mathml(translator: Any, node: Any, display: str) -> None:
    """Write a formula as MathML, which browsers draw by themselves: no script, no network."""
    formula = latex2mathml.converter.convert(node.astext(), display=display)
    translator.body.append(
        f'<div class="formula">{formula}</div>' if display == "block" else formula
    )


def _inline(translator: Any, node: Any) -> None:
    _mathml(translator, node, "inline")
    raise SkipNode


def _block(translator: Any, node: Any) -> None:
    _mathml(translator, node, "block")
    raise SkipNode


def _escape(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Let |b| be an absolute value and coef_ a name, which mean more in reStructuredText."""
    end = lines.index("Examples") if "Examples" in lines else len(lines)
    for i in range(end):
        parts = re.split(r"(`+[^`]*`+)", lines[i])
        parts[::2] = [re.sub(r"\||(?<=\w)_(?!\w| : )", r"\\\g<0>", part) for part in parts[::2]]
        lines[i] = "".join(parts).replace("docs/objective.md", ":doc:`the objective </objective>`")


def setup(app: Any) -> None:
    """Register the renderer of formulas, and mend docstrings before numpydoc reads them."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-process-docstring", _escape, priority=400)
