"""Each design rule's claim, simulated: breaking it costs accuracy, and the rule tells the two designs apart.

Runs of a 64-32-10 network on digits, the figures means of three dies.
"""

from functools import cache

import numpy as np
import pytest

from chipsim.check import RULES, Design
from chipsim.physical import load, noise_of
from host.encoders import Encoder
from host.evaluate import evaluate
from host.run import run
from host.run_spec import resolve
from host.setup import prepare

BASE = {"hidden": [32], "noise": ["mismatch:0.5"], "training.epochs": 8, "teacher.epochs": 60}
RANDOM = {"training.start": "random", "training.epochs": 20}
DIES = (3, 4, 5)


def few_bits(bits, update_accumulator_bits):
    noise = ["mismatch:0.5", f"quantization:{bits}"]
    return {"noise": noise, "learning_circuit.update_accumulator_bits": update_accumulator_bits}


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
    "update-step": (few_bits(3, 0), few_bits(3, 8), "after", 0.2),
    "weight-bits": (few_bits(2, 8), few_bits(4, 8), "after", 0.05),
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
    return Design(spec.chip_spec(64, 10), start=spec.training.start, learning_rate=2e-3)


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
        for c in (5e-6, 5.0)
    ]
    severities = [RULES["ktc-noise"].check(Design(design_of({}).chip, chip)).severity for chip in chips]
    assert severities == ["error", "ok"]
    small, large = (mean_accuracy({"noise": ["mismatch:0.5", *noise_of(chip)]}, "after") for chip in chips)
    assert large - small > 0.05


@pytest.fixture(scope="module")
def classified():
    """The accuracy of an ideal chip whose teacher's weights were changed by a function."""
    setup = prepare(resolve(None, BASE | {"noise": []}))
    encoder = Encoder("rate", 64, setup.spec.steps, 512, seed=1)

    def accuracy_with(change):
        weights = [(change(w), change(b)) for w, b in setup.teacher.normalised()]
        return evaluate(setup.chip(setup.chip_spec, weights, 1), setup.dataset.test, encoder).accuracy

    return accuracy_with


def few_bit_chip(lsb_th, bits):
    """The `ideal` preset with weights of `bits` bits, sign included, and an LSB of that many thresholds."""
    chip = load("ideal")
    return with_tables(chip, synapse={"weight_bits": bits, "unit_synaptic_charge_fc": 1000 * lsb_th})


def test_weights_too_small_to_drive_a_neuron_hurt(classified):
    """Weights clipped at what one synapse can deliver at most."""
    severities, accuracies = [], []
    for full in (0.05, 0.4):
        design = Design(design_of({}).chip, few_bit_chip(full / 31, 6))
        severities.append(RULES["reachable-charge"].check(design).severity)
        accuracies.append(classified(lambda w, full=full: np.clip(w, -full, full)))
    assert severities == ["error", "ok"]
    assert accuracies[1] - accuracies[0] > 0.1


def test_an_lsb_as_large_as_the_weights_hurts(classified):
    """Weights rounded to multiples of one LSB."""
    severities, accuracies = [], []
    for lsb in (0.3, 0.05):
        design = Design(design_of({}).chip, few_bit_chip(lsb, 6))
        severities.append(RULES["lsb-charge"].check(design).severity)
        accuracies.append(classified(lambda w, lsb=lsb: (np.rint(w / lsb) * lsb).astype(np.float32)))
    assert severities == ["error", "ok"]
    assert accuracies[1] - accuracies[0] > 0.3


# What a chip cannot hold or is too slow for is arithmetic, not a claim about learning: see tests/chipsim.
ARITHMETIC = {"step-cycles", "fan-in", "columns", "cores", "link-bandwidth"}


def test_every_claim_is_simulated():
    elsewhere = {"ktc-noise", "reachable-charge", "lsb-charge"}
    assert CLAIMS.keys() | elsewhere | ARITHMETIC == RULES.keys()
