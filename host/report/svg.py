"""A drawing as inline SVG: text stays text, colours and dashes come from the page's style sheet by class."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from markupsafe import Markup

Point = tuple[float, float]


class Svg:
    """A picture of `width` x `height` units that names and describes itself to a screen reader."""

    def __init__(self, name: str, width: float, height: float, title: str, description: str) -> None:
        """name: unique on its page, letters, digits and hyphens. title, description: plain text."""
        self._root = ElementTree.Element(
            "svg",
            {
                "viewBox": f"0 0 {width:g} {height:g}",
                "role": "img",
                "aria-labelledby": f"{name}-title {name}-text",
            },
        )
        ElementTree.SubElement(self._root, "title", {"id": f"{name}-title"}).text = title
        ElementTree.SubElement(self._root, "desc", {"id": f"{name}-text"}).text = description

    def line(self, points: Sequence[Point], style: str) -> None:
        self._add("polyline", style, points=_pairs(points))

    def area(self, points: Sequence[Point], style: str) -> None:
        self._add("polygon", style, points=_pairs(points))

    def box(self, x: float, y: float, width: float, height: float, style: str, tip: str = "") -> None:
        """tip: shown while the pointer rests on it."""
        self._add("rect", style, tip, x=f"{x:.2f}", y=f"{y:.2f}", width=f"{width:.2f}", height=f"{height:.2f}")

    def text(self, x: float, y: float, text: str, style: str = "", turned: bool = False) -> None:
        """turned: read from bottom to top."""
        place = {"x": f"{x:.2f}", "y": f"{y:.2f}"}
        turn = {"transform": f"rotate(-90 {x:.2f} {y:.2f})"} if turned else {}
        self._add("text", style, **place, **turn).text = text

    def circle(self, x: float, y: float, style: str, tip: str = "") -> None:
        self._add("circle", style, tip, cx=f"{x:.2f}", cy=f"{y:.2f}", r="3.6")

    def square(self, x: float, y: float, style: str, tip: str = "") -> None:
        self.box(x - 3.4, y - 3.4, 6.8, 6.8, style, tip)

    def diamond(self, x: float, y: float, style: str, tip: str = "") -> None:
        corners = [(x - 4.6, y), (x, y - 4.6), (x + 4.6, y), (x, y + 4.6)]
        self._add("polygon", style, tip, points=_pairs(corners))

    def markup(self) -> Markup:
        # ElementTree has escaped every text and attribute.
        return Markup(ElementTree.tostring(self._root, encoding="unicode"))

    def _add(self, tag: str, style: str, tip: str = "", **attributes: str) -> ElementTree.Element:
        element = ElementTree.SubElement(self._root, tag, {"class": style, **attributes} if style else attributes)
        if tip:
            ElementTree.SubElement(element, "title").text = tip
        return element


def _pairs(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
