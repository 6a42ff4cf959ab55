"""Threads and chunks change how fast a chip runs, never a bit of what comes out."""

from itertools import pairwise

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
)

from chipsim.execution.work_plan import WINDOWS_PER_PIECE, cut_at, even_ranges, image_learning_ranges, image_ranges
from chipsim.kernel import kernel_for
from chipsim.layout import column_ranges, gather_events

CIRCUIT = ("comparator:0.5", "boxcar:0.2", "missed:0.2", "pulse:0.3", "asymmetry:0.2,spread=0.1", "cycle:0.3")
SILICON = ("read:0.1", "stuck:0.2", "drift:0.5", "pelgrom:0.05", "ktc:0.1", "ir:0.01", "link:0.01")
EVERYTHING = ("mismatch:0.3", "thermal:0.2", "silencing:0.1", "quantization:4", *CIRCUIT)
DEVICES = ("mismatch:0.3", "thermal:0.2", *CIRCUIT, "write:0.01", "nonlinear:2.4")
COLUMNS_PER_LINE = 16


def wide_lesson(noise=EVERYTHING, n_windows=3, **design):
    """Layers of three, two and one block of columns, each with a rest."""
    return lesson(spec_of(sizes=(12, 150, 70, 17), steps=6, noise=noise, **design), n_windows=n_windows)


def run_with(task, threads):
    chip = programmed(task.spec, task.weights, threads=threads)
    learned = taught(task, chip, every_neuron(task.spec))
    inferred = chip.infer(task.events, task.windows)
    return chip, learned, inferred


@pytest.mark.parametrize(
    "noise",
    [EVERYTHING, DEVICES, (*EVERYTHING, *SILICON), SILICON, ()],
    ids=["everything", "devices", "everything and silicon", "silicon", "ideal"],
)
@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads(threads, noise):
    task = wide_lesson(noise, n_windows=2 * WINDOWS_PER_PIECE + 3)  # three pieces of windows
    chip, learned, inferred = run_with(task, threads)
    single, learned_1, inferred_1 = run_with(task, 1)
    assert_same_result(learned, learned_1)
    assert_same_result(inferred, inferred_1)
    assert_same_state(chip, single)
    for layer in range(1, 4):
        assert_same(learned.probed_membranes[layer], learned_1.probed_membranes[layer], f"traces of layer {layer}")
        assert_same(learned.spikes[layer], learned_1.spikes[layer], f"spikes of layer {layer}")
    assert learned.counts[0].any() and learned.counts[2].any()
    for name in learned.activity:
        assert learned.activity[name].tolist() == learned_1.activity[name].tolist(), name


@pytest.mark.parametrize("noise", [("mismatch:0.2",), EVERYTHING], ids=["analog", "few bits"])
def test_threads_where_currents_and_spikes_are_remembered(noise):
    """Exponential synapses, a readout's highest membrane, traces of rows; in one chunk and in two."""
    neuron = {"kind": "lif", "synapse_tau_steps": 3.0, "readout": "integrating-max"}
    n = 2 * WINDOWS_PER_PIECE + 3
    task = wide_lesson(noise, n_windows=n, neuron=neuron, circuit={"trace_tau_steps": 5.0})
    chip, learned, inferred = run_with(task, 2)
    single, learned_1, inferred_1 = run_with(task, 1)
    assert_same_result(learned, learned_1)
    assert_same_result(inferred, inferred_1)
    assert_same_state(chip, single)
    split = programmed(task.spec, task.weights)
    for part in (slice(0, 20), slice(20, n)):
        targets = [target[part] for target in task.targets]
        split.learn(chunk_of(task.events, part.start, part.stop), task.windows[part], targets, task.rates[part])
    assert_same_state(split, single)


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@settings(max_examples=12)
@given(cuts=st.lists(st.integers(0, 9), max_size=3, unique=True), threads=st.sampled_from([1, 3]))
def test_a_chunk_split_anywhere(constant_current, cuts, threads):
    spec = spec_of(sizes=(6, 20, 18, 3), steps=7, noise=(*EVERYTHING, *SILICON), neuron={"kind": "lif"})
    task = lesson(spec, seed=5, n_windows=9, constant_current=constant_current)
    whole = programmed(spec, task.weights)
    expected = taught(task, whole)
    chip = programmed(spec, task.weights, threads=threads)
    edges = [0, *sorted(set(cuts) - {0, 9}), 9]
    parts = []
    for start, stop in pairwise(edges):
        part = slice(start, stop)
        targets = [target[part] for target in task.targets]
        parts.append(chip.learn(chunk_of(task.events, start, stop), task.windows[part], targets, task.rates[part]))
    for layer in range(3):
        joined = np.concatenate([part.counts[layer] for part in parts])
        assert_same(joined, expected.counts[layer], f"counts of layer {layer + 1}")
    assert_same(np.concatenate([part.membrane for part in parts]), expected.membrane, "output membranes")
    assert_same_state(chip, whole)


