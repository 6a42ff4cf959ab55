"""Each design rule's claim, simulated: breaking it costs accuracy, and the rule tells the two designs apart.

Runs of a 64-32-10 network on digits, the figures means of two dies.
"""

from functools import cache

import numpy as np
import pytest

from chipsim.design_rules import RULES, Design
from chipsim.physical import load, noise_of
from host.run import resolve, run

BASE = {"hidden": [32], "noise": ["mismatch:0.5"], "training.epochs": 8, "teacher.epochs": 60}
RANDOM = {"training.start": "random", "training.epochs": 20}
DIES = (3, 4)
TAU_STEPS = 3.5
LATENCY = {
    "encoding": "log-latency",
    "steps": 20,
    "neuron.kind": "lif",
    "neuron.tau_steps": TAU_STEPS,
    "neuron.synapse_tau_steps": TAU_STEPS,
    "learning_circuit.warm_up_steps": 1,
}


def few_bits(bits, update_accumulator_bits, **synapse):
    noise = ["mismatch:0.5", f"quantization:{bits}"]
    synapse = {f"synapse.{name}": value for name, value in synapse.items()}
    return {"noise": noise, "learning_circuit.update_accumulator_bits": update_accumulator_bits, **synapse}


def integers(**circuit):
    """Circuits that compute with integers."""
    circuit = {f"learning_circuit.{name}": value for name, value in circuit.items()}
    return {"learning_circuit.arithmetic": "integer", "synapse.weight_bits": 4, **circuit}


def noisy(level, **more):
    return {"noise": ["mismatch:0.5", f"thermal:{level}"], **more}


# rule -> settings that break it, settings that keep it, which accuracy suffers, by how much at least
CLAIMS = {
    "accumulator-overflow": (
        {"learning_circuit.accumulator_bits": 2},
        {"learning_circuit.accumulator_bits": 5},
        "after",
        0.1,
    ),
    "upper-rail": ({"neuron.high_rail_th": 1.0}, {"neuron.high_rail_th": 3.0}, "after", 0.2),
    "boxcar-rest": (RANDOM | {"learning_circuit.boxcar_width_th": 1.0}, RANDOM, "after", 0.05),
    "boxcar-random-start": (RANDOM | {"learning_circuit.boxcar_width_th": 1.0}, RANDOM, "after", 0.05),
    "boxcar-rail": (RANDOM | {"neuron.low_rail_th": -2.0}, RANDOM, "after", 0.1),
    "leak": (
        {"neuron.kind": "lif", "neuron.tau_steps": 1},
        {"neuron.kind": "lif", "neuron.tau_steps": 8},
        "ideal",
        0.1,
    ),
    "membrane-noise": (noisy(1.0), noisy(0.05), "after", 0.05),
    "boxcar-noise": (noisy(1.0, **{"learning_circuit.boxcar_width_th": 0.2}), noisy(1.0), "after", 0.1),
    "reachable-charge": (few_bits(6, 8, full_scale_th=0.05), few_bits(6, 8, full_scale_th=0.4), "after", 0.1),
    "lsb-charge": (few_bits(3, 8, full_scale_th=1.0), few_bits(3, 8, full_scale_th=0.3), "after", 0.1),
    "update-step": (few_bits(3, 0), few_bits(3, 8), "after", 0.2),
    "weight-bits": (few_bits(2, 8), few_bits(4, 8), "after", 0.05),
    "step-word-largest": (integers(step_word_bits=2, step_word_fraction_bits=12), integers(), "after", 0.2),
    "step-word-smallest": (
        integers(update_accumulator_bits=4, step_word_fraction_bits=0),
        integers(update_accumulator_bits=4),
        "after",
        0.2,
    ),
    "increment-range": (
        integers(update_accumulator_bits=14, increment_bits=2),
        integers(update_accumulator_bits=14, increment_bits=16),
        "after",
        0.05,
    ),
    "presynaptic-trace": (LATENCY, LATENCY | {"learning_circuit.trace_tau_steps": 2 * TAU_STEPS}, "after", 0.2),
}


@cache
def accuracy(settings, die):
    """Of one run; settings as sorted pairs."""
    return run(resolve(None, {**BASE, **dict(settings), "die": die, "seed": die})).summary["accuracy"]


def mean_accuracy(settings, which):
    pairs = tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in sorted(settings.items()))
    return np.mean([accuracy(pairs, die)[which] for die in DIES])


def design_of(settings):
    spec = resolve(None, BASE | settings)
    one_spike = "latency" in spec.encoding
    return Design(spec.design(64, 10), start=spec.training.start, learning_rate=2e-3, one_spike=one_spike)


@pytest.mark.parametrize("name", CLAIMS)
def test_breaking_a_rule_hurts(name):
    broken, kept, which, loss = CLAIMS[name]
    assert RULES[name].check(design_of(broken)).severity in ("warning", "error")
    assert RULES[name].check(design_of(kept)).severity in ("ok", "note")
    assert mean_accuracy(kept, which) - mean_accuracy(broken, which) > loss


def with_tables(physical, **tables):
    parts = {name: getattr(physical, name).model_copy(update=figures) for name, figures in tables.items()}
    return physical.model_copy(update=parts)


def test_a_small_capacitor_hurts():
    """kT/C: the noise that a run takes from a chip's capacitance and temperature."""
    chips = [
        with_tables(load("ideal"), neuron={"membrane_capacitance_ff": c}, process={"temperature_k": 300.0})
        for c in (2e-7, 5.0)
    ]
    severities = [RULES["ktc-noise"].check(Design(design_of({}).chip, chip)).severity for chip in chips]
    assert severities == ["error", "ok"]
    small, large = (mean_accuracy({"noise": ["mismatch:0.5", *noise_of(chip)]}, "after") for chip in chips)
    assert large - small > 0.05


# What a chip cannot hold or is too slow for is arithmetic, not a claim about learning: see tests/chipsim.
ARITHMETIC = {"circuit", "step-cycles", "fan-in", "columns", "cores", "link-bandwidth", "idle-noise"}
IN_SPICE = {"step-phases", "output-impedance", "source-headroom", "sink-headroom"}  # a run has ideal sources and phases


def test_every_claim_is_simulated():
    assert CLAIMS.keys() | {"ktc-noise"} | ARITHMETIC | IN_SPICE == RULES.keys()
