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

from chipsim import AdcSpec, ChipError, ChipSpec, NeuronSpec, Probe, SpikeProbe
from chipsim.design import AveragePool, Convolution, Dense, Flatten
from host.link.remote import RemoteChip, connect
from learning_circuit import LearningCircuitSpec

INTEGERS = {"arithmetic": "integer", "dither": "lfsr", "increment_bits": 3}
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
    "integers": {"circuit": INTEGERS, "synapse": {"weight_bits": 5}, "target_bits": 9, "noise": ("mismatch:0.3",)},
}


def assert_same_content(actual, expected):
    """The same rows at every step."""
    for name in ("begin", "end"):
        assert_same(getattr(actual, name), getattr(expected, name), name)
    for mine, theirs, stop in zip(actual.rows, expected.rows, expected.end[:, -1], strict=True):
        assert_same(mine[:stop], theirs[:stop], "rows")


def assert_same_everything(actual, expected):
    assert_same_result(actual, expected)
    assert_same(actual.classes, expected.classes, "classes")
    for name in ("activity", "work"):
        mine, theirs = getattr(actual, name), getattr(expected, name)
        assert {key: value.tolist() for key, value in mine.items()} == {k: v.tolist() for k, v in theirs.items()}


@pytest.mark.parametrize(
    ("case", "constant_current"),
    [(case, current) for case in CASES for current in (False, True) if not (current and case == "integers")],
)
def test_every_command(server, case, constant_current):
    task = lesson(spec_of(**CASES[case]), n_windows=40, constant_current=constant_current)
    local = programmed(task.spec, task.weights)
    with connect(server.endpoint) as connection:
        remote = RemoteChip(connection, task.spec, 3)
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


IMAGE_LAYERS = {
    "shared": [Convolution(channels=4, kernel=3, padding=1), AveragePool(kernel=2), Flatten(), Dense(units=3)],
    "unrolled": [Convolution(channels=3, kernel=(3, 2), stride=(2, 1), form="unrolled"), Flatten(), Dense(units=3)],
}


def image_spec(form, noise=()):
    return ChipSpec(
        input_shape=(2, 6, 6),
        layers=IMAGE_LAYERS[form],
        steps=8,
        noise=noise,
        neuron=NeuronSpec(low_rail_th=-1.0),
        learning_circuit=LearningCircuitSpec(boxcar_width_th=2.0, dead_zone_counts=0.5, warm_up_steps=2),
    )


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("noise", [("mismatch:0.3", "thermal:0.1", "link:0.01"), ("quantization:4", "drift:0.3")])
@pytest.mark.parametrize("form", IMAGE_LAYERS)
def test_layers_on_images(server, form, noise, constant_current):
    task = lesson(image_spec(form, noise), n_windows=20, constant_current=constant_current)
    local = programmed(task.spec, task.weights)
    probes = every_neuron(task.spec)
    with connect(server.endpoint) as connection:
        remote = RemoteChip(connection, task.spec, 3)
        with pytest.raises(ChipError, match="do not fit this chip: program"):
            remote.program(task.weights[1:])
        remote.program(task.weights)
        assert_same_state(remote, local)
        for show in (
            lambda chip: chip.infer(task.events, task.windows),
            lambda chip: taught(task, chip),
            lambda chip: taught(task, chip, probes),
        ):
            assert_same_everything(show(remote), show(local))
        start = local.snapshot()
        for chip in (remote, local):
            chip.age(3600.0)
            chip.restore(start)
        assert_same_everything(taught(task, remote), taught(task, local))
        for mine, theirs in zip(remote.weights(), local.weights(), strict=True):
            assert [array.tobytes() for array in mine] == [array.tobytes() for array in theirs]
        with pytest.raises(ChipError, match="layers on images cannot be read back"):
            remote.read_back(task.events, task.windows, AdcSpec())


def test_a_server_sets_each_layers_leak_and_threshold(server):
    neuron = {"kind": "lif", "tau_steps": (9.0, 4.0, 2.5), "threshold_th": (1.0, 0.7, 1.2), "leak_dac": {"bits": 4}}
    task = lesson(spec_of(noise=("mismatch:0.3",), neuron=neuron), n_windows=20)
    plain = lesson(spec_of(noise=("mismatch:0.3",), neuron={"kind": "lif"}), n_windows=20)
    local = programmed(task.spec, task.weights)
    expected = taught(task, local)
    with connect(server.endpoint) as connection:
        remote = RemoteChip(connection, task.spec, 3)
        remote.program(task.weights)
        assert_same_everything(taught(task, remote), expected)
        assert_same_state(remote, local)
    assert not np.array_equal(taught(plain, programmed(plain.spec, plain.weights)).counts[1], expected.counts[1])


