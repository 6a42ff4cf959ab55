"""Step words: what an error of one count moves, as the host writes it into registers at each window's start."""

from __future__ import annotations

import math

from host.export.parameters import Circuit


def step_words(circuit: Circuit, rate: float, lsb_th: float) -> list[int]:
    """round(rate 2^b / lsb [/ t] 2^f), in float64, halves to even, at most the largest word: one, or one for each step.

    rate: learning rate; lsb_th: one step of a stored weight in thresholds.
    """
    if circuit.power_of_two_rate and rate > 0:
        rate = nearest_power_of_two(rate)
    base = rate * 2.0**circuit.update_bits / lsb_th
    if circuit.gate == "linear" and circuit.error_scale == "shift":
        base *= 2.0**-circuit.error_shift
    most = 2**circuit.step_word_bits - 1
    bases = [base / t for t in range(1, circuit.step_words + 1)]
    return [min(round(each * 2.0**circuit.step_word_fraction_bits), most) for each in bases]


def nearest_power_of_two(rate: float) -> float:
    """On a logarithmic scale."""
    return float(2.0 ** round(math.log2(rate)))
