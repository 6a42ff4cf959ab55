"""Tables and working state of a layer's positions: one array for all of them, and what belongs to one as a view.

Arrays of a dense layer have an axis more here: neurons' are (P, n), crossbars' (K, rows, n) and their drivers' (K, n),
P being the positions and K the crossbars, one for all positions or one for each. Neurons' tables that are the same at
every position are kept once, (1, n), so that they stay in the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.layout.neuron_state import MissState, NeuronState, Writing, new_neuron_state
from chipsim.layout.tables import (
    CircuitTables,
    CodedSynapses,
    ColumnBlock,
    NeuronTables,
    PulseTables,
    SynapseState,
    SynapseTables,
)
from chipsim.simd import inlined_in_python, placed


def new_neuron_states(n_positions: int, n: int, n_in: int) -> NeuronState:
    """Working state of n columns of n_in synapses at each position; what a step alone needs is shared by all."""
    one, four = (n_positions, n), (n_positions, 4, n)

    def kept(place: int, shape: tuple[int, ...] = one, kind: Any = np.float32) -> Any:
        return placed(place, shape, kind)

    neuron_state = new_neuron_state(n, n_in, 0)
    return neuron_state._replace(
        membrane=kept(0),
        spiked=kept(2),
        count=kept(4),
        target_count=kept(8),
        drive=kept(12),
        synaptic=kept(14),
        noise=kept(11, four),
        dither=kept(15, four),
        all_spikes=kept(4),
        miss_state=neuron_state.miss_state._replace(before=kept(10), so_far=kept(12, kind=np.int32)),
        writing=neuron_state.writing._replace(words=kept(13, (n_positions, 2, n), np.uint32)),
    )


def deduplicated(layer: ColumnBlock) -> ColumnBlock:
    """A layer whose neurons' tables keep one position where all are the same."""

    def once(table: NDArray[np.float32]) -> NDArray[np.float32]:
        return table[:1] if (table == table[0]).all() else table

    neurons, circuit = layer.neurons, layer.circuit
    return layer._replace(
        neurons=neurons._replace(
            decay=once(neurons.decay),
            current_decay=once(neurons.current_decay),
            threshold=once(neurons.threshold),
            reset_charge=once(neurons.reset_charge),
            noise=once(neurons.noise),
            read_noise=once(neurons.read_noise),
        ),
        circuit=circuit._replace(
            boxcar_low=once(circuit.boxcar_low),
            boxcar_high=once(circuit.boxcar_high),
            comparator_offset=once(circuit.comparator_offset),
            miss_probability=once(circuit.miss_probability),
            missed_per_log=once(circuit.missed_per_log),
        ),
    )


@inlined_in_python
def _at(table, p):
    """Position p of a table that may be kept once."""
    return table[min(np.uint64(p), np.uint64(len(table) - 1))]


@inlined_in_python
def neuron_state_at(neuron_state, p):
    """The working state of position p."""
    p = np.uint64(p)  # a signed index would be looked at: from the end, if negative
    miss_state, writing = neuron_state.miss_state, neuron_state.writing
    return NeuronState(
        neuron_state.drive[p],
        neuron_state.synaptic[p],
        neuron_state.current,
        neuron_state.noise[p],
        neuron_state.words,
        neuron_state.membrane[p],
        neuron_state.spiked[p],
        neuron_state.count[p],
        neuron_state.target_count[p],
        neuron_state.pulse,
        neuron_state.scaled,
        neuron_state.dither[p],
        neuron_state.all_spikes[p],
        MissState(miss_state.before[p], miss_state.so_far[p], miss_state.words, miss_state.one_word),
        Writing(
            writing.open,
            writing.opened,
            writing.row_pulse,
            writing.numbers,
            writing.listed,
            writing.words[p],
        ),
        neuron_state.nothing,
        neuron_state.eligibility,
    )


@inlined_in_python
def block_at_position(block, p, n_columns):
    """A block's columns at position p, as a block of a dense layer would be. n_columns: of a position."""
    k = min(np.uint64(p), np.uint64(len(block.state.weight) - 1))
    synapses, state, coded = block.synapses, block.state, block.state.coded
    return ColumnBlock(
        p * n_columns + block.first,
        block.n_columns,
        SynapseTables(
            synapses.gain[k],
            synapses.devices[k],
            synapses.coded,
            synapses.lsb,
            synapses.bias_lsb,
            synapses.full_scale,
        ),
        SynapseState(
            state.weight[k],
            CodedSynapses(coded.code[k], coded.residue[k], coded.top_code, coded.accumulator_bits),
        ),
        _neurons_at(block.neurons, p),
        _circuit_at(block.circuit, p, k),
    )


@inlined_in_python
def _neurons_at(neurons, p):
    return NeuronTables(
        _at(neurons.decay, p),
        neurons.exponential,
        _at(neurons.current_decay, p),
        _at(neurons.threshold, p),
        _at(neurons.reset_charge, p),
        neurons.zero_reset,
        neurons.low_rail,
        neurons.high_rail,
        neurons.integrating,
        neurons.peak,
        _at(neurons.noise, p),
        neurons.noisy,
        _at(neurons.read_noise, p),
        neurons.reads,
        neurons.noise_key,
        neurons.layer,
    )


@inlined_in_python
def _circuit_at(circuit, p, k):
    update = circuit.update
    return CircuitTables(
        circuit.accumulator_full,
        circuit.slope,
        circuit.step_size,
        circuit.dead_zone,
        circuit.warm_up,
        circuit.traced,
        circuit.trace_decay,
        _at(circuit.boxcar_low, p),
        _at(circuit.boxcar_high, p),
        circuit.dither_key,
        _at(circuit.comparator_offset, p),
        _at(circuit.miss_probability, p),
        _at(circuit.missed_per_log, p),
        circuit.has_misses,
        circuit.missed_key,
        PulseTables(
            update.imperfect,
            update.temporal,
            update.up[k],
            update.down[k],
            update.gain[k],
            update.cycle[k],
            update.noise[k],
            update.step_up,
            update.step_down,
            update.bounded,
            update.key,
        ),
    )
