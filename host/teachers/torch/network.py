"""Reads a torch module, a Sequential of the layers that a chip has, as a network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.errors import TeacherError
from host.teachers.assembly import Assembly
from host.teachers.network import ImageShape, Network
from host.teachers.packages import optional

_USABLE = (
    "Linear, Conv2d, BatchNorm, ReLU, ReLU6, Hardtanh, AvgPool2d, AdaptiveAvgPool2d(1), Flatten, Dropout, Identity"
)


def network_of_module(module: Any, input_shape: ImageShape) -> tuple[Network, list[str]]:
    """The network of a torch.nn.Sequential, and per layer of synapses the name of the part that gives its activations.

    Sequentials inside it are included, batch normalisation is folded, dropout ignored. input_shape: channels, height,
    width; (n, 1, 1) for a vector. Raises TeacherError without torch, or by name for a part that no chip has.
    """
    nn = optional("torch", "a torch module as teacher").nn
    assembly = Assembly(input_shape)
    for name, part in leaves(module):
        kind = f"{name} ({type(part).__name__})"
        if isinstance(part, nn.Linear):
            assembly.dense(_array(part.weight), _bias(part), kind, name)
        elif isinstance(part, nn.Conv2d):
            if part.groups != 1 or part.dilation != (1, 1) or part.padding_mode != "zeros":
                raise TeacherError(f"{kind}: chips have plain convolutions: groups=1, dilation=1, zeros as padding")
            padding = part.padding
            if isinstance(padding, str):  # "same": the odd one comes last
                missing = [side - 1 if padding == "same" else 0 for side in part.kernel_size]
                padding = (*(side // 2 for side in missing), *(side - side // 2 for side in missing))
            assembly.convolution(_array(part.weight), _bias(part), part.stride, padding, kind, name)
        elif isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            assembly.batch_norm(_statistics(part, kind), part.eps, kind, name)
        elif isinstance(part, nn.Hardtanh):  # ReLU6 is one
            if part.min_val != 0:
                raise TeacherError(f"{kind}: clips from {part.min_val:g}; neurons rectify: clip from 0")
            assembly.clip(part.max_val, kind, name)
        elif isinstance(part, nn.ReLU):
            assembly.rectifier(kind, name)
        elif isinstance(part, nn.AvgPool2d):
            assembly.pool(*_pool(part, kind), kind, name)
        elif isinstance(part, nn.AdaptiveAvgPool2d) and part.output_size in (1, (1, 1)):
            assembly.global_pool(kind, name)
        elif isinstance(part, nn.Flatten):
            assembly.flatten(kind)
        elif not isinstance(part, nn.Identity | nn.Dropout | nn.Dropout2d):
            raise TeacherError(f"{kind}: no chip has it; use {_USABLE}, or write the network as ONNX")
    return assembly.finished(type(module).__name__), assembly.taps


def leaves(module: Any) -> list[tuple[str, Any]]:
    """The layers of a Sequential and of those inside it, in order, by their dotted names."""
    sequential = optional("torch", "a torch module as teacher").nn.Sequential

    def walk(part: Any, name: str) -> list[tuple[str, Any]]:
        if not isinstance(part, sequential):
            return [(name, part)]
        return [leaf for key, child in part._modules.items() for leaf in walk(child, f"{name}.{key}")]

    return walk(module, type(module).__name__)


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().cpu().numpy(), np.float32)


def _bias(part: Any) -> NDArray[np.float32]:
    return np.zeros(part.weight.shape[0], np.float32) if part.bias is None else _array(part.bias)


def _statistics(part: Any, kind: str) -> dict[str, NDArray[np.float32]]:
    if part.running_mean is None:
        raise TeacherError(f"{kind}: keeps no running statistics, so it cannot be folded: use track_running_stats=True")
    mean, variance = _array(part.running_mean), _array(part.running_var)
    scale = np.ones_like(mean) if part.weight is None else _array(part.weight)
    shift = np.zeros_like(mean) if part.bias is None else _array(part.bias)
    return {"scale": scale, "shift": shift, "mean": mean, "variance": variance}


def _pool(part: Any, kind: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Kernel and stride."""
    sides = (part.kernel_size, part.stride, part.padding)
    kernel, stride, padding = (each if isinstance(each, tuple) else (each, each) for each in sides)
    if part.ceil_mode or padding != (0, 0) or part.divisor_override:
        raise TeacherError(f"{kind}: chips average whole kernels: no padding, no ceil_mode, no divisor_override")
    return kernel, stride
