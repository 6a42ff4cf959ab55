"""Where on-chip LTL loses, in sentences: nothing that the table says against it is left to be found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from host.compare.numbers import MethodNumbers

ON_CHIP = "on-chip-ltl"
_CLEARLY = 2.0  # standard errors of the mean paired difference between dies
_MUCH = 1.05  # factor from which a cost is called higher
_COSTS = {
    "weight_writes": "weight writes",
    "host_macs": "multiply-accumulates of the host",
    "chip_seconds": "chip time",
    "energy_high_mj": "energy on the chip",
    "samples": "training samples",
}


def verdict(methods: Sequence[MethodNumbers]) -> list[str]:
    """One sentence for each other method, accuracy first; nothing if on-chip LTL is not among them."""
    mine = next((each for each in methods if each.name == ON_CHIP), None)
    if mine is None:
        return []
    return [f"{_accuracy(mine, other)}; {_costs(mine, other)}" for other in methods if other is not mine]


def _accuracy(mine: MethodNumbers, other: MethodNumbers) -> str:
    difference = 100 * (np.array(mine.dies) - np.array(other.dies))
    points = float(difference.mean())
    error = float(difference.std(ddof=1) / np.sqrt(len(difference))) if len(difference) > 1 else float("inf")
    if abs(points) <= _CLEARLY * error:
        return f"{ON_CHIP} and {other.name} are equally accurate ({points:+z.2f} points, within the dies' spread)"
    verb = "beats" if points > 0 else "LOSES to"
    return f"{ON_CHIP} {verb} {other.name} by {abs(points):.2f} points ({error:.2f} standard error)"


def _costs(mine: MethodNumbers, other: MethodNumbers) -> str:
    higher = [
        f"{words}{_times(getattr(mine, name), getattr(other, name))}"
        for name, words in _COSTS.items()
        if getattr(mine, name) > _MUCH * getattr(other, name)
    ]
    return f"it takes more {', '.join(higher)}" if higher else "it takes more of nothing listed"


def _times(mine: float, other: float) -> str:
    return f" ({mine / other:,.3g} times)" if other else " (the other needs none)"
