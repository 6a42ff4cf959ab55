"""A training that was stopped goes on to the bits of one that never was, and with nothing else."""

import errno
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from stopped_runs import Stopped

from host.data import load
from host.errors import TeacherError
from host.files import write_arrays
from host.lock import Lock
from host.teachers import parse_architecture
from host.teachers.torch import training
from host.teachers.torch.checkpoint import Checkpoint
from host.teachers.torch.recipe import Recipe

torch = pytest.importorskip("torch", reason="needs PyTorch (extra torch)")

RECIPE = Recipe(parse_architecture("4s2,fc8"), epochs=4, batch=90, augmentation="flip-shift", seed=3)
PER_EPOCH = 3  # batches


@pytest.fixture(scope="module")
def data():
    digits = load("digits")
    return replace(digits, train=digits.train.subset(np.arange(300)), test=digits.test.subset(np.arange(20)))


def bits(trained):
    return [array.tobytes() for layer in trained.network.weights if layer for array in layer]


def stop_at(batch, seen=None):
    def progress(done, total, words):
        if seen is not None:
            seen.append((done, words))
        if done == batch:
            raise Stopped

    return progress


def on(data, recipe, checkpoint, stops):
    """Trained with these stops, each at so many batches; how many batches had been done when it went on each time."""
    begun = []
    for batch in [*stops, None]:
        seen = []
        with suppress(Stopped):
            trained = training.train(data, recipe, stop_at(batch, seen), checkpoint)
        begun.append(seen[0][0])
    return trained, begun


@pytest.mark.parametrize(
    "changes",
    [{}, {"average": "ema", "optimizer": "sgd"}, {"average": "epochs", "precision": "bfloat16"}],
    ids=["plain", "ema", "epochs"],
)
def test_a_stopped_training_goes_on_to_the_same_bits(data, tmp_path, changes, monkeypatch):
    recipe = replace(RECIPE, **changes)
    whole = training.train(data, recipe, lambda *_: None)
    trained, begun = on(data, recipe, Checkpoint(tmp_path / "a.onnx"), [1, PER_EPOCH + 2, 2 * PER_EPOCH + 1])
    assert begun == [0, 0, PER_EPOCH, 2 * PER_EPOCH], "from the end of an epoch"
    assert bits(trained) == bits(whole)
    monkeypatch.setattr(training, "_SAVED_EVERY_S", 0.0)
    trained, begun = on(data, recipe, Checkpoint(tmp_path / "b.onnx"), [2, PER_EPOCH + 2, 4 * PER_EPOCH])
    assert begun == [0, 1, PER_EPOCH + 1, 4 * PER_EPOCH - 1], "from the middle of one, after five minutes"
    assert bits(trained) == bits(whole)
    assert (trained.train_accuracy, trained.test_accuracy) == (whole.train_accuracy, whole.test_accuracy)


def test_the_averages_are_other_networks(data):
    kinds = {bits(training.train(data, replace(RECIPE, average=kind), lambda *_: None))[0] for kind in ("none", "ema")}
    assert len(kinds) == 2


COMMAND = (
    "teacher",
    "train",
    "--dataset",
    "digits",
    "--arch",
    "fc8",
    "--batch",
    600,
    "--threads",
    1,
    "--out",
    "t.onnx",
)


@pytest.fixture
def stopped(chipsim, here, monkeypatch):
    """A training by COMMAND of which an epoch is done."""
    with monkeypatch.context() as patch:
        patch.setattr("host.terminal.Console.steps", lambda self, done, total, words: stop_at(3)(done, total, words))
        with pytest.raises(Stopped):
            chipsim(*COMMAND, "--epochs", 2)
    assert {path.name for path in here.iterdir()} == {"t.onnx.checkpoint"}


def test_the_same_command_goes_on(stopped, chipsim, here):
    ended = chipsim(*COMMAND, "--epochs", 2)
    assert ended.status == 0, ended.err
    assert {path.name for path in here.iterdir()} == {"t.onnx"}
    gone_on = (here / "t.onnx").read_bytes()
    assert chipsim(*COMMAND, "--epochs", 2).status == 0, "what is finished is trained anew"
    assert (here / "t.onnx").read_bytes() == gone_on


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--epochs", 3), "--epochs 2 there, 3 here"),
        (("--epochs", 2, "--seed", 5), "--seed 1 there, 5 here"),
        (("--epochs", 2, "--average", "ema"), "--average none there, ema here"),
        (("--epochs", 2, "--hold-out", 20), "--hold-out 0.15 there, 20.0 here"),
        (("--epochs", 2, "--scale", "0,20"), "data "),
    ],
)
def test_other_settings_or_data_are_refused_by_name(stopped, chipsim, here, more, words):
    before = (here / "t.onnx.checkpoint").read_bytes()
    ended = chipsim(*COMMAND, *more)
    assert ended.status == 2
    line = ended.err.splitlines()[-1]
    assert "t.onnx.checkpoint is of a training that is not this one" in line and words in line
    assert "remove it to start anew" in line
    assert (here / "t.onnx.checkpoint").read_bytes() == before, "it stays for whoever wrote it"
    assert len(list(here.iterdir())) == 1


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: b"", lambda content: b"\0" + content])
def test_a_damaged_checkpoint_is_refused(stopped, chipsim, here, damage):
    path = here / "t.onnx.checkpoint"
    path.write_bytes(damage(path.read_bytes()))
    ended = chipsim(*COMMAND, "--epochs", 2)
    assert ended.status == 2
    assert "t.onnx.checkpoint" in (line := ended.err.splitlines()[-1]) and "(remove it)" in line
    assert not (here / "t.onnx").exists()


def test_a_checkpoint_of_something_else_is_refused(data, tmp_path):
    checkpoint = Checkpoint(tmp_path / "t.onnx")
    identity = {"data": "", "--epochs": 2}
    checkpoint.write(torch, identity, {"done": torch.tensor(1)})
    assert checkpoint.read(torch, identity) == {"done": torch.tensor(1)}
    for arrays, facts in (({"state": np.zeros(9, np.uint8)}, {"identity": identity}), ({}, {"identity": identity})):
        write_arrays(checkpoint.path, arrays, facts)
        with pytest.raises(TeacherError, match="holds no state of a training: remove it to start anew"):
            checkpoint.read(torch, identity)


def test_two_trainings_of_one_file_do_not_mix(chipsim, here):
    lock = Lock.take(here / "t.onnx.lock")
    ended = chipsim(*COMMAND, "--epochs", 1)
    lock.release()
    assert ended.status == 2
    assert "t.onnx is being trained by process" in ended.err and "choose another --out" in ended.err


def test_ctrl_c_says_how_to_go_on(chipsim, here, monkeypatch):
    def interrupted(self, done, total, words):
        if done == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("host.terminal.Console.steps", interrupted)
    ended = chipsim(*COMMAND, "--epochs", 2)
    assert ended.status == 130
    assert ended.err.endswith("chipsim: interrupted; the same command goes on\n")


def test_a_full_disk_leaves_what_was_there(stopped, chipsim, here, monkeypatch):
    before = (here / "t.onnx.checkpoint").read_bytes()

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("host.files.os.fsync", full)
    ended = chipsim(*COMMAND, "--epochs", 2)
    assert ended.status != 0 and "No space left on device" in ended.err
    assert {path.name: path.read_bytes() for path in here.iterdir()} == {"t.onnx.checkpoint": before}
