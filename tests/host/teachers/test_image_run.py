"""A run on images: a convolutional teacher from an ONNX file, learning on chip, pictures, resumption."""

import json
import sys

import numpy as np
import pytest
from plain_network import random_network

from chipsim.design import AveragePool, Convolution, Dense, Flatten
from chipsim.die import fabricate
from host.run import prepare, resolve, run
from host.teachers.onnx.write import write_onnx
from host.trace import trace
from host.training import per_layer

QUICK = ("--epochs", 1, "--encoding", "current", "--threads", 1, "--json", "--noise", "mismatch:0.3@threshold")


@pytest.fixture
def data(tmp_path):
    """Which of two colours fills a square of 5x5, somewhere in 6x6."""
    rng = np.random.default_rng(1)
    labels = np.arange(160) % 2
    images = rng.integers(0, 80, (160, 6, 6, 2), np.uint8)
    for image, label, place in zip(images, labels, rng.integers(0, 2, 160), strict=True):
        image[place : place + 5, place : place + 5, label] += 150
    path = tmp_path / "colours.npz"
    np.savez(path, x_train=images[:120], y_train=labels[:120], x_test=images[120:], y_test=labels[120:])
    return path


@pytest.fixture
def teacher(tmp_path):
    """Counts each colour: positive kernels for one, negative for the other."""
    layers = [Convolution(channels=3, kernel=3, padding=1), AveragePool(kernel=2), Flatten(), Dense(units=2)]
    network = random_network((2, 6, 6), layers)
    kernels = np.tile([[0.2, -0.1, 0.05], [-0.1, 0.2, 0.05]], (9, 1)).astype(np.float32)
    head = np.tile([[1, -1], [-1, 1], [0, 0]], (9, 1)).astype(np.float32)
    zeros = np.zeros(3, np.float32)
    weights = [(kernels, zeros), None, (head, zeros[:2])]
    write_onnx(type(network)((2, 6, 6), network.layers, weights), tmp_path / "t.onnx")
    return tmp_path / "t.onnx"


@pytest.mark.draws
def test_images_are_learned_and_drawn(chipsim, here, data, teacher):
    ended = chipsim("run", "--dataset", data, "--teacher", teacher, *QUICK, "--out", "r")
    assert ended.status == 0, ended.err
    facts = json.loads(ended.out)
    assert facts["network"] == [72, 108, 27, 2]
    assert facts["accuracy"]["teacher"] > 0.95
    assert facts["accuracy"]["ideal"] > 0.9
    assert facts["weight_updates"] > 0
    assert {path.name for path in (here / "r").glob("*.png")} == {
        "accuracy.png",
        "raster.png",
        "rates.png",
        "weights.png",
    }
    again = json.loads(chipsim("run", "--resume", "r", "--json").out)
    assert again["accuracy"] == facts["accuracy"]


def test_a_random_start_and_another_chunk_change_what_they_should(chipsim, here, data, teacher):
    command = ("run", "--dataset", data, "--teacher", teacher, *QUICK)
    plain, small, fresh = (
        json.loads(chipsim(*command, *more).out)["accuracy"]
        for more in ((), ("--set", "training.chunk=7"), ("--start", "random"))
    )
    assert plain == small
    assert plain["before"] != fresh["before"]


def test_the_rate_of_a_convolution_is_divided_by_the_root_of_its_positions(data, teacher):
    setup = prepare(resolve(None, {"dataset": str(data), "teacher.file": str(teacher)}))
    rates = per_layer(np.array([0.5, 0.25], np.float32), setup.design)
    assert np.allclose(rates, np.outer([0.5, 0.25], [1 / 6, 1 / 3, 1]))


def test_methods_for_fully_connected_layers_say_so(chipsim, here, data, teacher):
    ended = chipsim("run", "--dataset", data, "--teacher", teacher, *QUICK, "--method", "noise-aware")
    assert ended.status == 2
    assert "method noise-aware trains fully connected layers only" in ended.err
    assert "choose on-chip-ltl, through-time or offline-ltl" in ended.err
    assert list(here.iterdir()) == []


THROUGH_TIME = {"training.method": "through-time", "training.epochs": 4, "training.start": "random", "steps": 4}


def test_convolutions_are_trained_through_time(data, teacher):
    pytest.importorskip("torch", reason="needs PyTorch (extra torch): no convolution is trained through time without")
    settings = {"dataset": str(data), "teacher.file": str(teacher)} | THROUGH_TIME
    outcome = run(resolve(None, settings | {"through_time.threshold_rate": 0.02, "training.learning_rate": 0.02}))
    accuracy = outcome.facts["accuracy"]
    assert accuracy["after"] == accuracy["ideal"] == accuracy["teacher"] > max(0.8, accuracy["before"])
    assert len(set(outcome.facts["learned"]["threshold_th"])) > 1
    calibrated = {"training.method": "on-chip-ltl", "teacher.method": "through-time", "noise": ["mismatch:0.2"]}
    taught = {"through_time.teacher_epochs": 4, "through_time.teacher_start": "random"}
    taught["through_time.teacher_learning_rate"] = 0.02
    after = run(resolve(None, settings | {"training.start": "teacher"} | taught | calibrated)).facts
    assert after["accuracy"]["teacher"] > 0.8 and after["weight_updates"] > 0


