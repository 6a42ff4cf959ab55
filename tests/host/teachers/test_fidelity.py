"""Every network from a file says how true it is here: in the head of a run, in JSON, and when it is asked for."""

import itertools
import json

import numpy as np
import pytest
from onnx_models import dense_model, edited, helper, model, saved

from host.run import prepare, resolve

STEP = {"teacher.step_s": 1e-3, "teacher.integration": "euler", "neuron.reset": "subtract"}
FLAGS = ("--dt", 1e-3, "--integration", "euler", "--reset", "subtract")


@pytest.fixture
def onnx_file(tmp_path):
    """For small_runs.write_npz, with a gain on its inputs."""

    def scale(made):
        made.graph.node[0].input[0] = "scaled"
        made.graph.node.insert(0, helper.make_node("Mul", ["x", "two"], ["scaled"], name="twice"))
        made.graph.initializer.append(helper.make_tensor("two", 1, [], [2.0]))

    return saved(tmp_path, edited(dense_model(), scale))


@pytest.fixture
def nir_file(tmp_path):
    return nir_of(tmp_path, last="LIF")


def nir_of(tmp_path, last):
    nir = pytest.importorskip("nir", reason="needs the package nir (extra nir)")

    def lif(n):
        return nir.LIF(np.full(n, 4e-3), np.full(n, 4.0), np.zeros(n), np.ones(n), np.zeros(n))

    rng = np.random.default_rng(2)
    nodes = {
        "input": nir.Input(np.array([1, 6])),
        "a": nir.Affine(rng.normal(0.1, 0.5, (8, 6)), np.zeros(8)),
        "b": lif(8),
        "c": nir.Affine(rng.normal(0.1, 0.5, (3, 8)), np.zeros(3)),
        "d": lif(3) if last == "LIF" else nir.LI(np.full(3, 4e-3), np.full(3, 40.0), np.zeros(3)),
        "output": nir.Output(np.array([3])),
    }
    path = tmp_path / f"{last}.nir"
    nir.write(path, nir.NIRGraph(nodes, list(itertools.pairwise(nodes)), type_check=False))
    return path


def test_a_run_says_it_in_its_head_and_in_its_json(chipsim, here, data_file, onnx_file):
    run = ("run", "--dataset", data_file, "--teacher", onnx_file, "--epochs", 0)
    facts = json.loads(chipsim(*run, "--json").out)["teacher"]
    note = "Mul 'twice': folded into Gemm 'my_gemm_a'"
    assert facts == {"fidelity": "exact", "because": [], "provided": [], "notes": [note]}
    head = chipsim(*run).out.split("\n\n")[0].splitlines()
    assert f"  teacher {onnx_file}: exact" in head and f"    {note}" in head


def test_a_teacher_trained_here_has_no_file_to_be_true_to(chipsim, here, data_file):
    facts = json.loads(chipsim("run", "--dataset", data_file, "--hidden", 4, "--epochs", 0, "--json").out)
    assert "teacher" not in facts


def test_what_a_run_sets_otherwise_than_the_file_makes_it_approximate(data_file, nir_file):
    given = {"dataset": str(data_file), "teacher.file": str(nir_file)} | STEP
    exact = prepare(resolve(None, given)).teacher.fidelity
    assert exact.word == "exact"
    assert "input axes [1] of batch or time are left out" in exact.notes
    changed = given | {"neuron.low_rail_th": 0, "neuron.leak_dac.bits": 6}
    found = prepare(resolve(None, changed)).teacher.fidelity
    assert found.word == "approximate"
    assert found.approximations == (
        "neuron.low_rail_th is 0 and the file says -1e+06",
        "converters of a few bits set leaks or thresholds",
    )
    assert found.lines()[0].startswith("approximate because neuron.low_rail_th is 0")


def test_a_file_can_be_asked_for(chipsim, here, onnx_file, nir_file):
    ended = chipsim("teacher", "show", onnx_file)
    assert ended.out.splitlines() == [
        f"{onnx_file}: 6-5-3",
        "  exact",
        "  Mul 'twice': folded into Gemm 'my_gemm_a'",
    ]
    facts = json.loads(chipsim("teacher", "show", nir_file, *FLAGS, "--json").out)
    assert (facts["network"], facts["fidelity"]) == ("6-8-3", "exact")
    assert facts["neurons"]["reset"] == "subtract"
    assert facts["neurons"]["tau_steps"] == pytest.approx(-1 / np.log(0.75))
    assert "lif" in chipsim("teacher", "show", nir_file, *FLAGS).out


def test_what_is_refused_says_why_and_what_would_do(chipsim, here, nir_file, tmp_path):
    bad = saved(tmp_path, model([("MaxPool", "x", "y", {"kernel_shape": [2, 2]})], {}, ("n", 1, 4, 4)))
    for arguments, words in [
        ((bad,), "MaxPool 'my_maxpool_y': no chip here does this: use AveragePool"),
        ((nir_file,), "add --dt SECONDS"),
        ((nir_file, *FLAGS[:4]), "add --reset subtract (after the leak), subtract-before-leak or zero"),
        ((tmp_path / "x.pt",), "name a file that ends in .onnx or .nir"),
        ((tmp_path / "none.onnx",), "No such file"),
        ((nir_file, *FLAGS[2:], "--dt", -1), "--dt -1.0: give the length"),
    ]:
        ended = chipsim("teacher", "show", *arguments)
        assert ended.status == 2, words
        assert words in ended.err
        assert ended.err.count("\n") == 1


def test_outputs_that_do_not_fire_are_targets_from_0_to_1(chipsim, here, data_file, tmp_path):
    path = nir_of(tmp_path, "LI")
    given = {"dataset": str(data_file), "teacher.file": str(path)} | STEP
    setup = prepare(resolve(None, given))
    assert setup.spec.neuron.readout == "integrating"
    assert setup.teacher.fidelity.word == "exact"
    test = setup.dataset.test
    targets = setup.teacher.targets(test.values(slice(None)), test.labels, "logits")[-1]
    assert targets.min() >= 0 and targets.max() == 1 and (targets > 0.5).mean() > 0.05
    ended = chipsim("run", "--dataset", data_file, "--teacher", path, *FLAGS, "--epochs", 0, "--json")
    accuracy = json.loads(ended.out)["accuracy"]
    assert accuracy["ideal"] == accuracy["teacher"]
    ended = chipsim("run", "--dataset", data_file, "--teacher", path, *FLAGS, "--readout", "spiking")
    assert ended.status == 2
    assert "its outputs never fire: --readout integrating or integrating-max" in ended.err
