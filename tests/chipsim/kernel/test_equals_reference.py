"""The kernels against the reference model, bit for bit: every design option and every nonideality."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_chips import (
    assert_equals_witness,
    assert_same_result,
    assert_same_state,
    every_neuron,
    lesson,
    programmed,
    spec_of,
    taught,
    witness_of,
)

ALL_FROZEN = ("mismatch:0.4", "silencing:0.2")
EVERYTHING = (*ALL_FROZEN, "thermal:0.2", "quantization:4")
CIRCUIT_ERRORS = ("comparator:0.7", "boxcar:0.3", "missed:0.3", "pulse:0.3", "asymmetry:0.4,spread=0.2", "cycle:0.4")
DEVICE_ERRORS = ("write:0.02", "nonlinear:2.4,down=4")
MEASURED = {"pulse_steps": ((2.0, 1.1, 0.4), (0.3, 0.9, 0.8, 1.6, 2.5))}
SILICON = ("read:0.1", "stuck:0.2", "drift:0.5", "pelgrom:0.05", "ktc:0.1", "ir:0.01", "link:0.01")

CASES = {
    "as designed": {},
    "leaky": {"neuron": {"kind": "lif", "tau_steps": 3.0}},
    "leaky, each its own time constant": {"neuron": {"kind": "lif", "tau_steps": 3.0}, "noise": ("mismatch:0.5@leak",)},
    "leak and threshold of each layer": {
        "neuron": {"kind": "lif", "tau_steps": (10.0, 5.0, 1.7), "threshold_th": (1.0, 0.6, 1.3)},
    },
    "leak and threshold of each layer, a readout, all of silicon": {
        "neuron": {
            "kind": "lif",
            "tau_steps": (3.0, 9.0, 4.0),
            "threshold_th": (0.7, 1.2, 0.9),
            "synapse_tau_steps": 2.0,
            "readout": "integrating",
        },
        "noise": (*SILICON, *EVERYTHING),
    },
    "biases by converters": {
        "neuron": {
            "kind": "lif",
            "tau_steps": (10.0, 5.0, 2.2),
            "threshold_th": (1.0, 0.6, 1.3),
            "leak_dac": {"bits": 4, "high_per_step": 0.5},
            "threshold_dac": {"bits": 3},
        },
        "noise": ALL_FROZEN,
    },
    "a leak that its converter switches off": {
        "neuron": {"kind": "lif", "tau_steps": (40.0, 2.0, 40.0), "leak_dac": {"bits": 3}, "reset": "zero"},
        "noise": ("mismatch:0.3@leak",),
    },
    "thresholds alone": {"neuron": {"threshold_th": (0.5, 1.5, 0.8)}, "noise": ("boxcar:0.3", "pelgrom:0.05")},
    "reset to zero": {"neuron": {"reset": "zero"}},
    "leaky, reset to zero": {"neuron": {"kind": "lif", "reset": "zero"}, "noise": ALL_FROZEN},
    "narrow rails": {"neuron": {"low_rail_th": -0.1, "high_rail_th": 1.05}},
    "integrating readout": {"neuron": {"readout": "integrating"}},
    "leaky integrating readout, some dead": {
        "neuron": {"kind": "lif", "readout": "integrating"},
        "noise": (*ALL_FROZEN, "silencing:0.5@output", "thermal:0.2"),
    },
    "traces of rows": {"circuit": {"trace_tau_steps": 3.0}},
    "traces of rows, a gain for each synapse": {
        "circuit": {"trace_tau_steps": 1.0},
        "noise": ("mismatch:0.4@weight",),
        "neuron": {"synapse_tau_steps": 2.0},
    },
    "traces of rows, few-bit weights": {"circuit": {"trace_tau_steps": 30.0}, "noise": EVERYTHING},
    "traces of rows, devices": {
        "circuit": {"trace_tau_steps": 2.0},
        "noise": ("trace:0.5", *CIRCUIT_ERRORS, *DEVICE_ERRORS),
    },
    "exponential synapses": {"neuron": {"kind": "lif", "tau_steps": 3.0, "synapse_tau_steps": 2.5}},
    "exponential synapses, each its own time constant": {
        "neuron": {"synapse_tau_steps": 3.0, "readout": "integrating"},
        "noise": ("mismatch:0.5@synapse_tau",),
    },
    "exponential synapses, all of silicon": {
        "neuron": {"kind": "lif", "tau_steps": 4.0, "synapse_tau_steps": 2.0, "readout": "integrating-max"},
        "noise": (*SILICON, *EVERYTHING),
    },
    "highest membrane of a leaky readout": {
        "neuron": {"kind": "lif", "tau_steps": 2.0, "synapse_tau_steps": 2.0, "readout": "integrating-max"},
        "noise": ALL_FROZEN,
    },
    "highest membrane, some readouts dead": {
        "neuron": {"readout": "integrating-max"},
        "noise": ("silencing:0.5@output", "thermal:0.2"),
    },
    "small accumulators": {"circuit": {"accumulator_bits": 1}},
    "two-bit accumulators, sign gate": {"circuit": {"accumulator_bits": 2, "error_gate": "sign"}},
    "linear gate without dead zone": {"circuit": {"dead_zone_counts": 0.0}},
    "sign gate": {"circuit": {"error_gate": "sign", "dead_zone_counts": 3.0}},
    "ternary gate": {"circuit": {"error_gate": "ternary", "dead_zone_counts": 1.0}},
    "narrow boxcar": {"circuit": {"boxcar_width_th": 0.5}},
    "wide boxcar, no warm-up": {"circuit": {"boxcar_width_th": 9.0, "warm_up_steps": 0}},
    "long warm-up": {"circuit": {"warm_up_steps": 8}},
    "a gain for each synapse": {"noise": ("mismatch:0.4@weight",)},
    "thresholds": {"noise": ("mismatch:0.4@threshold",)},
    "boxcar edges": {"noise": ("mismatch:0.4@boxcar",)},
    "silenced neurons": {"noise": ("silencing:0.4",)},
    "silenced outputs": {"noise": ("silencing:0.6@output",)},
    "thermal noise": {"noise": ("thermal:0.3",)},
    "thermal noise in one layer": {"noise": ("thermal:0.3,layer=2",)},
    "few-bit weights": {"noise": ("quantization:4",)},
    "few-bit weights in one layer": {"noise": ("quantization:3,layer=2",)},
    "two-bit weights, direct writes": {"noise": ("quantization:2",), "circuit": {"update_accumulator_bits": 0}},
    "one-bit update accumulators": {"noise": ("quantization:5",), "circuit": {"update_accumulator_bits": 1}},
    "fourteen-bit update accumulators": {"noise": ("quantization:15",), "circuit": {"update_accumulator_bits": 14}},
    "comparator offset": {"noise": ("comparator:1",)},
    "comparator offset, sign gate": {"noise": ("comparator:1",), "circuit": {"error_gate": "sign"}},
    "comparator offset, ternary gate": {"noise": ("comparator:1",), "circuit": {"error_gate": "ternary"}},
    "boxcar offset": {"noise": ("boxcar:0.5",)},
    "missed counts": {"noise": ("missed:0.3",)},
    "every count missed in one layer": {"noise": ("missed:1,layer=2",)},
    "missed counts, small accumulators": {"noise": ("missed:0.3",), "circuit": {"accumulator_bits": 2}},
    "missed counts, integrating readout": {"noise": ("missed:0.3",), "neuron": {"readout": "integrating"}},
    "pulse gain of each synapse": {"noise": ("pulse:0.4@synapse",)},
    "pulse gain of each column": {"noise": ("pulse:0.4@column",)},
    "asymmetric pulses": {"noise": ("asymmetry:-0.5,spread=0.3",)},
    "no pulses up": {"noise": ("asymmetry:-2",)},
    "cycle to cycle": {"noise": ("cycle:0.5",)},
    "cycle to cycle in one layer": {"noise": ("cycle:1.5,layer=2",)},
    "write noise": {"noise": ("write:0.05",)},
    "soft bounds": {"noise": ("nonlinear:2.4",)},
    "steep soft bounds, each synapse its gain": {"noise": ("nonlinear:6,down=2", "mismatch:0.4@weight")},
    "hard bounds": {"noise": ("nonlinear:0",)},
    "a measured device": {"circuit": MEASURED},
    "all of the learning circuit": {"noise": (*ALL_FROZEN, *CIRCUIT_ERRORS, *DEVICE_ERRORS, "thermal:0.1")},
    "all of the learning circuit, few-bit weights": {"noise": (*EVERYTHING, *CIRCUIT_ERRORS)},
    "a dead readout of limited range": {
        "neuron": {"readout": "integrating"},
        "noise": ("silencing:0.6@output", *DEVICE_ERRORS),
    },
    "devices and codes, each in a layer": {
        "noise": ("quantization:4,layer=1", "nonlinear:2,layer=2", "write:1,layer=3")
    },
    "read noise": {"noise": ("read:0.1",)},
    "read noise on few-bit weights, one layer": {"noise": ("read:0.2,layer=2", "quantization:3")},
    "read and thermal noise, some readouts dead": {
        "noise": ("read:0.1", "thermal:0.1", "silencing:0.5@output"),
        "neuron": {"readout": "integrating"},
    },
    "stuck synapses": {"noise": ("stuck:0.3",)},
    "stuck synapses of few bits": {"noise": ("stuck:0.2", "stuck:0.1@low", "stuck:0.1@high", "quantization:3")},
    "stuck synapses of few bits, some readouts dead": {
        "noise": ("stuck:0.2", "quantization:3", "silencing:0.5@output"),
        "neuron": {"readout": "integrating"},
        "circuit": {"update_accumulator_bits": 0},
    },
    "Pelgrom's law": {"noise": ("pelgrom:0.01",), "neuron": {"kind": "lif"}},
    "capacitance mismatch and reads": {"noise": ("pelgrom:0.001@capacitance,capacitance=1", "read:0.1")},
    "kT/C noise": {"noise": ("ktc:0.5",)},
    "IR drop": {"noise": ("ir:0.1",)},
    "IR drop along rows": {"noise": ("ir:0.1@row",)},
    "bit errors": {"noise": ("link:0.05",)},
    "bit errors of targets in one layer": {"noise": ("link:0.3@targets,layer=2",)},
    "targets of two bits": {"target_bits": 2},
    "targets of seven bits, bit errors": {"target_bits": 7, "noise": ("link:0.1@targets",)},
    "all of silicon": {"noise": (*SILICON, *EVERYTHING), "neuron": {"kind": "lif"}},
    "all of silicon, analog": {"noise": (*SILICON, *ALL_FROZEN), "neuron": {"readout": "integrating"}},
    "everything": {"noise": EVERYTHING, "neuron": {"kind": "lif"}, "circuit": {"error_gate": "ternary"}},
    "everything, reset to zero": {"noise": EVERYTHING, "neuron": {"kind": "lif", "reset": "zero"}},
}


def compare(task, die_seed=3):
    """Infer, learn, and infer again with what was learned: each time the witness must see the same.

    So must a chip that nobody watches: it takes other loops, some of them made for what its layers have.
    """
    chip, unwatched = (programmed(task.spec, task.weights, die_seed) for _ in range(2))
    witness = witness_of(chip)
    probes, seen = every_neuron(task.spec), []
    for run, lesson_of_witness in (
        (lambda chip, probes: chip.infer(task.events, task.windows, probes), ()),
        (lambda chip, probes: taught(task, chip, probes), (task.targets, task.rates)),
        (lambda chip, probes: chip.infer(task.events, task.windows, probes), ()),
    ):
        result, other = run(chip, probes), run(unwatched, ())
        expected = witness.run(task.events, task.windows, *lesson_of_witness)
        seen.append(expected)
        assert_equals_witness(chip, witness, result, expected)
        assert_same_result(other, result)
        assert_same_state(unwatched, chip)
        for name, counted in other.activity.items():
            assert counted.tolist() == expected.activity[name].tolist(), name
    return seen[1]


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("case", CASES)
def test_every_option(case, constant_current):
    learned = compare(lesson(spec_of(**CASES[case]), constant_current=constant_current))
    # A witness that stands still would agree with anything.
    assert learned.activity["weight_updates"].sum() > 0
    assert sum(count.sum() for count in learned.counts) > 0


@pytest.mark.parametrize("bits", range(9))
def test_update_accumulators_of_every_size(bits):
    spec = spec_of(noise=("quantization:4", "mismatch:0.2"), circuit={"update_accumulator_bits": bits})
    learned = compare(lesson(spec, seed=bits, rate=0.2))
    assert learned.activity["code_writes"].sum() > 0
    assert learned.activity["weight_full_scale"].sum() > 0


@pytest.mark.parametrize("sizes", [(3, 2), (1, 1, 1), (20, 16, 17), (9, 64, 65), (33, 15, 31)])
def test_vector_bodies_and_remainders(sizes):
    """Column counts on, below and above the widths of vectors and cache lines; rows beyond the unrolled passes."""
    compare(lesson(spec_of(sizes=sizes, steps=6, noise=EVERYTHING), n_windows=2))
    compare(lesson(spec_of(sizes=sizes, steps=6, noise=("mismatch:0.2",)), n_windows=2))
    compare(lesson(spec_of(sizes=sizes, steps=6), n_windows=2))


def test_saturation_is_counted():
    """The rails and the accumulators of these cases are really met."""
    narrow = compare(lesson(spec_of(**CASES["narrow rails"])))
    assert narrow.activity["membrane_low_rail"].sum() > 0
    assert narrow.activity["membrane_high_rail"].sum() > 0
    assert compare(lesson(spec_of(**CASES["small accumulators"]))).activity["accumulator_full"].sum() > 0


def test_the_ends_of_a_range_are_met():
    """Both ends, and every held write is counted."""
    learned = compare(lesson(spec_of(noise=("nonlinear:0",)), rate=0.3, n_windows=6))
    assert learned.activity["weight_full_scale"].sum() > 0
    assert compare(lesson(spec_of(noise=("missed:0.3",)))).activity["missed_counts"].sum() > 0


noises = st.fixed_dictionaries(
    {},
    optional={
        "mismatch": st.sampled_from(["mismatch:0.3", "mismatch:0.7", "mismatch:0.2@weight", "mismatch:0.5@threshold"]),
        "thermal": st.sampled_from(["thermal:0.1", "thermal:1,layer=1"]),
        "silencing": st.sampled_from(["silencing:0.3", "silencing:0.5@output"]),
        "comparator": st.sampled_from(["comparator:0.5", "comparator:3,layer=1"]),
        "boxcar": st.sampled_from(["boxcar:0.2", "boxcar:2@low"]),
        "missed": st.sampled_from(["missed:0.05", "missed:0.6"]),
        "pulse": st.sampled_from(["pulse:0.3", "pulse:1@column"]),
        "asymmetry": st.sampled_from(["asymmetry:1", "asymmetry:-0.3,spread=1"]),
        "cycle": st.sampled_from(["cycle:0.1", "cycle:2,layer=1"]),
        "read": st.sampled_from(["read:0.05", "read:0.3,layer=1"]),
        "stuck": st.sampled_from(["stuck:0.2", "stuck:0.3@low"]),
        "pelgrom": st.sampled_from(["pelgrom:0.01", "pelgrom:0.1@capacitance"]),
        "link": st.sampled_from(["link:0.02", "link:0.5@spikes"]),
    },
).map(lambda chosen: tuple(chosen.values()))

synapses = st.one_of(
    st.just(()),
    st.integers(2, 15).map(lambda bits: (f"quantization:{bits}",)),
    st.sampled_from([("write:0.01",), ("nonlinear:1,down=3",), ("write:0.3", "nonlinear:0"), ("nonlinear:20",)]),
)

neurons = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["if", "lif"]),
        "tau_steps": st.floats(0.5, 50),
        "reset": st.sampled_from(["subtract", "subtract-before-leak", "zero"]),
        "low_rail_th": st.floats(-3, 0),
        "high_rail_th": st.floats(1, 8),
        "synapse_tau_steps": st.one_of(st.none(), st.floats(0.3, 20)),
        "readout": st.sampled_from(["spiking", "integrating", "integrating-max"]),
    }
)

# All within the converters' ranges, and below every upper rail.
of_three_layers = st.fixed_dictionaries(
    {
        "tau_steps": st.one_of(st.none(), st.tuples(*[st.floats(0.5, 50)] * 3)),
        "threshold_th": st.one_of(st.none(), st.tuples(*[st.floats(0.3, 1)] * 3)),
    }
)
converters = st.fixed_dictionaries(
    {},
    optional={
        "leak_dac": st.integers(1, 6).map(lambda bits: {"bits": bits, "high_per_step": 2.0}),
        "threshold_dac": st.integers(1, 6).map(lambda bits: {"bits": bits, "low_th": 0.3, "high_th": 1.0}),
    },
)

circuits = st.fixed_dictionaries(
    {
        "accumulator_bits": st.integers(1, 8),
        "error_gate": st.sampled_from(["linear", "sign", "ternary"]),
        "dead_zone_counts": st.sampled_from([0.0, 0.5, 1.0, 1.3]),
        "boxcar_width_th": st.floats(0.2, 8),
        "warm_up_steps": st.integers(0, 4),
        "update_accumulator_bits": st.integers(0, 8),
        "trace_tau_steps": st.one_of(st.none(), st.floats(0.3, 100)),
    }
)


@settings(max_examples=100)
@given(
    sizes=st.lists(st.one_of(st.integers(1, 12), st.integers(13, 70)), min_size=2, max_size=4),
    steps=st.integers(1, 9),
    noise=noises,
    kind=synapses,
    neuron=neurons,
    biases=of_three_layers,
    dacs=converters,
    circuit=circuits,
    seed=st.integers(0, 2**32),
    constant_current=st.booleans(),
    rate=st.sampled_from([0.01, 0.1, 0.5]),
)
def test_any_chip(sizes, steps, noise, kind, neuron, biases, dacs, circuit, seed, constant_current, rate):
    n_layers = len(sizes) - 1
    of_each = {name: values[:n_layers] for name, values in biases.items() if values is not None}
    spec = spec_of(tuple(sizes), steps, (*noise, *kind), neuron | of_each | dacs, circuit)
    compare(lesson(spec, seed, n_windows=2, rate=rate, constant_current=constant_current), die_seed=seed % 1000)


def test_classes_break_ties_by_membrane():
    """All outputs fire once: the class is the highest membrane, and the lowest index of equal ones."""
    spec = spec_of(sizes=(2, 4), steps=4)
    weights = [(np.zeros((2, 4), np.float32), np.array([0.34, 0.35, 0.35, 0.335], np.float32))]
    task = lesson(spec)
    result = programmed(spec, weights).infer(task.events, task.windows)
    assert (result.counts[0] == 1).all()
    assert result.classes.tolist() == [1, 1, 1]
    weights[0][1][3] = 0.45
    assert programmed(spec, weights).infer(task.events, task.windows).classes.tolist() == [3, 3, 3]
