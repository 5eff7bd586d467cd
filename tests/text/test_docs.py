"""The pages: their code runs and prints what they say, their pictures are what it draws."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

import shrinkage
from docs import evidence, figures
from scripts import check_site
from shrinkage.cli.parser import make_parser
from shrinkage.draw.figure import svg_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
IMAGES = sorted((DOCS / "images").iterdir())
MARKDOWN = sorted(
    path
    for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "tests").rglob("*.md")]
    if "data" not in path.parts
)
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:[.,]\d+)*(?![\w.])")


def words_and_numbers(text: str) -> tuple[list[str], list[float]]:
    words = NUMBER.sub("N", text.replace("\u2212", "-")).split()
    return words, [float(n.replace(",", "")) for n in NUMBER.findall(text.replace("\u2212", "-"))]


def assert_says(shown: str, computed: str) -> None:
    """Check that both have the same words, and numbers that differ by rounding at most."""
    (words, numbers), (wanted, expected) = words_and_numbers(shown), words_and_numbers(computed)
    assert words == wanted
    # Another processor may round the last digit that is shown another way.
    digits = [len(n.partition(".")[2]) for n in NUMBER.findall(computed)]
    for a, b, places in zip(numbers, expected, digits, strict=True):
        assert_allclose(a, b, rtol=2e-3, atol=1.01 * 10.0**-places)


# --- the code of a page


@pytest.fixture(scope="module", params=figures.PAGES)
def outcomes(request) -> list[figures.Outcome]:
    return list(figures.run(request.param))


def test_a_block_prints_what_the_page_says(outcomes):
    for outcome in outcomes:
        assert bool(outcome.printed) == (outcome.cell.text is not None), outcome.cell.code
        assert_says(outcome.cell.text or "", outcome.printed)


def test_a_block_that_ends_in_a_figure_is_followed_by_its_picture(outcomes):
    for outcome in outcomes:
        assert isinstance(outcome.value, Figure) == (outcome.cell.picture is not None)


def assert_same_picture(kept: Path, drawn: str) -> None:
    """Compare what both say: another matplotlib may put a line elsewhere."""
    for tag in ("title", "desc"):
        pattern = re.compile(f"<{tag}>(.*?)</{tag}>", re.DOTALL)
        assert_says(pattern.search(kept.read_text(encoding="utf-8"))[1], pattern.search(drawn)[1])


def test_the_pictures_are_those_of_the_code(outcomes):
    """`make figures` draws them again."""
    for outcome in outcomes:
        if outcome.cell.picture is not None:
            assert_same_picture(DOCS / outcome.cell.picture, svg_of(outcome.value))


def test_the_picture_of_the_readme_is_that_of_the_demo():
    assert_same_picture(DOCS / "images/diabetes-lasso.svg", figures.picture_of_the_readme())


@pytest.mark.long
def test_the_tables_of_measurements_are_those_of_the_evidence(capsys):
    evidence.main()
    page = (DOCS / "l1_vs_l2.md").read_text(encoding="utf-8")
    rows = {tuple(words_and_numbers(line)[0]): line for line in page.splitlines() if "|" in line}
    measured = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert len(measured) > 15
    for line in measured:
        assert_says(rows[tuple(words_and_numbers(line)[0])], line)


def test_blocks_are_short(outcomes):
    assert max(outcome.cell.code.count("\n") for outcome in outcomes) <= 16


def test_what_is_read_from_a_page():
    page = (
        "```python\nx = 1\n```\n\n```text\n1\n```\nwords\n\n"
        "```python\nx\n```\n![y\nz](images/x.svg)\n"
    )
    first, second = figures.cells_of(page)
    assert (first.code, first.line, first.text, first.picture) == ("x = 1\n", 2, "1\n", None)
    assert (second.line, second.text, second.picture, second.alt) == (
        11,
        None,
        "images/x.svg",
        "y\nz",
    )


@pytest.mark.parametrize("change", ["fitted rows 0.9", "fitted lines 0.5"])
def test_another_number_or_word_is_noticed(change):
    with pytest.raises(AssertionError):
        assert_says(f"alpha 1.0 {change}", "alpha 1.0 fitted rows 0.5")


# --- pictures


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.name)
def test_a_picture_is_small_and_can_be_read_without_seeing_it(path):
    svg = path.read_text(encoding="utf-8")
    assert len(svg.encode()) < 60_000
    assert re.search(r"<title>[^<]{20,}</title><desc>[^<]{20,}</desc>", svg)
    assert "<image" not in svg  # nothing in it is made of pixels


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.name)
def test_a_picture_is_shown_somewhere(path):
    pages = "".join(page.read_text(encoding="utf-8") for page in MARKDOWN)
    assert f"images/{path.name})" in pages


def test_every_picture_of_a_page_has_words():
    for page in MARKDOWN:
        for words in re.findall(r"!\[(.*?)\]\(", page.read_text(encoding="utf-8"), re.DOTALL):
            assert len(words) > 30, f"{page.name}: {words!r}"


# --- links


def places_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {"", *(heading.replace(" ", "-") for heading in plain)}


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_into_the_repository_lead_somewhere(page):
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, place = link.partition("#")
        target = (page.parent / name) if name else page
        assert target.exists(), link
        assert target.suffix != ".md" or place in places_of(target), link
    for name in re.findall(r"`((?:src|tests|docs|native|benchmarks|scripts)/[\w./-]+)`", prose):
        assert (ROOT / name).exists(), name


# --- the site


def test_the_reference_has_every_public_name():
    text = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    documented = re.findall(r"^\.\. auto\w+:: shrinkage\.(\w+)$", text, re.MULTILINE)
    assert sorted(documented) == sorted(set(shrinkage.__all__) - {"__version__"})


def test_the_commands_of_the_page_are_understood():
    page = (DOCS / "command.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    shrinkage (.*)$", page, re.MULTILINE)
    for command in commands:
        make_parser().parse_args(command.split())
    known = next(action.choices for action in make_parser()._actions if action.choices)
    assert {command.split()[0] for command in commands} == set(known)
    pictures = {command.split()[1] for command in commands if command.startswith("show ")}
    what = next(action.choices for action in known["show"]._actions if action.dest == "what")
    assert pictures == set(what)


SOUND = '<h1 id="a">x</h1><a href="#a">y</a><a href="https://x.org">z</a><img src="p.svg">'


@pytest.mark.parametrize(
    ("body", "style", "says"),
    [
        (SOUND, "a {color: red}", None),
        ('<script src="https://x.org/m.js"></script>', "", "loads https://x.org/m.js"),
        ('<link rel="stylesheet" href="//x.org/m.css">', "", "loads //x.org/m.css"),
        ('<img src="p.svg" srcset="http://x.org/q.svg 2x">', "", "loads http://x.org/q.svg"),
        ("<style>@import 'https://x.org/m.css';</style>", "", "loads https://x.org/m.css"),
        ('<p style="background: url(http://x.org/p.png)">', "", "loads http://x.org/p.png"),
        (SOUND, "@font-face {src: url('https://x.org/f')}", "s.css loads https://x.org/f"),
        ('<a href="#b">y</a>', "", "has no such place"),
        ('<a href="other.html">y</a>', "", "is not there"),
    ],
)
def test_what_is_wrong_with_a_site_is_found(body, style, says, tmp_path):
    (tmp_path / "index.html").write_text(f"<html><body>{body}</body></html>")
    (tmp_path / "s.css").write_text(style)
    (tmp_path / "p.svg").write_text("<svg/>")
    faults = check_site.faults_of(tmp_path)
    assert (faults == []) if says is None else (len(faults) == 1 and says in faults[0])


def test_a_folder_without_pages_is_no_site(tmp_path):
    assert check_site.faults_of(tmp_path)