def test_positions_may_begin_with_weights_of_their_own(server):
    task = lesson(image_spec("unrolled"), n_windows=10)
    [shape, *_] = task.spec.shapes
    rng = np.random.default_rng(4)
    own = rng.normal(0, 0.3, (shape.crossbars, shape.rows, shape.columns)).astype(np.float32)
    weights = [(own, np.zeros((shape.crossbars, shape.columns), np.float32)), *task.weights[1:]]
    local = programmed(task.spec, weights)
    with connect(server.endpoint) as connection:
        remote = RemoteChip(connection, task.spec, 3)
        remote.program(weights)
        assert_same_everything(taught(task, remote), taught(task, local))
        assert_same_state(remote, local)


@pytest.mark.parametrize("readout", ["spiking", "integrating"])
@pytest.mark.parametrize("bits", [3, 8])
def test_membranes_and_spikes_are_read_back(server, monkeypatch, readout, bits):
    """Over several frames, too."""
    monkeypatch.setattr("chipsim.wire.messages.requests._MOST_WINDOWS", 16)
    converter = AdcSpec(bits=bits, low_th=-0.5)
    task = lesson(spec_of((20, 70, 10, 5), steps=7, neuron={"readout": readout}), n_windows=40)
    local = programmed(task.spec, task.weights)
    with connect(server.endpoint) as connection:
        remote = RemoteChip(connection, task.spec, 3)
        remote.program(task.weights)
        result, read = remote.read_back(task.events, task.windows, converter)
        expected_result, expected = local.read_back(task.events, task.windows, converter)
        assert_same_everything(result, expected_result)
        for layer, n in enumerate(task.spec.layer_sizes[1:]):
            assert read.adcs[layer] == expected.adcs[layer]
            assert_same(read.codes[layer][:, :, :n], expected.codes[layer][:, :, :n], "codes")
            assert_same(read.spike_bits[layer], expected.spike_bits[layer], "fired")
        for mine, theirs in zip(read.spikes, expected.spikes, strict=True):
            assert_same_content(mine, theirs)
        neurons = 85 * 7 * 40
        firing = neurons - (5 * 7 * 40 if readout == "integrating" else 0)
        needed = (neurons * bits + firing) / 8
        assert needed < connection.traffic.up["TRACES"].bytes < needed + 3 * 500, "three frames' heads"
        with pytest.raises(ChipError, match="a range from 9 to 8 th is empty"):
            remote.read_back(task.events, task.windows, AdcSpec(low_th=9.0))


@pytest.mark.parametrize("noise", [("thermal:0.1",), ("quantization:4", "drift:0.3")], ids=["analog", "few bits"])
def test_probes(server, noise):
    task = lesson(spec_of(noise=noise), n_windows=5)
    local = programmed(task.spec, task.weights)
    probes = every_neuron(task.spec)
    with connect(server.endpoint) as connection:
        remote = RemoteChip(connection, task.spec, 3)
        remote.program(task.weights)
        for show in (
            lambda chip: chip.infer(task.events, task.windows, probes),
            lambda chip: taught(task, chip, probes),
        ):
            actual, expected = show(remote), show(local)
            assert_same_everything(actual, expected)
            for layer, signals in expected.signals.items():
                for name, array in signals.items():
                    assert_same(getattr(actual.signals[layer], name), array, name)
                assert_same(actual.probed_membranes[layer], expected.probed_membranes[layer], "traces")
                assert_same(actual.spikes[layer], expected.spikes[layer], "spikes")


def test_probes_of_spikes_alone(server):
    task = lesson(spec_of(), n_windows=5)
    local = programmed(task.spec, task.weights)
    probes = [SpikeProbe(1, (2, 0)), Probe(2, (1,)), SpikeProbe(3, (0, 1))]
    with connect(server.endpoint) as connection:
        remote = RemoteChip(connection, task.spec, 3)
        remote.program(task.weights)
        actual, expected = (chip.infer(task.events, task.windows, probes) for chip in (remote, local))
        assert actual.signals.keys() == expected.signals.keys() == {2}
        for layer in (1, 2, 3):
            assert_same(actual.spikes[layer], expected.spikes[layer], "spikes")


def test_chunks_of_several_frames_and_results_looked_at_late(server, monkeypatch):
    """Frames follow each other without waiting; whatever was not looked at is still there."""
    monkeypatch.setattr("chipsim.wire.messages.requests._MOST_WINDOWS", 512)
    n = 1200
    task = lesson(spec_of(sizes=(5, 4, 3), steps=4, noise=("thermal:0.1", "drift:0.2")), n_windows=n)
    local = programmed(task.spec, task.weights)
    with connect(server.endpoint) as connection:
        remote = RemoteChip(connection, task.spec, 3)
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
        remote = RemoteChip(connection, task.spec, 3)
        remote.program(task.weights)
        result = taught(task, remote)
        assert result.activity["synaptic_events"].sum() > 0
        traffic = connection.traffic
        assert traffic.up["LEARNED"].messages == 1 and traffic.up["LEARNED"].bytes < 2000
        assert "COUNTS" not in traffic.up
        assert len(result.counts[0]) == 400
        assert traffic.up["COUNTS"].bytes > 400 * 100
