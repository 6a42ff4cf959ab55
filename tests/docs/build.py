"""Builds the API reference and the Markdown pages as one site, with pdoc: `make docs`, into build/docs.

Every room's face is documented, by its page and what its `__all__` offers; the files behind it are not. What pdoc
warns of, and a link that leads nowhere, is an error.
"""

from __future__ import annotations

import html
import re
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import get_type_hints

import pdoc.doc
import pdoc.render
from links import broken_in_html, pages_of
from pdoc.render_helpers import to_html

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("chipsim", "host", "nonideality", "learning_circuit")
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_LINK = re.compile(r'(href|src)="(?![a-z][a-z0-9+.-]*:|#|/)([^"#]+)(#[^"]*)?"', re.IGNORECASE)
_SHELL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ max-width: 56rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #222 }}
pre, code {{ font: .875rem/1.45 ui-monospace, monospace; background: #f5f5f5 }}
pre {{ padding: .75rem; overflow-x: auto }}
table {{ border-collapse: collapse; display: block; overflow-x: auto }}
td, th {{ border: 1px solid #ccc; padding: .25rem .5rem; text-align: left; vertical-align: top }}
img {{ max-width: 100% }}
</style></head><body><nav><a href="{home}index.html">chipsim: all pages</a></nav>
{body}
</body></html>
"""


def rooms() -> list[str]:
    """The packages, dotted, each with a face."""
    found = []
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("__init__.py")):
            found.append(".".join(file.parent.relative_to(ROOT).parts))
    return found


def write_reference(out: Path) -> None:
    """A page for each room below `out`."""
    pdoc.render.configure(docformat="markdown", include_undocumented=True, show_source=False, search=True)
    faces = {name: import_module(name) for name in rooms()}
    for face in faces.values():
        for name in getattr(face, "__all__", ()):
            offered = getattr(face, name)
            setattr(face, name, offered)  # what a face loads when it is asked for is there now
            if isinstance(offered, type) and hasattr(offered, "_fields") and issubclass(offered, tuple):
                offered.__new__.__annotations__ = get_type_hints(offered)  # pdoc looks for them in the wrong module
    modules = {name: pdoc.doc.Module(face) for name, face in faces.items()}
    for name, module in modules.items():
        page = out / f"{name.replace('.', '/')}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(pdoc.render.html_module(module, modules), encoding="utf-8")
    (out / "search.js").write_text(pdoc.render.search_index(modules), encoding="utf-8")


def write_pages(out: Path) -> list[tuple[str, str]]:
    """The Markdown pages below `out`, where they stand in the repository; path and title of each."""
    written = []
    for page in pages_of(ROOT):
        inside = page.relative_to(ROOT)
        if inside.parts[0] == "tests":
            continue
        text = page.read_text(encoding="utf-8")
        title = found[1] if (found := _TITLE.search(text)) else inside.stem
        target = out / inside.with_suffix(".html")
        target.parent.mkdir(parents=True, exist_ok=True)
        body = _LINK.sub(lambda link, page=page: _rewritten(link, page, out), to_html(text))
        home = "../" * (len(inside.parents) - 1)
        target.write_text(_SHELL.format(title=html.escape(title), body=body, home=home), encoding="utf-8")
        written.append((inside.with_suffix(".html").as_posix(), title))
    return written


def _rewritten(link: re.Match[str], page: Path, out: Path) -> str:
    """A link from page to page, as one from built page to built page; pictures and other files are copied."""
    kind, target, anchor = link[1], link[2], link[3] or ""
    place = (page.parent / target).resolve()
    if place.suffix == ".md" and "tests" not in place.relative_to(ROOT).parts[:1]:
        return f'{kind}="{target.removesuffix(".md")}.html{anchor}"'
    copy = out / place.relative_to(ROOT)
    if place.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(place.read_bytes())
    return link[0]


def write_index(out: Path, pages: list[tuple[str, str]]) -> None:
    def items(links: list[tuple[str, str]]) -> str:
        return "".join(f'<li><a href="{path}">{html.escape(title)}</a></li>\n' for path, title in links)

    modules = [(f"{room.replace('.', '/')}.html", room) for room in rooms()]
    body = f"<h1>chipsim</h1><h2>Pages</h2><ul>{items(pages)}</ul><h2>Reference</h2><ul>{items(modules)}</ul>"
    (out / "index.html").write_text(_SHELL.format(title="chipsim", body=body, home=""), encoding="utf-8")


def main(out: Path) -> int:
    sys.path.insert(0, str(ROOT))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        write_reference(out)
        write_index(out, write_pages(out))
    said = [*dict.fromkeys(f"warning: {each.message}" for each in told), *broken_in_html(out)]
    print("\n".join(said or [f"{out / 'index.html'}"]))
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/docs")))
