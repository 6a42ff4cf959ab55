"""Convolution and pooling against the slow witness, bit for bit."""

import pytest
from small_chips import (
    CIRCUIT,
    NEURON,
    assert_equals_witness,
    every_neuron,
    lesson,
    programmed,
    taught,
    witness_of,
)

from chipsim import ChipSpec, NeuronSpec
from chipsim.layers import AveragePool, Convolution, Dense, Flatten
from learning_circuit import LearningCircuitSpec


def image_spec(layers, input_shape=(2, 4, 5), steps=5, noise=(), neuron=None, circuit=None):
    return ChipSpec(
        input_shape=input_shape,
        layers=layers,
        steps=steps,
        noise=noise,
        neuron=NeuronSpec(**(NEURON | (neuron or {}))),
        learning_circuit=LearningCircuitSpec(**(CIRCUIT | (circuit or {}))),
    )


def small_net(form):
    return (
        Convolution(channels=3, kernel=3, padding=1, form=form),
        AveragePool(kernel=2),
        Convolution(channels=4, kernel=(1, 2), form=form),
        Flatten(),
        Dense(units=3),
    )


def compare(task, die_seed=3, position=None, threads=1):
    """Infer, learn, and infer again with what was learned: each time the witness must see the same."""
    chip = programmed(task.spec, task.weights, die_seed, threads)
    witness = witness_of(chip)
    probes = every_neuron(task.spec, position)
    result = chip.infer(task.events, task.windows, probes)
    assert_equals_witness(chip, witness, result, witness.run(task.events, task.windows))
    result = taught(task, chip, probes)
    learned = witness.run(task.events, task.windows, task.targets, task.rates)
    assert_equals_witness(chip, witness, result, learned)
    result = chip.infer(task.events, task.windows, probes)
    assert_equals_witness(chip, witness, result, witness.run(task.events, task.windows))
    return learned


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("form", ["shared", "unrolled"])
def test_small_net(form, constant_current):
    learned = compare(lesson(image_spec(small_net(form)), constant_current=constant_current), position=3)
    assert (learned.activity["weight_updates"] > 0).tolist() == [True, False, True, True]
    assert all(count.sum() > 0 for count in learned.counts)


MEASURED = {"pulse_steps": ((2.0, 1.1, 0.4), (0.3, 0.9, 0.8, 1.6, 2.5))}
FROZEN = ("mismatch:0.4", "silencing:0.2", "comparator:0.7", "boxcar:0.3", "pelgrom:0.05", "ir:0.01", "stuck:0.1")
CASES = {
    "mismatch": {"noise": ("mismatch:0.4",)},
    "mismatch of leaky neurons": {"noise": ("mismatch:0.4",), "neuron": {"kind": "lif", "reset": "zero"}},
    "capacitances": {"noise": ("pelgrom:0.001@capacitance,capacitance=1",)},
    "membrane and read noise": {"noise": ("thermal:0.2", "read:0.1")},
    "read noise in the pooling layer": {"noise": ("read:0.3,layer=2",)},
    "read noise, few-bit weights, capacitances": {"noise": ("read:0.1", "quantization:3", "pelgrom:0.01")},
    "few-bit weights": {"noise": ("quantization:4", "mismatch:0.2")},
    "few-bit weights, direct writes": {"noise": ("quantization:3",), "circuit": {"update_accumulator_bits": 0}},
    "missed counts": {"noise": ("missed:0.3",), "circuit": {"accumulator_bits": 2}},
    "small accumulators, narrow rails": {
        "circuit": {"accumulator_bits": 1, "error_gate": "sign"},
        "neuron": {"low_rail_th": -0.1, "high_rail_th": 1.05},
    },
    "imperfect pulses": {"noise": ("pulse:0.3", "asymmetry:0.4,spread=0.2", "cycle:0.4")},
    "imperfect devices": {"noise": ("write:0.02", "nonlinear:2.4,down=4", "mismatch:0.2@weight")},
    "a measured device": {"circuit": MEASURED},
    "stuck synapses": {"noise": ("stuck:0.3",)},
    "stuck synapses of few bits": {"noise": ("stuck:0.3", "quantization:3")},
    "drift": {"noise": ("drift:0.5,window=10", "mismatch:0.2")},
    "drift of few-bit weights": {"noise": ("drift:0.5", "quantization:4")},
    "IR drop": {"noise": ("ir:0.1",)},
    "bit errors": {"noise": ("link:0.05",)},
    "no warm-up, ternary": {"circuit": {"warm_up_steps": 0, "error_gate": "ternary", "boxcar_width_th": 9.0}},
    "all frozen, analog": {"noise": (*FROZEN, "thermal:0.1", "read:0.05", "missed:0.1", "write:0.01", "cycle:0.2")},
    "all frozen, few bits": {
        "noise": (*FROZEN, "thermal:0.1", "read:0.05", "missed:0.1", "quantization:4", "link:0.02")
    },
}


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("form", ["shared", "unrolled"])
@pytest.mark.parametrize("case", CASES)
def test_every_effect(case, form, constant_current):
    task = lesson(image_spec(small_net(form), **CASES[case]), n_windows=2, constant_current=constant_current, rate=0.1)
    learned = compare(task, position=4)
    assert (learned.activity["weight_updates"] > 0).tolist() == [True, False, True, True]


@pytest.mark.parametrize("noise", [(), ("silencing:0.4@output", "pelgrom:0.01", "thermal:0.1")])
@pytest.mark.parametrize("readout", ["spiking", "integrating"])
@pytest.mark.parametrize("form", ["shared", "unrolled"])
def test_outputs_on_an_image(form, readout, noise):
    """The last layer need not be dense: a pooling layer may read out, or a convolution."""
    convolution = Convolution(channels=4, kernel=2, form=form)
    neuron = {"readout": readout}
    for layers in ((convolution,), (convolution, AveragePool(kernel=(3, 4)))):
        compare(lesson(image_spec(layers, noise=noise, neuron=neuron), n_windows=2))
