"""What a chip did per sample: the counts that its accuracy came with, divided by the samples shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim.spec import ChipSpec

# Per ACTIVITY name (see chipsim.cycle) a sum over windows for each layer.
Activity = Mapping[str, Sequence[int]] | Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Counts:
    """Means per sample. Per layer means: one figure for each layer of synapses with the neurons that they drive."""

    input_events: float  # active input rows, summed over the steps of a window
    synaptic_events: tuple[float, ...]  # per layer, an active row meeting a synapse, bias not counted
    spikes: tuple[float, ...]  # per layer
    weight_updates: tuple[float, ...]  # per layer, an update pulse on a synapse, bias counted
    code_writes: tuple[float, ...]  # per layer, a stored few-bit weight that changed

    def row_events(self, layer: int) -> float:
        """Rows that are active in layer `layer` (from 0), summed over the steps of a window."""
        return self.input_events if layer == 0 else self.spikes[layer - 1]


def counts_per_sample(spec: ChipSpec, activity: Activity, samples: int) -> Counts:
    """From the sums over `samples` windows, of which there must be one at least."""

    def mean(name: str) -> tuple[float, ...]:
        return tuple(int(count) / samples for count in activity[name])

    synaptic_events = mean("synaptic_events")
    return Counts(
        input_events=synaptic_events[0] / spec.layer_sizes[1],
        synaptic_events=synaptic_events,
        spikes=mean("spikes"),
        weight_updates=mean("weight_updates"),
        code_writes=mean("code_writes"),
    )
