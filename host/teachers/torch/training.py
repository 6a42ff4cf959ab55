"""Trains a teacher with PyTorch: convolutions or dense layers with batch normalisation, which is folded at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chipsim.design import to_image
from host.data import Dataset, Samples, learned_and_checked
from host.errors import TeacherError
from host.teachers.architecture import ConvolutionPart, DensePart, Part
from host.teachers.network import ImageShape, Network
from host.teachers.packages import optional
from host.teachers.torch.network import network_of_module
from host.teachers.torch.spike_counts import spike_count

Optimizer = Literal["adam", "sgd"]
Augmentation = Literal["none", "shift", "flip-shift"]
Activation = Literal["spike-count", "relu"]
Precision = Literal["float32", "bfloat16"]
_LEARNING_RATES = {"adam": 2e-3, "sgd": 0.1}
_WEIGHT_DECAY = 5e-4
_SHIFT = 4  # pixels at most, each way
_DROPOUT = 0.3  # of what enters a fully connected layer


@dataclass(frozen=True)
class Recipe:
    """How a teacher is trained."""

    parts: tuple[Part, ...]
    epochs: int = 30
    batch: int = 128
    optimizer: Optimizer = "adam"
    learning_rate: float | None = None  # at its height; rises for a tenth of the time, then falls along a cosine
    augmentation: Augmentation | None = None  # None: flip-shift for colour images, none for others
    activation: Activation = "spike-count"
    steps: int = 16  # of the chip's windows, for spike-count
    hold_out: float = 0.1  # of the training samples: those that a run of the same seed and fraction validates on
    precision: Precision = "float32"  # of products and activations; weights and sums are float32
    seed: int = 1
    threads: int = 1


@dataclass(frozen=True)
class Trained:
    network: Network
    samples: int  # that it was trained on
    held_out: int
    train_accuracy: float  # over the last epoch, augmented, with dropout and rounded activations
    validation_accuracy: float  # on those held out
    test_accuracy: float


def train(dataset: Dataset, recipe: Recipe, progress: Callable[[int, int, str], None]) -> Trained:
    """The same data, recipe and thread count give the same weights on the same machine.

    progress: called with batches done, batches in all, and words. Raises TeacherError.
    """
    torch = optional("torch", "training a teacher")
    shape = input_shape(dataset, recipe.parts)
    before = torch.get_num_threads()
    torch.set_num_threads(recipe.threads)
    try:
        torch.manual_seed(recipe.seed)
        samples, held_out = learned_and_checked(dataset, recipe.hold_out, recipe.seed)
        if len(samples) == 1:
            raise TeacherError(f"{dataset.name}: one training sample is held out, which leaves one: get more samples")
        module = _module(torch, shape, recipe, dataset.n_classes)
        accuracy = _fit(torch, module, samples, shape, recipe, progress)
        module.eval()
        return Trained(
            network_of_module(module, shape)[0],
            len(samples),
            len(held_out),
            accuracy,
            _accuracy(torch, module, held_out, shape),
            _accuracy(torch, module, dataset.test, shape),
        )
    finally:
        torch.set_num_threads(before)


def input_shape(dataset: Dataset, parts: tuple[Part, ...]) -> ImageShape:
    """Of the samples. Raises TeacherError if the first layer is a convolution and the data are no images."""
    if dataset.image_shape is None and not isinstance(parts[0], DensePart):
        raise TeacherError(
            f"--arch begins with {parts[0]}, but {dataset.name} holds no images: begin with a fully connected layer,"
            " such as fc128"
        )
    return dataset.image_shape or (dataset.n_in, 1, 1)


def _module(torch: Any, shape: ImageShape, recipe: Recipe, n_classes: int) -> Any:
    """The torch module. Raises TeacherError where a kernel or a pool does not fit."""
    nn, parts = torch.nn, recipe.parts

    def rectifier() -> Any:
        return spike_count(torch, recipe.steps) if recipe.activation == "spike-count" else nn.ReLU()

    channels, height, width = shape
    modules: list[Any] = []
    for part in parts:
        if isinstance(part, DensePart):
            break
        if isinstance(part, ConvolutionPart):
            modules += [
                nn.Conv2d(channels, part.channels, part.kernel, part.stride, part.kernel // 2, bias=False),
                nn.BatchNorm2d(part.channels),
                rectifier(),
            ]
            channels = part.channels
            height, width = ((side - 1) // part.stride + 1 for side in (height, width))
        else:
            if part.side > min(height, width):
                raise TeacherError(f"--arch: {part} averages more than there is, {height}x{width}; leave it out")
            modules.append(nn.AvgPool2d(part.side))
            height, width = height // part.side, width // part.side
    modules += [nn.Flatten(), nn.Dropout(_DROPOUT)] if modules else [nn.Flatten()]
    units = channels * height * width
    for part in parts:
        if isinstance(part, DensePart):
            modules += [nn.Linear(units, part.units, bias=False), nn.BatchNorm1d(part.units), rectifier()]
            units = part.units
    return nn.Sequential(*modules, nn.Linear(units, n_classes))


def _fit(
    torch: Any,
    module: Any,
    samples: Samples,
    shape: ImageShape,
    recipe: Recipe,
    progress: Callable[[int, int, str], None],
) -> float:
    """Train `module` in place; its accuracy over the last epoch."""
    layout = torch.channels_last  # half as fast again on a CPU
    module.to(memory_format=layout)
    images = _images(torch, samples, slice(None), shape).to(memory_format=layout)
    labels = torch.from_numpy(samples.labels)
    generator = torch.Generator().manual_seed(recipe.seed)
    augment = _augmentation(recipe, shape)
    per_epoch = -(-len(labels) // recipe.batch)
    total = per_epoch * recipe.epochs
    rate = recipe.learning_rate or _LEARNING_RATES[recipe.optimizer]
    optimizer = _optimizer(torch, module, recipe.optimizer, rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=max(total, 2), pct_start=0.1, cycle_momentum=False
    )
    accuracy = 0.0
    for epoch in range(recipe.epochs):
        hits = 0
        for number, index in enumerate(torch.randperm(len(labels), generator=generator).split(recipe.batch)):
            if len(index) == 1:
                continue  # batch normalisation has no variance of one sample
            x = images[index]
            if augment != "none":
                x = _shifted(torch, x, generator)
            if augment == "flip-shift":
                x = _flipped(torch, x, generator)
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
                logits = module(x)
            loss = torch.nn.functional.cross_entropy(logits.float(), labels[index])
            loss.backward()
            optimizer.step()
            schedule.step()
            hits += int((logits.detach().argmax(1) == labels[index]).sum())
            words = f"epoch {epoch + 1} of {recipe.epochs}" + (f", before {accuracy:.1%}" if epoch else "")
            progress(epoch * per_epoch + number + 1, total, words)
        if not np.isfinite(float(loss.detach())):
            raise TeacherError(f"training diverged in epoch {epoch + 1}: choose a --learning-rate below {rate:g}")
        accuracy = hits / len(labels)
    return accuracy


def _images(torch: Any, samples: Samples, index: slice, shape: ImageShape) -> Any:
    """Samples as (S, channels, height, width)."""
    return torch.from_numpy(to_image(samples.values(index), shape))


def _augmentation(recipe: Recipe, shape: ImageShape) -> Augmentation:
    if recipe.augmentation in ("shift", "flip-shift") and shape[1:] == (1, 1):
        raise TeacherError(f"--augment {recipe.augmentation} moves images, and these data are none: choose none")
    return recipe.augmentation or ("flip-shift" if shape[0] == 3 and shape[1:] != (1, 1) else "none")


def _optimizer(torch: Any, module: Any, kind: Optimizer, rate: float) -> Any:
    if kind == "sgd":
        return torch.optim.SGD(module.parameters(), rate, momentum=0.9, nesterov=True, weight_decay=_WEIGHT_DECAY)
    return torch.optim.AdamW(module.parameters(), rate, weight_decay=_WEIGHT_DECAY * 10)


def _shifted(torch: Any, images: Any, generator: Any) -> Any:
    """Each image moved by up to _SHIFT pixels, black where it came from."""
    n, _, height, width = images.shape
    padded = torch.nn.functional.pad(images, (_SHIFT,) * 4).contiguous()
    down, right = torch.randint(0, 2 * _SHIFT + 1, (2, n, 1), generator=generator)
    rows, columns = down + torch.arange(height), right + torch.arange(width)
    return padded[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _flipped(torch: Any, images: Any, generator: Any) -> Any:
    """Every other image, by chance, seen in a mirror."""
    flip = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    return torch.where(flip, images.flip(3), images)


def _accuracy(torch: Any, module: Any, samples: Samples, shape: ImageShape) -> float:
    hits = 0
    with torch.no_grad():
        for start in range(0, len(samples), 512):
            part = slice(start, start + 512)
            logits = module(_images(torch, samples, part, shape))
            hits += int((logits.argmax(1).numpy() == samples.labels[part]).sum())
    return hits / len(samples)
