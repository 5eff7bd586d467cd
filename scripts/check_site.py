"""Check a built site: it loads nothing from a network, and each of its links leads somewhere.

python scripts/check_site.py build/docs
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself; <a href> is followed by the reader only.
LOADING = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "track": "src",
    "video": "src",
}
REMOTE = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)
STYLE = re.compile(r"""(?:url\(\s*|@import\s+)['"]?((?:[a-z]+:)?//[^'")\s]+)""", re.IGNORECASE)


class Page(HTMLParser):
    """What a page loads, where it links to, and the places that can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = {"", "top"}
        self.styles: list[str] = []
        self._in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag loads, links to and names."""
        values = {key: value or "" for key, value in attrs}
        self._in_style = tag == "style"
        self.anchors |= {values[key] for key in ("id", "name") if key in values}
        self.styles.append(values.get("style", ""))
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in LOADING and values.get(LOADING[tag]):
            self.loads.append(values[LOADING[tag]])
        self.loads += [entry.split()[0] for entry in values.get("srcset", "").split(",") if entry]

    def handle_endtag(self, tag: str) -> None:
        """Leave a style sheet."""
        self._in_style = False

    def handle_data(self, data: str) -> None:
        """Keep the text of a style sheet."""
        if self._in_style:
            self.styles.append(data)


def faults_of(site: Path) -> list[str]:
    """Return one line for each thing that is wrong."""
    files = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in files}
    faults = [] if pages else [f"{site} has no page"]
    for path, page in pages.items():
        where = path.relative_to(site)
        styles = [match for style in page.styles for match in STYLE.findall(style)]
        faults += [f"{where} loads {name}" for name in [*page.loads, *styles] if REMOTE.match(name)]
        for link in [*page.loads, *page.links]:
            if urlsplit(link).scheme or REMOTE.match(link):
                continue
            address = urlsplit(link)
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            if not target.is_file():
                faults.append(f"{where} links to {link}, which is not there")
            elif target in pages and unquote(address.fragment) not in pages[target].anchors:
                faults.append(f"{where} links to {link}, which has no such place")
    for path in sorted(site.rglob("*.css")):
        remote = STYLE.findall(path.read_text(encoding="utf-8"))
        faults += [f"{path.relative_to(site)} loads {name}" for name in remote]
    return faults


def main() -> int:
    """Check the site named on the command line."""
    site = Path(sys.argv[1]).resolve()
    faults = faults_of(site)
    print("\n".join(faults) or f"{site.name}: every link leads somewhere, nothing is fetched")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
