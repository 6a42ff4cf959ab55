"""What a run starts from: data split into training and validation part, the teacher, and the weights to program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, ChipSpec
from chipsim.mapping import place_layers
from host.data import Dataset, Samples, load
from host.errors import DataError
from host.run_spec import RunSpec
from host.teacher import Layer, Teacher, cached_teacher, scaled_teacher
from nonideality.streams import stream

MAX_VALIDATION = 2000
# Enough presentations to settle, whatever the size of the data set (see the README's table of figures).
_CALIBRATE_PRESENTATIONS = 20_000
_TRAIN_PRESENTATIONS = 60_000
_LEAST_EPOCHS = 5
_TEACHER_WORK = 2e9  # presentations times weights
_TEACHER_EPOCHS = (15, 300)  # at least, at most
# Per error gate: a sign pulse has a fixed size and moves a weight at every error, so it must be smaller.
LEARNING_RATES = {"linear": 2e-3, "sign": 1e-4, "ternary": 2e-4}


@dataclass(frozen=True)
class Setup:
    """All that is known before a die is touched."""

    spec: RunSpec  # with nothing left open
    dataset: Dataset
    train: Samples
    valid: Samples
    teacher: Teacher

    @property
    def chip_spec(self) -> ChipSpec:
        return self.spec.chip_spec(self.dataset.n_in, self.dataset.n_classes)

    @property
    def learning_rate(self) -> float:
        assert self.spec.training.learning_rate is not None, "open settings are filled in by complete()"
        return self.spec.training.learning_rate

    @property
    def presentations(self) -> int:
        """How many samples the chip will learn from, counting repeats."""
        return len(self.train) * (self.spec.training.epochs or 0)

    def start_weights(self) -> list[Layer]:
        """What a die is programmed with."""
        if self.spec.training.start == "teacher":
            return self.teacher.normalised()
        return random_weights(self.teacher.sizes, self.spec.seed)

    def chip(self, spec: ChipSpec, weights: list[Layer], threads: int) -> Chip:
        chip = Chip(spec, self.spec.die, threads)
        chip.program(weights)
        return chip


def random_weights(sizes: tuple[int, ...], seed: int) -> list[Layer]:
    """Gaussian weights of variance 1 / n_in, zero biases: from random, the membranes reach the boxcar."""
    layers = []
    for number, (n_in, n_out) in enumerate(pairwise(sizes)):
        rng = stream("random start", seed, number)
        weights = rng.standard_normal((n_in, n_out)) / np.sqrt(n_in)
        layers.append((weights.astype(np.float32), np.zeros(n_out, np.float32)))
    return layers


def split(samples: Samples, fraction: float, seed: int) -> tuple[Samples, Samples]:
    """Training and validation part; at least one sample each. Raises DataError if there are fewer than two."""
    n_valid = _n_valid(len(samples), fraction)
    order: NDArray[np.int64] = stream("validation split", seed).permutation(len(samples))
    return samples.subset(order[n_valid:]), samples.subset(order[:n_valid])


def _n_valid(n: int, fraction: float) -> int:
    if n < 2:
        raise DataError("there is one training sample only: at least two are needed, one to learn from, one to check")
    return min(MAX_VALIDATION, max(1, int(n * fraction)))


def complete(spec: RunSpec, n_train: int, n_weights: int) -> RunSpec:
    """Fill in what the spec leaves to the size of the data set and to the error gate."""
    training, teacher = spec.training, spec.teacher
    if training.epochs is None:
        wanted = _CALIBRATE_PRESENTATIONS if training.start == "teacher" else _TRAIN_PRESENTATIONS
        training = training.model_copy(update={"epochs": max(_LEAST_EPOCHS, -(-wanted // n_train))})
    if training.learning_rate is None:
        rate = LEARNING_RATES[spec.learning_circuit.error_gate]
        training = training.model_copy(update={"learning_rate": rate})
    if teacher.epochs is None:
        low, high = _TEACHER_EPOCHS
        epochs = int(np.clip(_TEACHER_WORK / (n_train * n_weights), low, high))
        teacher = teacher.model_copy(update={"epochs": epochs})
    return spec.model_copy(update={"training": training, "teacher": teacher})


def resolved(spec: RunSpec, dataset: Dataset) -> RunSpec:
    """`spec` with nothing left open, for its data."""
    sizes = spec.chip_spec(dataset.n_in, dataset.n_classes).layer_sizes
    n_train = len(dataset.train) - _n_valid(len(dataset.train), spec.training.validation_fraction)
    return complete(spec, n_train, sum(a * b for a, b in pairwise(sizes)))


def prepare(spec: RunSpec, say: Callable[[str], None] = lambda text: None) -> Setup:
    """Load the data, split it, train the teacher or find it in the cache.

    Raises DataError, and ChipError if the spec names a chip that the network does not fit.
    """
    say("loading data")
    dataset = load(spec.dataset, spec.data_dir)
    train, valid = split(dataset.train, spec.training.validation_fraction, spec.seed)
    if spec.chip is not None:
        place_layers(spec.chip, spec.chip_spec(dataset.n_in, dataset.n_classes).shapes)
    spec = resolved(spec, dataset)
    assert spec.teacher.epochs is not None, "resolved() fills it in"
    say("training the teacher")
    layers = cached_teacher(train, dataset.n_classes, spec.hidden, spec.seed, spec.teacher.epochs)
    teacher = scaled_teacher(layers, train, spec.teacher.norm, spec.teacher.norm_percentile)
    return Setup(spec, dataset, train, valid, teacher)
