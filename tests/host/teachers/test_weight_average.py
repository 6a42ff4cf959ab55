"""Averaged weights against their definition, and the network of the authors by its name."""

from dataclasses import replace

import numpy as np
import pytest

from host.data import Dataset, Samples
from host.teachers import parse_architecture
from host.teachers.torch import untrained
from host.teachers.torch.averaging import ModuleAverage
from host.teachers.torch.recipe import Recipe

torch = pytest.importorskip("torch", reason="needs PyTorch (extra torch)")

EPOCHS, PER_EPOCH = 8, 5
RECIPE = Recipe(parse_architecture("fc8"), epochs=EPOCHS)


def followed(kind, weights):
    """A layer that had these weights after its steps, and what the average makes of it."""
    module = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False), torch.nn.BatchNorm1d(1))
    average = ModuleAverage(torch, module, replace(RECIPE, average=kind), PER_EPOCH)
    for step, weight in enumerate(weights):
        module[0].weight.data.fill_(weight)
        average.stepped(module)
        if (step + 1) % PER_EPOCH == 0:
            average.ended_epoch(module, step // PER_EPOCH)
    batches = [torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0], [7.0]])]
    return module, average.result(module, batches)


@pytest.fixture
def weights():
    return np.random.default_rng(2).normal(size=EPOCHS * PER_EPOCH).astype(np.float32)


def test_the_mean_is_of_the_ends_of_the_last_quarter_of_the_epochs(weights):
    _, result = followed("epochs", weights)
    assert result[0].weight.item() == pytest.approx(np.mean(weights[PER_EPOCH - 1 :: PER_EPOCH][-2:]), rel=1e-6)


def test_the_moving_average_remembers_a_tenth_of_the_steps_or_an_epoch(weights):
    _, result = followed("ema", weights)
    kept, wanted = 1 - 1 / (EPOCHS * PER_EPOCH / 10), weights[0]
    for weight in weights[1:]:
        wanted = kept * wanted + (1 - kept) * weight
    assert result[0].weight.item() == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("kind", ["ema", "epochs"])
def test_statistics_are_those_of_the_averaged_weights(weights, kind):
    module, result = followed(kind, weights)
    weight = result[0].weight.item()
    assert float(result[1].running_mean) == pytest.approx(weight * 4, rel=1e-5)  # of inputs 2 and 6
    assert float(result[1].running_var) == pytest.approx(weight**2 * 2, rel=1e-5)
    assert float(module[1].running_mean) == 0, "what was trained stays as it was"


def test_without_an_average_the_last_weights_stay(weights):
    module, result = followed("none", weights)
    assert result is module
    assert float(module[1].running_mean) == 0


def test_the_layout_of_the_authors():
    parts = parse_architecture(" vgg11 ")
    assert parts == parse_architecture("64,128s2,256,256s2,512,512s2,512,512s2,fc512,fc512")
    images = Samples(np.zeros((2, 3072), np.uint8), np.arange(2), 0, 255)
    network = untrained(Dataset("images", images, images, 10, "here", (3, 32, 32)), Recipe(parts))
    sides = (32, 16, 16, 8, 8, 4, 4, 2)
    channels = (3, 64, 128, 256, 256, 512, 512, 512, 512)
    convolutions = sum(side**2 * 9 * a * b for side, a, b in zip(sides, channels, channels[1:], strict=False))
    assert network.macs == convolutions + 2048 * 512 + 512 * 512 + 512 * 10 == 295_638_016
    assert len(network.shapes) == 11
    assert network.describe() == "3x32x32-64-128s2-256-256s2-512-512s2-512-512s2-fc512-fc512-fc10"
