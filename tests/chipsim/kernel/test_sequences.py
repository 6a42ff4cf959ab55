"""Windows that continue: sequences against the reference model, bit for bit, and against what they are by hand."""

import numpy as np
import pytest
from all_plans import MIXES
from competing_chips import competing_spec
from pydantic import ValidationError
from sequence_lessons import compare, ended
from small_chips import (
    assert_same,
    assert_same_result,
    assert_same_state,
    chunk_of,
    every_neuron,
    lesson,
    programmed,
    spec_of,
    taught,
    witness_of,
)

from chipsim import AdcSpec, Chip, ChipError, ChipSpec, Events
from chipsim.die import fabricate
from chipsim.kernel import Order, settled

LEAKY = {"kind": "lif", "tau_steps": 3.0}
DISTURBED = ("mismatch:0.3", "thermal:0.2", "read:0.05", "missed:0.2")
CASES = {
    "exponential currents": {"neuron": LEAKY | {"synapse_tau_steps": 2.5}, "noise": DISTURBED},
    "few-bit writes": {"neuron": LEAKY, "noise": ("thermal:0.2", "quantization:4"), "circuit": {"warm_up_steps": 1}},
    "real devices": {"noise": ("write:0.02", "cycle:0.4", "mismatch:0.3"), "circuit": {"accumulator_bits": 2}},
    "broken wires": {"noise": ("link:0.02", "missed:0.3"), "circuit": {"accumulator_bits": 1}},
    "the last window answers": {"neuron": LEAKY, "sequence_answer": "last"},
    "traces of rows": {"circuit": {"trace_tau_steps": 3.0}, "noise": ("quantization:4",)},
    "integrating readout": {"neuron": LEAKY | {"readout": "integrating"}, "noise": ("thermal:0.2",)},
    "highest membrane": {"neuron": LEAKY | {"readout": "integrating-max"}, "noise": ("silencing:0.3@output",)},
    "highest membrane of the last window": {"neuron": {"readout": "integrating-max"}, "sequence_answer": "last"},
}


CURRENTS = ("exponential currents", "integrating readout")


@pytest.mark.parametrize(
    ("case", "constant_current"),
    [*((case, False) for case in CASES), *((case, True) for case in CURRENTS)],
    ids=[*CASES, *(f"{case}, a constant current" for case in CURRENTS)],
)
def test_kernels_equal_the_reference_model(case, constant_current):
    spec = spec_of(sizes=(5, 17, 3), steps=5, windows=3, **CASES[case])
    compare(ended(lesson(spec, constant_current=constant_current, rate=0.1), (3, 1, 2)))


def test_kernels_that_nobody_watches():
    """The narrow ones, in which less is asked."""
    task = ended(lesson(spec_of(steps=5, windows=3, noise=("thermal:0.2",)), rate=0.1), (3, 1, 2))
    chip = programmed(task.spec, task.weights)
    witness = witness_of(chip)
    assert_same_result(taught(task, chip), witness.run(task.events, task.windows, task.targets, task.rates))
    assert_same_result(chip.infer(task.events, task.windows), witness.run(task.events, task.windows))


def test_the_narrowest_sequences():
    """Every step is a window; and a presentation of one window is what it was."""
    compare(lesson(spec_of(steps=1, windows=7, circuit={"warm_up_steps": 0}), rate=0.1))
    alone = spec_of(steps=5)
    assert alone == spec_of(steps=5, windows=1)
    assert "windows" not in alone.model_dump() and "sequence_answer" not in alone.model_dump()


def test_a_sequence_is_one_long_window_whose_counters_begin_anew():
    """Without learning: membranes, currents and spikes of a window of L T steps, counted in each T of them."""
    of = {"sizes": (6, 9, 4), "neuron": LEAKY | {"synapse_tau_steps": 2.0}, "noise": ("thermal:0.2",)}
    many, long = spec_of(steps=4, windows=3, **of), spec_of(steps=12, **of)
    task = lesson(long)
    results = [
        programmed(spec, task.weights).infer(task.events, task.windows, every_neuron(spec)) for spec in (many, long)
    ]
    for layer in (1, 2):
        of_many, of_long = (result.signals[layer] for result in results)
        for name in ("membrane", "current", "noise", "kept"):
            assert_same(of_many[name], of_long[name], name)
        spikes = results[1].spikes[layer]
        assert_same(results[0].spikes[layer], spikes, "spikes")
        counted = spikes.reshape(3, 3, 4, -1).sum(axis=2)
        assert np.array_equal(results[0].window_counts[layer - 1], counted) and counted.any()
        assert np.array_equal(results[0].counts[layer - 1], counted.sum(axis=1))
    assert not results[1].window_counts
    assert not np.array_equal(results[0].signals[1]["count"], results[1].signals[1]["count"])


