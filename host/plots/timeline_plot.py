"""The picture of a timeline: who was busy with what, host, wire and chip on one clock, and how much cost no time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from host.files import write_bytes
from host.link import HOST_WORK, Overlap, Span, Timeline, overlap
from host.plots.palette import BLACK, BLUE, GREEN, GREY, PURPLE, VERMILION
from host.plots.png import png_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Rows from top to bottom: name, and per kind its colour and hatch, so that no kind is told by colour alone.
_ROWS: tuple[tuple[str, dict[tuple[str, str], tuple[str, str]]], ...] = (
    ("host prepares", {("host", "encode"): (BLUE, ""), ("host", "targets"): (BLUE, "////")}),
    ("host packs, sends", {("host", "pack"): (PURPLE, ""), ("host", "send"): (PURPLE, "////")}),
    ("host waits", {("host", "wait"): (GREY, "")}),
    ("wire, down", {("wire", "down"): (BLACK, "")}),
    ("chip", {("chip", "unpack"): (VERMILION, ""), ("chip", "learn"): (GREEN, ""), ("chip", "infer"): (GREEN, "////")}),
    ("wire, up", {("wire", "up"): (BLACK, "")}),
)
_WORDS = {
    "encode": "encodes spikes",
    "targets": "computes targets",
    "pack": "packs",
    "send": "sends",
    "wait": "waits",
    "down": "to the chip",
    "up": "to the host",
    "unpack": "unpacks",
    "learn": "learns",
    "infer": "infers",
}
_SHOWN = 8  # pieces of the chip's work in the close-up
_BINS = 200  # of the overview


def save_timeline(timeline: Timeline, where: str, folder: Path) -> Path:
    """Draw `timeline` of a chip that is `where` into timeline.png in `folder`. Raises OSError."""
    write_bytes(folder / "timeline.png", png_of(draw(timeline.spans(), where), 140))
    return folder / "timeline.png"


def draw(spans: list[Span], where: str) -> Figure:
    """The whole time above, a close-up of the middle below."""
    from matplotlib.figure import Figure

    figure = Figure((11, 6.6), layout="constrained")
    figure.suptitle(f"Host and chip ({where}) at work", fontsize=11, parse_math=False)
    upper, lower = figure.subplots(2, 1, height_ratios=[1, 1.7])
    if not spans:
        upper.text(0.5, 0.5, "nothing was learned or shown", transform=upper.transAxes, ha="center")
        lower.axis("off")
        return figure
    start = min(span.begin_ns for span in spans)
    _draw_overview(upper, spans, start, overlap(spans))
    _draw_close_up(lower, spans, start)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_overview(axes: Axes, spans: list[Span], start: int, measured: Overlap) -> None:
    """How busy host and chip were, in equal stretches of time."""
    seconds = (max(span.end_ns for span in spans) - start) / 1e9
    at = (np.arange(_BINS) + 0.5) * seconds / _BINS
    host = [span for span in spans if span.lane == "host" and span.kind in HOST_WORK]
    chip = [span for span in spans if span.lane == "chip"]
    for lane, color, style, name in ((chip, GREEN, "-", "chip"), (host, BLUE, (0, (4, 2)), "host")):
        percent = 100 * busy(lane, start, seconds)
        axes.plot(at, percent, color=color, linestyle=style, linewidth=1.3, drawstyle="steps-mid", label=name)
    axes.set(xlim=(0, seconds), ylim=(0, 105), ylabel="busy (%)", xlabel="time (s)")
    axes.set_title(
        f"{measured.hidden:.0%} of the host's work of {measured.host_s:.2f} s cost no time; the chip had nothing to do"
        f" for {measured.chip_waits:.0%} of {measured.seconds:.2f} s",
        fontsize=10,
    )
    axes.legend(loc="lower right", fontsize=8, ncols=2)


def busy(spans: list[Span], start: int, seconds: float) -> NDArray[np.float64]:
    """(_BINS,) share of each stretch of time in which at least one of the spans ran."""
    edges = np.linspace(0, seconds, _BINS + 1)
    done = np.zeros(_BINS + 1)
    covered = 0.0  # end of what has been counted
    for span in sorted(spans, key=lambda span: span.begin_ns):
        begin, end = max((span.begin_ns - start) / 1e9, covered), (span.end_ns - start) / 1e9
        if end > begin:
            done += np.clip(edges - begin, 0, end - begin)  # how much of it is over at each edge
            covered = end
    share: NDArray[np.float64] = np.diff(done) / (seconds / _BINS)
    return share


def _draw_close_up(axes: Axes, spans: list[Span], start: int) -> None:
    """Some of the chip's pieces of work in the middle, with all that happened meanwhile."""
    from matplotlib.patches import Patch

    work = [span for span in spans if span.lane == "chip" and span.kind == "learn"]
    work = work or [span for span in spans if span.lane == "chip"] or spans
    first = max(0, (len(work) - _SHOWN) // 2)
    shown = work[first : first + _SHOWN]
    low, high = shown[0].begin_ns, shown[-1].end_ns
    margin = max(1, (high - low) // 20)
    low, high = low - margin, high + margin
    handles = []
    there = {(span.lane, span.kind) for span in spans}
    rows = [(name, kinds) for name, kinds in _ROWS if there & kinds.keys()]
    for place, (_, kinds) in enumerate(rows):
        for (lane, kind), (color, hatch) in kinds.items():
            ranges = [
                ((span.begin_ns - low) / 1e6, (span.end_ns - span.begin_ns) / 1e6)
                for span in spans
                if (span.lane, span.kind) == (lane, kind) and span.end_ns > low and span.begin_ns < high
            ]
            look: dict[str, Any] = {
                "facecolor": color if not hatch else "white",
                "edgecolor": color,
                "hatch": hatch,
                "linewidth": 0.7,
            }
            axes.broken_barh(ranges, (place - 0.36, 0.72), **look)
            if ranges:
                handles.append(Patch(label=f"{lane} {_WORDS[kind]}", **look))
    axes.set(xlim=(0, (high - low) / 1e6), ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_xlabel(f"time (ms) from {(low - start) / 1e9:.3f} s on")
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=5, fontsize=8)
