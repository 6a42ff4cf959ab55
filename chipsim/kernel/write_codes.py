"""Writes of few-bit weights: what `learning_circuit.update_accumulator` says, for a row's open columns.

Sixteen columns at a time, those without an open one left out: a closed column has a pulse of 0, which changes nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.kernel.step_curves import curved
from chipsim.simd import (
    LANES,
    Integers,
    Lanes,
    Sequence,
    inlined,
    nonzero,
    outlined,
    packed,
    population_of,
    repeated,
    sequences,
)
from learning_circuit import carried, counted_pulse


def _collected(
    builder: Any,
    rows: tuple[Sequence, ...],
    start: Any,
    counted: Lanes,
    asked: Lanes,
    lsb: Lanes,
    bits: Integers,
    low: Any,
    top: Any,
) -> list[Any]:
    """Add whole units to the accumulators of sixteen neighbours, write what overflows.

    rows: weights, gains, codes and residues of a row; counted: floats; asked: not 0 where a column is open; low, top:
    the range of codes. Returns how many codes changed and how many were held back.
    """
    weights, gain_row, code_row, residue_row = rows
    gain = gain_row.load(start)
    code, residue = (Integers.of(row.load(start)) for row in (code_row, residue_row))
    moves = gain.not_equal(0.0)  # else stuck
    total = residue + moves.where(counted, 0.0).whole()
    carry = carried(total, bits)
    wanted = code + carry
    new: Any = (wanted > top).where(top, (wanted < low).where(low, wanted))
    code_row.store(start, new.narrow())
    residue_row.store(start, (total - (carry << bits)).narrow())
    delivered = gain * (new.astype(np.float32) * lsb)
    opens = moves & asked.not_equal(0.0)
    weights.store(start, opens.where(delivered, weights.load(start)))
    return [population_of(builder, new.not_equal(other)) for other in (code, wanted)]


def _write_of_sixteen(from_zero: bool) -> Any:
    """Code that writes sixteen neighbours of a row, and returns how many codes changed and how many were held back.

    from_zero: whether the lowest code is 0; the step of a code is then that of its place in the range.
    """

    @intrinsic
    def write(
        context,
        effective,
        gains,
        codes,
        residues,
        asked,
        pulses,
        dithers,
        steps_up,
        steps_down,
        start,
        amplitude,
        units,
        lsb,
        bits,
        top,
    ):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            weights, gain_row, code_row, residue_row, asked_row, pulse_row, dither_row, up, down = sequences(
                context, builder, signature.args[:9], values[:9]
            )
            start = values[9]
            amplitude, units, lsb = (repeated(builder, value) for value in values[10:13])
            bits, top = (Integers.of(repeated(builder, value)) for value in values[13:])
            pulse = pulse_row.load(start)
            low: Any = top - top if from_zero else -top
            if from_zero:
                code = Integers.of(code_row.load(start)).astype(np.float32)
                relative = [curved(steps, code / top.astype(np.float32)) for steps in (up, down)]
                pulse = pulse * (pulse * amplitude > 0.0).where(*relative)
            counted = counted_pulse(pulse, units, dither_row.load(start))
            rows, asked_here = (weights, gain_row, code_row, residue_row), asked_row.load(start)
            return packed(builder, _collected(builder, rows, start, counted, asked_here, lsb, bits, low, top))

        index, number, whole = types.uint64, types.float32, types.int32
        arguments = (effective, gains, codes, residues, asked, pulses, dithers, steps_up, steps_down)
        return types.UniTuple(types.int64, 2)(*arguments, index, number, number, number, whole, whole), generate

    return write


def _row_writer(from_zero: bool) -> Any:
    write = _write_of_sixteen(from_zero)

    @outlined
    def write_row(weight, gain, synapses, row, lsb, amplitude, asked, pulses, dither, steps_up, steps_down):
        """Add pulse amplitude to the accumulators of a row's open columns, write what overflows.

        weight (n_in + 1, n): what the crossbar delivers, n a multiple of LANES; gain (1 or n_in + 1, n); lsb: weight of
        one code step, in thresholds; asked (n,): not 0 where a column is open; pulses: (n,), 0 where it is not, see
        `pulse_errors`; dither: (n,) float32 uniform on [0, 1); steps_up, steps_down: relative steps of unipolar
        synapses. A synapse of gain 0 takes no pulse: it is stuck.
        Returns (codes changed, codes held back at the end of their range).
        """
        codes, residues, effective = synapses.code[row], synapses.residue[row], weight[row]
        gains = gain[row if len(gain) > 1 else 0]
        bits, top = np.int32(synapses.accumulator_bits), np.int32(synapses.top_code)
        units = np.float32(np.int32(1) << bits) * amplitude / lsb
        written, clipped = np.int64(0), np.int64(0)
        for start in range(np.uint64(0), np.uint64(len(asked)), np.uint64(LANES)):
            if nonzero(asked, start) == 0:
                continue
            changed, held = write(
                effective, gains, codes, residues, asked, pulses, dither, steps_up, steps_down, start, amplitude,
                units, lsb, bits, top,
            )  # fmt: skip
            written += changed
            clipped += held
        return written, clipped

    return write_row


@intrinsic
def _add_to_sixteen(context, effective, gains, codes, residues, increments, start, lsb, bits, top):
    """As `_write_of_sixteen`, of pulses that are whole units already."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        *rows, increment_row = sequences(context, builder, signature.args[:5], values[:5])
        start, increment = values[5], increment_row.load(values[5])
        lsb = repeated(builder, values[6])
        bits, top = (Integers.of(repeated(builder, value)) for value in values[7:])
        return packed(builder, _collected(builder, tuple(rows), start, increment, increment, lsb, bits, -top, top))

    arguments = (effective, gains, codes, residues, increments, types.uint64, types.float32, types.int32, types.int32)
    return types.UniTuple(types.int64, 2)(*arguments), generate


@inlined
def add_to_coded_row(weight, gain, synapses, row, lsb, increments):
    """As `write_coded_row`, of increments (n,), whole float32, 0 where a column is shut."""
    codes, residues, effective = synapses.code[row], synapses.residue[row], weight[row]
    gains = gain[row if len(gain) > 1 else 0]
    bits, top = np.int32(synapses.accumulator_bits), np.int32(synapses.top_code)
    written, clipped = np.int64(0), np.int64(0)
    for start in range(np.uint64(0), np.uint64(len(increments)), np.uint64(LANES)):
        if nonzero(increments, start) == 0:
            continue
        changed, held = _add_to_sixteen(effective, gains, codes, residues, increments, start, lsb, bits, top)
        written += changed
        clipped += held
    return written, clipped


write_coded_row, write_unipolar_row = _row_writer(from_zero=False), _row_writer(from_zero=True)
