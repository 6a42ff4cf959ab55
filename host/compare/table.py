"""The comparison as a table: plain for a terminal, Markdown for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from host.compare.numbers import MethodNumbers
from host.terminal import table

HEAD = (
    "method",
    "ideal %",
    "die %",
    "sd",
    "worst %",
    "samples",
    "down B",
    "up B",
    "writes",
    "host MACs",
    "chip time",
    "energy mJ",
)
NOTES = (
    "ideal: the method on a chip without errors; die, sd, worst: mean, standard deviation and minimum over the dies",
    "down, up: bytes per training sample over the link, up being neuron state; (in brackets: once, to program the die)",
    "writes: update pulses and programmed weights; host MACs without the teacher's own training; all per die",
    "through-time: on leaky neurons, inputs as constant currents and outputs integrating, unless these are set",
)


def cells(each: MethodNumbers) -> tuple[str, ...]:
    once = each.bytes_programmed > 0
    return (
        each.name,
        f"{100 * each.ideal:.2f}",
        f"{100 * each.mean:.2f}",
        f"{100 * each.spread:.2f}",
        f"{100 * each.worst:.2f}",
        f"{each.samples:,.0f}",
        f"({each.bytes_programmed:,.0f})" if once else f"{each.down_per_sample:,.0f}",
        f"{each.up_per_sample:,.0f}",
        short(each.weight_writes),
        short(each.host_macs),
        _time(each.chip_seconds),
        f"{each.energy_low_mj:.2g} to {each.energy_high_mj:.2g}",
    )


def unanswered_lines(methods: Sequence[MethodNumbers]) -> list[str]:
    """A sentence about each method whose dies leave test samples without an answer."""
    return [
        f"{each.name}: no answer to {each.unanswered:.2%} of the test samples, where no output fired: counted as wrong"
        for each in methods
        if each.unanswered
    ]


def plain_lines(methods: Sequence[MethodNumbers]) -> list[str]:
    return table(map(cells, methods), HEAD)


def markdown_lines(methods: Sequence[MethodNumbers], first: str, first_cell: str) -> list[str]:
    """With a column of its own at the left; the head belongs to the first table of a page."""
    lines = [f"| {' | '.join((first, *HEAD))} |", "| --- " * (len(HEAD) + 1) + "|"] if first else []
    return lines + [f"| {' | '.join((first_cell, *cells(each)))} |" for each in methods]


def accuracy_lines(found: Mapping[str, Sequence[MethodNumbers]]) -> list[str]:
    """Markdown: mean accuracy on the dies in %, a row per method, a column per noise; the best of a column in bold."""
    columns = [{each.name: f"{100 * each.mean:.2f}" for each in methods} for methods in found.values()]
    names = list(columns[0])
    best = [max(column.values(), key=float) for column in columns]
    rows = [
        [
            name,
            *(
                f"**{column[name]}**" if column[name] == top else column[name]
                for column, top in zip(columns, best, strict=True)
            ),
        ]
        for name in names
    ]
    head = ["die %, mean", *found]
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]


def short(number: float) -> str:
    """Three digits and a unit: 12.3 M."""
    for scale, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= scale:
            return f"{number / scale:.3g} {unit}"
    return f"{number:.0f}"


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:,.3g} s"
    return f"{1e3 * seconds:.3g} ms" if seconds >= 1e-3 else f"{1e6 * seconds:.3g} us"
