"""What of a chip is no circuit, each with the setting that would make it one."""

from __future__ import annotations

from collections.abc import Iterator

from chipsim import ChipSpec
from host.errors import ExportError

_MOST_COLUMNS = 4096  # that a register address counts
_MOST_ROWS = 65535
_EXACT_BITS = 24
_ON_A_BUS = ("pulse", "asymmetry", "cycle")


def check_exportable(design: ChipSpec, constant_current: bool) -> None:
    """Raises ExportError with a line for each reason, all at once.

    constant_current: whether inputs are currents instead of spikes.
    """
    found = list(refusals(design, constant_current))
    if found:
        raise ExportError(found)


def refusals(design: ChipSpec, constant_current: bool) -> Iterator[str]:
    """A line for each thing that cannot be built from registers and adders."""
    circuit = design.learning_circuit
    if circuit.rule != "local_tandem":
        yield f"learning rule {circuit.rule!r} has no RTL: set learning_circuit.rule = \"local_tandem\""
    elif circuit.arithmetic != "integer":
        yield (
            f"learning_circuit.arithmetic {circuit.arithmetic!r} rounds float32 products, which no adder does: set"
            ' learning_circuit.arithmetic = "integer"'
        )
    if circuit.dither == "philox" and circuit.dither_bits > 0:
        yield (
            "learning_circuit.dither 'philox' takes ten rounds of 32 by 32 bit multiplications a step: set"
            ' learning_circuit.dither = "lfsr", or dither_bits = 0'
        )
    if circuit.accumulator_bits + design.target_bits - 1 > _EXACT_BITS:
        yield (
            f"accumulator_bits {circuit.accumulator_bits} and target_bits {design.target_bits} make a target accumulator"
            f" of more than {_EXACT_BITS} bits: set target_bits = {max(2, _EXACT_BITS + 1 - circuit.accumulator_bits)}"
        )
    if circuit.trace_tau_steps is not None:
        yield (
            f"traces of {circuit.trace_tau_steps:g} steps multiply the increment in every synapse: leave"
            " learning_circuit.trace_tau_steps out"
        )
    if circuit.pulse_steps is not None:
        yield "a measured pulse curve is that of analog devices: leave learning_circuit.pulse_curve_csv out"
    if constant_current:
        yield (
            "encoding 'current' multiplies the increment by an amplitude in every synapse: set encoding to one of"
            " spikes, such as rate"
        )
    if not design.neuron.outputs_fire:
        yield (
            f"neuron.readout {design.neuron.readout!r} would need a converter ahead of its error gate: set"
            ' neuron.readout = "spiking"'
        )
    if design.synapse.bias_full_scale_th not in (None, design.synapse.full_scale_th):
        yield (
            "weights and biases have LSBs of their own, and a column has one increment: leave"
            " synapse.bias_full_scale_th out"
        )
    yield from _of_layers(design)
    yield from _of_noise(design)


def _of_layers(design: ChipSpec) -> Iterator[str]:
    analog = [n for n in range(1, design.n_layers + 1) if design.weight_bits_of(n) is None]
    if analog:
        where = "" if len(analog) == design.n_layers else f" in layer {analog[0]}"
        yield f"weights are analog{where}, and registers hold codes: set synapse.weight_bits, such as 6"
    for number, shape in enumerate(design.shapes, start=1):
        if not shape.dense:
            yield f"layer {number} is {shape.layer.kind} on an image, which has no RTL: use dense layers"
        if shape.columns > _MOST_COLUMNS or shape.rows > _MOST_ROWS:
            yield (
                f"layer {number} has {shape.rows} rows and {shape.columns} columns, and an array's registers reach"
                f" {_MOST_ROWS} and {_MOST_COLUMNS}: make the network smaller"
            )


def _of_noise(design: ChipSpec) -> Iterator[str]:
    for noise in design.noises:
        name = noise.effect.name
        if name in _ON_A_BUS:
            yield f"noise {name} scales pulses, and an increment is a whole number on a bus: leave it out"
        elif name == "comparator":
            yield (
                "noise comparator (a chip's comparator_offset_counts) shifts an analog comparison of two digital counters:"
                ' set it to 0, or leave it out, and set learning_circuit.comparison = "digital"'
            )
        elif name == "missed":
            yield "noise missed loses spikes ahead of a counter that is digital here: leave it out"
