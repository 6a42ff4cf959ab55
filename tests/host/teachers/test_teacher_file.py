"""chipsim run --teacher: the file decides the layers and the results, its place does not."""

import json

import numpy as np
import pytest
from onnx_models import dense_model, saved
from plain_network import random_network

from chipsim.design import Dense
from host.run import prepare, read_settings, resolve, spec_of
from host.teachers.network import dense_network
from host.teachers.onnx.write import write_onnx

QUICK = ("--epochs", 2, "--threads", 1, "--json")


@pytest.fixture
def teacher(tmp_path):
    """For small_runs.write_npz: six inputs, three classes."""
    write_onnx(random_network((6, 1, 1), [Dense(units=5), Dense(units=3)]), tmp_path / "t.onnx")
    return tmp_path / "t.onnx"


def test_a_run_follows_the_files_network(chipsim, here, data_file, teacher):
    ended = chipsim("run", "--dataset", data_file, "--teacher", teacher, *QUICK)
    assert ended.status == 0, ended.err
    facts = json.loads(ended.out)
    assert facts["network"] == [6, 5, 3]
    assert facts["accuracy"]["ideal"] > 0.2


def test_it_is_the_same_chip_as_of_a_teacher_trained_here(data_file, teacher):
    """The file's weights, normalised, are what the same weights give without a file."""
    spec = resolve(None, {"dataset": str(data_file), "teacher.file": str(teacher)})
    setup = prepare(spec)
    from host.teachers.perceptron import scaled_teacher

    own = scaled_teacher(setup.teacher.layers, setup.train, spec.teacher.norm, spec.teacher.norm_percentile)
    for (w, b), (v, c) in zip(setup.teacher.normalised(), own.normalised(), strict=True):
        assert np.allclose(w, v, rtol=1e-5)
        assert np.allclose(b, c, rtol=1e-4, atol=1e-6)


def test_the_hash_is_of_the_contents_not_of_the_place(data_file, teacher, tmp_path):
    def hash_of(path):
        return resolve(None, {"dataset": str(data_file), "teacher.file": str(path)}).hash()

    copy = tmp_path / "copy.onnx"
    copy.write_bytes(teacher.read_bytes())
    assert hash_of(copy) == hash_of(teacher)
    write_onnx(random_network((6, 1, 1), [Dense(units=5), Dense(units=3)], seed=1), copy)
    assert hash_of(copy) != hash_of(teacher)


def test_the_spec_finds_the_file_from_anywhere(data_file, teacher, tmp_path, monkeypatch):
    monkeypatch.chdir(teacher.parent)
    spec = resolve(None, {"dataset": str(data_file), "teacher.file": teacher.name})
    monkeypatch.chdir("/")
    assert spec_of(read_settings(None, {}) | json.loads(spec.model_dump_json())) == spec
    assert prepare(spec).teacher.sizes == (6, 5, 3)


def test_resume_refuses_another_file(chipsim, here, data_file, teacher):
    assert chipsim("run", "--dataset", data_file, "--teacher", teacher, *QUICK, "--out", "r").status == 0
    assert chipsim("run", "--resume", "r", "--json").status == 0
    first = teacher.read_bytes()
    write_onnx(random_network((6, 1, 1), [Dense(units=5), Dense(units=3)], seed=1), teacher)
    ended = chipsim("run", "--resume", "r")
    assert ended.status == 2
    assert "has changed: its digest is" in ended.err
    assert ended.err.count("\n") == 1
    teacher.write_bytes(first)
    assert chipsim("run", "--resume", "r", "--json").status == 0
    teacher.unlink()
    assert "cannot be read: No such file" in chipsim("run", "--resume", "r").err


def test_a_flag_overrides_the_configs_file(data_file, teacher, tmp_path):
    other = tmp_path / "other.onnx"
    write_onnx(random_network((6, 1, 1), [Dense(units=4), Dense(units=3)], seed=1), other)
    config = tmp_path / "spec.toml"
    config.write_text(resolve(None, {"dataset": str(data_file), "teacher.file": str(teacher)}).to_toml())
    assert prepare(resolve(config, {})).teacher.sizes == (6, 5, 3)
    assert prepare(resolve(config, {"teacher.file": str(other)})).teacher.sizes == (6, 4, 3)


def test_how_teachers_of_a_data_set_are_trained_does_not_matter(teacher):
    assert resolve(None, {"dataset": "mnist"}).teacher.shift_px > 0
    assert resolve(None, {"dataset": "mnist", "teacher.file": str(teacher)}).teacher.shift_px == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--hidden", "5"), "the file says the layers; leave one out"),
        (("--set", "teacher.epochs=5"), "trained already; leave one out"),
        (("--set", "teacher.shift_px=1"), "trained already; leave one out"),
        (("--noise", "mismatch:0.2,layer=3"), "there is no layer 3; this network has 1 to 2"),
        (("--dataset", "digits"), "has 3 outputs, but digits has 10 classes"),
        (("--dataset", "yinyang"), "takes 6 values, but yinyang has 4"),
        (("--teacher", "absent.onnx"), "absent.onnx cannot be read"),
    ],
)
def test_what_does_not_go_with_the_file(chipsim, here, data_file, teacher, arguments, words):
    ended = chipsim("run", "--dataset", data_file, "--teacher", teacher, *arguments, "--epochs", 1)
    assert ended.status == 2
    assert words in ended.err
    assert ended.err.count("\n") == 1
    assert list(here.iterdir()) == []


def test_colours_have_no_one_order_in_a_vector(chipsim, here, tmp_path):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 255, (20, 2, 2, 3), np.uint8)
    np.savez("d.npz", x_train=images, y_train=np.arange(20) % 2, x_test=images, y_test=np.arange(20) % 2)
    write_onnx(dense_network([(rng.random((12, 2), np.float32), np.zeros(2, np.float32))]), tmp_path / "flat.onnx")
    ended = chipsim("run", "--dataset", "d.npz", "--teacher", tmp_path / "flat.onnx")
    assert ended.status == 2
    assert "takes 12 values, but d has 3x2x2" in ended.err


def test_a_missing_package_is_named(chipsim, here, data_file, tmp_path, monkeypatch):
    path = saved(tmp_path, dense_model())
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    ended = chipsim("run", "--dataset", data_file, "--teacher", path)
    assert ended.status == 2
    assert "pip install 'chipsim[onnx]'" in ended.err


def test_a_sweep_follows_the_file(chipsim, here, data_file, teacher):
    ended = chipsim(
        "sweep",
        "--dataset",
        data_file,
        "--teacher",
        teacher,
        "--noise",
        "mismatch:0,0.2",
        "--dies",
        2,
        "--epochs",
        1,
        "--json",
    )
    assert ended.status == 0, ended.err
    assert "failed" not in ended.out or json.loads(ended.out.splitlines()[-1])
