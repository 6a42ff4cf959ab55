"""Rules about synapses: what they can deliver, and how finely learning can set them."""

from __future__ import annotations

import math

from chipsim.design_rules.design import Design
from chipsim.design_rules.finding import RuleLimits
from chipsim.design_rules.registry import Verdict, rule


@rule(
    "reachable-charge",
    quantity="charge per step if every active row pulls the same way",
    unit="th",
    limits=RuleLimits("at least", warning=1.0, error=0.5),
    applies_to="few-bit weights of a given full scale",
)
def reachable_charge(design: Design) -> Verdict | None:
    full = design.chip.synapse.full_scale_th
    if full is None or design.weight_bits is None:
        return None
    layers = zip(design.chip.shapes, design.chip.thresholds_th, strict=True)
    # Of all layers, the one whose inputs reach the smallest part of its threshold.
    narrowest, threshold = min(
        ((shape.rows, th) for shape, th in layers if shape.learns), key=lambda layer: layer[0] / layer[1]
    )
    return Verdict(
        design.row_rate * narrowest * full / design.chip.neuron.charge_per_step / threshold,
        f"in the layer with {narrowest} inputs not even all of them at full weight charge a membrane to threshold in"
        " a step: no neuron reaches the highest target rates",
        f"a larger unit charge, a smaller membrane capacitance or swing: a full weight of at least"
        f" {threshold * design.chip.neuron.charge_per_step / (design.row_rate * narrowest):.2g} th",
    )


@rule(
    "lsb-charge",
    quantity="charge of one LSB over a usual weight",
    unit="",
    limits=RuleLimits("at most", warning=0.4, error=0.8),
    applies_to="few-bit weights of a given full scale",
)
def lsb_charge(design: Design) -> Verdict | None:
    """A usual weight: n inputs of random signs at rate r add up to one threshold in a step if each is 1 / sqrt(n r).

    An exponential current needs less, since most of a spike's charge arrives in later steps.
    """
    if design.lsb_th is None or design.chip.synapse.full_scale_th is None:
        return None
    layers = zip(design.chip.shapes, design.chip.thresholds_th, strict=True)
    # Of all layers, the one with the smallest usual weight.
    fan_in, threshold = max(((shape.rows, th) for shape, th in layers), key=lambda layer: layer[0] / layer[1] ** 2)
    usual = threshold * design.chip.neuron.charge_per_step / math.sqrt(design.row_rate * fan_in)
    return Verdict(
        design.lsb_th / usual,
        f"a neuron with {fan_in} inputs needs weights of about {usual:.2g} th; an LSB as large as that rounds"
        " most of them to nothing",
        f"an LSB of at most {0.4 * usual:.2g} th: a smaller unit charge, a larger membrane capacitance or swing",
    )


@rule(
    "update-step",
    quantity="smallest stored change of a weight over the update pulse",
    unit="",
    limits=RuleLimits("at most", warning=12.0, error=48.0),
    applies_to="few-bit weights and a known update pulse",
)
def update_step(design: Design) -> Verdict | None:
    lsb = design.lsb_th
    if lsb is None or design.learning_rate is None:
        return None
    bits = design.chip.learning_circuit.update_accumulator_bits
    ratio = lsb / 2**bits / design.learning_rate
    return Verdict(
        ratio,
        f"a write moves a weight by {ratio:.0f} times the pulse that asked for it: learning walks at random around"
        " the best weights, and the chip gets worse",
        f"update_accumulator_bits {bits + max(1, _bits_to(ratio, 12.0))}, so that pulses are collected until they fill"
        " an LSB; or finer weights",
    )


@rule(
    "weight-bits",
    quantity="bits of a weight, sign included",
    unit="bits",
    limits=RuleLimits("at least", note=4, warning=3),
    applies_to="few-bit weights",
)
def weight_bits(design: Design) -> Verdict | None:
    bits = design.weight_bits
    if bits is None:
        return None
    return Verdict(
        bits,
        f"{2**bits - 1} levels are too few for what a layer has to tell apart, whatever the update accumulators hold",
        "3 bits at least, 4 to be safe",
    )


def _bits_to(ratio: float, wanted: float) -> int:
    """By how many bits `ratio` must shrink to come down to `wanted`."""
    bits = 0
    while ratio > wanted:
        ratio, bits = ratio / 2, bits + 1
    return bits
