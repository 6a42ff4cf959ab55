"""What kernels read and write: named tuples of arrays. Tables are fixed per die, states change.

n_in, n_out: a layer's rows and columns. Row n_in of a synapse array is the bias, a synapse that spikes at every step.
S: windows (samples) in a chunk, T: steps of a window. Voltages and weights are in units of the nominal threshold.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chipsim.design import Adc


class PulseTables(NamedTuple):
    """What is wrong with a layer's update pulses and with the devices that they write."""

    imperfect: Any  # bool scalar: any of the below departs from ideal
    temporal: Any  # bool scalar: a write draws random numbers
    up: Any  # (n_out,) float32, factor of a pulse that raises the weight
    down: Any  # (n_out,) float32, factor of a pulse that lowers it
    gain: Any  # (1, n_out) or (n_in + 1, n_out) float32, factor of a synapse's pulse
    cycle: Any  # (n_out,) float32, sigma of a write's relative size
    noise: Any  # (n_out,) float32, sigma of what a write adds, in full scales of the weight
    step_up: Any  # (k,) float32, relative step at k even places from the low to the high end of the range
    step_down: Any  # (k,) float32
    bounded: Any  # bool scalar: the range is limited and the two tables above count
    key: Any  # (2,) uint64, stream of the writes' random numbers


class CodedSynapses(NamedTuple):
    """The stored side of a crossbar with few-bit weights; row n_in is the bias. Empty for analog weights."""

    code: Any  # (n_in + 1, n_out) int16, in LSB
    residue: Any  # (n_in + 1, n_out) int16, in LSB / 2^bits: what the update accumulators hold
    top_code: Any  # int32 scalar, the largest magnitude of a code
    accumulator_bits: Any  # int32 scalar


class AdcCodes(NamedTuple):
    """Room for the codes of a layer's membranes. n: its columns rounded up to whole vectors."""

    adc: Adc
    codes: Any  # (S, T, n) uint8


NO_CODES = AdcCodes(Adc(np.float32(0), np.float32(1), np.float32(1)), np.zeros((0, 0, 0), np.uint8))


class CircuitTables(NamedTuple):
    """What is said once for a layer's neurons and learning circuits as fabricated."""

    layer: Any  # int64 scalar, 0-based, part of every counter-based draw
    exponential: Any  # bool scalar: column currents decay from step to step
    scales: Any  # bool scalar: charge from shared synapses does not move all membranes alike
    noisy: Any  # bool scalar: any noise at all, of membranes or reads
    reads: Any  # bool scalar: any read noise
    noise_key: Any  # (2,) uint64, stream of the membrane noise
    has_misses: Any  # bool scalar: any neuron misses spikes
    missed_key: Any  # (2,) uint64, stream of the missed counts
    warm_up: Any  # int64 scalar, steps without updates at the start of a window
    # (1,) or (n_in,) float32: what is left of a row's trace after one step, see chipsim.layout.eligibility
    trace_decay: Any
    trace_offset: Any  # likewise, what is taken off a trace where a rule asks for that
    dither_key: Any  # (2,) uint64, stream of the update rounding
    dither_bits: Any  # int64 scalar, of an update rounded by shift registers: see `ColumnBlock.registers`
    taps: Any  # uint32 scalar, of these registers; 0: none, the rounding is drawn from counters
    update: PulseTables


class SynapseTables(NamedTuple):
    """A layer's synapses as fabricated, and the scales chosen when it was programmed."""

    gain: Any  # (1, n_out) or (n_in + 1, n_out) float32; empty in a block that has `devices`
    devices: Any  # (n_columns, n_in + 1, 2) float32, gain and pulse gain, where imperfect analog writes need them so
    coded: Any  # bool scalar: few-bit weights
    lsb: Any  # float32 scalar, one code step of a weight
    bias_lsb: Any  # float32 scalar, one code step of a bias
    full_scale: Any  # float32 scalar, largest magnitude of an analog weight or bias as programmed, of a code as stored


class SynapseState(NamedTuple):
    """A layer's synapses as they are now."""

    weight: Any  # (n_in + 1, n_out) float32, what the crossbar delivers: gain included
    coded: CodedSynapses


class ColumnBlock(NamedTuple):
    """Some neighbouring columns of a layer with all that belongs to them.

    Arrays are as wide as whole vectors (see chipsim.layout.column_blocks): columns from n_columns on are padding and do
    nothing. Which row of `tables`, `numbers` and `lasting` is which: `chipsim.layout.fields`.
    """

    first: Any  # int64 scalar, number of the first column within the layer
    n_columns: Any  # int64 scalar
    synapses: SynapseTables
    state: SynapseState
    tables: Any  # (P or 1, F, n) float32, fabricated fields of neurons and their learning circuits
    disturbances: Any  # (P or 1, D, n) float32, see DISTURBANCES
    numbers: Any  # (m,) float32, fabricated fields of the layer
    lasting: Any  # (P, L, n) float32, state that stays from window to window
    circuit: CircuitTables
    registers: Any  # (n,) uint32, states of the neurons' shift registers, see `learning_circuit.shift_register`

    @property
    def columns(self) -> slice:
        """Its columns within the layer."""
        return slice(int(self.first), int(self.first + self.n_columns))


def row_type(n_in: int) -> Any:
    """The narrowest type that row numbers of a layer come in: they are read in the innermost loop."""
    return np.uint16 if n_in <= 1 << 16 else np.int32


class Events(NamedTuple):
    """Input of a layer: at step t of window s, rows[s, begin[s, t]:end[s, t]] carry a spike.

    With amplitudes the input is a constant current instead: the same rows at every step of a window, row rows[s, k] at
    amplitude[s, k]. Of sequences T are the steps of all their windows.
    """

    rows: Any  # (S, capacity) of row_type(n_in) or int32, ascending within a step, each at most once
    begin: Any  # (S, T) int32
    end: Any  # (S, T) int32
    amplitude: Any  # (S, capacity) float32 for a constant current; (0, 0) for spikes


class ProbeTables(NamedTuple):
    """What is watched of k neurons of a layer, step by step, and of the synapses between them and r of its input rows.

    Synapses stay empty (S = 0) where a chip only infers.
    """

    neurons: Any  # (k,) int64
    rows: Any  # (r,) int64, n_in for the bias
    input: Any  # (S, T, r) float32, what the rows carry: 1 for a spike or a bias, an amplitude, or 0
    shown: Any  # (S, T, f, k) float32, f fields of the neurons' state
    weight: Any  # (S, T, k, r) float32, what the synapses deliver after the step's writes
    code: Any  # (S, T, k, r) int16, what they store in LSB; empty for analog weights
    residue: Any  # (S, T, k, r) int16, what their update accumulators hold; empty for analog weights


class Record(NamedTuple):
    """What a layer leaves behind of each presentation, of L windows (see `ChipSpec.windows`)."""

    spike_bits: Any  # spikes as bits, see chipsim.layout.spike_bits
    count: Any  # (S, L, n) float32: spike accumulator at the end of a window; n: n_out rounded up to whole vectors
    membrane: Any  # (S, L, n) float32 at the end of a window, or none (0, L, n)
    probed: ProbeTables  # of the neurons that are probed
    reading: AdcCodes  # of the whole layer, for a host that reads it back
    lengths: Any  # (S,) int64, windows that each presentation has; (0,) where all have one
