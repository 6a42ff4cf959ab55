"""Fills the templates beside this file: one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from chipsim import __version__
from host.report.chart import text_of
from host.terminal import percent_floor


def render(template: str, **content: Any) -> str:
    """The page. Everything in `content` is escaped but for drawings, which are Markup already."""
    environment = Environment(
        loader=PackageLoader("host.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "count": count, "level": text_of, "share": share}
    environment.filters["percent_floor"] = percent_floor
    style = Markup((files("host.report") / "style.css").read_text(encoding="utf-8"))
    return environment.get_template(template).render(style=style, version=__version__, **content)


def percent(fraction: float | None) -> str:
    """0.9756 as 97.56 %."""
    return "-" if fraction is None else f"{100 * fraction:.2f} %"


def count(number: float | None) -> str:
    if number is None:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.3g}"


def share(fraction: float | None) -> str:
    """A share that may be tiny."""
    if fraction is None:
        return "-"
    return "0" if fraction == 0 else "below 0.01 %" if fraction < 1e-4 else f"{100 * fraction:.3g} %"


def sentence_list(words: Sequence[str]) -> str:
    """a, b and c"""
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else "".join(words)
