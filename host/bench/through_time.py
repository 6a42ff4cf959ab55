"""How fast training through time is: an epoch of MNIST on 784-256-10 in 5 steps, leaks and thresholds learned."""

from __future__ import annotations

import hashlib

import numpy as np

from chipsim import ChipSpec
from host.bench.runs import SEED
from host.bench.workload import CLASSES, SIDE, synthetic_images
from host.data import Encoder, Samples, find_mnist, load
from host.gradients.all_layers import batches
from host.gradients.through_time import SpikingTwin
from host.settings import THROUGH_TIME_DEFAULTS, ThroughTimeSpec, put_default
from host.teachers import Layer, of_dense
from host.training import random_weights

NETWORK = (SIDE * SIDE, 256, CLASSES)
RATE = 1e-3


def through_time_spec() -> ChipSpec:
    """Neurons and steps as a run of the method has them with nothing else said."""
    settings: dict[str, dict[str, object]] = {}
    for name, value in THROUGH_TIME_DEFAULTS.items():
        put_default(settings, name, value)
    return ChipSpec.model_validate({"layer_sizes": NETWORK, "steps": settings["steps"], "neuron": settings["neuron"]})


def start_of(design: ChipSpec) -> list[Layer]:
    return of_dense(random_weights(design.shapes, SEED))


def images_of(data_dir: str | None, n: int) -> tuple[str, Samples]:
    """The first n training images of MNIST if its files are found, else a likeness; and which of the two."""
    if find_mnist(data_dir)[0] is not None:
        return "MNIST", load("mnist", data_dir).train.subset(np.arange(n))
    return "synthetic strokes with MNIST's statistics (MNIST's files were not found)", synthetic_images(n)


class TwinRun:
    """A twin that learns some images once, always from the same random weights."""

    def __init__(self, threads: int, samples: Samples, settings: ThroughTimeSpec) -> None:
        design = through_time_spec()
        self._samples = samples
        self._settings = settings
        self._encoder = Encoder("current", NETWORK[0], design.steps, settings.batch, SEED)
        self._twin = SpikingTwin(design, start_of(design), settings, threads)
        self._start = self._twin.snapshot()

    def start(self) -> None:
        self._twin.restore(self._start)
        self.loss, self.host_macs = 0.0, 0

    def learn(self) -> None:
        for batch in batches(self._samples, self._encoder, SEED, 0, len(self._samples), self._settings.batch):
            step = self._twin.step(batch, RATE, 1.0)
            self.loss = step.loss
            self.host_macs += step.host_macs

    def digest(self) -> str:
        state = hashlib.sha256()
        for name, stored in sorted(self._twin.snapshot().items()):
            state.update(name.encode() + stored.tobytes())
        return state.hexdigest()[:16]
