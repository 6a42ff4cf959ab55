"""The torch module of an architecture: convolutions or dense layers with batch normalisation."""

from __future__ import annotations

from typing import Any

from host.data import Dataset
from host.errors import TeacherError
from host.teachers.architecture import ConvolutionPart, DensePart, Part
from host.teachers.network import ImageShape
from host.teachers.torch.recipe import Recipe
from host.teachers.torch.spike_counts import spike_count

_DROPOUT = 0.3  # of what enters a fully connected layer


def input_shape(dataset: Dataset, parts: tuple[Part, ...]) -> ImageShape:
    """Of the samples. Raises TeacherError if the first layer is a convolution and the data are no images."""
    if dataset.image_shape is None and not isinstance(parts[0], DensePart):
        raise TeacherError(
            f"--arch begins with {parts[0]}, but {dataset.name} holds no images: begin with a fully connected layer,"
            " such as fc128"
        )
    return dataset.image_shape or (dataset.n_in, 1, 1)


def module_of(torch: Any, shape: ImageShape, recipe: Recipe, n_classes: int) -> Any:
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
