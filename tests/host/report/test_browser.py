"""The page in a real browser: nothing is loaded, nothing runs, structure and names for those who cannot see it."""

import base64
from itertools import pairwise
from pathlib import Path

import pytest
from browser import Browser, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

_SMALLER_THAN_ITS_CONTENT = """
[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
  && !e.closest('.scroll') && !e.closest('svg') && !e.closest('.skip')).map(e => e.outerHTML.slice(0, 90))
"""
_UNNAMED = """
[...document.querySelectorAll('svg')].filter(s => s.getAttribute('role') != 'img'
  || !s.getAttribute('aria-labelledby').split(' ').every(id => document.getElementById(id)?.textContent.trim()))
  .length
"""
_TABLES = """
[...document.querySelectorAll('table')].filter(t => !t.caption || !t.caption.textContent.trim()
  || [...t.querySelectorAll('th')].some(h => !h.scope)).map(t => t.outerHTML.slice(0, 200))
"""
_HEADINGS = "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))"
_BROKEN_LINKS = """
[...document.querySelectorAll('a[href^="#"]')].filter(a => !document.getElementById(a.hash.slice(1)))
  .map(a => a.hash)
"""
_IDS = "[...document.querySelectorAll('[id]')].map(e => e.id)"
_BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def browser():
    with Browser() as started:
        yield started


@pytest.fixture
def shown(browser: Browser, page: Path) -> Browser:
    browser.resize(1200, 900)
    browser.requests()
    browser.console()
    browser.open(page)
    return browser


def test_asks_for_nothing_but_itself_and_logs_no_error(shown: Browser, page: Path) -> None:
    asked = shown.requests()
    assert page.resolve().as_uri() in asked
    assert [address for address in asked if not address.startswith(("data:", page.resolve().as_uri()))] == []
    assert shown.console() == []


def test_text_of_a_user_never_becomes_a_script(shown: Browser) -> None:
    assert shown.evaluate("document.scripts.length") == 0
    assert shown.evaluate("document.title").startswith("Sweep of mismatch")
    assert "<script>document.title" in shown.evaluate("document.querySelector('#tasks').parentElement.innerText")


def test_structure_for_a_screen_reader(shown: Browser) -> None:
    for landmark in ("header", "nav[aria-label]", "main#main", "footer"):
        assert shown.evaluate(f"document.querySelectorAll('{landmark}').length") == 1, landmark
    assert shown.evaluate("document.documentElement.lang") == "en"
    headings = shown.evaluate(_HEADINGS)
    assert headings[0] == 1 and headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert shown.evaluate("document.querySelectorAll('svg').length") > 20
    assert shown.evaluate(_UNNAMED) == 0
    assert shown.evaluate(_TABLES) == []
    assert shown.evaluate(_BROKEN_LINKS) == []
    ids = shown.evaluate(_IDS)
    assert len(ids) == len(set(ids))


def test_first_tab_stop_skips_to_the_results_visibly(shown: Browser) -> None:
    key = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
    shown.devtools("Input.dispatchKeyEvent", {"type": "keyDown", **key})
    shown.devtools("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    assert shown.evaluate("document.activeElement.getAttribute('href')") == "#main"
    assert shown.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    assert shown.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_no_sideways_scrolling(shown: Browser, width: int) -> None:
    shown.resize(width, 800)
    shown.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    assert shown.evaluate(_SMALLER_THAN_ITS_CONTENT) == []


def test_follows_light_and_dark(shown: Browser) -> None:
    shown.prefer("dark")
    dark = shown.evaluate(_BACKGROUND)
    shown.prefer("light")
    assert (dark, shown.evaluate(_BACKGROUND)) == ("rgb(18, 22, 28)", "rgb(255, 255, 255)")


def test_prints_on_white_paper_also_from_a_dark_screen(shown: Browser) -> None:
    shown.prefer("dark")
    pdf = base64.b64decode(shown.devtools("Page.printToPDF", {"printBackground": True})["data"])
    assert pdf.startswith(b"%PDF-") and len(pdf) > 50_000
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    shown.devtools("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    assert shown.evaluate(_BACKGROUND) == "rgb(255, 255, 255)"
    assert shown.evaluate(
        "[...document.querySelectorAll('figure')].every(f => getComputedStyle(f).breakInside == 'avoid')"
    )
    shown.devtools("Emulation.setEmulatedMedia", {"media": ""})
