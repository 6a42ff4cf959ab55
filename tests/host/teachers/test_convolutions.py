"""A network with convolutions gets what suits images, whatever images it sees, and by whatever name."""

import numpy as np
import pytest
from plain_network import random_network
from small_runs import write_npz

from chipsim.design import Convolution, Dense, Flatten
from host.run import resolve
from host.teachers import has_convolutions
from host.teachers.onnx import write_onnx

CONVOLUTION = (1, 6, 6), [Convolution(channels=2, kernel=3), Flatten(), Dense(units=2)]
DENSE = (36, 1, 1), [Dense(units=3), Dense(units=2)]
SETTINGS = ("encoding", "neuron", "learning_circuit", "conversion", "training")


@pytest.mark.parametrize("shape", [(6, 6), (6, 6, 1)])
@pytest.mark.parametrize(("network", "like"), [(CONVOLUTION, "cifar10"), (DENSE, "digits")])
def test_what_suits_the_network(tmp_path, shape, network, like):
    """Grey photographs of 16x16, a convolutional teacher of 38 %: 16 % from even spikes, 38 % from currents."""
    x = np.arange(72.0).reshape(2, *shape)
    y = np.arange(2)
    path, teacher = write_npz(tmp_path / "d.npz", x_train=x, y_train=y, x_test=x, y_test=y), tmp_path / "t.onnx"
    write_onnx(random_network(*network), teacher)
    spec, other = resolve(None, {"dataset": str(path), "teacher.file": str(teacher)}), resolve(None, {"dataset": like})
    assert [getattr(spec, name) for name in SETTINGS] == [getattr(other, name) for name in SETTINGS]
    assert resolve(None, {"teacher.file": str(teacher), "encoding": "bernoulli"}).encoding == "bernoulli"


def test_which_files_have_some(tmp_path):
    for network, has in ((CONVOLUTION, True), (DENSE, False)):
        write_onnx(random_network(*network), tmp_path / "t.onnx")
        assert has_convolutions(tmp_path / "t.onnx") == has
    (tmp_path / "no.onnx").write_bytes(b"no model")
    assert not any(has_convolutions(tmp_path / name) for name in ("no.onnx", "missing.onnx", "t.nir"))
