"""Probes show membranes and spikes, and never change a run."""

import numpy as np
import pytest
from small_chips import assert_same, assert_same_result, assert_same_state, every_neuron, programmed, taught, witness_of

from chipsim import Probe
from chipsim.fabricate import fabricate


@pytest.mark.parametrize("threads", [1, 3])
def test_probing_changes_nothing(small_lesson, threads):
    task = small_lesson
    quiet = programmed(task.spec, task.weights)
    probed = programmed(task.spec, task.weights, threads=threads)
    result, watched = taught(task, quiet), taught(task, probed, every_neuron(task.spec))
    assert result.traces == {} and result.spikes == {}
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
    assert result.traces.keys() == result.spikes.keys() == {2, 3}
    assert_same(result.traces[2], expected.traces[1][:, :, list(neurons)], "traces in the order asked for")
    assert_same(result.spikes[2], expected.spikes[1][:, :, list(neurons)], "spikes in the order asked for")
    assert_same(result.traces[3], expected.traces[2][:, :, [1]], "traces of the output layer")


def test_traces_agree_with_spikes_counts_and_thresholds(small_lesson):
    """A neuron spikes exactly where its trace reaches its threshold, and its count is the number of its spikes."""
    task = small_lesson
    chip = programmed(task.spec, task.weights)
    result = chip.infer(task.events, task.windows, every_neuron(task.spec))
    for n in range(3):
        threshold = fabricate(task.spec, chip.die_seed)[n].neurons.threshold
        assert np.array_equal(result.spikes[n + 1], result.traces[n + 1] >= threshold)
        assert np.array_equal(result.counts[n], result.spikes[n + 1].sum(axis=1))
    assert np.array_equal(result.membrane, result.traces[3][:, -1])
