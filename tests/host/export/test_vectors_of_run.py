"""Vectors of a run: the chip's kernels have done what the circuit in integers does, and the bench agrees."""

import json

import pytest
from small_exports import CIRCUIT_FLAGS, needs
from small_runs import write_npz

from host.cli import main
from host.export.cosim import CELLS, Asked, cosim
from host.export.vectors.of_run import ArrayOfRun
from host.run import resolve

FEW = Asked(flips=0, mutants=0, seed=1, workers=1, cells=CELLS)


@pytest.fixture(scope="module")
def a_run(tmp_path_factory):
    """The spec of a run as its folder holds it, with weights that are off and a synapse or two that are stuck."""
    folder = tmp_path_factory.mktemp("runs")
    data = write_npz(folder / "data.npz")
    settings = {
        "dataset": str(data),
        "hidden": [7],
        "steps": 6,
        "noise": ["mismatch:0.3", "thermal:0.1", "stuck:0.1"],
        "teacher.epochs": 50,
        "training.epochs": 2,
        "training.learning_rate": 0.05,
        "learning_circuit.arithmetic": "integer",
        "learning_circuit.dither": "lfsr",
        "learning_circuit.comparison": "digital",
        "synapse.weight_bits": 5,
        "synapse.full_scale_th": 1.0,
        "target_bits": 8,
    }
    (folder / "spec.toml").write_text(resolve(None, settings).to_toml())
    return folder


def test_a_runs_neurons_do_what_the_circuit_does(chipsim, here, a_run):
    out = here / "out"
    asked = ("export", "vectors", "--run", a_run, "--neurons", "1:0-2,2:1", "--samples", "12", "--json", "-o", out)
    done = chipsim(*asked)
    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert [(each["set"], each["columns"], each["windows"]) for each in told["sets"]] == [
        ("run-1", 3, 12),
        ("run-2", 1, 12),
    ]
    assert all(each["open_steps"] > 0 for each in told["sets"])
    first = {path.name: path.read_bytes() for path in (out / "vectors/run-1").iterdir()}
    assert chipsim(*asked).status == 0
    assert {path.name: path.read_bytes() for path in (out / "vectors/run-1").iterdir()} == first
    assert str(a_run).encode() not in first["manifest.json"]
    assert chipsim("export", "rtl", "--config", a_run, "-o", out).status == 0  # the same circuit: its sets stay
    assert (out / "vectors/run-2/manifest.json").exists()


@needs("iverilog", "vvp")
def test_the_rtl_agrees_with_the_chip(chipsim, here, a_run):
    chipsim("export", "vectors", "--run", a_run, "--neurons", "1:0,1:6", "--samples", "8", "-o", here / "out")
    assert [(each.check, each.passed) for each in cosim(here / "out", ["simulate"], FEW)] == [
        ("simulate, the chip", True),
        ("simulate, directed1", True),
        ("simulate, run-1", True),
    ]


def test_a_chip_that_does_something_else_is_no_vector(chipsim, here, a_run, monkeypatch):
    learn = ArrayOfRun.learn

    def off_by_one(array, shown, every):
        learn(array, {**shown, "increment": shown["increment"] + 1}, every)

    monkeypatch.setattr(ArrayOfRun, "learn", off_by_one)
    monkeypatch.setattr(
        "sys.argv", ["chipsim", "export", "vectors", "--run", str(a_run), "--neurons=1:0", "--samples=4", "-o", "out"]
    )
    with pytest.raises(AssertionError, match="layer 1, neuron 0, window 1, step 1: the chip has increment"):
        main()
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--neurons", "3:0"], "there is no layer 3"),
        (["--neurons", "1:7"], "neurons 0 to 6"),
        (["--neurons", "1:1,1:1"], "named twice"),
        (["--neurons", "1:0", "--samples", "100000"], "choose at most"),
        (["--neurons", "1:0", "--name", "../up"], "letters"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(chipsim, here, a_run, arguments, said):
    done = chipsim("export", "vectors", "--run", a_run, "-o", here / "out", *arguments)
    assert done.status == 2 and said in done.err and len(done.err.splitlines()) == 1
    assert not (here / "out").exists()


def test_an_export_of_another_circuit_is_refused(chipsim, here, a_run):
    chipsim("export", "rtl", "--network", "6,4,3", *CIRCUIT_FLAGS, "-o", here / "out")
    done = chipsim("export", "vectors", "--run", a_run, "--neurons", "1:0", "--samples", "2", "-o", here / "out")
    assert done.status == 2 and "another circuit" in done.err
