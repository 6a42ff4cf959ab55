"""A network that was trained through time, as the teacher that dies follow: its activations are spike rates."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, ChipSpec, Result
from host.data import Encoder, Samples
from host.teachers import Layer, Network, Teacher, output_range
from host.training import CHUNK

_ENCODING = "current"  # alike in every window, so that a sample's rates are its own
_SCALE_SAMPLES = 10_000


class SpikeRates:
    """Spikes per step of every layer; of a readout that does not fire its score, over the steps.

    Of a sequence those are the steps of all its windows.
    """

    def __init__(self, design: ChipSpec, weights: Sequence[Layer | None]) -> None:
        """design: without errors; weights: in nominal thresholds."""
        self._chip = Chip(design, 0)
        self._chip.program(weights)
        self._one_at_a_time = threading.Lock()

    def __call__(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """(S, n) of inputs (S, n_in), of sequences (S, L n_in)."""
        steps = np.float32(self._chip.spec.presentation_steps)
        return self._found(values, lambda result: [count / steps for count in result.counts])

    def in_windows(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """(S, L, n): spikes per step in each window of sequences; a score as it is then, over the steps of a window."""
        steps = np.float32(self._chip.spec.steps)
        return self._found(values, lambda result: [count / steps for count in result.window_counts])

    def _found(
        self, values: NDArray[np.float32], rates: Callable[[Result], list[NDArray[np.float32]]]
    ) -> list[NDArray[np.float32]]:
        design, found = self._chip.spec, []
        size = max(1, min(CHUNK // design.windows, len(values)))
        encoder = Encoder(_ENCODING, design.layer_sizes[0], design.steps, size, 0, windows=design.windows)
        with self._one_at_a_time:
            for start in range(0, len(values), size):
                part = np.ascontiguousarray(values[start : start + size])
                windows = np.arange(start, start + len(part), dtype=np.int64)
                found.append(rates(self._chip.infer(encoder.encode(part, windows), windows)))
        return [np.concatenate(layer) for layer in zip(*found, strict=True)]


def spiking_teacher(
    converted: Teacher, design: ChipSpec, weights: Sequence[Layer | None], samples: Samples, percentile: float
) -> Teacher:
    """The teacher that `design` is with these weights, in nominal thresholds.

    converted: what training began with; samples: from which the range of logits is taken, where outputs integrate. A
    rate of one is one spike per step. Weights are kept over the threshold of their layer, as those of any teacher.
    """
    thresholds = [np.float32(th) for th in design.thresholds_th]
    over = [layer and (layer[0] / th, layer[1] / th) for layer, th in zip(weights, thresholds, strict=True)]
    network = Network(converted.network.input_shape, converted.network.layers, over)
    charges = [layer and (layer[0] * th, layer[1] * th) for layer, th in zip(over, thresholds, strict=True)]
    forward = SpikeRates(design, charges)
    scales = [np.ones(shape.columns, np.float32) for shape in design.shapes]
    low = 0.0
    if not design.neuron.outputs_fire:
        low, scales[-1] = output_range(forward(samples.values(slice(0, _SCALE_SAMPLES)))[-1], percentile)
    teacher = replace(
        converted, network=network, forward=forward, activation_scales=scales, output_low=low, spikes=True
    )
    if design.windows == 1:
        return teacher
    # What dies are to do is what the design does with the very weights that they are programmed with.
    programmed = zip(teacher.normalised(), thresholds, strict=True)
    as_programmed = SpikeRates(design, [layer and (layer[0] * th, layer[1] * th) for layer, th in programmed])
    return replace(teacher, window_rates=as_programmed.in_windows)
