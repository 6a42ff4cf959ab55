"""Energy of a sample, part by part. Published figures differ by a factor of ten, so every part is a range.

Steps of learning circuits and writes cost what the chip says of them, or what its cells take by the widths of
registers: see `digital`.
"""

from __future__ import annotations

from dataclasses import dataclass

from chipsim.cost.area import bias_rows
from chipsim.cost.counts import EventCounts
from chipsim.cost.dacs import bias_dacs
from chipsim.cost.digital import Cells, dither_source, learning_circuit, update_unit, widths_of
from chipsim.design import ChipSpec
from chipsim.physical import PhysicalSpec

Range = tuple[float, float]  # low, high


@dataclass(frozen=True)
class Part:
    """One contribution: how often something happens, and what it costs each time."""

    name: str
    count: float
    unit: str  # of `count`
    each_pj: tuple[float, float]  # low, high

    @property
    def low_nj(self) -> float:
        return self.count * self.each_pj[0] / 1e3

    @property
    def high_nj(self) -> float:
        return self.count * self.each_pj[1] / 1e3


@dataclass(frozen=True)
class EnergyReport:
    """All parts of a sample's energy."""

    parts: tuple[Part, ...]

    @property
    def low_nj(self) -> float:
        return sum(part.low_nj for part in self.parts)

    @property
    def high_nj(self) -> float:
        return sum(part.high_nj for part in self.parts)

    def share(self, part: Part) -> float:
        """This part's fraction of the whole, both taken at the middle of their ranges."""
        whole = self.low_nj + self.high_nj
        return (part.low_nj + part.high_nj) / whole if whole else 0.0


def sample_energy(
    spec: ChipSpec,
    physical: PhysicalSpec,
    counts: EventCounts,
    link_bytes: float,
    interval_us: float,
    *,
    learning: bool,
) -> EnergyReport:
    """interval_us: from one sample to the next; static power flows all along. Inference rests the learning circuits."""
    figures = physical.energy
    neuron_steps = float(sum(spec.layer_sizes[1:]) * spec.presentation_steps)
    learning_steps = float(sum(shape.n_out for shape in spec.shapes if shape.learns) * spec.presentation_steps)
    step_pj, write_pj = _learning_step_pj(spec, physical), weight_write_pj(spec, physical)
    low_mw, high_mw = figures.static_power_mw
    dacs = sum(dacs.count for dacs in bias_dacs(spec))
    dac_uw = physical.bias.dac_power_uw
    converters = () if dac_uw is None else (Part("bias DACs", dacs * interval_us, "us", dac_uw),)
    # A row that is always on meets every neuron's column at every step.
    bias_row = Part("bias row", neuron_steps, "synaptic events", figures.synaptic_event_pj)
    return EnergyReport(
        (
            Part("synapses", sum(counts.synaptic_events), "synaptic events", figures.synaptic_event_pj),
            *((bias_row,) if bias_rows(spec, physical) else ()),
            Part("spikes", sum(counts.spikes), "spikes", figures.spike_pj),
            Part("neurons", neuron_steps, "neuron steps", figures.neuron_step_pj),
            Part("learning circuits", learning_steps if learning else 0.0, "neuron steps", step_pj),
            Part("writes", sum(counts.weight_updates), "weight updates", write_pj),
            Part("link", link_bytes, "bytes", figures.link_byte_pj),
            Part("static", interval_us, "us", (low_mw * 1e3, high_mw * 1e3)),  # 1 mW for 1 us is 1 nJ
            *converters,  # 1 uW for 1 us is 1 pJ
        )
    )


def _learning_step_pj(spec: ChipSpec, physical: PhysicalSpec) -> Range:
    figures = physical.energy
    if figures.learning_step_pj is not None:
        return figures.learning_step_pj
    widths = widths_of(spec, physical, layer=0)  # of all layers alike
    return _logic_pj(physical, learning_circuit(widths) + dither_source(widths))


def weight_write_pj(spec: ChipSpec, physical: PhysicalSpec) -> Range:
    """Of one synapse, of the widest: memory is read and written, or registers clocked, and an update unit works."""
    figures = physical.energy
    if figures.weight_write_pj is not None:
        return figures.weight_write_pj
    assert figures.sram_bit_pj is not None, "the spec's validation asks for one of the two"
    layers = (widths_of(spec, physical, layer) for layer in range(spec.n_layers))
    widths = max(layers, key=lambda each: each.code + each.residue)
    bits = widths.code + widths.residue
    unit_low, unit_high = _logic_pj(physical, update_unit(widths) + Cells(flip_flops=bits * widths.unit_per_synapse))
    accesses = 0 if widths.unit_per_synapse else 2 * bits
    low, high = figures.sram_bit_pj
    return unit_low + accesses * low, unit_high + accesses * high


def _logic_pj(physical: PhysicalSpec, cells: Cells) -> Range:
    """Each flip-flop clocked and each gate used once."""
    figures = physical.energy
    assert figures.flip_flop_pj is not None and figures.gate_pj is not None, "the spec's validation asks for both"
    (flop_low, flop_high), (gate_low, gate_high) = figures.flip_flop_pj, figures.gate_pj
    return (
        cells.flip_flops * flop_low + cells.gates * gate_low,
        cells.flip_flops * flop_high + cells.gates * gate_high,
    )
