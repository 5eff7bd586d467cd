"""The examples run and say something; the page's code does what the page says."""

import contextlib
import io
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
EXAMPLES = sorted(
    path for path in (HOME / "examples").glob("*.py") if "import torch\n" in path.read_text()
)
PAGE = HOME / "docs" / "neural_networks.md"
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"^!\[(.+?)\]\((images/\S+?)\)", re.DOTALL | re.MULTILINE)

# What an example must have reached: a number that it prints after these words, and its least value.
REACHED = {
    "cnn_digits.py": ("The smaller network's: ", 0.9),
    "mlp_table.py": ("Accuracy on test rows: ", 0.85),
    "sparse_heads.py": ("\nAccuracy: ", 0.7),
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs_and_reaches_its_end(example):
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", str(example)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    words, least = REACHED[example.name]
    assert float(done.stdout.partition(words)[2].split()[0]) >= least


def test_every_example_has_something_to_reach():
    assert {example.name for example in EXAMPLES} == set(REACHED)


def test_the_page_does_what_it_says():
    page, names, printed = PAGE.read_text(), {}, ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind, block in BLOCK.findall(page):
            if kind == "text":
                assert printed == block
                continue
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(block, str(PAGE), "exec"), names)
            printed = output.getvalue()


def test_pictures_of_the_page_are_there_and_have_words():
    found = PICTURE.findall(PAGE.read_text())
    assert found
    for words, name in found:
        svg = (PAGE.parent / name).read_text()
        assert "<desc>" in svg
        assert len(svg) < 60_000
        assert len(words) > 20


def test_no_table_of_the_page_is_empty():
    page = PAGE.read_text()
    for name in re.findall(r"<!-- begin: (\S+) -->", page):
        inside = page.partition(f"<!-- begin: {name} -->")[2].partition(f"<!-- end: {name} -->")[0]
        assert inside.strip(), name
