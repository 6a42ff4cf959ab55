"""Gradients of a whole network, from the top layer down, on a few threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim import Events
from chipsim.execution import Threads, WorkPiece, even_ranges
from chipsim.layout import column_ranges, padded_width
from chipsim.simd import aligned
from host.gradients.all_layers.backward import (
    through_learning_layer,
    through_readout,
    through_spiking_layer,
    to_layer_below,
    weight_gradient,
)
from host.gradients.all_layers.loss import Errors, Scores
from host.gradients.all_layers.model import Floats, LayerModel, Layers, ShownWindows
from host.gradients.backward import NeuronConstants


class Dynamics(NamedTuple):
    """The derivatives of the loss by what is set in a layer: (n_layers,) each, thresholds 0 where none fires."""

    decay: Floats
    threshold: Floats


class _Late(NamedTuple):
    """Of outputs whose spikes are counted from some step on: dL/dC (S, n), and that step (S,)."""

    errors: Floats
    since: NDArray[np.int64]

    def put(self, error: Floats, start: int, stop: int) -> None:
        """Into the errors (S, T, n) of samples start .. stop - 1."""
        for s in range(start, stop):
            error[s, self.since[s] :] = self.errors[s]


class Gradient:
    """Room and threads to compute the gradients of batches with.

    Samples are independent on the way down, columns are when weights collect what all samples say. So neither the
    number of threads nor how work is split changes a bit.
    """

    def __init__(self, models: list[LayerModel], sizes: tuple[int, ...], steps: int, threads: int) -> None:
        self.models = models
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
        shown: ShownWindows,
        thresholds: list[Floats],
        scores: Scores,
        errors: Errors,
    ) -> Layers:
        """dL/dw and dL/dbias of every layer, by Eqs. 5 to 9 of `host.gradients.all_layers.backward`.

        events: what the host sent; thresholds: of the layers that fire, (n,) in whole vectors; scores, errors: what the
        loss made of it.
        """
        top, steps = len(weights) - 1, self._steps_of(scores)
        neurons, ends = self._neurons(thresholds), self._ends(shown, len(events.begin))
        counts, late = _counted(errors)

        def through(layer: int, error: Floats, start: int, stop: int) -> None:
            work = np.empty((3, error.shape[2]), np.float32)
            if layer == top and steps is not None:
                through_readout(error, errors.scores, steps, neurons[layer], work[:2], start, stop)
            else:
                kernel = through_spiking_layer(self.models[layer].surrogate)
                state = (shown.membranes[layer], shown.spike_bits[layer])
                kernel(error, counts[layer], *state, neurons[layer], ends, work, start, stop)

        return self._run(weights, events, shown, steps is not None, through, late)

    def with_dynamics(
        self,
        weights: Layers,
        events: Events,
        shown: ShownWindows,
        membranes: list[Floats],
        thresholds: list[Floats],
        scores: Scores,
        errors: Errors,
    ) -> tuple[Layers, Dynamics]:
        """As `of`, and Eqs. 4 and 5 of `host.gradients.backward`, for layers without synaptic currents.

        membranes: U (S, T, n) of each layer, whatever their surrogate looks at.
        """
        top, steps, n = len(weights) - 1, self._steps_of(scores), len(events.begin)
        neurons, ends = self._neurons(thresholds), self._ends(shown, n)
        counts, late = _counted(errors)
        found = [np.zeros((n, 2, each.shape[2]), np.float32) for each in self._error]
        charges = [self._charges(layer, neurons[layer]) for layer in range(top + 1)]

        def through(layer: int, error: Floats, start: int, stop: int) -> None:
            work = np.empty((4, error.shape[2]), np.float32)
            if layer == top and steps is not None:
                through_readout(error, errors.scores, steps, neurons[layer], work[:2], start, stop)
                before = membranes[layer][start:stop, :-1]
                np.sum(error[start:stop, 1:] * before, axis=1, out=found[layer][start:stop, 0])
            else:
                kernel = through_learning_layer(self.models[layer].surrogate)
                state = (shown.membranes[layer], membranes[layer], shown.spike_bits[layer], neurons[layer], ends)
                rest = (charges[layer], found[layer], work, start, stop)
                kernel(error, counts[layer], *state, *rest)

        gradients = self._run(weights, events, shown, steps is not None, through, late)
        sums = np.stack(
            [each[:, :, :n_out].sum(axis=(0, 2)) for each, n_out in zip(found, self._sizes[1:], strict=True)]
        )
        return gradients, Dynamics(sums[:, 0].copy(), sums[:, 1].copy())

    def _run(
        self,
        weights: Layers,
        events: Events,
        shown: ShownWindows,
        integrates: bool,
        through: Callable[[int, Floats, int, int], None],
        late: _Late | None,
    ) -> Layers:
        """Go down through all layers with `through`, then collect what weights are to blame for.

        integrates: whether the top layer is a readout that does not fire; late: see there.
        """
        n_windows = len(events.begin)
        self._reserve(n_windows)
        error = [each[:n_windows] for each in self._error]
        transposed = [_transposed(w) for w, _ in weights]
        top = len(weights) - 1

        def down(start: int, stop: int) -> None:
            for layer in range(top, -1, -1):
                if layer < top:
                    to_layer_below(error[layer], error[layer + 1], transposed[layer + 1], start, stop)
                elif not integrates:
                    error[layer][start:stop] = 0
                    if late is not None:
                        late.put(error[layer], start, stop)
                through(layer, error[layer], start, stop)

        def collect(layer: int, number: int) -> None:
            first, gradient = self._blocks[layer][number]
            came_in = events if layer == 0 else shown.spikes[layer - 1]
            weight_gradient(gradient, error[layer], came_in, first, np.empty(gradient.shape[1], np.float32))

        ranges = even_ranges(n_windows, self._threads.count)
        samples = [WorkPiece(partial(down, *windows), number) for number, windows in enumerate(ranges)]
        columns = [
            WorkPiece(partial(collect, layer, number), number).after(*samples)
            for layer, blocks in enumerate(self._blocks)
            for number in range(len(blocks))
        ]
        self._threads.run([*samples, *columns])
        return [self._joined(layer) for layer in range(len(weights))]

    def _ends(self, shown: ShownWindows, n: int) -> NDArray[np.int64]:
        return np.full(n, self._steps, np.int64) if shown.ends is None else shown.ends

    def _steps_of(self, scores: Scores) -> NDArray[np.int64] | None:
        return None if scores.steps is None else _whole_vectors(scores.steps, self._error[-1].shape[2])

    def _neurons(self, thresholds: list[Floats]) -> list[NeuronConstants]:
        """Of each layer; a readout that does not fire has no threshold."""
        return [
            _neurons_of(model, thresholds[layer] if layer < len(thresholds) else np.ones(error.shape[2], np.float32))
            for layer, (model, error) in enumerate(zip(self.models, self._error, strict=True))
        ]

    def _charges(self, layer: int, neurons: NeuronConstants) -> Floats:
        """(2, n): c and m of Eqs. 4 and 5 of `host.gradients.backward`."""
        charges = np.zeros((2, len(neurons.threshold)), np.float32)
        reset = self.models[layer].reset
        if reset == "subtract":
            charges[1] = 1
        elif reset == "subtract-before-leak":
            charges[0], charges[1] = neurons.threshold, neurons.decay
        return charges

    def _reserve(self, n_windows: int) -> None:
        if len(self._error[0]) < n_windows:
            self._error = [aligned((n_windows, *each.shape[1:]), np.float32) for each in self._error]

    def _joined(self, layer: int) -> tuple[Floats, Floats]:
        n_out = self._sizes[layer + 1]
        whole = np.concatenate([block for _, block in self._blocks[layer]], axis=1)[:, :n_out]
        return np.ascontiguousarray(whole[:-1]), whole[-1].copy()


def _counted(errors: Errors) -> tuple[list[Floats], _Late | None]:
    """dL/dC of spikes at any step, per layer; and what is counted late."""
    if errors.since is None:
        return errors.counts, None
    *hidden, outputs = errors.counts
    return [*hidden, np.zeros_like(outputs)], _Late(outputs, errors.since)


def _neurons_of(model: LayerModel, threshold: Floats) -> NeuronConstants:
    n, f = len(threshold), np.float32
    return NeuronConstants(
        decay=np.full(n, model.decay, f),
        threshold=threshold,
        per_threshold=(1 / threshold).astype(f) if model.relative else np.ones(n, f),
        reset_charge=np.zeros(n, f),
        zero_reset=f(model.reset == "zero"),
        through_reset=f(0),
        synaptic_decay=f(model.synaptic_decay),
        height=f(model.height),
        steepness=f(model.steepness),
        lower_limit=f(model.lower_limit),
        upper_limit=f(model.upper_limit),
    )


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
