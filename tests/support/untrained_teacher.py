"""Imported where PyTorch is not: `teacher train` then writes a network that nobody trained."""

from importlib.util import find_spec
from itertools import pairwise
from types import SimpleNamespace

import numpy as np

import host.teachers.torch
from host.teachers import dense_network


def train(dataset, recipe, progress):
    random = np.random.default_rng(3)
    sizes = (dataset.n_in, 7, dataset.n_classes)
    layers = [
        (random.normal(0, 0.4, (n_in, n_out)).astype(np.float32), random.normal(0, 0.1, n_out).astype(np.float32))
        for n_in, n_out in pairwise(sizes)
    ]
    progress(1, 1, "none")
    accuracies = {"train_accuracy": 0.5, "validation_accuracy": 0.5, "test_accuracy": 0.5}
    return SimpleNamespace(network=dense_network(layers), samples=10, held_out=2, **accuracies)


if find_spec("torch") is None:
    host.teachers.torch.train = train
