"""What a neuron's learning circuit computes: learning rules, and the circuits they are made of. Knows no chip.

Read, in this order:

    field             a quantity of a neuron, declared once: tables, state, probes and snapshots follow from it
    rule              what a learning rule is to a chip: rank-one updates of a crossbar; the class to subclass
    tandem            the first of them, Local Tandem Learning (Yang et al. 2022)
    integer_tandem    the same as registers and adders compute it, with all widths; `step_words`: what the host computes
                      for it, `shift_register`: where its dither may come from
    stdp              unsupervised: spike-timing-dependent plasticity (Diehl & Cook 2015; Pfister & Gerstner 2006)
    accumulator       spikes and target charge, counted; `error_gate`: what of their difference passes (Eqs. 9, 11)
    boxcar            looks at the membrane (Eq. 8); `update_pulse`: the pulse (Eq. 10), and what a device makes of it
    update_accumulator   what a few-bit synapse does; `pulse_curve`: reads a measured device
    number            what formulas are written over; `spec`: the settings that rules share
    told_settings     what `help()` says of settings, here and in the packages above: units, ranges, defaults

May know: nothing of ours, and no numba. Formulas are plain functions over a `Number`; a kernel hands them vectors of
sixteen neurons, a test single ones (`Float32`). Whoever strings them together into a step is `chipsim.kernel`.

To add a learning rule: a subclass of `LearningRule` in a file of its own and a line in `chipsim/design/rules.py`, or a
package of its own with an entry point of the group ``chipsim.learning_rules`` (`examples/delta_rule` is the shortest,
`examples/three_factor` has a broadcast and two updates). What says that it is right is a slow formula that imports
nothing of ours, and a test that both are equal, bit for bit. Without a compiler, to see what a rule makes of numbers:

    own, state = SimpleNamespace(comparator_offset=Float32(0)), SimpleNamespace()
    seen = Seen(membrane=Float32(0.9), spiked=Float32(np.bool_(False)), count=Float32(3), target_count=Float32(4), ...)
    DeltaRule().pulses(own, state, seen, Moment(rate=Float32(0.1), per_step=Float32(1 / 8), broadcast=None))

To add an error gate: a row of SLOPE_AND_STEP or a term in `error_gate.gated_error`, a name in `spec.ErrorGate`, a
learning rate of its own in `host/methods/on_chip_ltl.py`, and the same gate in the reference model (`tests/witness/`).
A term in a gate needs its constant among the rule's fields. What says that both agree is
`tests/chipsim/kernel/test_equals_reference.py`, with a case for the new gate.
"""

from learning_circuit.accumulator import accumulated, counted_with_misses, full_scale
from learning_circuit.boxcar import inside_boxcar
from learning_circuit.error_gate import SLOPE_AND_STEP, gated_error
from learning_circuit.field import Field, check_fields
from learning_circuit.integer_tandem import IntegerTandem, whole_increment
from learning_circuit.number import Float32, Float64, Number, exponential, maximum, minimum
from learning_circuit.pulse_curve import read_pulse_curve, steps_of_curve
from learning_circuit.rule import Brings, LearningRule, Moment, Rows, Seen, UnipolarSynapses
from learning_circuit.shift_register import TAPS, start_states, state_after
from learning_circuit.spec import (
    Arithmetic,
    Comparison,
    Dither,
    ErrorGate,
    ErrorScale,
    LearningCircuitSpec,
    LfsrBits,
    RateFormat,
    UpdateUnit,
)
from learning_circuit.stdp import Stdp, TripletStdp
from learning_circuit.step_words import nearest_power_of_two, step_words
from learning_circuit.tandem import LocalTandem
from learning_circuit.told_settings import tell_settings, unit_of
from learning_circuit.update_accumulator import carried, counted_pulse
from learning_circuit.update_pulse import (
    between,
    gated_pulse,
    held_from_zero,
    held_within,
    place_from_zero,
    place_in_range,
    with_spread,
)

__all__ = [
    "SLOPE_AND_STEP",
    "TAPS",
    "Arithmetic",
    "Brings",
    "Comparison",
    "Dither",
    "ErrorGate",
    "ErrorScale",
    "Field",
    "Float32",
    "Float64",
    "IntegerTandem",
    "LearningCircuitSpec",
    "LearningRule",
    "LfsrBits",
    "LocalTandem",
    "Moment",
    "Number",
    "RateFormat",
    "Rows",
    "Seen",
    "Stdp",
    "TripletStdp",
    "UnipolarSynapses",
    "UpdateUnit",
    "accumulated",
    "between",
    "carried",
    "check_fields",
    "counted_pulse",
    "counted_with_misses",
    "exponential",
    "full_scale",
    "gated_error",
    "gated_pulse",
    "held_from_zero",
    "held_within",
    "inside_boxcar",
    "maximum",
    "minimum",
    "nearest_power_of_two",
    "place_from_zero",
    "place_in_range",
    "read_pulse_curve",
    "start_states",
    "state_after",
    "step_words",
    "steps_of_curve",
    "tell_settings",
    "unit_of",
    "whole_increment",
    "with_spread",
]
