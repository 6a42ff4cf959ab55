"""Every link of the Markdown pages leads to a file, and to a heading in it; the checker finds one that does not."""

from pathlib import Path

import pytest
from links import anchors, broken, broken_in_html, links, pages_of, slug

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", pages_of(ROOT), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert broken(page, ROOT) == []


def test_the_pages_are_those_of_the_repository():
    pages = {str(page.relative_to(ROOT)) for page in pages_of(ROOT)}
    assert {"README.md", "CONTRIBUTING.md", "nonideality/README.md", "host/sweep/README.md"} <= pages


def test_the_readme_is_short_and_shows_every_page_of_the_packages():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 250
    shown = {link.partition("#")[0] for link in links(text)}
    pages = {str(page.relative_to(ROOT)) for page in pages_of(ROOT)}
    inner = {page for page in pages if page.split("/")[0] in ("chipsim", "host", "nonideality", "learning_circuit")}
    assert inner <= shown


def test_pictures_are_small_and_there():
    for link in links((ROOT / "README.md").read_text()):
        if link.endswith(".png"):
            assert 1000 < (ROOT / link).stat().st_size <= 200_000


def test_what_leads_nowhere_is_found(tmp_path):
    (tmp_path / "other.md").write_text("# One's own\n\n    # no heading\n\n## Twice\n## Twice\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md) [b](other.md#ones-own) [c](other.md#twice-1) [d](https://example.org/x) `[no](link.md)`\n\n"
        "    [code](nothing.md)\n\n```\n[code](nothing.md)\n```\n"
        "[e](gone.md) ![f](gone.png) [g](other.md#no-heading) [h](#here)\n"
    )
    assert anchors(tmp_path / "other.md") == {"ones-own", "twice", "twice-1"}
    assert [line.split(": ")[1] for line in broken(page, tmp_path)] == [
        "gone.md",
        "gone.png",
        "other.md#no-heading",
        "#here",
    ]
    assert slug("`--scale`, and [a link](x.md)") == "--scale-and-a-link"


def test_built_pages_are_looked_through_too(tmp_path):
    (tmp_path / "a.html").write_text('<a id="here" href="b.html#there">b</a><a href="#gone">c</a><img src="no.png">')
    (tmp_path / "b.html").write_text('<p id="there"><a href="a.html#here">a</a><a href="http://x/">x</a>')
    assert [line.split(": ")[1] for line in broken_in_html(tmp_path)] == ["#gone", "no.png"]
