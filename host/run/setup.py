"""What a run starts from: data split into training and validation part, the teacher, and the weights to program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, ChipSpec
from chipsim.physical.placement import place_layers
from host.data.datasets import Dataset, Samples, load
from host.data.shift import Shift
from host.errors import DataError, SettingError
from host.methods.registry import find
from host.methods.start import converted
from host.settings.spec import RunSpec
from host.teachers.teacher import Layer, Teacher, cached_teacher, scaled_teacher
from nonideality.streams import stream

MAX_VALIDATION = 2000
_CHUNK_VALUES = 8_000_000  # inputs and targets, 32 MB
_TEACHER_WORK = 2e9  # presentations times weights
_TEACHER_EPOCHS = (15, 300)  # at least, at most
_MOVED = 2  # times as many epochs where images move


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
        return self.spec.chip_of(self.teacher.network.chip_settings())

    @property
    def learning_rate(self) -> float:
        assert self.spec.training.learning_rate is not None, "open settings are filled in by complete()"
        return self.spec.training.learning_rate

    @property
    def presentations(self) -> int:
        """How many samples the chip will learn from, counting repeats."""
        return len(self.train) * (self.spec.training.epochs or 0)

    @property
    def chunk(self) -> int:
        """Samples sent at a time: fewer where a network has very many neurons, each with a target."""
        return max(1, min(self.spec.training.chunk, _CHUNK_VALUES // sum(self.teacher.sizes)))

    def start_weights(self) -> list[Layer | None]:
        """What a die is programmed with before anything is learned."""
        return self._delivered(find(self.spec.training.method).start_weights(self))

    def converted_weights(self) -> list[Layer | None]:
        """The teacher's weights for this chip."""
        return self._delivered(converted(self.teacher, self.spec))

    def _delivered(self, layers: Sequence[Layer | None]) -> list[Layer | None]:
        """Weights with which a spike's charge in all is as given, however slowly its current decays."""
        factor = np.float32(self.spec.neuron.charge_per_step)
        return [layer and (layer[0] * factor, layer[1] * factor) for layer in layers]

    def chip(self, spec: ChipSpec, weights: Sequence[Layer | None], threads: int) -> Chip:
        """The run's die, made by `spec` and programmed."""
        return self.chip_of(spec, self.spec.die, weights, threads)

    @staticmethod
    def chip_of(spec: ChipSpec, die: int, weights: Sequence[Layer | None], threads: int) -> Chip:
        chip = Chip(spec, die, threads)
        chip.program(weights)
        return chip


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
    """Fill in what the spec leaves to the size of the data set and to the method."""
    training, teacher = spec.training, spec.teacher
    method = find(training.method)
    if training.epochs is None:
        training = training.model_copy(update={"epochs": method.epochs(spec, n_train)})
    if training.learning_rate is None:
        training = training.model_copy(update={"learning_rate": method.learning_rate(spec)})
    if teacher.epochs is None and teacher.file is None:
        low, high = _TEACHER_EPOCHS
        epochs = int(np.clip(_TEACHER_WORK / (n_train * n_weights), low, high)) * (_MOVED if teacher.shift_px else 1)
        teacher = teacher.model_copy(update={"epochs": epochs})
    return spec.model_copy(update={"training": training, "teacher": teacher})


def resolved(spec: RunSpec, dataset: Dataset) -> RunSpec:
    """`spec` with nothing left open, for its data."""
    sizes = (dataset.n_in, *spec.hidden, dataset.n_classes)
    n_train = len(dataset.train) - _n_valid(len(dataset.train), spec.training.validation_fraction)
    return complete(spec, n_train, sum(a * b for a, b in pairwise(sizes)))


def layers_of(spec: RunSpec, dataset: Dataset) -> dict[str, Any]:
    """What describes the network's layers in a ChipSpec. Raises TeacherError."""
    if spec.teacher.file is None:
        return {"layer_sizes": (dataset.n_in, *spec.hidden, dataset.n_classes)}
    from host.teachers.files import network_of

    return network_of(spec, dataset).chip_settings()


def prepare(
    spec: RunSpec,
    say: Callable[[str], None] = lambda text: None,
    make_teacher: Callable[[Samples], Teacher] | None = None,
) -> Setup:
    """Load the data, split it, train the teacher or find it in the cache, or read it from its file.

    make_teacher: makes one from the training part instead (see host.teachers.function); spec.hidden then says nothing.
    Raises DataError, TeacherError, SettingError, and ChipError if the spec names a chip that the network does not fit.
    """
    say("loading data")
    dataset = load(spec.dataset, spec.data_dir)
    train, valid = split(dataset.train, spec.training.validation_fraction, spec.seed)
    if spec.chip is not None and make_teacher is None:
        place_layers(spec.chip, spec.chip_of(layers_of(spec, dataset)).shapes)
    spec = resolved(spec, dataset)
    teacher = make_teacher(train) if make_teacher else _teacher(spec, dataset, train, say)
    return Setup(spec, dataset, train, valid, teacher)


def _teacher(spec: RunSpec, dataset: Dataset, train: Samples, say: Callable[[str], None]) -> Teacher:
    if spec.teacher.file is not None:
        from host.teachers.files import teacher_of

        say("reading the teacher")
        teacher = teacher_of(spec, dataset, train)
        _check(spec, teacher)
        return teacher
    assert spec.teacher.epochs is not None, "resolved() fills it in"
    shift = _shift(spec, dataset)
    say("training the teacher")
    layers = cached_teacher(train, dataset.n_classes, spec.hidden, spec.seed, spec.teacher.epochs, shift)
    return scaled_teacher(layers, train, spec.teacher.norm, spec.teacher.norm_percentile)


def _shift(spec: RunSpec, dataset: Dataset) -> Shift | None:
    """How training images move. Raises SettingError if they are to, and are no images or too small."""
    pixels, shape = spec.teacher.shift_px, dataset.image_shape
    if not pixels:
        return None
    if shape is None:
        raise SettingError(f"teacher.shift_px = {pixels} moves images, and {dataset.name} holds none: set it to 0")
    side = min(shape[1:])
    if pixels >= side:
        raise SettingError(
            f"teacher.shift_px = {pixels} moves images of {dataset.name} out of sight: keep it below their side, {side}"
        )
    return Shift(shape, pixels, spec.seed)


def _check(spec: RunSpec, teacher: Teacher) -> None:
    """Raises SettingError if the file's network does not go with the method or the noise."""
    method = spec.training.method
    if not teacher.network.dense and not find(method).takes_images:
        raise SettingError(
            f"method {method} trains fully connected layers only, and {spec.teacher.file} has others: choose"
            " on-chip-ltl"
        )
    try:
        spec.check_noise(len(teacher.network.shapes))
    except ValueError as error:
        raise SettingError(str(error)) from None
