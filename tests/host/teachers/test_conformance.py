"""What other tools wrote, and computed: the same spikes, membranes or scores here. See tests/conformance."""

from pathlib import Path

import numpy as np
import pytest
from plain_network import plain_activations
from small_chips import events_of

from chipsim import Chip
from chipsim.design import from_image
from host.teachers.nir.read import read_nir
from host.teachers.onnx.teacher import read_onnx

FILES = Path(__file__).parents[2] / "conformance" / "files"
SPIKING = sorted(path.stem for path in FILES.glob("*.nir"))
OTHERS = sorted(path.stem for path in FILES.glob("*.onnx"))


def facts(name):
    with np.load(FILES / f"{name}.npz") as file:
        return dict(file)


def test_every_tool_is_here():
    tools = {name.partition("_")[0] for name in (*SPIKING, *OTHERS)}
    assert tools == {"snntorch", "norse", "sinabs", "spikingjelly", "torch", "skl"}
    assert max(path.stat().st_size for path in FILES.iterdir()) < 200_000


@pytest.mark.parametrize("name", SPIKING)
def test_spikes_are_those_of_the_tool(name):
    pytest.importorskip("nir", reason="needs the package nir (extra nir)")
    said = facts(name)
    how = {"step_s": float(said["step_s"]), "reset": str(said["reset"]), "integration": str(said["integration"])}
    read = read_nir(FILES / f"{name}.nir", **how)
    assert read.fidelity.word == "exact"
    steps = [from_image(x) if x.ndim == 4 else x for x in said["x"]]
    chip = Chip(read.design(len(steps)), die_seed=1)
    chip.program(read.network.weights)
    result = chip.infer(events_of(np.stack(steps, axis=1)), np.arange(len(steps[0])))
    if read.neuron.readout == "spiking":
        assert said["y"].max() > 2
        assert np.array_equal(result.counts[-1], said["y"])
    else:
        assert np.allclose(result.membrane, said["y"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", OTHERS)
def test_scores_are_those_of_the_tool(name):
    said = facts(name)
    network, forward = read_onnx(FILES / f"{name}.onnx")
    assert forward.fidelity.word == "exact"
    x = said["x"]
    if name == "torch_channels_last":
        x = np.moveaxis(x, 3, 1)
    values = from_image(x) if x.ndim == 4 else x
    for scores in (forward(values)[-1], plain_activations(network, values)[-1]):
        if "labels" in said:
            assert np.array_equal(scores.argmax(axis=1), said["labels"])
        else:
            assert np.allclose(scores, said["y"], rtol=1e-4, atol=1e-5)
