"""Step words: how far an error of one moves an update accumulator in each step, as the chip's registers hold it.

    K_t = min(round(rate 2^B / lsb [/ t, or 2^-error_shift] 2^KF), 2^K - 1)          rounded to nearest, halves to even

in float64, on the host, once per window and layer: a register file of T words, or a register where all steps have one.
See `integer_tandem`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning_circuit.spec import LearningCircuitSpec


def step_words(
    circuit: LearningCircuitSpec, rates: NDArray[np.float32], lsb: np.float32, steps: int
) -> NDArray[np.float32]:
    """Whole numbers (S, steps), or (S, 1) if all steps of a window have the same. rates: (S,), of at least 0.

    lsb: of the layer's weights, in thresholds, as rates are.
    """
    given = rates.astype(np.float64)
    if circuit.rate_format == "power_of_two":
        given = nearest_power_of_two(given)
    words = (given * 2.0**circuit.update_accumulator_bits / np.float64(lsb))[:, None]
    if circuit.error_gate == "linear" and circuit.error_scale == "per_step":
        words = words / np.arange(1, steps + 1, dtype=np.float64)
    elif circuit.error_gate == "linear" and circuit.error_scale == "shift":
        words = words * 2.0**-circuit.error_shift
    whole = np.rint(words * 2.0**circuit.step_word_fraction_bits)
    return np.minimum(whole, 2.0**circuit.step_word_bits - 1).astype(np.float32)


def nearest_power_of_two(values: Any) -> NDArray[np.float64]:
    """Of numbers of at least 0, the power of two that lies nearest; the larger of two that lie as near. 0 stays 0."""
    part, exponent = np.frexp(values)  # part: 0, or from 1/2 to below 1
    return np.where(part == 0, 0.0, np.ldexp(0.5, exponent + (part >= 0.75)))
