"""Gradients against PyTorch's autograd: its stored results everywhere, itself where it is installed."""

import numpy as np
import pytest
from random_case import random_case
from test_gradient import assert_close, gradients_of
from torch_gradients import GOLDEN, LOSS, SETTINGS, torch_gradients

from host.settings import LossSpec

SIZES = (4, 9, 17, 3)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting["readout"])
def test_equals_what_torch_computed(setting):
    case = random_case(**setting, sizes=SIZES)
    with np.load(GOLDEN) as golden:
        expected = [tuple(golden[f"{setting['seed']}/{kind}{layer}"] for kind in "wb") for layer in range(3)]
    assert_close(gradients_of(case, loss=LossSpec(**LOSS)), expected)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting["readout"])
def test_equals_what_torch_computes(setting):
    torch = pytest.importorskip("torch", reason="needs PyTorch (extra torch); the golden gradients stand in for it")
    case = random_case(**setting, sizes=(20, 65, 30, 4), samples=12)
    assert_close(gradients_of(case, loss=LossSpec(**LOSS)), torch_gradients(torch, case, **LOSS))
