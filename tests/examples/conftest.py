"""Examples are run as the host's tests are."""

import importlib.util
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from host_fixtures import data_file, here, no_drawing, no_waiting_for_the_disk, session_cache
from small_runs import ROOT

from chipsim.design import Convolution, Dense, Flatten
from host.teachers import Network
from host.teachers.onnx import write_onnx

__all__ = ["data_file", "here", "no_drawing", "no_waiting_for_the_disk", "session_cache"]


@contextmanager
def _loaded(name):
    """An example as a module, which its dataclasses look themselves up in."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]


@pytest.fixture
def cifar10():
    with _loaded("cifar10") as module:
        yield module


@pytest.fixture
def full():
    with _loaded("cifar10_in_full") as module:
        yield module


@pytest.fixture
def cifar(tmp_path):
    """A folder with a few made-up images as those of CIFAR-10, and a teacher for them."""
    rng = np.random.default_rng(1)
    for name in ("cifar10_train_1", "cifar10_test"):
        np.savez(tmp_path / f"{name}.npz", x=rng.integers(0, 256, (30, 32, 32, 3), np.uint8), y=np.arange(30) % 10)
    layers = (Convolution(channels=4, kernel=3, stride=8), Flatten(), Dense(units=10))
    shapes = Network((3, 32, 32), layers, []).shapes
    weights = [
        (rng.normal(0.02, 0.2, shape.weight_shape).astype(np.float32), np.zeros(shape.columns, np.float32))
        for shape in shapes
    ]
    write_onnx(Network((3, 32, 32), layers, weights), tmp_path / "teacher.onnx")
    return tmp_path
