"""Learning circuits in integers, restated over Python's own: every register one whole number, one neuron at a time.

What a layer is: `reference_layer.ReferenceLayer`. Nothing is shared with the package but settings and tables.
"""

import math
from fractions import Fraction

import numpy as np
from reference_random import words_of

F = np.float32
TAPS = {16: (16, 14, 13, 11), 24: (24, 23, 22, 17), 32: (32, 30, 26, 25)}  # powers of the polynomial
MASK_32 = 2**32 - 1
INTEGER_SIGNALS = (
    *("target_count", "target_word", "error", "boxcar", "open", "step_word", "dither", "increment", "saturated"),
    "pulse",
)


class ShiftRegister:
    """Galois form: the bit shifted out is fed back into the places of the polynomial."""

    def __init__(self, bits, seed, layer, column):
        """layer: from 1; column: from 0."""
        self.bits = bits
        word = (seed * 0x9E3779B1 + layer * 0x85EBCA6B + column * 0xC2B2AE35) % 2**32
        self.state = (word ^ (word >> bits)) % 2**bits or 1

    def step(self):
        out, self.state = self.state % 2, self.state // 2
        if out:
            for power in TAPS[self.bits]:
                self.state ^= 1 << (power - 1)


def nearest_power(rate):
    """Of two as near the larger one."""
    if rate == 0:
        return 0.0
    low = Fraction(2) ** (math.frexp(rate)[1] - 1)
    return float(low if Fraction(rate) - low < 2 * low - Fraction(rate) else 2 * low)


def step_word(design, rate, lsb, t):
    rate = float(rate)
    if design.rate_format == "power_of_two":
        rate = nearest_power(rate)
    base = rate * 2.0**design.update_accumulator_bits / float(lsb)
    if design.error_gate == "linear" and design.error_scale == "per_step":
        base = base / t
    if design.error_gate == "linear" and design.error_scale == "shift":
        base = base / 2.0**design.error_shift
    return min(round(base * 2.0**design.step_word_fraction_bits), 2**design.step_word_bits - 1)


def floor_of_sum(p, s, dither, d):
    """floor(p / 2^s + dither / 2^d), over the larger of the two."""
    both = max(s, d)
    return (p * 2 ** (both - s) + dither * 2 ** (both - d)) // 2**both


def kept_within(value, limit):
    return max(-limit, min(limit, value))


class Integers:
    """Of a reference layer whose circuit's arithmetic is that of integers."""

    @property
    def in_integers(self):
        return self.design.arithmetic == "integer"

    def _learn_in_integers(self, t, seen, target, rate):
        """Step t, from 1. target: (n,) rates, as they arrived."""
        pulses = [self._increment(i, t, target[i], rate) for i in range(len(self.membrane))]
        rows = [*seen.rows, len(self.weight) - 1]
        for i, increment in enumerate(pulses):
            if increment != 0:
                self.tally["weight_updates"] += len(rows)
                for j in rows:
                    self._add(j, i, increment)

    def _increment(self, i, t, target, rate):
        design, units = self.design, 2 ** (self.target_bits - 1)
        word = int(float(target) * units)
        assert word == float(target) * units, "a target rate is a word"
        full = 2**design.accumulator_bits - 1
        self.charge[i] = min(self.charge[i] + word, full * units)
        d = self.charge[i] - int(self.count[i]) * units + self.offset[i]
        word_k = step_word(design, rate, self.lsb[0], t)
        dither = self._dither(i, t)
        sign = (d > 0) - (d < 0)
        size, fraction = (d, self.target_bits - 1) if design.error_gate == "linear" else (sign, 0)
        s = fraction + design.step_word_fraction_bits
        wanted = floor_of_sum(size * word_k, s, dither, design.dither_bits)
        held = kept_within(wanted, 2 ** (design.increment_bits - 1) - 1)
        is_near = bool(self.made.tables.boxcar_low[i] < self.membrane[i] < self.made.tables.boxcar_high[i])
        is_open = abs(d) > self.dead_zone and is_near and t > design.warm_up_steps
        self.tally["increments_saturated"] += is_open and held != wanted
        increment = held if is_open else 0
        now = {
            "target_count": self.charge[i] / units,
            "target_word": word,
            "error": size / 2**fraction if abs(d) > self.dead_zone else 0,
            "boxcar": is_near,
            "open": is_open,
            "step_word": word_k,
            "dither": dither,
            "increment": increment,
            "saturated": is_open and held != wanted,
            "pulse": increment,
        }
        for name, value in now.items():
            self.shows[name][i] = value
        return increment

    def _dither(self, i, t):
        design, circuit = self.design, self.made.circuit
        if design.dither == "philox":
            word = words_of(circuit.dither_key, self.window, circuit.layer, t - 1, i)[(t - 1) % 4]
            return word >> (32 - design.dither_bits)
        for _ in range(design.dither_bits):
            self.registers[i].step()
        return self.registers[i].state % 2**design.dither_bits

    def _add(self, j, i, increment):
        """One synapse takes an increment."""
        gain = self.gain[j if len(self.gain) > 1 else 0, i]
        if gain == 0:  # stuck
            return
        full, top = 2**self.design.update_accumulator_bits, 2 ** (self.made.weight_bits - 1) - 1
        total = int(self.residue[j, i]) + increment
        carry = abs(total) // full * (1 if total >= 0 else -1)
        wanted = int(self.code[j, i]) + carry
        code = kept_within(wanted, top)
        self.tally["code_writes"] += code != self.code[j, i]
        self.tally["weight_full_scale"] += code != wanted
        self.code[j, i], self.residue[j, i] = code, total - carry * full
        self.weight[j, i] = gain * (F(code) * self.lsb[0])

    def switch_on(self, target_bits, layer, offsets):
        """As a die is programmed. layer: from 1; offsets: (n,) of the comparators, in counts."""
        design, n = self.design, self.weight.shape[1]
        self.target_bits = target_bits
        most = 2**24 - 1
        zone = Fraction(0 if design.error_gate == "sign" else design.dead_zone_counts)
        self.dead_zone = math.floor(zone * 2 ** (target_bits - 1))
        self.offset = [kept_within(round(float(offset) * 2 ** (target_bits - 1)), most) for offset in offsets]
        self.registers = [ShiftRegister(design.lfsr_bits, design.lfsr_seed, layer, i) for i in range(n)]
