"""chipsim teacher train: what PyTorch trained is what the ONNX file holds."""

import json

import numpy as np
import pytest

from host.data import load
from host.run import prepare, resolve
from host.teachers.onnx.teacher import check_fits, read_onnx


def trained(chipsim, out, *arguments):
    pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    ended = chipsim("teacher", "train", "--dataset", "digits", "--out", out, "--threads", 1, "--json", *arguments)
    assert ended.status == 0, ended.err
    return json.loads(ended.out)


@pytest.mark.parametrize(
    ("arch", "network"), [("8,p2,16k5s2,fc24", "1x8x8-8-p2-16k5s2-fc24-fc10"), ("fc24,fc12", "64-24-12-10")]
)
def test_the_file_holds_the_trained_network(chipsim, here, arch, network):
    facts = trained(chipsim, "t.onnx", "--arch", arch, "--epochs", 6, "--batch", 32)
    assert facts["network"] == network
    read, forward = read_onnx(here / "t.onnx")
    data = load("digits")
    check_fits(read, data, "t.onnx")
    logits = forward(data.test.values(slice(None)))[-1]
    assert np.mean(logits.argmax(1) == data.test.labels) == pytest.approx(facts["test_accuracy"])
    assert facts["test_accuracy"] > 0.7


def test_the_same_seed_gives_the_same_file(chipsim, here):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        trained(chipsim, f"{name}.onnx", "--arch", "4s2", "--epochs", 1, "--augment", "flip-shift", "--seed", seed)
    a, b, c = ((here / f"{name}.onnx").read_bytes() for name in "abc")
    assert a == b
    assert a != c


@pytest.mark.parametrize(("activation", "ceilings"), [("spike-count", (2.0, 2.0, None)), ("relu", (None,) * 3)])
def test_the_file_has_the_activation_that_was_asked_for(chipsim, here, activation, ceilings):
    trained(chipsim, "t.onnx", "--arch", "fc8,fc8", "--epochs", 1, "--activation", activation)
    assert read_onnx(here / "t.onnx")[0].ceilings == ceilings


def test_what_a_run_validates_on_is_held_out(chipsim, here):
    facts = trained(chipsim, "t.onnx", "--arch", "fc24", "--epochs", 8, "--seed", 5)
    setup = prepare(resolve(None, {"seed": 5, "teacher.file": str(here / "t.onnx")}))
    assert facts["train_samples"] == len(setup.train)
    assert facts["validation_accuracy"] == pytest.approx(setup.teacher.accuracy(setup.valid))
    few = trained(chipsim, "t.onnx", "--arch", "fc24", "--epochs", 1, "--hold-out", 0.5)
    assert few["train_samples"] == pytest.approx(len(load("digits").train) / 2, abs=1)


def test_so_many_are_held_out_and_how_large_the_network_is_stands_ahead(chipsim, here):
    pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    ended = chipsim("teacher", "train", "--dataset", "digits", "--arch", "fc24", "--epochs", 1, "--hold-out", 300)
    assert ended.status == 2, "no --out"
    facts = trained(chipsim, "t.onnx", "--arch", "fc24", "--epochs", 1, "--hold-out", 300)
    assert facts["train_samples"] == len(load("digits").train) - 300
    assert facts["macs_per_image"] == 64 * 24 + 24 * 10
    setup = prepare(resolve(None, {"training.validation_samples": 300, "teacher.file": str(here / "t.onnx")}))
    assert facts["validation_accuracy"] == pytest.approx(setup.teacher.accuracy(setup.valid))
    arguments = ("--dataset", "digits", "--arch", "fc24", "--epochs", 1, "--hold-out", 1347, "--out", "t.onnx")
    ended = chipsim("teacher", "train", *arguments)
    assert ended.status == 2
    first, last = ended.err.splitlines()
    assert first == "64-24-10: 1,776 multiply-accumulates an image, 1,810 weights"
    assert "leave none to learn from: hold out 1,346 at most" in last


def test_half_precision_learns_too(chipsim, here):
    facts = trained(chipsim, "t.onnx", "--arch", "fc24", "--epochs", 6, "--batch", 32, "--precision", "bfloat16")
    assert facts["test_accuracy"] > 0.8


def test_sgd_learns_too(chipsim, here):
    assert trained(chipsim, "t.onnx", "--arch", "fc24", "--epochs", 8, "--optimizer", "sgd")["test_accuracy"] > 0.8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--arch", "8x", "--out", "t.onnx"), "'8x' is no layer"),
        (("--arch", "fc8", "--out", "t.pt"), "does not end in .onnx; write t.onnx"),
        (("--arch", "fc8", "--out", "absent/t.onnx"), "no folder to write in"),
        (("--arch", "fc8", "--out", "t.onnx", "--learning-rate", "-1"), "must be a number above 0"),
        (("--arch", "fc8", "--out", "t.onnx", "--epochs", "0"), "--epochs"),
        (("--arch", "fc8", "--out", "t.onnx", "--hold-out", "0"), "--hold-out 0.0 must be a share above 0"),
        (("--arch", "fc8", "--out", "t.onnx", "--hold-out", "nan"), "--hold-out nan must be a share above 0"),
        (("--arch", "fc8", "--out", "t.onnx", "--hold-out", "20.5"), "at most 0.5, or a whole number"),
        (("--arch", "fc8", "--out", "t.onnx", "--hold-out", "inf"), "at most 0.5, or a whole number"),
        (("--arch", "fc8", "--out", "t.onnx", "--average", "swa"), "'swa' is not one of none, ema, epochs"),
        (("--arch", "vgg16", "--out", "t.onnx"), "or vgg11 alone"),
        (("--arch", "fc8", "--out", "t.onnx", "--steps", "0"), "--steps"),
        (("--arch", "fc8", "--out", "t.onnx", "--activation", "tanh"), "--activation"),
        (("--arch", "fc8", "--out", "t.onnx", "--dataset", "nowhere"), "unknown data set 'nowhere'"),
    ],
)
def test_what_is_refused_before_anything_is_trained(chipsim, here, arguments, words):
    ended = chipsim("teacher", "train", *arguments)
    assert ended.status == 2
    assert words in ended.err
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--arch", "8,fc8", "--dataset", "yinyang"), "yinyang holds no images"),
        (("--arch", "8,p9", "--dataset", "digits"), "p9 averages more than there is, 8x8"),
        (("--arch", "fc8", "--dataset", "yinyang", "--augment", "shift"), "these data are none"),
    ],
)
def test_what_the_data_do_not_allow(chipsim, here, arguments, words):
    pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    ended = chipsim("teacher", "train", "--out", "t.onnx", *arguments)
    assert ended.status == 2
    assert words in ended.err
    assert list(here.iterdir()) == []


def test_two_samples_are_not_enough(chipsim, here):
    pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    x, y = np.eye(2, dtype=np.float32), np.arange(2)
    np.savez(here / "two.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    ended = chipsim("teacher", "train", "--dataset", "two.npz", "--arch", "fc8", "--out", "t.onnx")
    assert ended.status == 2
    assert "one training sample is held out, which leaves one" in ended.err
    assert not (here / "t.onnx").exists()


def test_without_torch_one_line_says_how_to_get_it(chipsim, here, monkeypatch):
    def missing(package):
        raise ImportError(package)

    monkeypatch.setattr("host.teachers.packages.import_module", lambda name: missing(name) if name == "torch" else name)
    ended = chipsim("teacher", "train", "--dataset", "digits", "--arch", "fc8", "--out", "t.onnx")
    assert ended.status == 2
    assert "pip install 'chipsim[torch]'" in ended.err
