"""Where learning on chip loses, in sentences: nothing that the table says against it is left to be found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from host.compare.numbers import MethodNumbers
from host.compare.paired import Difference
from host.methods import find
from host.studies import CONFIDENCE

MARGIN = 0.005  # of accuracies: what differs by less is called equal, once that is proven
_MUCH = 1.05  # factor from which a cost is called higher
_COSTS = {
    "weight_writes": "weight writes",
    "host_macs": "multiply-accumulates of the host",
    "chip_seconds": "chip time",
    "energy_high_mj": "energy on the chip",
    "samples": "training samples",
}


def on_chip(methods: Sequence[MethodNumbers]) -> MethodNumbers | None:
    """The first of them that learns on chip, which the others are held against."""
    return next((each for each in methods if find(each.name).learns_on_chip), None)


def verdict(methods: Sequence[MethodNumbers], margin: float = MARGIN) -> list[str]:
    """One sentence for each other method, accuracy first; nothing if none of them learns on chip."""
    mine = on_chip(methods)
    if mine is None:
        return []
    return [f"{_accuracy(mine, other, margin)}; {_costs(mine, other)}" for other in methods if other is not mine]


def differences_json(methods: Sequence[MethodNumbers], margin: float = MARGIN) -> list[dict[str, Any]]:
    """The same differences in accuracy for a program, on-chip learning less the other, as fractions."""
    mine = on_chip(methods)
    if mine is None:
        return []
    told = []
    for other in (each for each in methods if each is not mine):
        found = Difference.of(mine.right, other.right)
        equal = found.claims and found.equivalent(margin)
        told.append({"method": mine.name, "less": other.name, **found.to_json(), "equivalent": equal})
    return told


def _accuracy(mine: MethodNumbers, other: MethodNumbers, margin: float) -> str:
    found, both = Difference.of(mine.right, other.right), f"{mine.name} and {other.name}"
    if not found.claims:
        seen = f"{_counted(found.dies, 'die')} and {_counted(found.images, 'test image')}"
        return f"{both}: {_points(found.mean)} points on {seen}, which says nothing of others: give more --dies"
    tested = f"{found.dies} dies, {found.images:,} test images"
    if found.alike:
        return f"{both} have the same answers right on all of {tested}"
    low, high = found.interval()
    if low > 0 or high < 0:
        verb = "beats" if low > 0 else "LOSES to"
        low, high = sorted((abs(low), abs(high)))
        ends = f"{100 * low:.2f} to {100 * high:.2f} at {CONFIDENCE:.0%}, {tested}"
        return f"{mine.name} {verb} {other.name} by {100 * abs(found.mean):.2f} points ({ends})"
    if found.equivalent(margin):
        narrow = 2 * CONFIDENCE - 1
        low, high = found.interval(narrow)
        ends = f"{_points(low)} to {_points(high)} at {narrow:.0%}, {tested}"
        return f"{both} are equally accurate, within {100 * margin:g} points ({_points(found.mean)}; {ends})"
    ends = f"{_points(low)} to {_points(high)} at {CONFIDENCE:.0%}, {tested}"
    return f"{both} are not told apart ({_points(found.mean)} points; {ends})"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _points(difference: float) -> str:
    return f"{100 * difference:+z.2f}"


def _costs(mine: MethodNumbers, other: MethodNumbers) -> str:
    higher = [
        f"{words}{_times(getattr(mine, name), getattr(other, name))}"
        for name, words in _COSTS.items()
        if getattr(mine, name) > _MUCH * getattr(other, name)
    ]
    return f"it takes more {', '.join(higher)}" if higher else "it takes more of nothing listed"


def _times(mine: float, other: float) -> str:
    return f" ({mine / other:,.3g} times)" if other else " (the other needs none)"
