"""What a design sets in a layer, neuron by neuron: leak, threshold, and what hangs on the threshold.

A DAC is asked code by code. Errors are those of the die's sheet, which multiply what is set; all of it is float64 until
a table holds it.
"""

import math

import numpy as np

F = np.float32


def nearest_code(wanted, bits, low, high):
    """(code, what it sets), of two as near the higher one."""
    top = 2**bits - 1
    step = (high - low) / top
    sets = [low + code * step for code in range(top)] + [high]
    code = max(range(top + 1), key=lambda code: (-abs(sets[code] - wanted), code))
    return code, sets[code]


def leak_of(neuron, layer):
    """1 / tau of a layer, counted from 0, per step; 0 without a leak."""
    if neuron.kind not in ("lif", "adaptive", "winner_take_all"):
        return 0.0
    tau = neuron.tau_steps[layer] if isinstance(neuron.tau_steps, tuple) else neuron.tau_steps
    dac = neuron.leak_dac
    return (
        1 / tau
        if dac.bits is None or neuron.kind != "lif"
        else nearest_code(1 / tau, dac.bits, dac.low_per_step, dac.high_per_step)[1]
    )


def threshold_of(neuron, layer):
    """In nominal thresholds."""
    wanted = neuron.threshold_th[layer] if isinstance(neuron.threshold_th, tuple) else neuron.threshold_th
    dac = neuron.threshold_dac
    return wanted if dac.bits is None else nearest_code(wanted, dac.bits, dac.low_th, dac.high_th)[1]


def restated(spec, layer, made, errors):
    """A fabricated layer with those of its tables said again that follow from leak and threshold."""
    leak = leak_of(spec.neuron, layer)
    tau = 1 / leak if leak > 0 else math.inf
    threshold = threshold_of(spec.neuron, layer) * errors.threshold_gain
    decay = np.exp(-1 / (tau * errors.time_constant_gain)) if leak > 0 else np.ones_like(threshold)
    subtracts = errors.enabled & (spec.neuron.reset != "zero")
    left = (
        decay if spec.neuron.reset == "subtract-before-leak" else 1.0
    )  # of what is taken off, once the leak has acted
    half = spec.learning_circuit.boxcar_width_th / 2
    edges = [
        threshold - half * errors.boxcar_low_gain + errors.boxcar_low_offset,
        threshold + half * errors.boxcar_high_gain + errors.boxcar_high_offset,
    ]
    fires = made.neuron.fires
    if not fires:
        edges = [np.full_like(threshold, -np.inf), np.full_like(threshold, np.inf)]
    tables = {}
    if (
        spec.neuron.kind in ("if", "lif", "adaptive", "winner_take_all") or not fires
    ):  # else they are another neuron's, whatever their names
        tables |= {
            "decay": decay,
            "threshold": np.where(errors.enabled, threshold, np.inf) if fires else threshold,
            "reset_charge": np.where(subtracts, left * (threshold * errors.charge_gain), 0),
        }
        working = 1 if fires else errors.enabled  # no noise reaches a dead readout
        per_step, held = errors.membrane_noise * working, errors.held_noise * working
        tables["first_noise"] = np.hypot(per_step, held)
        tables["noise"] = np.hypot(per_step, held * np.sqrt(1 - decay**2))  # var = a^2 var + what is added
    if spec.learning_circuit.rule == "local_tandem":
        tables |= {"boxcar_low": edges[0], "boxcar_high": edges[1]}
    return made._replace(tables=made.tables._replace(**{name: table.astype(F) for name, table in tables.items()}))
