"""Gradients of a whole network, from the top layer down, on a few threads."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chipsim import Events, Readings
from chipsim.execution import Threads, WorkPiece, even_ranges
from chipsim.layout import column_ranges, padded_width
from chipsim.simd import aligned
from host.gradients.in_the_loop.backward import through_readout, through_spiking_layer, to_layer_below, weight_gradient
from host.gradients.in_the_loop.loss import Errors, Scores
from host.gradients.in_the_loop.model import LayerModel

Floats = NDArray[np.float32]
Layers = list[tuple[Floats, Floats]]  # weights (n_in, n_out) and biases (n_out,) of each layer


class Gradient:
    """Room and threads to compute the gradients of batches with.

    Samples are independent on the way down, columns are when weights collect what all samples say. So neither the
    number of threads nor how work is split changes a bit.
    """

    def __init__(self, models: list[LayerModel], sizes: tuple[int, ...], steps: int, threads: int) -> None:
        self._models = models
        self._sizes = sizes
        self._steps = steps
        self._threads = Threads(threads)
        self._blocks = [
            [
                (first, aligned((n_in + 1, padded_width(last - first)), np.float32))
                for first, last in column_ranges(n_out)
            ]
            for n_in, n_out in pairwise(sizes)
        ]
        self._error = [np.zeros((0, steps, padded_width(n)), np.float32) for n in sizes[1:]]

    def of(
        self,
        weights: Layers,
        events: Events,
        read: Readings,
        thresholds: list[Floats],
        scores: Scores,
        errors: Errors,
    ) -> Layers:
        """dL/dw and dL/dbias of every layer, by Eqs. 5 to 9 of `host.gradients.in_the_loop.backward`.

        events: what the host sent; read: what the chip showed; thresholds: of the layers that fire, (n,) in whole
        vectors; scores, errors: what the loss made of it.
        """
        n_windows = len(events.begin)
        self._reserve(n_windows)
        error = [each[:n_windows] for each in self._error]
        transposed = [_transposed(w) for w, _ in weights]
        top = len(weights) - 1

        def down(start: int, stop: int) -> None:
            for layer in range(top, -1, -1):
                work = np.empty((2, error[layer].shape[2]), np.float32)
                common = (self._models[layer], work, start, stop)
                if layer < top:
                    to_layer_below(error[layer], error[layer + 1], transposed[layer + 1], start, stop)
                elif scores.steps is None:
                    error[layer][start:stop] = 0
                if layer == top and scores.steps is not None:
                    through_readout(error[layer], errors.scores, steps, *common)
                else:
                    state = (read.codes[layer], read.spike_bits[layer], thresholds[layer])
                    through_spiking_layer(error[layer], errors.counts[layer], *state, *common)

        def collect(layer: int, number: int) -> None:
            first, gradient = self._blocks[layer][number]
            came_in = events if layer == 0 else read.spikes[layer - 1]
            weight_gradient(gradient, error[layer], came_in, first, np.empty(gradient.shape[1], np.float32))

        steps = _whole_vectors(scores.steps, error[top].shape[2]) if scores.steps is not None else None
        ranges = even_ranges(n_windows, self._threads.count)
        samples = [WorkPiece(partial(down, *windows), number) for number, windows in enumerate(ranges)]
        columns = [
            WorkPiece(partial(collect, layer, number), number).after(*samples)
            for layer, blocks in enumerate(self._blocks)
            for number in range(len(blocks))
        ]
        self._threads.run([*samples, *columns])
        return [self._joined(layer) for layer in range(len(weights))]

    def _reserve(self, n_windows: int) -> None:
        if len(self._error[0]) < n_windows:
            self._error = [aligned((n_windows, *each.shape[1:]), np.float32) for each in self._error]

    def _joined(self, layer: int) -> tuple[Floats, Floats]:
        n_out = self._sizes[layer + 1]
        whole = np.concatenate([block for _, block in self._blocks[layer]], axis=1)[:, :n_out]
        return np.ascontiguousarray(whole[:-1]), whole[-1].copy()


def _transposed(weight: Floats) -> Floats:
    """(n_out, n_in in whole vectors) of weights (n_in, n_out)."""
    n_in, n_out = weight.shape
    rows = aligned((n_out, padded_width(n_in)), np.float32)
    rows[:, :n_in] = weight.T
    return rows


def _whole_vectors(steps: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Score steps (S, classes) as wide as the top layer's blocks; padding has no error at whatever step."""
    wide = np.zeros((len(steps), width), np.int64)
    wide[:, : steps.shape[1]] = steps
    return wide
