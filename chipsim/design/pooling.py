"""Average pooling as a crossbar: each column has synapses to its own channel alone, all of the same fixed weight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsim.design.layers import LayerShape


def own_channel(shape: LayerShape) -> NDArray[np.float32]:
    """(rows + 1, columns), 1 where a pooling layer has a synapse; the bias counts as one."""
    channels = np.arange(shape.columns)
    rows = np.arange(shape.rows) % shape.columns
    own = np.ones((shape.rows + 1, shape.columns), np.float32)
    own[:-1] = rows[:, None] == channels
    return own


def pooling_weights(shape: LayerShape, threshold_th: float = 1.0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights (rows, columns) with which a full window's spikes, together, are worth one; no bias.

    threshold_th: of the layer's neurons, which such a window just takes from rest to firing.
    """
    weights = own_channel(shape)[:-1] / np.float32(shape.fan_in) * np.float32(threshold_th)
    return weights, np.zeros(shape.columns, np.float32)
