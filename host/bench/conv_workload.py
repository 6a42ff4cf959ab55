"""What the convolutional bench computes: images like CIFAR-10's on the networks of its report, with random weights.

The weights are those of an untrained network, normalised layer by layer as a teacher's are; that gives the chip the
spike rates of a trained one (6 to 15 %), and speed depends on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from chipsim import ChipSpec, Events, NeuronSpec
from chipsim.design import AnyLayer, Convolution, Dense, Flatten, LayerShape
from learning_circuit import LearningCircuitSpec
from nonideality import stream

STEPS = 16
LEARNING_RATE = 3e-4  # in thresholds; divided by the root of the positions in convolutional layers
INPUT_SHAPE = (3, 32, 32)
_CLASSES = 10
_PERCENTILE = 99.9  # of a layer's activations: worth one spike per step
_BLUR_PIXELS = 2.0

Array = NDArray[np.float32]
Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True)
class ConvWorkload:
    """A network with its weights, and images with what its teacher makes of them."""

    name: str
    spec: ChipSpec
    weights: list[tuple[Array, Array]]
    images: Array  # (S, n_in) in the chip's order, 0 to 1
    targets: list[Array]  # per layer (S, n_out)
    rates: Array  # (n_layers,)


def small_network() -> tuple[AnyLayer, ...]:
    """32-64(s2)-64-128(s2)-fc128-10, all 3x3."""
    return (*_convolutions((32, 1), (64, 2), (64, 1), (128, 2)), Flatten(), Dense(units=128), Dense(units=_CLASSES))


def vgg11() -> tuple[AnyLayer, ...]:
    """The largest network of Yang et al. 2022 (code of the authors): strides in the place of pooling."""
    sizes = ((64, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 2), (512, 1), (512, 2))
    return (*_convolutions(*sizes), Flatten(), Dense(units=512), Dense(units=512), Dense(units=_CLASSES))


def conv_workload(name: str, layers: tuple[AnyLayer, ...], n_images: int) -> ConvWorkload:
    spec = ChipSpec(
        input_shape=INPUT_SHAPE,
        layers=layers,
        steps=STEPS,
        neuron=NeuronSpec(low_rail_th=-1.0),
        learning_circuit=LearningCircuitSpec(boxcar_width_th=2.0, dead_zone_counts=0.5, warm_up_steps=4),
    )
    rng = stream("convolutional bench")
    images = _images(rng, n_images)
    weights, targets, values = [], [], images
    for shape in spec.shapes:
        kernels = rng.normal(0, 1, (shape.rows, shape.columns)).astype(np.float32) / np.float32(np.sqrt(shape.rows))
        seen = np.maximum(windows_of(values, shape) @ kernels, 0)
        scale = np.float32(np.percentile(seen, _PERCENTILE))
        weights.append((kernels / scale, np.zeros(shape.columns, np.float32)))
        values = np.minimum(seen / scale, 1).reshape(n_images, -1)
        targets.append(values)
    rates = np.array([LEARNING_RATE / np.sqrt(shape.positions) for shape in spec.shapes], np.float32)
    return ConvWorkload(name, spec, weights, images, targets, rates)


def current_events(images: Array, steps: int) -> Events:
    """Images (S, n_in) as constant currents."""
    n, n_in = images.shape
    return Events(
        rows=np.tile(np.arange(n_in, dtype=np.uint16), (n, 1)),
        begin=np.zeros((n, steps), np.int32),
        end=np.full((n, steps), n_in, np.int32),
        amplitude=np.ascontiguousarray(images, np.float32),
    )


def _convolutions(*sizes: tuple[int, int]) -> list[Convolution]:
    """3x3, of (channels, stride)."""
    return [
        Convolution(channels=n, kernel=(3, 3), stride=(stride, stride), padding=(1, 1, 1, 1)) for n, stride in sizes
    ]


def _images(rng: np.random.Generator, n: int) -> Array:
    """Smooth random images (n, pixels channels), from 0 to 1."""
    channels, height, width = INPUT_SHAPE
    noise = rng.normal(size=(n, height, width, channels))
    smooth = gaussian_filter(noise, (0, _BLUR_PIXELS, _BLUR_PIXELS, 0), mode="wrap")
    images: Array = np.clip(0.5 + 0.25 * smooth / smooth.std(), 0, 1).reshape(n, -1).astype(np.float32)
    return images


def windows_of(values: NDArray[Value], shape: LayerShape) -> NDArray[Value]:
    """What each position sees of values (S, n_in): (S, positions, rows)."""
    channels, height, width = shape.input
    top, left, bottom, right = shape.padding
    image = np.pad(values.reshape(-1, height, width, channels), ((0, 0), (top, bottom), (left, right), (0, 0)))
    seen = sliding_window_view(image, shape.kernel, (1, 2))[:, :: shape.stride[0], :: shape.stride[1]]
    return np.moveaxis(seen, 3, 5).reshape(len(values), shape.positions, shape.rows)
