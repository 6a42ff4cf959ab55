"""Which chips can learn in integers: registers, adders and comparators, and nothing that would need a multiplier more.

What such a circuit computes: `learning_circuit.integer_tandem`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from learning_circuit import LearningCircuitSpec
from nonideality import Noise

_EXACT_BITS = 24  # of whole numbers in a float32, in which counters are kept
_SCALES_INCREMENTS = ("pulse", "asymmetry", "cycle")  # errors of a pulse, where there is an integer on a bus


def check_integers(
    circuit: LearningCircuitSpec,
    neuron: Any,
    synapse: Any,
    target_bits: int,
    noises: Sequence[Noise],
    n_layers: int | None,
) -> None:
    """Raises ValueError of one line if a chip's circuits compute with integers, and something of it is no circuit.

    neuron, synapse: `NeuronSpec`, `SynapseSpec`; n_layers: None where a teacher's file will say it.
    """
    if circuit.arithmetic == "integer":
        for reason in no_circuit(circuit, neuron, synapse, target_bits, noises, n_layers):
            raise ValueError(reason)


def no_circuit(
    circuit: LearningCircuitSpec,
    neuron: Any,
    synapse: Any,
    target_bits: int,
    noises: Sequence[Noise],
    n_layers: int | None,
) -> Iterator[str]:
    """Why a chip's circuits could not compute with integers, whether they do or not: lines that name what to change."""
    asked = "learning_circuit.arithmetic 'integer'"
    yield from circuit.no_circuit()
    fraction = target_bits - 1
    if circuit.accumulator_bits + fraction > _EXACT_BITS:
        yield (
            f"learning_circuit.accumulator_bits {circuit.accumulator_bits} and target_bits {target_bits} make a"
            f" target accumulator of {circuit.accumulator_bits + fraction} bits: {asked} has {_EXACT_BITS} at most,"
            f" choose target_bits {_EXACT_BITS + 1 - circuit.accumulator_bits} or less, or smaller accumulators"
        )
    if synapse.weight_bits is None:
        coded = {noise.layer for noise in noises if noise.effect.name == "quantization"}
        analog = [] if None in coded else [n for n in range(1, (n_layers or 1) + 1) if n not in coded]
        if analog:
            where = f" in layer {analog[0]}" if coded else ""
            yield f"{asked} writes codes, and weights are analog{where}: set synapse.weight_bits, such as 6"
    if neuron.readout != "spiking":
        yield (
            f"{asked} compares counts, and neuron.readout {neuron.readout!r} has a membrane to compare, which takes"
            " a converter: set readout to spiking"
        )
    if synapse.bias_full_scale_th not in (None, synapse.full_scale_th):
        yield (
            f"{asked} has one LSB for weights and biases, and synapse.bias_full_scale_th"
            f" {synapse.bias_full_scale_th:g} asks for another one: leave it out"
        )
    for name in dict.fromkeys(noise.effect.name for noise in noises):
        if name in _SCALES_INCREMENTS:
            yield f"noise {name} scales pulses, and {asked} has whole numbers on a bus: leave one out"
        if name == "comparator" and circuit.comparison == "digital":
            yield (
                "noise comparator shifts what an analog comparator sees, and learning_circuit.comparison is 'digital':"
                " leave the noise out (comparator_offset_counts = 0.0 in a chip's file), or set comparison to analog"
            )
