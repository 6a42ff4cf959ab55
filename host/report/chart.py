"""The report's charts: curves with bands, histograms of dies, bars. Each reads without its colours.

Every series has a dash pattern and a marker of its own besides its colour; both come from the style sheet by the
series' name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import Markup

from host.report.scale import Scale, is_number, positions, round_steps
from host.report.svg import Point, Svg

T = TypeVar("T")

_WIDTH, _LEFT, _RIGHT = 460.0, 52.0, 446.0
_FEW_LEVELS = 12  # that are all named
_LETTER = 6.6  # width of one letter of a label, about
_MARKERS: dict[str, Callable[[Svg, float, float, str, str], None]] = {
    "before": Svg.square,
    "after": Svg.circle,
    "ideal": Svg.diamond,
    "validation": Svg.circle,
}


@dataclass(frozen=True)
class Series:
    """One curve: `values[i]` at level i, None where there is none; `band[i]` its lower and upper end."""

    name: str  # before, after, ideal, ...: also its style
    values: Sequence[float | None]
    band: Sequence[tuple[float, float] | None] = ()


@dataclass(frozen=True)
class Labels:
    """What a chart says about itself. name: unique on its page."""

    name: str
    title: str
    description: str
    x: str
    y: str


def curves(
    labels: Labels,
    levels: Sequence[object],
    series: Sequence[Series],
    y_range: tuple[float, float],
    across: Mapping[str, float] | None = None,
) -> Markup:
    """Curves over the levels of an axis. Values in percent; `y_range` is widened to round numbers.

    across: name -> value that does not depend on the level, a line without marks.
    """
    across = across or {}
    svg = Svg(labels.name, _WIDTH, 300, labels.title, labels.description)
    places = positions(levels, _LEFT + 16, _RIGHT - 16)
    ticks = round_steps(*y_range, most=9)
    y = Scale(ticks[0], ticks[-1], 252, 40)
    _frame(svg, labels, ticks, y, 252)
    _level_labels(svg, levels, places, 252)
    for name, constant in across.items():
        svg.line([(_LEFT, y(constant)), (_RIGHT, y(constant))], f"curve {name}")
    for each in series:
        _bands(svg, places, each, y)
    for each in series:
        for piece in _pieces(places, each.values):
            svg.line([(x, y(value)) for x, value in piece], f"curve {each.name}")
        for i, value in enumerate(each.values):
            if value is not None:
                ends = each.band[i] if each.band else None
                between = f" ({ends[0]:.2f} to {ends[1]:.2f})" if ends else ""
                tip = f"{labels.x} {text_of(levels[i])}, {each.name}: {value:.2f} %{between}"
                _MARKERS[each.name](svg, places[i], y(value), f"mark {each.name}", tip)
    _legend(svg, [*across, *(each.name for each in series)], marked=[each.name for each in series])
    return svg.markup()


def histogram(labels: Labels, edges: Sequence[float], before: Sequence[int], after: Sequence[int], most: int) -> Markup:
    """How many dies fall between each pair of `edges` (percent): before upward, after downward from a common line.

    most: dies in the fullest bin of all histograms that are to be compared.
    """
    svg = Svg(labels.name, 230, 186, labels.title, labels.description)
    x = Scale(edges[0], edges[-1], 26, 216)
    for counts, style, base, up in ((before, "before", 76.0, True), (after, "after", 80.0, False)):
        end = base - 52 if up else base + 52
        svg.text(26, end - 6 if up else end + 14, f"{style} learning", f"small label-{style}")
        svg.line([(26, end), (26, base), (216, base)], "axis")
        svg.text(22, end + (8 if up else 0), str(most), "end small")
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
            if count:
                height = 52 * count / most
                tip = f"{count} {'die' if count == 1 else 'dies'} from {low:.4g} to {high:.4g} % {style}"
                top = base - height if up else base
                svg.box(x(low) + 0.5, top, max(x(high) - x(low) - 1, 0.8), height, f"bar {style}", tip)
    svg.line([(26, 152), (216, 152)], "axis")
    for tick in round_steps(edges[0], edges[-1], 5):
        if edges[0] <= tick <= edges[-1]:
            svg.line([(x(tick), 152), (x(tick), 156)], "axis")
            svg.text(x(tick), 168, f"{tick:g}", "middle small")
    svg.text(121, 184, labels.x, "middle small")
    return svg.markup()


@dataclass(frozen=True)
class Bar:
    """One horizontal bar, with an interval if there is one."""

    name: str  # what it stands for, as the legend has it
    style: str
    value: float
    ends: tuple[float, float] | None
    tip: str


def bars(labels: Labels, groups: Sequence[tuple[str, Sequence[Bar]]]) -> Markup:
    """Horizontal bars from zero, in groups that are named at the left."""
    every = [bar for _, group in groups for bar in group]
    ends = [0.0, *(bar.value for bar in every), *(end for bar in every for end in bar.ends or ())]
    low, high = min(ends), max(ends)
    ticks = round_steps(low, high if high > low else low + 1, 8)
    left = min(190.0, 20 + _LETTER * max(len(name) for name, _ in groups))
    height = 40 + sum(22 * len(group) + 14 for _, group in groups)
    svg = Svg(labels.name, _WIDTH, height + 40, labels.title, labels.description)
    x = Scale(ticks[0], ticks[-1], left, _RIGHT - 44)
    for tick in ticks:
        svg.line([(x(tick), 34), (x(tick), height)], "grid" if tick else "axis")
        svg.text(x(tick), height + 16, f"{tick:g}", "middle small")
    svg.text((x.start + x.end) / 2, height + 35, labels.y, "middle small")
    top = 40.0
    for name, group in groups:
        svg.text(left - 8, top + 11 * len(group) + 4, _short(name, left - 12), "end")
        for bar in group:
            start, end = sorted((x(0), x(bar.value)))
            svg.box(start, top + 2, max(end - start, 1), 17, f"bar {bar.style}", bar.tip)
            beside = end
            if bar.ends:
                ends_x = (x(bar.ends[0]), x(bar.ends[1]))
                svg.line([(ends_x[0], top + 10.5), (ends_x[1], top + 10.5)], "whisker")
                for edge in ends_x:
                    svg.line([(edge, top + 6.5), (edge, top + 14.5)], "whisker")
                beside = max(end, *ends_x)
            svg.text(beside + 5, top + 14.5, f"{bar.value:z.3g}", "small")
            top += 22
        top += 14
    named = {bar.name: bar.style for bar in every}
    if any(len(group) > 1 for _, group in groups):
        _box_legend(svg, named)
    return svg.markup()


def text_of(level: object) -> str:
    """A level of an axis as a person writes it."""
    return f"{level:g}" if isinstance(level, float) else str(level)


def _frame(svg: Svg, labels: Labels, ticks: Sequence[float], y: Scale, bottom: float) -> None:
    for tick in ticks:
        svg.line([(_LEFT, y(tick)), (_RIGHT, y(tick))], "grid")
        svg.text(_LEFT - 7, y(tick) + 4, f"{tick:g}", "end small")
    svg.line([(_LEFT, bottom), (_RIGHT, bottom)], "axis")
    svg.text((_LEFT + _RIGHT) / 2, bottom + 38, _short(labels.x, _RIGHT - _LEFT), "middle")
    svg.text(14, (y.start + y.end) / 2, labels.y, "middle", turned=True)


def _level_labels(svg: Svg, levels: Sequence[object], places: Sequence[float], bottom: float) -> None:
    """Each level below its place, or round numbers where levels are many; where two would touch, the later goes."""
    numbers = [level for level in levels if is_number(level)]
    if _FEW_LEVELS < len(numbers) == len(levels):
        shown: Sequence[object] = [tick for tick in round_steps(min(numbers), max(numbers)) if tick <= max(numbers)]
        scale = Scale(min(numbers), max(numbers), min(places), max(places))
        places = [scale(tick) for tick in shown if is_number(tick)]
    else:
        shown = levels
    free = -1e9
    for place, level in sorted(zip(places, shown, strict=True), key=lambda pair: pair[0]):
        svg.line([(place, bottom), (place, bottom + 4)], "axis")
        text = _short(f"{level:,}" if isinstance(level, int) else text_of(level), 110)
        half = len(text) * _LETTER / 2
        if place - half > free:
            svg.text(place, bottom + 18, text, "middle small")
            free = place + half + 2


def _bands(svg: Svg, places: Sequence[float], series: Series, y: Scale) -> None:
    if not series.band:
        return
    for piece in _pieces(places, series.band):
        if len(piece) > 1:
            low = [(x, y(band[0])) for x, band in piece]
            svg.area(low + [(x, y(band[1])) for x, band in reversed(piece)], f"band {series.name}")
        for x, band in piece:
            svg.line([(x, y(band[0])), (x, y(band[1]))], f"whisker {series.name}")


def _pieces(places: Sequence[float], values: Sequence[T | None]) -> list[list[tuple[float, T]]]:
    """The runs of values that are there, from left to right."""
    pieces: list[list[tuple[float, T]]] = [[]]
    for x, value in sorted(zip(places, values, strict=True), key=lambda pair: pair[0]):
        if value is not None:
            pieces[-1].append((x, value))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _legend(svg: Svg, names: Sequence[str], marked: Sequence[str]) -> None:
    x = _LEFT
    for name in names:
        line: list[Point] = [(x, 16), (x + 30, 16)]
        svg.line(line, f"curve {name}")
        if name in marked:
            _MARKERS[name](svg, x + 15, 16, f"mark {name}", "")
        svg.text(x + 36, 20, name)
        x += 56 + _LETTER * len(name)


def _box_legend(svg: Svg, named: Mapping[str, str]) -> None:
    """named: what bars stand for -> their style."""
    x = _LEFT
    for name, style in named.items():
        svg.box(x + 4, 10, 18, 11, f"bar {style}")
        svg.text(x + 28, 20, name)
        x += 48 + _LETTER * len(name)


def _short(text: str, width: float) -> str:
    most = int(width / _LETTER)
    return text if len(text) <= most else f"{text[: most - 1]}…"
