"""Where a layer's neurons stand in records and masks: a position's neurons fill whole vectors, which begin on one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import LayerShape
from chipsim.layout.column_blocks import padded_width


def n_slots(shape: LayerShape) -> int:
    return shape.positions * padded_width(shape.columns)


def slots_of(shape: LayerShape, neurons: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places of some neurons."""
    return neurons // shape.columns * padded_width(shape.columns) + neurons % shape.columns


def to_slots(values: NDArray[np.float32], shape: LayerShape) -> NDArray[np.float32]:
    """Values (S, n_out) of neurons put into their places, (S, places)."""
    width = padded_width(shape.columns)
    if width == shape.columns:
        return np.ascontiguousarray(values, np.float32)
    wide = np.zeros((len(values), shape.positions, width), np.float32)
    wide[:, :, : shape.columns] = values.reshape(len(values), shape.positions, shape.columns)
    return wide.reshape(len(values), -1)


def from_slots(values: NDArray[Any], shape: LayerShape) -> NDArray[Any]:
    """What stands at the neurons' places of (S, places)."""
    width = padded_width(shape.columns)
    return values.reshape(len(values), shape.positions, width)[:, :, : shape.columns].reshape(len(values), shape.n_out)


def row_numbers(shape: LayerShape, n_bits: int, kind: Any) -> NDArray[Any]:
    """The neuron at every bit of a step's spike masks, as the next layer's row; what is no neuron's never fires."""
    neurons = np.arange(shape.n_out)
    numbers = np.zeros(n_bits, kind)
    numbers[slots_of(shape, neurons)] = neurons
    return numbers
