"""What a chip did per sample: the counts that its accuracy came with, divided by the samples shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipSpec, LayerShape

# Per CHIP_EVENTS name (see chipsim.layout.counters) a sum over windows for each layer.
Activity = Mapping[str, Sequence[int]] | Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True)
class EventCounts:
    """Means per sample. Per layer means: one figure for each layer of synapses with the neurons that they drive."""

    input_events: float  # active inputs, summed over the steps of a window; of an image's, as many at its rim as inside
    synaptic_events: tuple[float, ...]  # per layer, an active row meeting a synapse, bias not counted
    spikes: tuple[float, ...]  # per layer
    weight_updates: tuple[float, ...]  # per layer, an update pulse on a synapse, bias counted
    code_writes: tuple[float, ...]  # per layer, a stored few-bit weight that changed
    ties: float = 0.0  # windows whose largest output count several neurons have

    def row_events(self, layer: int, shape: LayerShape) -> float:
        """Active rows of layer `layer` (from 0), summed over the steps of a window and over positions."""
        return self.synaptic_events[layer] / shape.synapses_of_row


def counts_per_sample(spec: ChipSpec, activity: Activity, samples: int) -> EventCounts:
    """From the sums over `samples` windows, of which there must be one at least."""

    def mean(name: str) -> tuple[float, ...]:
        return tuple(int(count) / samples for count in activity[name])

    synaptic_events, first = mean("synaptic_events"), spec.shapes[0]
    return EventCounts(
        input_events=synaptic_events[0] / first.synapses_of_row / (first.rows_of_full_image / first.n_in),
        synaptic_events=synaptic_events,
        spikes=mean("spikes"),
        weight_updates=mean("weight_updates"),
        code_writes=mean("code_writes"),
        ties=sum(mean("ties")),
    )
