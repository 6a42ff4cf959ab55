"""A chip behind a wire is one in this process, bit for bit."""

import numpy as np
import pytest
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

from host.remote import connect

CASES = {
    "ideal": {},
    "everything": {
        "noise": ("mismatch:0.3", "thermal:0.2", "silencing:0.2", "drift:0.5", "link:0.01", "read:0.05"),
        "neuron": {"kind": "lif"},
    },
    "few-bit weights": {"noise": ("quantization:4", "mismatch:0.3", "missed:0.1")},
    "short words": {"target_bits": 5, "noise": ("link:0.05@targets",)},
    "integrating readout": {"neuron": {"readout": "integrating"}},
    "small accumulators": {"circuit": {"accumulator_bits": 2}},
}


def assert_same_everything(actual, expected):
    assert_same_result(actual, expected)
    assert_same(actual.classes, expected.classes, "classes")
    for name in ("activity", "work"):
        mine, theirs = getattr(actual, name), getattr(expected, name)
        assert {key: value.tolist() for key, value in mine.items()} == {k: v.tolist() for k, v in theirs.items()}


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("case", CASES)
def test_every_command(server, case, constant_current):
    task = lesson(spec_of(**CASES[case]), n_windows=40, constant_current=constant_current)
    local = programmed(task.spec, task.weights)
    with connect(server.endpoint) as connection:
        remote = connection.chip(task.spec, 3)
        remote.program(task.weights)
        assert_same_state(remote, local)
        assert_same_everything(remote.infer(task.events, task.windows), local.infer(task.events, task.windows))
        assert_same_everything(taught(task, remote), taught(task, local))
        for chip in (remote, local):
            chip.age(3600.0)
        assert_same_state(remote, local)
        start = local.snapshot()
        assert_same_everything(taught(task, remote), taught(task, local))
        for chip in (remote, local):
            chip.restore(start)
        assert_same_everything(taught(task, remote), taught(task, local))
        for (weight, bias), (other_weight, other_bias) in zip(remote.weights(), local.weights(), strict=True):
            assert_same(weight, other_weight, "weights")
            assert_same(bias, other_bias, "biases")


@pytest.mark.parametrize("noise", [("thermal:0.1",), ("quantization:4", "drift:0.3")], ids=["analog", "few bits"])
def test_probes(server, noise):
    task = lesson(spec_of(noise=noise), n_windows=5)
    local = programmed(task.spec, task.weights)
    probes = every_neuron(task.spec)
    with connect(server.endpoint) as connection:
        remote = connection.chip(task.spec, 3)
        remote.program(task.weights)
        for show in (
            lambda chip: chip.infer(task.events, task.windows, probes),
            lambda chip: taught(task, chip, probes),
        ):
            actual, expected = show(remote), show(local)
            assert_same_everything(actual, expected)
            for layer, signals in expected.signals.items():
                for name, array in signals._asdict().items():
                    assert_same(getattr(actual.signals[layer], name), array, name)
                assert_same(actual.traces[layer], expected.traces[layer], "traces")
                assert_same(actual.spikes[layer], expected.spikes[layer], "spikes")


def test_chunks_of_several_frames_and_results_looked_at_late(server):
    """Frames follow each other without waiting; whatever was not looked at is still there."""
    n = 1200
    task = lesson(spec_of(sizes=(5, 4, 3), steps=4, noise=("thermal:0.1", "drift:0.2")), n_windows=n)
    local = programmed(task.spec, task.weights)
    with connect(server.endpoint) as connection:
        remote = connection.chip(task.spec, 3)
        remote.program(task.weights)
        for rates in (task.rates, np.full(n, 0.01, np.float32)):
            expected, actual = [], []
            for start, stop in ((0, 1), (1, 600), (600, n)):
                part = slice(start, stop)
                targets = [target[part] for target in task.targets]
                for chip, results in ((local, expected), (remote, actual)):
                    chunk = chunk_of(task.events, start, stop)
                    results.append(chip.learn(chunk, task.windows[part], targets, rates[part]))
            for mine, theirs in reversed(list(zip(actual, expected, strict=True))):
                assert_same_everything(mine, theirs)
        assert_same_state(remote, local)


def test_learning_reads_no_neurons_state(server):
    """What comes back of learning is a tally per command, however many windows and neurons there are."""
    task = lesson(spec_of(sizes=(20, 100, 10)), n_windows=400)
    with connect(server.endpoint) as connection:
        remote = connection.chip(task.spec, 3)
        remote.program(task.weights)
        result = taught(task, remote)
        assert result.activity["synaptic_events"].sum() > 0
        traffic = connection.traffic
        assert traffic.up["LEARNED"].messages == 1 and traffic.up["LEARNED"].bytes < 2000
        assert "COUNTS" not in traffic.up
        assert len(result.counts[0]) == 400
        assert traffic.up["COUNTS"].bytes > 400 * 100
