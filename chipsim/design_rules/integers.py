"""Rules about learning circuits that are to be built of registers and adders: see `learning_circuit.integer_tandem`."""

from __future__ import annotations

import math

from chipsim.design import no_circuit
from chipsim.design_rules.design import Design
from chipsim.design_rules.finding import RuleLimits
from chipsim.design_rules.registry import Verdict, rule

_IN_INTEGERS = "circuits that compute with integers, a known update pulse"


@rule(
    "circuit",
    quantity="reasons why the learning circuits are a model and nothing to build",
    unit="",
    limits=RuleLimits("at most", note=0),
    applies_to="few-bit weights",
)
def circuit(design: Design) -> Verdict | None:
    chip = design.chip
    if design.weight_bits is None:
        return None
    reasons = list(
        no_circuit(chip.learning_circuit, chip.neuron, chip.synapse, chip.target_bits, chip.noises, chip.n_layers)
    )
    if not all(shape.dense for shape in chip.shapes):
        reasons.append("layers on images share crossbars that are written in turn: use dense layers")
    if design.constant_current:
        reasons.append("amplitudes of a constant current would multiply increments: choose an encoding of spikes")
    if chip.learning_circuit.arithmetic == "float":
        reasons.append("pulses are real numbers, rates and divisions by t included: set learning_circuit.arithmetic")
    return Verdict(
        len(reasons),
        f"a chip computes otherwise than its model, however little; {'; '.join(reasons)}",
        "learning_circuit.arithmetic integer, with 0 of these left",
    )


@rule(
    "step-word-largest",
    quantity="largest step word over the largest that its register holds",
    unit="",
    limits=RuleLimits("at most", warning=1.0, error=4.0),
    applies_to=_IN_INTEGERS,
)
def step_word_largest(design: Design) -> Verdict | None:
    word = _word(design, step=design.chip.learning_circuit.warm_up_steps + 1)
    if word is None:
        return None
    spec = design.chip.learning_circuit
    return Verdict(
        word / (2**spec.step_word_bits - 1),
        f"the first step word is {word:.0f}, and a register of {spec.step_word_bits} bits ends at"
        f" {2**spec.step_word_bits - 1}: updates are smaller than the learning rate says",
        f"step_word_bits {max(2, math.ceil(math.log2(word + 2)))}, or fewer step_word_fraction_bits",
    )


@rule(
    "step-word-smallest",
    quantity="smallest step word",
    unit="",
    limits=RuleLimits("at least", note=8.0, warning=2.0, error=0.5),
    applies_to=_IN_INTEGERS,
)
def step_word_smallest(design: Design) -> Verdict | None:
    word = _word(design, step=design.chip.steps)
    if word is None:
        return None
    bits = design.chip.learning_circuit.step_word_fraction_bits
    wanted = bits + max(1, math.ceil(math.log2(8 / word))) if word > 0 else bits + 8
    return Verdict(
        word,
        f"the last step word of a window is {word:.2g}, of which rounding leaves {round(word)}: the learning rate is"
        " far off, and 0 once it has fallen a little",
        f"step_word_fraction_bits {wanted}, or more update_accumulator_bits",
    )


@rule(
    "increment-range",
    quantity="increment of an error of one spike per step over the largest increment",
    unit="",
    limits=RuleLimits("at most", note=1.0, warning=8.0),
    applies_to=_IN_INTEGERS,
)
def increment_range(design: Design) -> Verdict | None:
    spec, steps = design.chip.learning_circuit, design.chip.steps
    word = _word(design, step=steps)
    if word is None:
        return None
    counts = steps if spec.error_gate == "linear" else 1  # by then, of that error
    increment = counts * word / 2**spec.step_word_fraction_bits
    return Verdict(
        increment / (2 ** (spec.increment_bits - 1) - 1),
        f"such an error moves an update accumulator by {increment:.3g}, and increments end at"
        f" {2 ** (spec.increment_bits - 1) - 1}: large errors are corrected no faster than small ones",
        f"increment_bits {2 + math.floor(math.log2(increment + 1))}, or fewer update_accumulator_bits",
    )


def _word(design: Design, step: int) -> float | None:
    """The step word, not yet rounded, of a step from 1, at the first sample. None where there is none, or no rate."""
    spec, lsb = design.chip.learning_circuit, design.lsb_th
    if spec.arithmetic != "integer" or lsb is None or not design.learning_rate:
        return None
    word = design.learning_rate * 2**spec.update_accumulator_bits / lsb
    if spec.error_gate == "linear" and spec.error_scale != "none":
        word /= step if spec.error_scale == "per_step" else 2**spec.error_shift
    return float(word * 2**spec.step_word_fraction_bits)