def test_each_window_has_a_target_of_its_own():
    """A silent neuron that is to fire in the second window alone is written in that one alone."""
    spec = ChipSpec(
        layer_sizes=(1, 1), steps=4, windows=3, learning_circuit={"warm_up_steps": 1, "dead_zone_counts": 0.5}
    )
    chip = programmed(spec, [(np.zeros((1, 1), np.float32), np.full(1, 0.01, np.float32))])
    events = Events(
        np.zeros((1, 12), np.uint16), np.arange(12, dtype=np.int32)[None], np.arange(1, 13, dtype=np.int32)[None],
        np.zeros((0, 0), np.float32),
    )  # fmt: skip
    targets = np.zeros((1, 3, 1), np.float32)
    targets[0, 1] = 0.5
    result = chip.learn(events, [0], [targets], np.full(1, 0.01, np.float32), every_neuron(spec))
    pulses = result.signals[1]["pulse"][0, :, 0]
    # y t - C = 0.5 t is beyond the dead zone from t = 2 on, d / t is 0.5; the first step of each window warms up.
    assert np.allclose(pulses, [0, 0, 0, 0, 0, 0.005, 0.005, 0.005, 0, 0, 0, 0])
    assert result.signals[1]["target_count"][0, :, 0].tolist() == [0] * 4 + [0.5, 1, 1.5, 2] + [0] * 4


def test_a_sequence_ends_with_its_last_window_that_has_an_event():
    spec = spec_of(sizes=(6, 20, 4), steps=4, windows=4)
    task = ended(lesson(spec, n_windows=4), (4, 2, 1, 3))
    task.events.begin[3, 4:8] = task.events.end[3, 4:8] = task.events.end[3, 3]  # a pause does not end it
    chip = programmed(spec, task.weights)
    chip.infer(lesson(spec, seed=2, n_windows=4).events, task.windows)  # leaves spikes that nobody may see again
    result = chip.infer(task.events, task.windows, every_neuron(spec))
    has = np.arange(4) < np.array([4, 2, 1, 3])[:, None]
    for layer in (0, 1):
        assert not result.window_counts[layer][~has].any()
        assert not result.spikes[layer + 1].reshape(4, 4, 4, -1)[~has].any()
    assert result.window_counts[0][3, 1].any(), "biases and membranes go on in a pause"
    ends = 4 * np.array([4, 2, 1, 3]) - 1
    assert np.array_equal(result.membrane, result.probed_membranes[2][np.arange(4), ends])
    again, read = chip.read_back(task.events, task.windows, AdcSpec())
    assert_same_result(again, result)
    for codes in read.codes:
        assert not codes.reshape(4, 4, 4, -1)[~has].any() and codes.any()
    silent = task.events._replace(begin=0 * task.events.begin, end=0 * task.events.end)
    assert chip.infer(silent, task.windows).window_counts[0][:, 3].any(), "nothing says where silence ends"


def test_a_sequence_ages_its_die_by_all_its_windows():
    once, often = (fabricate(spec_of(windows=n, noise=("drift:0.1,window=2e-3",)), 1)[0].drift for n in (1, 5))
    assert (once.window_s, often.window_s) == (2e-3, 1e-2)


@pytest.mark.parametrize("windows", [1, 3])
def test_threads_and_chunks_change_no_bit(windows):
    spec = spec_of(sizes=(8, 70, 40, 5), steps=4, windows=windows, noise=("thermal:0.2",))
    task = lesson(spec, n_windows=70, rate=0.1)
    task = ended(task, 1 + np.arange(70) % windows)
    whole = programmed(spec, task.weights)
    expected, looked = taught(task, whole), whole.infer(task.events, task.windows)
    for threads, size in ((2, 70), (2, 33), (1, 9)):
        chip = programmed(spec, task.weights, threads=threads)
        parts = [slice(first, min(first + size, 70)) for first in range(0, 70, size)]
        results = [
            chip.learn(
                chunk_of(task.events, part.start, part.stop), task.windows[part],
                [target[part] for target in task.targets], task.rates[part],
            )
            for part in parts
        ]  # fmt: skip
        assert_same_state(chip, whole)
        for layer in range(3):
            got = np.concatenate([result.counts[layer] for result in results])
            assert_same(got, expected.counts[layer], f"counts of layer {layer + 1}")
        assert_same_result(chip.infer(task.events, task.windows), looked)


def test_bad_sequences_are_told_in_one_line():
    with pytest.raises(ValidationError, match="keep windows within 256, or lower steps"):
        spec_of(steps=16, windows=257)
    with pytest.raises(ChipError, match="competes within single windows: leave windows"):
        Chip(competing_spec().model_copy(update={"windows": 2}), 1)
    spec = spec_of(sizes=(5, 4), steps=6, windows=3)
    task = lesson(spec)
    chip = programmed(spec, task.weights)
    with pytest.raises(ChipError, match=r"3 sequences of 3 windows, 6 steps each: 18 steps"):
        chip.infer(lesson(spec_of(sizes=(5, 4), steps=6)).events, task.windows)
    with pytest.raises(ChipError, match=r"send \[\(3, 3, 4\)\]"):
        chip.learn(task.events, task.windows, [np.zeros((3, 4), np.float32)], task.rates)
    current = lesson(spec, constant_current=True).events
    current.end[1, 3] += 1
    with pytest.raises(ChipError, match="the same at every step"):
        chip.infer(current, task.windows)


def test_a_plan_that_continues_takes_steps():
    """And is otherwise the one that single windows have, as far as that takes steps, too."""
    for mix in MIXES:
        plan, single = settled(mix.asked._replace(continues=True)), settled(mix.asked)
        assert plan.continues and plan.order is Order.STEP and settled(plan) == plan
        if single.order is Order.STEP:
            assert plan == single._replace(continues=True)