def test_convolutions_learn_on_the_host_by_local_targets(data, teacher):
    pytest.importorskip("torch", reason="needs PyTorch (extra torch): no convolution learns on the host without")
    settings = {"dataset": str(data), "teacher.file": str(teacher), "training.method": "offline-ltl", "steps": 6}
    learned = {"training.start": "random", "training.epochs": 6, "training.learning_rate": 0.02}
    outcome = run(resolve(None, settings | learned))
    assert outcome.facts["accuracy"]["after"] > max(0.85, outcome.facts["accuracy"]["before"])
    assert outcome.facts["method"]["host_macs"] > 6 * 100 * 6 * 3 * 27 * 2


def test_without_pytorch_a_line_says_what_to_install(chipsim, here, data, teacher, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    ended = chipsim("run", "--dataset", data, "--teacher", teacher, "--method", "through-time", "--threads", 1)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.splitlines()[-1].endswith(
        "training convolutions through time needs the package torch, which is"
        " not installed: pip install 'chipsim[torch]'"
    )
    assert list(here.iterdir()) == []


def test_what_suits_dies_that_learn_from_each_image_is_not_for_the_host(data, teacher):
    settings = {"dataset": str(data), "teacher.file": str(teacher)}
    assert resolve(None, settings).training.epochs == 1
    for name in ("through-time", "offline-ltl"):
        training = resolve(None, settings | {"training.method": name}).training
        assert (training.epochs, training.learning_rate) == (None, None)


def test_pools_have_no_targets(data, teacher):
    setup = prepare(resolve(None, {"dataset": str(data), "teacher.file": str(teacher)}))
    values = setup.train.values(slice(0, 4))
    targets = setup.teacher.targets(values, setup.train.labels[:4], "label")
    assert [None if target is None else target.shape for target in targets] == [(4, 108), None, (4, 2)]


def test_windows_begin_with_a_charge_where_a_pool_has_no_weights(data, teacher):
    settings = {"dataset": str(data), "teacher.file": str(teacher)}
    plain, charged = (
        prepare(resolve(None, settings | {"conversion.initial_membrane_th": th})).start_weights() for th in (0.0, 0.5)
    )
    assert plain[1] is charged[1] is None
    for before, after in ((plain[0], charged[0]), (plain[2], charged[2])):
        assert np.array_equal(before[0], after[0])
        assert np.allclose(after[1] - before[1], 0.5 / 16)


def test_map_shows_where_its_crossbars_stand(chipsim, teacher):
    text = chipsim("map", "--chip", "ideal", "--teacher", teacher).out
    assert "layer 1 visits 36 positions in turn, layer 2 visits 9 positions in turn\n" in text
    entry = json.loads(chipsim("map", "--chip", "ideal", "--teacher", teacher, "--json").out)
    assert entry["visits"] == [36, 9, 1]
    # 3x3 kernels of two channels, pools of 2x2 of three channels, then 27 values; biases come with the neurons
    assert [(tile["inputs"], tile["neurons"]) for tile in entry["tiles"]] == [(18, 3), (12, 3), (27, 2)]


@pytest.mark.parametrize("file", ["nowhere.onnx", "colours.npz"])
def test_map_refuses_what_is_no_network_in_one_line(chipsim, data, teacher, file):
    ended = chipsim("map", "--chip", "ideal", "--teacher", data.parent / file)
    assert (ended.status, ended.out) == (2, "")
    assert file in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("learn", [True, False], ids=["learn", "infer"])
def test_a_traced_neuron_shows_what_its_position_sees(data, teacher, learn):
    settings = {"dataset": str(data), "teacher.file": str(teacher), "encoding": "current", "training.epochs": 1}
    spec = resolve(None, settings | {"noise": ["mismatch:0.3"], "learning_circuit.warm_up_steps": 0})
    position, channel = 7, 1  # line 1, column 1 of 6x6: nothing of its kernel lies beyond the image
    traced = trace(spec, [(1, position * 3 + channel)], part="train", learn=learn)
    neuron, setup = traced.neurons[0], prepare(spec)
    image = setup.dataset.train.values(slice(0, 1)).reshape(6, 6, 2)
    field = np.append(image[0:3, 0:3].ravel(), 1)
    assert np.array_equal(neuron.input[0, 0], field[list(neuron.rows)])
    assert sorted(field[list(neuron.rows[:-1])]) == sorted(field[:-1])[-4:], "the most active rows"
    chip = setup.chip(setup.design, setup.start_weights(), 1)
    weights = chip.snapshot()["layer1.weight"][0][:, channel]
    assert np.array_equal(neuron.weight_before, weights[list(neuron.rows)])
    assert neuron.current[0, 0] == pytest.approx(field @ weights, rel=1e-5)
    fabricated = fabricate(chip.spec, chip.die_seed)[0]
    assert neuron.fabricated["threshold"] == fabricated.tables.threshold[position, channel]
    assert neuron.fabricated["gain_bias"] == fabricated.gain[0][-1, channel]
    assert len(neuron.pulse) == learn


def test_each_layers_liveliest_neuron_is_traced(chipsim, here, data, teacher):
    ended = chipsim("trace", "--dataset", data, "--teacher", teacher, *QUICK, "--out", "t.vcd")
    assert ended.status == 0, ended.err
    layers = json.loads(ended.out)["neurons"]
    assert [each["layer"] for each in layers] == [1, 2, 3]
    assert [sum(each["update_pulses"]) > 0 for each in layers] == [True, False, True], "a pool does not learn"
    assert {path.suffix for path in here.glob("t.*")} == {".vcd", ".gtkw", ".png"}


def test_traced_rows_belong_to_one_position(chipsim, here, data, teacher):
    ended = chipsim("trace", "--dataset", data, "--teacher", teacher, *QUICK, "--neurons", "1:0,1:3")
    assert ended.status == 2
    assert "probe rows for neurons of one position" in ended.err
    assert ended.err.count("\n") == 1
