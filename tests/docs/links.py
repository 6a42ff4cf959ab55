"""Links of Markdown pages, and whether what they point at is there: files beside them, headings in them.

    python tests/docs/links.py          # of every page of the repository
    python tests/docs/links.py FOLDER   # of the pages that `make docs` has built

Addresses elsewhere are not asked: a check must not need the network.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

_LINK = re.compile(r"(?<!\\)!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_CODE = re.compile(r"`[^`]*`")
_FENCE = re.compile(r"^\s*(```|~~~)")


def pages_of(root: Path) -> list[Path]:
    """All Markdown pages of the repository, but what is installed, built or hidden."""
    left_out = {"build", "dist", "runs", "node_modules"}
    found = []
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(name for name in inner if not (name.startswith(".") or name in left_out))
        found += [Path(folder) / name for name in sorted(files) if name.endswith(".md")]
    return found


def prose(text: str) -> Iterator[str]:
    """Lines of a Markdown page that are not code."""
    fenced = indented_may_be = False
    for line in text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
            continue
        is_code = fenced or (line.startswith("    ") and indented_may_be)
        indented_may_be = is_code or not line.strip()
        if not is_code:
            yield line


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub and markdown2 make it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text).strip().lower())


def anchors(page: Path) -> set[str]:
    """Of a Markdown page. A heading that stands twice has -1 the second time."""
    found: set[str] = set()
    for line in prose(page.read_text(encoding="utf-8")):
        if heading := _HEADING.match(line):
            name, number = slug(heading[2]), 0
            while (anchor := name if not number else f"{name}-{number}") in found:
                number += 1
            found.add(anchor)
    return found


def links(text: str) -> list[str]:
    """Where the links of a Markdown page point."""
    return [link for line in prose(text) for link in _LINK.findall(_CODE.sub("", line))]


def broken(page: Path, root: Path) -> list[str]:
    """A line about each link of a Markdown page that leads nowhere."""
    said = []
    for link in links(page.read_text(encoding="utf-8")):
        if _ELSEWHERE.match(link):
            continue
        target, _, anchor = link.partition("#")
        place = (page.parent / unquote(target)).resolve() if target else page.resolve()
        where = f"{page.relative_to(root)}: {link}"
        if not place.exists():
            said.append(f"{where}: there is no {place.relative_to(root) if place.is_relative_to(root) else place}")
        elif anchor and (place.suffix != ".md" or anchor not in anchors(place)):
            said.append(f"{where}: there is no such heading")
    return said


class _Page(HTMLParser):
    """Links and anchors of an HTML page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {each for name in ("id", "name") if (each := given.get(name))}
        self.links += [each for name in ("href", "src") if (each := given.get(name)) and tag != "link"]


def broken_in_html(folder: Path) -> list[str]:
    """A line about each link of built pages that leads nowhere."""
    pages: dict[Path, _Page] = {}
    for path in sorted(folder.resolve().rglob("*.html")):
        pages[path] = _Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    said = []
    for path, page in pages.items():
        for link in page.links:
            if _ELSEWHERE.match(link):
                continue
            target, _, anchor = link.partition("#")
            place = (path.parent / unquote(target)).resolve() if target else path
            if place.is_dir():
                place /= "index.html"
            if not place.exists():
                said.append(f"{path.relative_to(folder.resolve())}: {link}: there is no such file")
            elif anchor and place in pages and unquote(anchor) not in pages[place].anchors:
                said.append(f"{path.relative_to(folder.resolve())}: {link}: there is no such place in it")
    return said


def main(arguments: Iterable[str]) -> int:
    root = Path(__file__).resolve().parents[2]
    folders = [Path(each) for each in arguments]
    said = [line for folder in folders for line in broken_in_html(folder)]
    if not folders:
        said = [line for page in pages_of(root) for line in broken(page, root)]
    print("\n".join(said or ["every link leads somewhere"]))
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
