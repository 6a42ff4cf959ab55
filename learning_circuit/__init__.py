"""What a neuron's learning circuit computes: accumulators, error gate, boxcar gate, update pulse. Knows no chip.

In the order of the hardware: `accumulator` counts spikes and target charge, `error_gate` compares the two (Eqs. 9 and
11 of Yang et al. 2022), `boxcar` looks at the membrane (Eq. 8), `update_pulse` puts them together (Eq. 10) and says
what a device makes of a pulse, `update_accumulator` what a few-bit synapse does. `pulse_curve` reads a measured device,
`spec` holds the settings, `number` says what the formulas are written over.

May know: nothing of ours, and no numba. Formulas are plain functions over a `Number`; a kernel hands them vectors of
sixteen neurons, a test single ones (`Float32`). Whoever strings them together into a cycle is `chipsim.kernel`.

To add an error gate: a row of SLOPE_AND_STEP or a term in `error_gate.gated_error`, a name in `spec.ErrorGate`, a
learning rate of its own in `host/methods/on_chip_ltl.py`, and the same gate in the reference model (`tests/witness/`).
A term in a gate needs its constant in the circuit's tables in `chipsim.layout`, which `chipsim.die` fills. What says
that both agree is `tests/chipsim/kernel/test_equals_reference.py`, with a case for the new gate.
"""

from learning_circuit.accumulator import accumulated, counted_with_misses, full_scale
from learning_circuit.boxcar import inside_boxcar
from learning_circuit.error_gate import SLOPE_AND_STEP, gated_error
from learning_circuit.number import Float32, Number
from learning_circuit.pulse_curve import read_pulse_curve, steps_of_curve
from learning_circuit.spec import ErrorGate, LearningCircuitSpec
from learning_circuit.update_accumulator import carried, counted_pulse
from learning_circuit.update_pulse import between, gated_pulse, held_within, place_in_range, with_spread

__all__ = [
    "SLOPE_AND_STEP",
    "ErrorGate",
    "Float32",
    "LearningCircuitSpec",
    "Number",
    "accumulated",
    "between",
    "carried",
    "counted_pulse",
    "counted_with_misses",
    "full_scale",
    "gated_error",
    "gated_pulse",
    "held_within",
    "inside_boxcar",
    "place_in_range",
    "read_pulse_curve",
    "steps_of_curve",
    "with_spread",
]
