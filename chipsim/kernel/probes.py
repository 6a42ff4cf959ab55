"""What probes note down, between the stages of a step. They copy what the chip works on and write nothing else."""

from __future__ import annotations

import numpy as np

from chipsim.kernel.gate import error_of, passes
from chipsim.kernel.neuron import integrate
from chipsim.simd.kernel import rare_stage

_ZERO = np.float32(0)
_ONE = np.float32(1)


@rare_stage
def note(columns, block, signals, s, t):
    """Note what the probed neurons show once they have fired. Only ever reads what the chip works on."""
    first, last = block.first, block.first + block.n_columns
    neurons = block.neurons
    for k in range(len(signals.neurons)):
        if first <= signals.neurons[k] < last:
            i = signals.neurons[k] - first
            u, spiked = columns.membrane[i], columns.spiked[i]
            signals.current[s, t, k] = columns.synaptic[i] if neurons.exponential else columns.drive[i]
            signals.noise[s, t, k] = columns.noise[t % 4, i]
            signals.membrane[s, t, k] = u
            signals.kept[s, t, k] = integrate(
                u, spiked, _ZERO, neurons.decay[i], neurons.reset_charge[i], neurons.zero_reset
            )
            signals.count[s, t, k] = columns.count[i]


@rare_stage
def note_input(events, window, bias, signals, s, t):
    """Note what the probed rows carry: at step t of a window of `events`, as window s of the chunk."""
    for r in range(len(signals.rows)):
        signals.input[s, t, r] = _ONE if signals.rows[r] == bias else _ZERO
        for e in range(events.begin[window, t], events.end[window, t]):
            if events.rows[window, e] == signals.rows[r]:
                signals.input[s, t, r] = events.amplitude[window, e] if len(events.amplitude) > 0 else _ONE


@rare_stage
def note_learning(columns, block, signals, s, t, per_step):
    """Note what the probed neurons' learning circuits show once they have written."""
    first, last = block.first, block.first + block.n_columns
    circuit, state = block.circuit, block.state
    for k in range(len(signals.neurons)):
        if first <= signals.neurons[k] < last:
            i = signals.neurons[k] - first
            signals.target_count[s, t, k] = columns.target_count[i]
            signals.error[s, t, k] = error_of(columns.target_count, columns.count, circuit, per_step, i)
            signals.boxcar[s, t, k] = np.uint8(passes(columns.membrane, circuit, i))
            signals.pulse[s, t, k] = columns.pulse[i] if t >= circuit.warm_up else _ZERO
            for r in range(len(signals.rows)):
                row = signals.rows[r]
                signals.weight[s, t, k, r] = state.weight[row, i]
                if block.synapses.coded:
                    signals.code[s, t, k, r] = state.coded.code[row, i]
                    signals.residue[s, t, k, r] = state.coded.residue[row, i]
