"""The converters that set leaks and thresholds: one of each for every layer that it sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from chipsim.design import ChipSpec, Dac


@dataclass(frozen=True)
class BiasDacs:
    """Those that set one thing."""

    sets: Literal["leak", "threshold"]
    count: int
    dac: Dac
    unit: str  # of its range

    def to_json(self) -> dict[str, Any]:
        return {"sets": self.sets, "count": self.count, **self.dac._asdict(), "unit": self.unit}


def bias_dacs(spec: ChipSpec) -> list[BiasDacs]:
    """Empty where all are ideal; neurons without a leak have nothing to set there."""
    neuron, found = spec.neuron, []
    if (dac := neuron.leak_dac.converter) is not None and neuron.kind == "lif":
        found.append(BiasDacs("leak", spec.n_layers, dac, "per step"))
    if (dac := neuron.threshold_dac.converter) is not None:
        found.append(BiasDacs("threshold", spec.n_layers, dac, "th"))
    return found
