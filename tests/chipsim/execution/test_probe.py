"""Probes show membranes and spikes, and never change a run."""

import numpy as np
import pytest
from small_chips import (
    assert_same,
    assert_same_result,
    assert_same_state,
    every_neuron,
    lesson,
    programmed,
    spec_of,
    taught,
    witness_of,
)

from chipsim import Probe, SpikeProbe
from chipsim.die import fabricate


@pytest.mark.parametrize("threads", [1, 3])
def test_probing_changes_nothing(small_lesson, threads):
    task = small_lesson
    quiet = programmed(task.spec, task.weights)
    probed = programmed(task.spec, task.weights, threads=threads)
    result, watched = taught(task, quiet), taught(task, probed, every_neuron(task.spec))
    assert result.probed_membranes == result.spikes == result.signals == {}
    assert_same_result(watched, result)
    assert_same_state(probed, quiet)
    # Neither does it change what comes after.
    assert_same_result(probed.infer(task.events, task.windows), quiet.infer(task.events, task.windows))


def test_traces_are_the_membranes_the_comparator_sees(small_lesson):
    task = small_lesson
    chip = programmed(task.spec, task.weights)
    expected = witness_of(chip).run(task.events, task.windows)
    neurons = (4, 0, 2)
    result = chip.infer(task.events, task.windows, [Probe(2, neurons), Probe(3, (1,))])
    assert result.probed_membranes.keys() == result.spikes.keys() == {2, 3}
    assert_same(
        result.probed_membranes[2], expected.probed_membranes[1][:, :, list(neurons)], "traces in the order asked for"
    )
    assert_same(result.spikes[2], expected.spikes[1][:, :, list(neurons)], "spikes in the order asked for")
    assert_same(result.probed_membranes[3], expected.probed_membranes[2][:, :, [1]], "traces of the output layer")


def test_traces_agree_with_spikes_counts_and_thresholds(small_lesson):
    """A neuron spikes exactly where its trace reaches its threshold, and its count is the number of its spikes."""
    task = small_lesson
    chip = programmed(task.spec, task.weights)
    result = chip.infer(task.events, task.windows, every_neuron(task.spec))
    for n in range(3):
        threshold = fabricate(task.spec, chip.die_seed)[n].tables.threshold
        assert np.array_equal(result.spikes[n + 1], result.probed_membranes[n + 1] >= threshold)
        assert np.array_equal(result.counts[n], result.spikes[n + 1].sum(axis=1))
    assert np.array_equal(result.membrane, result.probed_membranes[3][:, -1])


@pytest.mark.parametrize("learns", [False, True])
def test_spikes_alone_are_those_that_a_probe_shows(small_lesson, learns):
    task, probes = small_lesson, [SpikeProbe(1, (3, 0)), Probe(2, (1, 4)), SpikeProbe(3, (0, 1, 2))]
    chips = [programmed(task.spec, task.weights) for _ in range(2)]
    seen, every = (
        taught(task, chip, looks) if learns else chip.infer(task.events, task.windows, looks)
        for chip, looks in zip(chips, (probes, every_neuron(task.spec)), strict=True)
    )
    assert seen.signals.keys() == seen.probed_membranes.keys() == {2}
    assert seen.spikes.keys() == {1, 2, 3}
    for probe in probes:
        assert_same(seen.spikes[probe.layer], every.spikes[probe.layer][:, :, list(probe.neurons)], "spikes")
    assert seen.spikes[1].any()


def test_what_only_learning_shows_is_empty_while_inferring(small_lesson):
    task = small_lesson
    probe = Probe(2, (4, 0), (8, 1, 9))
    chip = programmed(task.spec, task.weights)
    inferred = chip.infer(task.events, task.windows, [probe]).signals[2]
    learned = taught(task, chip, [probe]).signals[2]
    steps = (len(task.windows), task.spec.steps)
    for name in ("current", "noise", "membrane", "kept", "count"):
        assert getattr(inferred, name).shape == getattr(learned, name).shape == (*steps, 2)
    assert inferred.input.shape == learned.input.shape == (*steps, 3)
    for name in ("target_count", "error", "boxcar", "pulse"):
        assert len(getattr(inferred, name)) == 0 and getattr(learned, name).shape == (*steps, 2)
    for name in ("weight", "code", "residue"):
        assert len(getattr(inferred, name)) == 0 and getattr(learned, name).shape == (*steps, 2, 3)


def test_a_pulse_is_the_gated_error_and_moves_the_synapses_that_saw_a_spike():
    """Analog weights, no noise: Eq. 10 read off the signals."""
    task = lesson(spec_of())
    chip = programmed(task.spec, task.weights)
    first = chip.weights()[0][0]
    seen = taught(task, chip, [Probe(1, tuple(range(9)), tuple(range(7)))]).signals[1]
    steps = np.arange(task.spec.steps)
    rate = task.rates[:, 0, None, None]
    passed = (seen.boxcar == 1) & (steps >= task.spec.learning_circuit.warm_up_steps)[None, :, None]
    assert np.array_equal(seen.pulse, np.where(passed, rate * seen.error, 0))
    assert 0.05 < np.mean(seen.pulse != 0) < 0.95
    weight = seen.weight.reshape(-1, 9, 7)
    before = np.concatenate([first.T[None], weight[:-1]])
    moved = (seen.pulse[..., None] * seen.input[:, :, None, :]).reshape(weight.shape)
    assert np.array_equal(weight, before + moved)


def test_a_shorter_chunk_after_a_longer_one_shows_its_own_windows(small_lesson):
    task = small_lesson
    chip = programmed(task.spec, task.weights)
    chip.infer(task.events, task.windows, every_neuron(task.spec))
    events, windows = type(task.events)(*(array[:1] for array in task.events)), task.windows[:1]
    short = chip.infer(events, windows, every_neuron(task.spec))
    expected = programmed(task.spec, task.weights).infer(events, windows, every_neuron(task.spec))
    for n in short.spikes:
        assert_same(short.spikes[n], expected.spikes[n], f"spikes of layer {n}")
