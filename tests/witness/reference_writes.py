"""Writes into the synapses of one layer of the reference model, real devices and few-bit codes included.

What a layer is: `reference_layer.ReferenceLayer`.
"""

import math

import numpy as np
from reference_random import normal_of_write, uniform_of

F = np.float32
ZERO = F(0)


class Writes:
    """Of a reference layer: what a synapse makes of a pulse (Eq. 10 of Yang et al. 2022)."""

    def _write(self, j, i, pulse, amplitude, t):
        """dw_ij = pulse_i x_j, scaled by the synapse's gain, if pulses and devices are ideal."""
        gain = self.gain[j if len(self.gain) > 1 else 0, i]
        if gain == 0:  # stuck
            return
        update = self.made.circuit.update
        # In rows that carry less than 0 a pulse up lowers the weight.
        raises = (pulse > 0) == (not self._is_stdp or amplitude > 0)
        pulse = pulse * (update.up if raises else update.down)[i]
        pulse = pulse * update.gain[j if len(update.gain) > 1 else 0, i]
        z = normal_of_write(update.key, self.window, self.made.circuit.layer, t - 1, j, self.first + i)
        if self.coded:
            pulse = pulse * (F(1) + update.cycle[i] * z)
            self._write_code(j, i, pulse, F(1) if amplitude is None else amplitude, gain, t)
            return
        change = pulse if amplitude is None else pulse * amplitude
        if update.bounded:
            limit = gain * self.full_scale
            place = self.weight[j, i] / limit if limit > 0 else F(0.5)
            if not self._is_stdp:
                place = F(0.5) + F(0.5) * place if limit > 0 else F(0.5)
            change = change * relative_step(update.step_up if change > 0 else update.step_down, place)
        if update.temporal:  # one number for what is relative to the step and for what is not
            relative, absolute = change * update.cycle[i], update.noise[i] * self.full_scale
            change = change + np.sqrt(relative * relative + absolute * absolute) * z
        wanted = self.weight[j, i] + gain * change
        low = ZERO if self._is_stdp or not update.bounded else -limit
        self.weight[j, i] = min(max(wanted, low), limit) if update.bounded else wanted
        self.tally["weight_full_scale"] += bool(self.weight[j, i] != wanted)

    def _write_code(self, j, i, pulse, amplitude, gain, t):
        """Few-bit weights collect pulses in an update accumulator, which moves the code by whole LSBs."""
        full = 2**self.design.update_accumulator_bits
        lsb = self.lsb[j == len(self.weight) - 1]
        units = F(full) * amplitude / lsb
        circuit, layer = self.made.circuit, self.made.circuit.layer
        low, top = (-1, 2 ** (self.made.weight_bits - 1) - 1)
        if self._is_stdp:
            low, top = 0, 2**self.made.weight_bits - 1
            steps = circuit.update.step_up if pulse * amplitude > 0 else circuit.update.step_down
            pulse = pulse * relative_step(steps, F(self.code[j, i]) / F(top))
        dither = uniform_of(circuit.dither_key, self.window, layer, t - 1, self.first + i)
        total = int(self.residue[j, i]) + math.floor(pulse * units + dither)
        whole = abs(total) // full * (1 if total >= 0 else -1)  # LSBs, toward zero
        wanted = int(self.code[j, i]) + whole
        code = max(low * top, min(top, wanted))
        self.tally["code_writes"] += code != self.code[j, i]
        self.tally["weight_full_scale"] += code != wanted
        self.code[j, i] = code
        self.residue[j, i] = total - whole * full
        self.weight[j, i] = gain * (F(code) * lsb)


def relative_step(steps, place):
    """The step at a place of the range, from 0 to 1, between the two nearest of the evenly spaced entries."""
    x = min(max(place, F(0)), F(1)) * F(len(steps) - 1)
    i = min(math.floor(x), len(steps) - 2)
    return steps[i] + (steps[i + 1] - steps[i]) * (x - F(i))
