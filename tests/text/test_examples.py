"""Every example in a docstring and every block of Python in a page is executed."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

from tests.modules import MODULES

ROOT = Path(__file__).parents[2]
# Run elsewhere: test_docs.py runs the page whose blocks build on each other, tests/torch the other.
ELSEWHERE = {ROOT / "docs/l1_vs_l2.md", ROOT / "docs/neural_networks.md"}
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - ELSEWHERE)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_print_what_they_say(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in PYTHON.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, page.name, "exec"), {})
