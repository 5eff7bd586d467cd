"""Every example in a docstring, every block of Python in a page and every script is executed."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.modules import MODULES

ROOT = Path(__file__).parents[2]
# Run elsewhere: test_docs.py runs the page whose blocks build on each other, tests/torch the other.
ELSEWHERE = {ROOT / "docs/l1_vs_l2.md", ROOT / "docs/neural_networks.md"}
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - ELSEWHERE)
# Those with PyTorch are run in tests/torch.
SCRIPTS = sorted(
    path for path in (ROOT / "examples").glob("*.py") if "import torch\n" not in path.read_text()
)
# What a script must have reached: a number that it prints after these words, and its least value.
REACHED = {
    "classification.py": ("Accuracy on test rows: ", 0.93),
    "counts.py": ("Correlation of predicted and true yearly rates: ", 0.95),
}
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


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_runs_and_reaches_its_end(script):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    words, least = REACHED[script.name]
    assert float(done.stdout.partition(words)[2].split()[0]) >= least
