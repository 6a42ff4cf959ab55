"""Widths and constants of a chip's learning circuit, as its registers have them."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Literal

from chipsim import ChipSpec
from learning_circuit import TAPS

GATES = ("linear", "sign", "ternary")  # their numbers in RTL


@dataclass(frozen=True)
class Circuit:
    """The learning circuit that all columns of a layer share; `Layer` is what else a layer has."""

    gate: Literal["linear", "sign", "ternary"]
    steps: int  # of a window
    warm_up: int  # steps without updates, at most `steps`
    dead_zone: int  # in units of 2^-fraction_bits counts
    accumulator_bits: int
    fraction_bits: int  # of target words, which have one bit more
    update_bits: int  # of update accumulators; their registers have one bit more, the sign
    increment_bits: int
    error_scale: Literal["per_step", "shift", "none"]
    error_shift: int
    power_of_two_rate: bool
    step_word_bits: int
    step_word_fraction_bits: int
    dither_bits: int
    lfsr_bits: int
    lfsr_seed: int  # below 2^32
    sram: bool  # else flip-flops

    @property
    def step_words(self) -> int:
        """How many step words there are: one, or one for each step."""
        return self.steps if self.gate == "linear" and self.error_scale == "per_step" else 1

    @property
    def taps(self) -> int:
        return TAPS[self.lfsr_bits]

    @property
    def count_bits(self) -> int:
        """Of the target accumulator, and of the dead zone."""
        return self.accumulator_bits + self.fraction_bits


@dataclass(frozen=True)
class Layer:
    """A layer's array of synapses."""

    number: int  # from 1
    rows: int  # the bias not counted
    columns: int
    code_bits: int


@dataclass(frozen=True)
class Parameters:
    """Everything that an export depends on."""

    circuit: Circuit
    layers: tuple[Layer, ...]

    @property
    def hash(self) -> str:
        """32 hexadecimal digits of all parameters: exports and vectors with the same one belong together."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:32]

    @property
    def hash_word(self) -> int:
        """Its first 32 bits, which the hardware holds in a register."""
        return int(self.hash[:8], 16)


def parameters_of(design: ChipSpec) -> Parameters:
    """Of a design that `refusals` has nothing against."""
    given = design.learning_circuit
    fraction = design.target_bits - 1
    full = 2**given.accumulator_bits - 1
    dead_zone = 0 if given.error_gate == "sign" else math.floor(given.dead_zone_counts * 2**fraction)
    circuit = Circuit(
        gate=given.error_gate,
        steps=design.steps,
        warm_up=min(given.warm_up_steps, design.steps),
        dead_zone=min(dead_zone, full << fraction),
        accumulator_bits=given.accumulator_bits,
        fraction_bits=fraction,
        update_bits=given.update_accumulator_bits,
        increment_bits=given.increment_bits,
        error_scale=given.error_scale,
        error_shift=given.error_shift,
        power_of_two_rate=given.rate_format == "power_of_two",
        step_word_bits=given.step_word_bits,
        step_word_fraction_bits=given.step_word_fraction_bits,
        dither_bits=given.dither_bits,
        lfsr_bits=given.lfsr_bits,
        lfsr_seed=given.lfsr_seed % 2**32,
        sram=given.update_unit == "sram",
    )
    layers = tuple(
        Layer(number, shape.rows, shape.columns, design.weight_bits_of(number) or 0)
        for number, shape in enumerate(design.shapes, start=1)
    )
    return Parameters(circuit, layers)
