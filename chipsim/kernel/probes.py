"""What probes note down, between the stages of a step. They copy what the chip works on and write nothing else."""

from __future__ import annotations

import numpy as np

from chipsim.kernel.gate import error_of, passes
from chipsim.kernel.neuron import integrate
from chipsim.simd import outlined

_ZERO = np.float32(0)
_ONE = np.float32(1)


@outlined
def probe_neurons(neuron_state, block, signals, s, t):
    """Note what the probed neurons show once they have fired. Only ever reads what the chip works on."""
    first, last = block.first, block.first + block.n_columns
    neurons = block.neurons
    for k in range(len(signals.neurons)):
        if first <= signals.neurons[k] < last:
            i = signals.neurons[k] - first
            u, spiked = neuron_state.membrane[i], neuron_state.spiked[i]
            signals.current[s, t, k] = neuron_state.synaptic[i] if neurons.exponential else neuron_state.drive[i]
            signals.noise[s, t, k] = neuron_state.noise[t % 4, i]
            signals.membrane[s, t, k] = u
            signals.kept[s, t, k] = integrate(
                u, spiked, _ZERO, neurons.decay[i], neurons.reset_charge[i], neurons.zero_reset
            )
            signals.count[s, t, k] = neuron_state.count[i]


@outlined
def probe_input(events, window, bias, signals, s, t):
    """Note what the probed rows carry: at step t of a window of `events`, as window s of the chunk."""
    for r in range(len(signals.rows)):
        signals.input[s, t, r] = _ONE if signals.rows[r] == bias else _ZERO
        for e in range(events.begin[window, t], events.end[window, t]):
            if events.rows[window, e] == signals.rows[r]:
                signals.input[s, t, r] = events.amplitude[window, e] if len(events.amplitude) > 0 else _ONE


@outlined
def probe_learning(neuron_state, block, signals, s, t, per_step):
    """Note what the probed neurons' learning circuits show once they have written."""
    first, last = block.first, block.first + block.n_columns
    circuit, state = block.circuit, block.state
    for k in range(len(signals.neurons)):
        if first <= signals.neurons[k] < last:
            i = signals.neurons[k] - first
            signals.target_count[s, t, k] = neuron_state.target_count[i]
            signals.error[s, t, k] = error_of(neuron_state.target_count, neuron_state.count, circuit, per_step, i)
            signals.boxcar[s, t, k] = np.uint8(passes(neuron_state.membrane, circuit, i))
            signals.pulse[s, t, k] = neuron_state.pulse[i] if t >= circuit.warm_up else _ZERO
            for r in range(len(signals.rows)):
                row = signals.rows[r]
                signals.weight[s, t, k, r] = state.weight[row, i]
                if block.synapses.coded:
                    signals.code[s, t, k, r] = state.coded.code[row, i]
                    signals.residue[s, t, k, r] = state.coded.residue[row, i]
