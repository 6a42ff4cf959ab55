"""What probes note down once a step is taken. They copy what the chip works on and write nothing else."""

from __future__ import annotations

import numpy as np

from chipsim.simd import outlined

_ZERO = np.float32(0)
_ONE = np.float32(1)


@outlined
def probe_neurons(state, lasting, rows, probed, s, t, first, n_columns):
    """What the probed neurons show. state: (F, n), lasting: (L, n), of a position's columns from neuron `first` on.

    rows: the field of every shown one, as a row of `state` or, from F on, of `lasting`; a negative one is not there.
    """
    for k in range(len(probed.neurons)):
        if first <= probed.neurons[k] < first + n_columns:
            i = probed.neurons[k] - first
            for f in range(len(rows)):
                row = rows[f]
                if row >= len(state):
                    probed.shown[s, t, f, k] = lasting[row - len(state), i]
                elif row >= 0:
                    probed.shown[s, t, f, k] = state[row, i]


@outlined
def probe_input(events, place, bias, probed, s, t):
    """Note what the probed rows carry: at step t of window `place` of `events`, as window s of the chunk."""
    for r in range(len(probed.rows)):
        probed.input[s, t, r] = _ONE if probed.rows[r] == bias else _ZERO
        for e in range(events.begin[place, t], events.end[place, t]):
            if events.rows[place, e] == probed.rows[r]:
                probed.input[s, t, r] = events.amplitude[place, e] if len(events.amplitude) > 0 else _ONE


@outlined
def probe_synapses(crossbar, probed, s, t, first, n_columns):
    """What the probed neurons' synapses hold once they have been written."""
    for k in range(len(probed.neurons)):
        if first <= probed.neurons[k] < first + n_columns:
            i = probed.neurons[k] - first
            for r in range(len(probed.rows)):
                row = probed.rows[r]
                probed.weight[s, t, k, r] = crossbar.state.weight[row, i]
                if crossbar.synapses.coded:
                    probed.code[s, t, k, r] = crossbar.state.coded.code[row, i]
                    probed.residue[s, t, k, r] = crossbar.state.coded.residue[row, i]
