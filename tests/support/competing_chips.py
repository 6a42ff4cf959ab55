"""Small chips whose neurons compete and learn by the timing of spikes, and what they are shown."""

import numpy as np
from small_chips import lesson, spec_of

NEURON = {"kind": "winner_take_all", "tau_steps": 4.0, "kind_settings": {"inhibited_steps": 1, "theta_step": 0.1}}
CIRCUIT = {"rule": "stdp", "trace_tau_steps": 3.0, "rule_settings": {"w_max_th": 0.5}}


def competing_spec(n=20, noise=(), neuron=None, circuit=None, steps=12, n_in=9):
    """One layer of n neurons; neuron and circuit are dicts."""
    return spec_of((n_in, n), steps, noise, NEURON | (neuron or {}), CIRCUIT | (circuit or {}))


def unipolar_lesson(spec, seed=1, n_windows=3, rate=0.2):
    """As `lesson`, from weights all over the range and without biases."""
    task, rng = lesson(spec, seed, n_windows, rate), np.random.default_rng(seed)
    w_max = spec.learning_circuit.rule_settings["w_max_th"]
    shape = spec.layer_sizes
    task.weights = [(rng.uniform(0, w_max, shape).astype(np.float32), np.zeros(shape[1], np.float32))]
    return task
