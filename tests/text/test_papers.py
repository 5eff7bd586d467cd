"""Every paper that a docstring, a header or a page cites is in docs/papers.bib."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENTRY = re.compile(r"@\w+\{(\w+), author = \{(.*?)\}, year = \{(\d{4})\}", re.DOTALL)
NAME = r"[A-Z][\w'\N{RIGHT SINGLE QUOTATION MARK}]+"
CITATION = re.compile(rf"\b({NAME}(?:,? (?:and )?{NAME}| et al\.)*),? \(?((?:19|20)\d\d)\b")
BIBLIOGRAPHY = {
    (surname, year)
    for _, authors, year in ENTRY.findall((ROOT / "docs/papers.bib").read_text(encoding="utf-8"))
    for surname in [authors.split(",")[0].split()[0]]
}
CITING = sorted(
    path
    for pattern in ("src/**/*.py", "native/**/*.hpp", "docs/*.md")
    for path in ROOT.glob(pattern)
    if CITATION.search(path.read_text(encoding="utf-8"))
)


def cited(text):
    """First surname and year of each citation."""
    # A comment or a string goes on in the next line; a paragraph or an item of a list does not.
    lines = (
        re.sub(r'^\s*(?:#|//+|f?")', " ", re.sub(r"^\s*([*-] |$)", " . ", line)).rstrip('" ')
        for line in text.splitlines()
    )
    words = " ".join(" ".join(lines).split())
    return {(authors.split()[0].strip(","), year) for authors, year in CITATION.findall(words)}


@pytest.mark.parametrize("path", CITING, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_citation_is_in_the_bibliography(path):
    assert cited(path.read_text(encoding="utf-8")) <= BIBLIOGRAPHY


def test_a_citation_is_found_and_a_missing_one_noticed():
    assert cited("as Beck and\nTeboulle (2009), section 3, say") == {("Beck", "2009")}
    assert not {("Nobody", "2009")} & BIBLIOGRAPHY
    assert len(BIBLIOGRAPHY) >= 30
