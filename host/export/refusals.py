"""What of a chip has no RTL, each with the setting that would give it one."""

from __future__ import annotations

from collections.abc import Iterator

from chipsim import ChipSpec
from chipsim.design import no_circuit
from host.errors import ExportError

_MOST_COLUMNS = 4096  # that a register address counts
_MOST_ROWS = 65535


def check_exportable(design: ChipSpec, constant_current: bool) -> None:
    """Raises ExportError with a line for each reason, all at once.

    constant_current: whether inputs are currents instead of spikes.
    """
    found = list(refusals(design, constant_current))
    if found:
        raise ExportError(found)


def refusals(design: ChipSpec, constant_current: bool) -> Iterator[str]:
    """A line for each thing that cannot be built from registers and adders.

    What no circuit in integers can have, `chipsim.design.no_circuit` tells; here is what RTL cannot have besides.
    """
    circuit = design.learning_circuit
    if circuit.arithmetic != "integer":
        yield (
            f"learning_circuit.arithmetic {circuit.arithmetic!r} rounds float32 products, which no adder does: set"
            ' learning_circuit.arithmetic = "integer"'
        )
    if circuit.dither == "philox" and circuit.dither_bits > 0:
        yield (
            "learning_circuit.dither 'philox' takes ten rounds of 32 by 32 bit multiplications a step: set"
            ' learning_circuit.dither = "lfsr", or dither_bits = 0'
        )
    if constant_current:
        yield (
            "encoding 'current' multiplies the increment by an amplitude in every synapse: set encoding to one of"
            " spikes, such as rate"
        )
    yield from no_circuit(circuit, design.neuron, design.synapse, design.target_bits, design.noises, design.n_layers)
    yield from _of_layers(design)
    names = {noise.effect.name for noise in design.noises}
    if "comparator" in names and circuit.comparison == "analog":
        yield (
            "noise comparator (a chip's comparator_offset_counts) shifts an analog comparison of two digital counters:"
            ' set it to 0, or leave it out, and set learning_circuit.comparison = "digital"'
        )
    if "missed" in names:
        yield "noise missed loses spikes ahead of a counter that is digital here: leave it out"


def _of_layers(design: ChipSpec) -> Iterator[str]:
    for number, shape in enumerate(design.shapes, start=1):
        if not shape.dense:
            yield f"layer {number} is {shape.layer.kind} on an image, which has no RTL: use dense layers"
        if shape.columns > _MOST_COLUMNS or shape.rows > _MOST_ROWS:
            yield (
                f"layer {number} has {shape.rows} rows and {shape.columns} columns, and an array's registers reach"
                f" {_MOST_ROWS} and {_MOST_COLUMNS}: make the network smaller"
            )
