"""What a method needed to train one die: samples, traffic, writes, the host's work. Costs follow from these counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chipsim import ChipSpec
from chipsim.cost import LinkFormat, counts_per_sample, link_bytes
from chipsim.physical import PhysicalSpec

_ANALOG_BITS = 8  # in which an analog weight travels to the chip; modelling choice


@dataclass(frozen=True)
class Effort:
    """Over the whole of a method's learning, on one die; what it is validated with is left out.

    The teacher's own training is left out, too: `Setup` says what that took.
    """

    samples: int  # presentations learned from, wherever
    die_samples: int  # those of them that were shown to the die
    activity: Mapping[str, Sequence[int]]  # what the die did meanwhile: CHIP_EVENTS name -> (n_layers,)
    bytes_down: float  # host to die: spikes, targets, weights
    bytes_up: float  # die to host: neuron state
    weights_programmed: int  # weights and biases that the host wrote, the first time included
    host_macs: int  # multiply-accumulates of the host

    def to_json(self) -> dict[str, Any]:
        """Everything but the activity."""
        return {
            "samples": self.samples,
            "die_samples": self.die_samples,
            "bytes_down": self.bytes_down,
            "bytes_up": self.bytes_up,
            "weights_programmed": self.weights_programmed,
            "host_macs": self.host_macs,
        }


def n_weights(spec: ChipSpec) -> int:
    """All weights and biases of a chip."""
    return sum(_layer_weights(spec))


def programming_bytes(spec: ChipSpec) -> float:
    """Bytes in which all weights and biases are sent down: as many bits as a synapse stores, 8 if it is analog."""
    return sum(n * (spec.weight_bits_of(layer) or _ANALOG_BITS) / 8 for layer, n in enumerate(_layer_weights(spec), 1))


def _layer_weights(spec: ChipSpec) -> list[int]:
    return [shape.crossbars * (shape.rows + 1) * shape.columns if shape.learns else 0 for shape in spec.shapes]


def bytes_shown(
    spec: ChipSpec,
    hardware: PhysicalSpec | None,
    activity: Mapping[str, Sequence[int]],
    samples: int,
    *,
    constant_current: bool,
    targets: bool,
) -> float:
    """Bytes sent down to show `samples` windows with this activity: input spikes, and target rates if `targets`."""
    if samples == 0:
        return 0.0
    counts = counts_per_sample(spec, activity, samples)
    form = LinkFormat.of(spec, hardware)
    sent = link_bytes(spec, counts, form, constant_current=constant_current, learning=targets)
    return samples * (sent.input + sent.targets)
