"""What a run starts from: data split into training and validation part, the teacher, and the weights to program."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from chipsim.physical import place_layers
from host.data import Dataset, Samples, Shift, learned_and_checked, load, mean_window, n_learned, some_of
from host.errors import SettingError
from host.methods import default_epochs, find, taught
from host.run.resolution import checked_method
from host.settings import RunSpec
from host.teachers import Teacher, cached_teacher, network_of, scaled_teacher, teacher_of, untaught
from host.training import Setup

_TEACHER_WORK = 2e9  # presentations times weights
_TEACHER_EPOCHS = (15, 300)  # at least, at most
_MOVED = 2  # times as many epochs where images move


def complete(spec: RunSpec, n_train: int, n_weights: int) -> RunSpec:
    """Fill in what the spec leaves to the size of the data set and to the method."""
    training, teacher = spec.training, spec.teacher
    method = find(training.method)
    if training.epochs is None:
        training = training.model_copy(update={"epochs": method.epochs(spec, training.learned_samples or n_train)})
    through_time = spec.through_time
    if teacher.method == "through-time" and through_time.teacher_epochs is None:
        through_time = through_time.model_copy(update={"teacher_epochs": default_epochs(n_train)})
    if training.learning_rate is None:
        training = training.model_copy(update={"learning_rate": method.learning_rate(spec)})
    if teacher.epochs is None and teacher.file is None and method.wants_teacher:
        low, high = _TEACHER_EPOCHS
        epochs = int(np.clip(_TEACHER_WORK / (n_train * n_weights), low, high)) * (_MOVED if teacher.shift_px else 1)
        teacher = teacher.model_copy(update={"epochs": epochs})
    return spec.model_copy(update={"training": training, "teacher": teacher, "through_time": through_time})


def resolved(spec: RunSpec, dataset: Dataset) -> RunSpec:
    """`spec` with nothing left open, for its data."""
    n_train = n_learned(dataset, spec.training.held_out)
    n_weights = sum(a * b for a, b in pairwise(_dense_sizes(spec, dataset)))
    return complete(find(spec.training.method).settled(spec, dataset), n_train, n_weights)


def _dense_sizes(spec: RunSpec, dataset: Dataset) -> tuple[int, ...]:
    """Where the layers are those of spec.hidden: what follows a teacher has an output for each class besides."""
    outputs = (dataset.n_classes,) if find(spec.training.method).wants_teacher else ()
    return (dataset.n_in, *spec.hidden, *outputs)


def layers_of(spec: RunSpec, dataset: Dataset) -> dict[str, Any]:
    """What describes the network's layers in a ChipSpec. Raises TeacherError, SettingError."""
    if spec.teacher.file is None:
        return {"layer_sizes": _dense_sizes(spec, dataset)}
    return network_of(spec, dataset).design_settings()


def check_layers(spec: RunSpec, n_layers: int) -> None:
    """Raises SettingError if a setting is of other layers than a network of `n_layers` has."""
    try:
        spec.check_layers(n_layers)
    except ValueError as error:
        raise SettingError(str(error)) from None


def prepare(
    spec: RunSpec,
    on_message: Callable[[str], None] = lambda text: None,
    make_teacher: Callable[[Samples], Teacher] | None = None,
    threads: int = 1,
) -> Setup:
    """Load the data, split it, train the teacher or find it in the cache, or read it from its file.

    make_teacher: makes one from the training part instead (see host.teachers.function); spec.hidden then says nothing.
    threads: of training through time; they change no bit.
    Raises DataError, TeacherError, SettingError, and ChipError if the spec names a chip that the network does not fit.
    """
    method = checked_method(spec)
    on_message("loading data")
    dataset = load(spec.dataset, spec.data_dir, spec.scale, spec.windows)
    train, held_out = learned_and_checked(dataset, spec.training.held_out, spec.seed)
    valid = some_of(held_out, "training.checked_samples", spec.training.checked_samples, spec.seed)
    shown = some_of(train, "training.learned_samples", spec.training.learned_samples, spec.seed)
    _check_augmentation(spec, dataset)
    if spec.chip is not None and make_teacher is None:
        place_layers(spec.chip, spec.design_of(layers_of(spec, dataset)).shapes)
    spec = resolved(spec, dataset)
    if not method.wants_teacher:
        method.check_samples(spec, shown, dataset.n_classes)
        shown, valid = (method.shown(samples, spec) for samples in (shown, valid))
        teacher = untaught(_dense_sizes(spec, dataset))
        check_layers(spec, len(teacher.network.shapes))
        return Setup(spec, dataset, shown, valid, teacher, method.start_weights)
    alone = train if spec.windows == 1 else mean_window(train, spec.windows)  # a teacher begins with single windows
    teacher = make_teacher(alone) if make_teacher else _teacher(spec, dataset, alone, on_message)
    check_layers(spec, len(teacher.network.shapes))
    setup = Setup(spec, dataset, shown, valid, teacher, method.start_weights, make_teacher is not None)
    if spec.teacher.method != "through-time":
        return setup
    try:
        return taught(setup, threads, on_message)
    except ValueError as error:
        raise SettingError(str(error)) from None


def _teacher(spec: RunSpec, dataset: Dataset, train: Samples, on_message: Callable[[str], None]) -> Teacher:
    if spec.teacher.file is not None:
        on_message("reading the teacher")
        teacher = teacher_of(spec, dataset, train)
        _check(spec, teacher)
        return teacher
    assert spec.teacher.epochs is not None, "resolved() fills it in"
    shift = _shift(spec, dataset)
    on_message("training the teacher")
    layers = cached_teacher(train, dataset.n_classes, spec.hidden, spec.seed, spec.teacher.epochs, shift)
    return scaled_teacher(layers, train, spec.teacher.norm, spec.teacher.norm_percentile)


def _shift(spec: RunSpec, dataset: Dataset) -> Shift | None:
    """How training images move. Raises SettingError if they are to, and are no images or too small."""
    pixels = spec.teacher.shift_px
    return Shift(_movable("teacher.shift_px", pixels, dataset), pixels, spec.seed) if pixels else None


def _check_augmentation(spec: RunSpec, dataset: Dataset) -> None:
    """Raises SettingError if images are to be changed before they are learned from, and are none or too small."""
    training = spec.training
    if training.shift_px:
        _movable("training.shift_px", training.shift_px, dataset)
    if training.flip and dataset.image_shape is None:
        raise SettingError(f"training.flip mirrors images, and {dataset.name} holds none: set it to false")


def _movable(setting: str, pixels: int, dataset: Dataset) -> tuple[int, int, int]:
    """The shape of images that can be moved by so many pixels. Raises SettingError."""
    shape = dataset.image_shape
    if shape is None:
        cut = f" cut into {dataset.windows} windows" if dataset.windows > 1 else ""
        raise SettingError(f"{setting} = {pixels} moves images, and {dataset.name}{cut} holds none: set it to 0")
    side = min(shape[1:])
    if pixels >= side:
        raise SettingError(
            f"{setting} = {pixels} moves images of {dataset.name} out of sight: keep it below their side, {side}"
        )
    return shape


def _check(spec: RunSpec, teacher: Teacher) -> None:
    """Raises SettingError if the file's network does not go with the method."""
    method = spec.training.method
    if not teacher.network.dense and not find(method).takes_images:
        raise SettingError(
            f"method {method} trains fully connected layers only, and {spec.teacher.file} has others: choose"
            " on-chip-ltl, through-time or offline-ltl"
        )