def test_a_smaller_chunk_after_a_larger_one():
    """Buffers are kept from chunk to chunk: nothing of an earlier chunk may shine through."""
    task = wide_lesson(n_windows=8)
    used = programmed(task.spec, task.weights)
    used.infer(task.events, task.windows)
    fresh = programmed(task.spec, task.weights)
    few = chunk_of(task.events, 5, 7), task.windows[5:7]
    assert_same_result(used.infer(*few), fresh.infer(*few))
    assert_same_result(used.infer(task.events, task.windows), fresh.infer(task.events, task.windows))


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_no_chunk_has_kernels_compiled_anew():
    """Whatever its length, and whether its window numbers may be written: a user would wait for half a minute."""
    task = wide_lesson(n_windows=8)
    chip = programmed(task.spec, task.weights)

    def run_first(n):
        windows = task.windows[:n].copy()
        windows.flags.writeable = False
        chip.learn(chunk_of(task.events, 0, n), windows, [target[:n] for target in task.targets], task.rates[:n])
        chip.infer(chunk_of(task.events, 0, n), windows)
        plans = {plan for layer in chip._runs for plan in layer._plans.values()}
        return {plan: len(kernel_for(plan).signatures) for plan in plans} | {"": len(gather_events.signatures)}

    assert run_first(8) == run_first(3) == run_first(8)


def test_inference_depends_on_the_window_number_not_on_the_order():
    task = wide_lesson(noise=("thermal:0.3",), n_windows=6)
    chip = programmed(task.spec, task.weights)
    straight = chip.infer(task.events, task.windows)
    order = np.array([4, 0, 5, 3, 1, 2])
    events = task.events._replace(
        rows=task.events.rows[order], begin=task.events.begin[order], end=task.events.end[order]
    )
    shuffled = chip.infer(events, task.windows[order])
    assert_same(shuffled.membrane, straight.membrane[order], "output membranes")
    other = chip.infer(task.events, task.windows + 1)
    assert not np.array_equal(other.membrane, straight.membrane)


def test_results_are_not_views_of_buffers():
    """A result stays what it was when the chip runs on."""
    task = wide_lesson(n_windows=2)
    chip = programmed(task.spec, task.weights)
    first = chip.infer(task.events, task.windows, every_neuron(task.spec))
    kept = [first.membrane.copy(), *(count.copy() for count in first.counts), first.probed_membranes[1].copy()]
    chip.infer(task.events, task.windows + 7, every_neuron(task.spec))
    for now, before in zip([first.membrane, *first.counts, first.probed_membranes[1]], kept, strict=True):
        assert_same(now, before, "an earlier result")


@given(n_columns=st.integers(1, 3000))
def test_column_ranges(n_columns):
    """Blocks cover all columns in order and begin on cache lines."""
    blocks = column_ranges(n_columns)
    assert blocks[0][0] == 0 and blocks[-1][1] == n_columns
    assert all(a[1] == b[0] for a, b in pairwise(blocks))
    assert all(first < last and first % COLUMNS_PER_LINE == 0 for first, last in blocks)


@given(n_windows=st.integers(1, 5000), threads=st.integers(1, 40))
def test_window_ranges(n_windows, threads):
    """They cover all windows in order; none is longer than the first."""
    ranges = even_ranges(n_windows, threads)
    assert ranges[0][0] == 0 and ranges[-1][1] == n_windows
    assert all(a[1] == b[0] for a, b in pairwise(ranges))
    assert all(0 < stop - start <= ranges[0][1] for start, stop in ranges)


@given(
    n_windows=st.integers(0, 2000),
    threads=st.integers(1, 40),
    cut=st.sampled_from([image_ranges, image_learning_ranges]),
)
def test_ranges_of_images(n_windows, threads, cut):
    """They cover all windows in order; those that run side by side differ by what does not divide evenly alone."""
    ranges = cut(n_windows, threads)
    assert [w for start, stop in ranges for w in range(start, stop)] == list(range(n_windows))
    lengths = [stop - start for start, stop in ranges]
    if cut is image_ranges:
        assert len(set(lengths[:-1])) <= 1 and len(ranges) <= threads * -(-n_windows // (16 * threads))
    elif threads > 1 and n_windows >= 32:
        assert lengths[0] <= 2 and lengths[-1] == 1  # others wait for the first, and for the last
    elif threads > 1:
        assert len(set(lengths[:-1])) <= 1


@given(n_windows=st.integers(1, 3000), threads=st.integers(1, 8), data=st.data())
def test_ranges_end_where_weights_change(n_windows, threads, data):
    places = data.draw(st.lists(st.integers(1, n_windows), unique=True, max_size=12))
    ranges = even_ranges(n_windows, threads)
    cut = cut_at(ranges, places)
    assert [w for start, stop in cut for w in range(start, stop)] == list(range(n_windows))
    assert {stop for _, stop in cut} == {stop for _, stop in ranges} | set(places)
