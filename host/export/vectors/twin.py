"""The learning circuit in plain integers: what RTL, netlist and vectors have to agree with.

Written from the definition alone (METHODS.md, the learning circuit in integers); it shares nothing with the kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from host.export.parameters import Circuit, Layer


def lfsr_start(circuit: Circuit, layer: int, column: int) -> int:
    """State after a reset of a column's shift register; layers from 1, columns from 0."""
    mixed = (circuit.lfsr_seed * 0x9E3779B1 + layer * 0x85EBCA6B + column * 0xC2B2AE35) % 2**32
    return (mixed ^ (mixed >> circuit.lfsr_bits)) % 2**circuit.lfsr_bits or 1


def lfsr_advanced(circuit: Circuit, state: int) -> int:
    """After one step of the network: as many single steps as dither has bits."""
    for _ in range(circuit.dither_bits):
        state = (state >> 1) ^ (circuit.taps if state & 1 else 0)
    return state


class Updated(NamedTuple):
    """A synapse after an increment."""

    code: int
    residue: int
    saturated: bool


def updated(code: int, residue: int, increment: int, *, code_bits: int, update_bits: int) -> Updated:
    """Whole codes are carried, truncated toward zero; a code stops at its end, the residue stays as computed."""
    total = residue + increment
    carry = abs(total) >> update_bits
    if total < 0:
        carry = -carry
    top = 2 ** (code_bits - 1) - 1
    wanted = code + carry
    held = max(-top, min(top, wanted))
    return Updated(held, total - (carry << update_bits), held != wanted)


@dataclass
class TwinColumn:
    """A column's registers and synapses, the bias last."""

    circuit: Circuit
    layer: Layer
    number: int  # within its layer, from 0
    target: int = 0
    count: int = 0
    target_count: int = 0
    increment: int = 0
    open: bool = False
    fired: bool = False  # the comparator bits as sampled
    above_low: bool = False
    below_high: bool = False
    increment_saturated: bool = False  # since the flags were cleared
    code_saturated: bool = False
    lfsr: int = field(init=False)
    codes: list[int] = field(init=False)
    residues: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.lfsr = lfsr_start(self.circuit, self.layer.number, self.number) if self.circuit.dither_bits else 0
        self.codes = [0] * (self.layer.rows + 1)
        self.residues = [0] * (self.layer.rows + 1)

    def clear(self) -> None:
        """A window begins."""
        self.count = self.target_count = self.increment = 0
        self.open = self.fired = self.above_low = self.below_high = False

    def step(
        self,
        *,
        rows: Sequence[int],
        spike: bool,
        above_low: bool,
        below_high: bool,
        step_word: int,
        dead_zone: int,
        learns: bool,
        warm: bool,
    ) -> None:
        """One step. rows: those that are active, the bias included; warm: the warm-up is over."""
        circuit = self.circuit
        full = 2**circuit.accumulator_bits - 1
        self.fired, self.above_low, self.below_high = spike, above_low, below_high
        self.count = min(self.count + spike, full)
        self.target_count = min(self.target_count + self.target, full << circuit.fraction_bits)
        if learns and circuit.dither_bits:
            self.lfsr = lfsr_advanced(circuit, self.lfsr)
        error = self.target_count - (self.count << circuit.fraction_bits)
        self.open = learns and warm and above_low and below_high and abs(error) > dead_zone
        self.increment = self._increment(error, step_word) if self.open else 0
        if self.open:
            for row in rows:
                after = updated(
                    self.codes[row],
                    self.residues[row],
                    self.increment,
                    code_bits=self.layer.code_bits,
                    update_bits=circuit.update_bits,
                )
                self.codes[row], self.residues[row] = after.code, after.residue
                self.code_saturated |= after.saturated

    def _increment(self, error: int, step_word: int) -> int:
        circuit = self.circuit
        if circuit.gate == "linear":
            product, fraction = error * step_word, circuit.fraction_bits + circuit.step_word_fraction_bits
        else:
            product, fraction = (-step_word if error < 0 else step_word), circuit.step_word_fraction_bits
        dither = self.lfsr % (1 << circuit.dither_bits)
        point = max(fraction, circuit.dither_bits)
        whole = ((product << (point - fraction)) + (dither << (point - circuit.dither_bits))) >> point
        largest = (1 << circuit.increment_bits - 1) - 1
        held = max(-largest, min(largest, whole))
        self.increment_saturated |= held != whole
        return held
