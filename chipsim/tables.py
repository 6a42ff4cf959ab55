"""What kernels read and write: named tuples of arrays. Tables are fixed per die, states change.

n_in, n_out: a layer's rows and columns. Row n_in of a synapse array is the bias, a synapse that spikes at every step.
S: windows (samples) in a chunk, T: steps of a window. Voltages and weights are in units of the nominal threshold.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from learning_circuit.update_accumulator import CodedSynapses


class NeuronTables(NamedTuple):
    """A layer's neurons as fabricated."""

    decay: Any  # (n_out,) float32, a of Eq. 1: what is left of the membrane after one step
    threshold: Any  # (n_out,) float32, infinite where a neuron never fires
    reset_charge: Any  # (n_out,) float32, what a subtractive reset removes; 0 if the reset is to zero
    zero_reset: Any  # float32 scalar, 1 if a spike empties the membrane, else 0
    low_rail: Any  # float32 scalar
    high_rail: Any  # float32 scalar
    integrating: Any  # bool scalar: a readout that never fires; its "count" is membrane / threshold
    noise: Any  # (n_out,) float32, sigma of the membrane noise per step
    noisy: Any  # bool scalar: any noise at all, of membranes or reads
    read_noise: Any  # (n_out,) float32, sigma of a synaptic event's charge, in full-scale weights
    reads: Any  # bool scalar: any read noise
    noise_key: Any  # (2,) uint64, stream of the membrane noise
    layer: Any  # int64 scalar, 0-based, part of every counter-based draw


class CircuitTables(NamedTuple):
    """A layer's learning circuits as fabricated."""

    accumulator_full: Any  # float32 scalar, counts
    slope: Any  # float32 scalar, see learning_circuit.error_gate
    pulse: Any  # float32 scalar
    dead_zone: Any  # float32 scalar, counts
    warm_up: Any  # int64 scalar, steps without updates at the start of a window
    boxcar_low: Any  # (n_out,) float32
    boxcar_high: Any  # (n_out,) float32
    dither_key: Any  # (2,) uint64, stream of the update rounding


class SynapseTables(NamedTuple):
    """A layer's synapses as fabricated, and the scales chosen when it was programmed."""

    gain: Any  # (1, n_out) or (n_in + 1, n_out) float32
    coded: Any  # bool scalar: few-bit weights
    lsb: Any  # float32 scalar, one code step of a weight
    bias_lsb: Any  # float32 scalar, one code step of a bias
    full_scale: Any  # float32 scalar, largest magnitude of an analog weight or bias as programmed, of a code as stored


class SynapseState(NamedTuple):
    """A layer's synapses as they are now."""

    weight: Any  # (n_in + 1, n_out) float32, what the crossbar delivers: gain included
    coded: CodedSynapses


class Block(NamedTuple):
    """Some neighbouring columns of a layer with all that belongs to them; a whole layer is a block, too."""

    first: Any  # int64 scalar, number of the first column within the layer
    synapses: SynapseTables
    state: SynapseState
    neurons: NeuronTables
    circuit: CircuitTables


class Events(NamedTuple):
    """Input of a layer: at step t of window s, rows[s, begin[s, t]:end[s, t]] carry a spike.

    With amplitudes the input is a constant current instead: the same rows at every step, row rows[s, k] at
    amplitude[s, k].
    """

    rows: Any  # (S, capacity) int32, ascending within a step, each at most once
    begin: Any  # (S, T) int32
    end: Any  # (S, T) int32
    amplitude: Any  # (S, capacity) float32 for a constant current; (0, 0) for spikes


class Record(NamedTuple):
    """What a layer leaves behind of each window."""

    spikes: Any  # (S, T, n_out rounded up to eights) uint8, 0 or 1; what is beyond n_out stays 0
    count: Any  # (S, n_out) float32: spike accumulator at the end of the window
    membrane: Any  # (S, n_out) float32 at the end of the window
    probed: Any  # (k,) int64, neurons whose membrane is traced
    trace: Any  # (S, T, k) float32, their membrane as the comparator sees it
