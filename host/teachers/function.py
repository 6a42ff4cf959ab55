"""Teachers in Python: any function that returns activations, or a torch module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import LayerShape, from_image, to_image
from host.data import Samples
from host.errors import TeacherError
from host.settings import Norm
from host.teachers.network import ImageShape, Network
from host.teachers.packages import optional
from host.teachers.teacher import Teacher, with_activation_scales
from host.teachers.torch import leaves, network_of_module

# One sample (1, n) or image (1, channels, height, width) in [0, 1] -> activations of every layer of synapses, pools
# included: (1, n_out) or (1, channels, height, width), hidden ones rectified, the last one's logits. Arrays or tensors.
Activations = Callable[[NDArray[np.float32]], Sequence[Any]]


def function_teacher(
    network: Network, activations: Activations, samples: Samples, norm: Norm = "neuron", percentile: float = 99.0
) -> Teacher:
    """A teacher whose activations `activations` computes, called with one sample at a time.

    network: its layers and weights, from which the chip is derived and programmed; samples: training data, for the
    activation scales (see `host.teachers.teacher.with_activation_scales`). Raises TeacherError if what comes back does
    not fit the network.
    """
    return with_activation_scales(network, _OneByOne(network, activations), samples, norm, percentile)


def module_teacher(
    module: Any, input_shape: ImageShape, samples: Samples, norm: Norm = "neuron", percentile: float = 99.0
) -> Teacher:
    """A torch.nn.Sequential as teacher, as it is at inference; input_shape: channels, height, width or (n, 1, 1).

    Raises TeacherError without torch, or naming the part that no chip has.
    """
    torch = optional("torch", "a torch module as teacher")
    network, taps = network_of_module(module, input_shape)
    parts = leaves(module)

    def activations(sample: NDArray[np.float32]) -> list[Any]:
        x, outputs = torch.from_numpy(sample), {}
        with torch.no_grad():
            for name, part in parts:
                outputs[name] = x = part.eval()(x)
        return [outputs[tap] for tap in taps]

    return function_teacher(network, activations, samples, norm, percentile)


class _OneByOne:
    """Calls a function sample by sample, so that a sample's bits cannot depend on who else is in the chunk."""

    def __init__(self, network: Network, activations: Activations) -> None:
        self._network, self._activations = network, activations

    def __call__(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        shown = to_image(values, self._network.input_shape)
        if self._network.input_shape[1:] == (1, 1):
            shown = shown.reshape(len(values), -1)
        rows = [self._one(shown[number : number + 1]) for number in range(len(values))]
        return [np.concatenate(each) for each in zip(*rows, strict=True)]

    def _one(self, sample: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        found = list(self._activations(sample))
        shapes = self._network.shapes
        if len(found) != len(shapes):
            raise TeacherError(
                f"the teacher returned {len(found)} arrays; it must be one for each of {len(shapes)} layers"
            )
        return [
            _row(each, shape, number) for number, (each, shape) in enumerate(zip(found, shapes, strict=True), start=1)
        ]


def _row(activation: Any, shape: LayerShape, number: int) -> NDArray[np.float32]:
    array = np.asarray(activation, np.float32)
    expected = (1, shape.n_out) if shape.dense else (1, *shape.output)
    if shape.dense and array.shape == (1, shape.n_out, 1, 1):  # of a convolution or pool over a whole image
        array = array.reshape(expected)
    if array.shape != expected:
        raise TeacherError(f"the teacher returned {array.shape} for layer {number}; it must be {expected}")
    if not np.isfinite(array).all():
        raise TeacherError(f"the teacher returned NaN or infinity for layer {number}")
    return from_image(array) if array.ndim == 4 else array
