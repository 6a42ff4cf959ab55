"""Whatever path is given, if there is no ordinary file behind it, or a hostile one: one line, at once, nothing left."""

import gzip
import os
import re
import struct

import numpy as np
import pytest
from small_runs import IDX_FILES, SMALL_FLAGS, everything_in, idx_bytes, small_arrays, write_idx, write_npz

from chipsim import ChipError
from chipsim.server import load_public_key
from host.files import write_text

PIPE, DEVICE, CIRCLE, NOBODY = "a pipe", "a device", "a circle", "~nobody-at-all/it"


@pytest.fixture
def placed(here):
    """Makes what is no file, at a path."""

    def make(kind, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if kind == PIPE:
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero" if kind == DEVICE else path)
        return path

    return make


@pytest.fixture
def refused(chipsim, here):
    """Run a command that must be refused, in one line and without a trace; returns the line."""

    def call(*arguments):
        before = names_in(here)
        ended = chipsim(*arguments)
        assert (ended.status, ended.out) == (2, ""), ended
        assert re.fullmatch(r"chipsim: [^\n]+\n", ended.err), ended.err
        assert names_in(here) == before, "something was left behind"
        return ended.err

    return call


def names_in(folder):
    return sorted(str(path) for path in folder.rglob("*"))


READERS = {
    "config": lambda path: ("run", "--config", path),
    "a chip": lambda path: ("run", "--chip", path),
    "a chip to check": lambda path: ("check", path, "--network", "4,3"),
    "a chip to show": lambda path: ("spec", path),
    "a pulse curve": lambda path: ("run", "--set", f"learning_circuit.pulse_curve_csv={path}"),
    "data": lambda path: ("run", "--dataset", path),
    "a sweep": lambda path: ("yield", path, "--at-least", "0.9"),
    "a new sweep": lambda path: ("sweep", "--noise", "mismatch:0.1,0.2", "--out", path),
    "a sweep to report": lambda path: ("report", path),
    "a record": lambda path: ("bench", "--against", path),
}


@pytest.mark.parametrize("kind", [PIPE, DEVICE, CIRCLE])
@pytest.mark.parametrize("reader", READERS)
def test_where_a_file_should_be(refused, placed, here, reader, kind):
    path = placed(kind, here / "it.npz")
    assert "it.npz" in refused(*READERS[reader](path))


@pytest.mark.parametrize("kind", [PIPE, DEVICE, CIRCLE])
def test_where_a_key_should_be(placed, here, kind):
    with pytest.raises(ChipError, match="there is no key at .*it.key"):
        load_public_key(placed(kind, here / "it.key"))


@pytest.mark.parametrize("kind", [PIPE, DEVICE, CIRCLE])
@pytest.mark.parametrize("name", IDX_FILES.values())
def test_in_an_idx_folder(refused, placed, here, name, kind):
    write_idx(here / "idx")
    placed(kind, here / "idx" / name)
    assert f"idx/{name}" in refused("run", "--dataset", here / "idx")


@pytest.mark.parametrize("kind", [PIPE, DEVICE])
@pytest.mark.parametrize("name", ["spec.toml", "checkpoint.bin"])
def test_in_a_run_folder(refused, placed, chipsim, here, data_file, name, kind):
    assert chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--epochs", 0, "--out", "mine").status == 0
    placed(kind, here / "mine" / name)
    assert "mine" in refused("run", "--resume", "mine")


@pytest.mark.parametrize("kind", [PIPE, DEVICE])
@pytest.mark.parametrize("name", ["result.json", "metrics.csv"])
def test_in_a_run_folder_to_report(refused, placed, chipsim, here, data_file, name, kind):
    assert chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--epochs", 0, "--out", "mine").status == 0
    placed(kind, here / "mine" / name)
    assert name in refused("report", "mine")


def test_a_home_that_is_not_there(refused, monkeypatch):
    for arguments in (
        ("run", "--dataset", "~nobody-at-all/it.npz"),
        ("run", "--dataset", "mnist", "--data-dir", "~nobody-at-all"),
        ("run", "--teacher", "~nobody-at-all/it.onnx"),
        ("data", "--data-dir", "~nobody-at-all"),
    ):
        assert "there is no home folder ~nobody-at-all" in refused(*arguments)
    monkeypatch.setenv("CHIPSIM_DATA", "~nobody-at-all")
    assert "CHIPSIM_DATA ~nobody-at-all: there is no home" in refused("run", "--dataset", "mnist")


def test_the_doctor_lives_with_such_a_home(chipsim, here, monkeypatch):
    monkeypatch.setenv("CHIPSIM_DATA", "~nobody-at-all")
    ended = chipsim("doctor")
    assert ended.status in (0, 1) and "~nobody-at-all" in ended.out


def test_a_pipe_or_a_device_is_not_replaced(placed, here):
    """A file renamed to its name would be in its place; as root that was /dev/null for the whole machine."""
    for kind in (PIPE, DEVICE):
        path = placed(kind, here / "it.vcd")
        with pytest.raises(OSError, match=r"a pipe or a device.*it\.vcd"):
            write_text(path, "x")
        assert path.is_fifo() or path.is_char_device()
        assert names_in(here) == [str(path)]


TEXTS = {
    "UTF-16": ("steps = 4\n".encode("utf-16"), "UTF-16, as PowerShell's > writes it; save it as UTF-8"),
    "UTF-16 without a mark": ("steps = 4\n".encode("utf-16-le"), "NUL characters, as UTF-16 does"),
    "deep": (b"a = " + b"[" * 1500 + b"]" * 1500, "nested more than 50 deep"),
    "deep by dots": (b".".join([b"a"] * 3000) + b" = 1", "nested more than 50 deep"),
    "a long number": (b"steps = " + b"9" * 5000, "is not TOML"),
    "too long": (b"#" * 2_000_000, "holds more than 1,048,576 bytes"),
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("flag", ["--config", "--chip"])
def test_texts(refused, here, flag, kind):
    content, words = TEXTS[kind]
    (here / "it.toml").write_bytes(content)
    line = refused("run", flag, here / "it.toml")
    assert words in line and "it.toml" in line


@pytest.mark.parametrize("name", [".".join(["a"] * 3000), "neuron." * 60 + "kind"])
def test_a_setting_of_many_names(refused, name):
    assert "no setting is nested so deep" in refused("run", "--set", f"{name}=1")


@pytest.mark.parametrize("value", ["[" * 3000 + "]" * 3000, "9" * 5000])
def test_a_value_too_deep_or_long(refused, value):
    assert "steps" in refused("run", "--set", f"steps={value}")


def test_a_byte_order_mark_is_no_text(chipsim, here, data_file):
    (here / "it.toml").write_text("steps = 6\n", encoding="utf-8-sig")
    ended = chipsim("run", "--config", "it.toml", "--dataset", data_file, "--hidden", "7", "--epochs", 0)
    assert ended.status == 0 and " 6 steps" in ended.out


def npz_that_promises(path, shape):
    """As NumPy writes it, but for the shape in the header of x_train."""
    write_npz(path)
    content = path.read_bytes()
    old = b"'shape': (150, 6), }" + b" " * 40
    assert content.count(old) == 1
    new = f"'shape': {shape}, }}".encode()
    path.write_bytes(content.replace(old, new.ljust(len(old))))
    return path


@pytest.mark.parametrize("shape", [(2**40, 6), (2**62, 4), (2**32, 2**32)])
def test_an_npz_file_that_promises_more_than_there_is(refused, here, shape):
    line = refused("run", "--dataset", npz_that_promises(here / "it.npz", shape))
    assert "it.npz cannot be read" in line


@pytest.mark.parametrize("shape", [(2**31, 2**31, 4), (2**32 - 1,), (2**16, 2**16, 1)])
def test_an_idx_file_that_promises_more_than_there_is(refused, here, shape):
    write_idx(here / "idx")
    head = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    (here / "idx" / IDX_FILES["x_train"]).write_bytes(gzip.compress(head))
    line = refused("run", "--dataset", here / "idx")
    assert IDX_FILES["x_train"] in line and "promises" in line


def test_a_gzip_bomb(refused, here, monkeypatch):
    monkeypatch.setattr("host.stored_arrays.FREE", 1 << 16)
    write_idx(here / "idx")
    images = np.zeros((1000, 40, 40), np.uint8)
    (here / "idx" / IDX_FILES["x_train"]).write_bytes(gzip.compress(idx_bytes(images)))
    assert "takes 1.5 MiB, and a file of" in refused("run", "--dataset", here / "idx")


@pytest.mark.parametrize("label", [65535, 2000])
def test_a_label_that_makes_thousands_of_outputs(refused, here, label):
    labels = small_arrays()["y_train"]
    labels[0] = label
    line = refused("run", "--dataset", write_npz(here / "it.npz", y_train=labels))
    assert f"holds label {label}, which makes {label + 1:,} outputs, but only 4 different ones" in line
    assert everything_in(here).keys() == {"it.npz"}
