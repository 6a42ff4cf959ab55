"""Where a neuron's figures, synapses and inputs stand in the arrays of its layer, dense or on an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import AveragePool, LayerShape, own_channel
from chipsim.layout import kernel_lines


def figure_of(neuron: int, shape: LayerShape, table: NDArray[Any]) -> float | None:
    """The neuron's figure in a table of the fab, or that of the drivers of its column; None if the table has none.

    table: () of the whole layer; (n_out,) of a dense one; (positions or crossbars, columns) of one on an image.
    """
    position, column = divmod(neuron, shape.columns)
    if table.dtype != np.float32:
        return None
    if table.ndim == 0:
        return float(table)
    if shape.dense:
        return float(table[neuron]) if table.shape == (shape.n_out,) else None
    if table.shape in ((shape.positions, shape.columns), (shape.crossbars, shape.columns)):
        return float(table[position if len(table) > 1 else 0, column])
    return None


def crossbar_of(neuron: int, shape: LayerShape, synapses: NDArray[Any]) -> NDArray[Any]:
    """The crossbar (rows, columns) that drives the neuron; synapses: of a layer on an image, crossbar by crossbar."""
    if shape.dense:
        return synapses
    crossbar: NDArray[Any] = synapses[neuron // shape.columns if shape.crossbars > 1 else 0]
    return crossbar


def inputs_of(neuron: int, shape: LayerShape, activity: NDArray[Any]) -> NDArray[Any]:
    """(rows,) activity of what reaches the neuron's rows, from that of all inputs (n_in,); 0 where nothing does."""
    if shape.dense:
        return activity
    position, column = divmod(neuron, shape.columns)
    seen = np.zeros(shape.rows)
    channels = shape.input[0]
    for first_pixel, stop_pixel, to_row in kernel_lines(shape)[position]:
        first, stop = first_pixel * channels, stop_pixel * channels
        seen[first + to_row : stop + to_row] = activity[first:stop]
    if isinstance(shape.layer, AveragePool):
        seen *= own_channel(shape)[: shape.rows, column]
    return seen
