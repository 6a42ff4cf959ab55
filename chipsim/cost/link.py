"""What goes over the link between host and chip for one sample."""

from __future__ import annotations

from dataclasses import dataclass

from chipsim.cost.counts import EventCounts
from chipsim.design import ChipSpec, told_targets
from chipsim.physical import PhysicalSpec

_AMPLITUDE_BITS = 8  # of a constant input current, as the 8-bit images need; modelling choice
_MEMBRANE_BITS = 8  # of an output membrane that settles a tie: the finest converter of `AdcSpec`; modelling choice


@dataclass(frozen=True)
class LinkBytes:
    """Bytes per sample; a mean over samples need not be whole."""

    input: float  # spike events, or amplitudes of a constant current
    targets: float  # one rate per neuron; none in inference
    counts: float  # read back: one per output neuron; none while learning, since nothing comes back then
    membranes: float  # of all output neurons, read back where their counts tie; none while learning

    @property
    def total(self) -> float:
        return self.input + self.targets + self.counts + self.membranes


@dataclass(frozen=True)
class LinkFormat:
    """Bits of what is sent."""

    spike_event: int
    target: int
    count: int

    @staticmethod
    def of(spec: ChipSpec, physical: PhysicalSpec | None) -> LinkFormat:
        """A spike as the physical spec says, else in as few bits as name an input and a step."""
        address = (spec.layer_sizes[0] - 1).bit_length() + (spec.presentation_steps - 1).bit_length()
        return LinkFormat(
            spike_event=max(1, address) if physical is None else physical.link.bits_per_spike_event,
            target=spec.target_bits,
            count=spec.learning_circuit.accumulator_bits,
        )


def link_bytes(
    spec: ChipSpec, counts: EventCounts, form: LinkFormat, *, constant_current: bool, learning: bool
) -> LinkBytes:
    """A sample's traffic. A constant current is sent once per window and input: address and amplitude."""
    events, bits = counts.input_events, form.spike_event
    if constant_current:
        events, bits = events / spec.steps, bits + _AMPLITUDE_BITS
    told = spec.windows if spec.sequence_answer == "sum" else 1  # counts, which a host adds up
    return LinkBytes(
        input=events * bits / 8,
        targets=_targets(spec) * form.target / 8 if learning else 0.0,
        counts=0.0 if learning else told * spec.layer_sizes[-1] * form.count / 8,
        membranes=0.0 if learning else counts.ties * spec.layer_sizes[-1] * _MEMBRANE_BITS / 8,
    )


def _targets(spec: ChipSpec) -> int:
    """Rates that a sample brings: one per neuron and window, if the learning rule follows any."""
    return spec.windows * sum(shape.n_out for shape, told in zip(spec.shapes, told_targets(spec), strict=True) if told)
