"""The host's twin of a chip of fully connected layers, by the chip's own kernels: forward, loss, back.

S: samples of a batch, T: steps, n: columns of a layer in whole vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec, Events, NeuronSpec
from chipsim.die import fabricate
from chipsim.execution import Threads, WorkPiece, even_ranges, sequence_lengths
from chipsim.kernel import forward_parts, new_state
from chipsim.layout import (
    ColumnBlock,
    NeuronState,
    SpikeLists,
    fields_of,
    new_masks,
    padded_width,
    room_for_spikes,
    row_of,
    spikes_of,
    with_crossbars,
)
from chipsim.neurons import formulas_of
from chipsim.simd import aligned
from host.gradients.all_layers import (
    Batch,
    Floats,
    Gradient,
    LayerModel,
    Layers,
    ShownWindows,
    errors_of,
    last_scores,
    spiking_scores,
)
from host.gradients.local import MACS_PER_WEIGHT, programmed_blocks
from host.gradients.surrogates import steps_since_spikes
from host.gradients.through_time.forward import forward_kernel
from host.gradients.through_time.learned import Found, LearningTwin, WayBack
from host.settings import ThroughTimeSpec
from host.teachers import of_dense


@dataclass(frozen=True)
class _Room:
    """What a batch is shown in."""

    membranes: list[Floats]  # (S, T, n) of each layer
    counts: list[Floats]  # (S, n), scores of a readout that does not fire
    spike_bits: list[NDArray[np.uint16]]
    spike_lists: list[SpikeLists]  # of all layers but the last


class SpikingTwin(LearningTwin):
    """A network of fully connected layers, by the chip's own kernels."""

    def __init__(self, design: ChipSpec, weights: Layers, spec: ThroughTimeSpec, threads: int) -> None:
        """design: without errors; weights: to start with, in nominal thresholds."""
        super().__init__(design, weights, spec)
        self._threads = Threads(threads)
        # Counters that begin anew in every window never fill within it: here they run through all.
        wide = design.learning_circuit.model_copy(update={"accumulator_bits": 24})
        fabricated = fabricate(
            design if design.windows == 1 else design.model_copy(update={"learning_circuit": wide}), 0
        )
        self._neurons = [formulas_of(layer.neuron) for layer in fabricated]
        self._blocks = programmed_blocks(fabricated, weights, [design.synapse] * design.n_layers)
        self._fields = [fields_of(shape) for shape in design.shapes]
        self._states: list[list[list[NeuronState]]] = []  # of each range of samples, layer, block
        self._room = _Room([], [], [], [])
        models = [self._model(design.neuron, layer) for layer in range(design.n_layers)]
        self._gradient = Gradient(models, design.layer_sizes, design.presentation_steps, threads)

    def counts(self, n: int) -> list[Floats]:
        return [each[:n, :n_out] for each, n_out in zip(self._room.counts, self.design.layer_sizes[1:], strict=True)]

    def back(self, batch: Batch) -> WayBack:
        design, n, weights = self.design, len(batch.windows), of_dense(self.weights)
        neuron = self.dynamics.neuron()
        shown = self._show(batch.events, batch.windows, neuron)
        counts = self.counts(n)
        steps, since = design.presentation_steps, None
        scores = spiking_scores(counts[-1], steps)
        if self.integrates:
            scores = last_scores(shown.membranes[-1][:, :, : design.layer_sizes[-1]], shown.ends)
        elif design.windows > 1 and design.sequence_answer == "last":
            steps, since = design.steps, self._ends(batch.events) - design.steps
            scores = spiking_scores(self._counts_since(shown.spike_bits[-1], since), steps)
        errors = errors_of(scores, counts[:-1], batch.labels, steps, self.loss_spec())._replace(since=since)
        thresholds = [
            np.full(padded_width(n_out), neuron.threshold_th_of(layer), np.float32)
            for layer, n_out in enumerate(design.layer_sizes[1:])
        ]
        self._gradient.models = [self._model(neuron, layer) for layer in range(design.n_layers)]
        common = (thresholds[: design.n_layers - self.integrates], scores, errors)
        seen = self._seen(shown)
        if self.learns_leaks or self.spec.learn_threshold:
            layers, by = self._gradient.with_dynamics(weights, batch.events, seen, shown.membranes, *common)
            found = Found([*layers], by.decay, by.threshold)
        else:
            nothing = np.zeros(design.n_layers, np.float32)
            found = Found([*self._gradient.of(weights, batch.events, seen, *common)], nothing, nothing)
        return WayBack(found, errors.loss, scores.values, self._host_macs(batch.events, shown))

    def _model(self, neuron: NeuronSpec, layer: int) -> LayerModel:
        spec = self.spec
        rails = (neuron.low_rail_th, neuron.high_rail_th)
        if spec.surrogate == "spike-time" or (self.integrates and layer == self.design.n_layers - 1):
            rails = (-np.inf, np.inf)
        return LayerModel(
            decay=float(np.exp(-1 / neuron.tau_steps_of(layer))) if neuron.kind == "lif" else 1.0,
            synaptic_decay=0.0,
            reset=neuron.reset,
            surrogate=spec.surrogate,
            height=spec.height,
            steepness=spec.steepness,
            relative=True,
            lower_limit=_inside(rails[0], np.inf),
            upper_limit=_inside(rails[1], -np.inf),
        )

    def _seen(self, shown: ShownWindows) -> ShownWindows:
        """With what the surrogate looks at in the membranes' place."""
        if self.spec.surrogate != "spike-time":
            return shown
        fires = self.design.n_layers - self.integrates
        looked_at = list(shown.membranes)
        for layer in range(fires):
            n = len(shown.membranes[layer])
            spikes = spikes_of(shown.spike_bits[layer], np.arange(shown.membranes[layer].shape[2]))[:n]
            looked_at[layer] = steps_since_spikes(spikes)
        return shown._replace(membranes=looked_at)

    def _show(self, events: Events, windows: NDArray[np.int64], neuron: NeuronSpec) -> ShownWindows:
        """Forward, on all threads: samples are independent, and so are the bits."""
        n, shapes = len(windows), self.design.shapes
        self._set(neuron)
        room = self._reserve(n)
        inputs = [events, *(lists.events for lists in room.spike_lists)]
        ends = self._ends(events)

        def forward(number: int, start: int, stop: int) -> None:
            for layer in range(len(shapes)):
                kernel = forward_kernel(self._neurons[layer])
                for block, state in zip(self._blocks[layer], self._states[number][layer], strict=True):
                    kernel(
                        *(
                            with_crossbars(block),
                            self._fields[layer],
                            inputs[layer],
                            room.spike_bits[layer],
                            windows,
                            ends,
                        ),
                        *(room.membranes[layer], room.counts[layer], state, start, stop),
                    )
                if layer < len(shapes) - 1:
                    room.spike_lists[layer].gather(room.spike_bits[layer], start, stop)

        ranges = even_ranges(n, self._threads.count)
        self._threads.run([WorkPiece(partial(forward, k, *each), k) for k, each in enumerate(ranges)])
        spikes = [Events(*(a[:n] if len(a) else a for a in lists.events)) for lists in room.spike_lists]
        return ShownWindows([each[:n] for each in room.membranes], spikes, room.spike_bits, ends)

    def _ends(self, events: Events) -> NDArray[np.int64]:
        """(S,) steps that each sample has."""
        return sequence_lengths(self.design, events) * self.design.steps

    def _counts_since(self, spike_bits: NDArray[np.uint16], since: NDArray[np.int64]) -> Floats:
        """Spikes (S, classes) of the outputs from a step of each sample on."""
        spikes = spikes_of(spike_bits, np.arange(self.design.layer_sizes[-1]))[: len(since)]
        late = np.arange(spikes.shape[1]) >= since[:, None]
        counts: Floats = (spikes * late[:, :, None]).sum(axis=1).astype(np.float32)
        return counts

    def _set(self, neuron: NeuronSpec) -> None:
        """Write weights, leaks and thresholds into the blocks."""
        for layer, (blocks, (w, b)) in enumerate(zip(self._blocks, of_dense(self.weights), strict=True)):
            parts = forward_parts(self._neurons[layer])
            decay, threshold, charge = (
                row_of(parts.places.tables, name) for name in ("decay", "threshold", "reset_charge")
            )
            a = np.float32(np.exp(-1 / neuron.tau_steps_of(layer)) if neuron.kind == "lif" else 1)
            th = np.float32(neuron.threshold_th_of(layer))
            taken = {"subtract": th, "subtract-before-leak": a * th, "zero": np.float32(0)}[neuron.reset]
            for block in blocks:
                columns, tables = slice(0, int(block.n_columns)), block.tables
                for row, value in ((decay, a), (threshold, th), (charge, taken)):
                    tables[0, row, columns] = value
                block.state.weight[:-1, columns] = w[:, block.columns]
                block.state.weight[-1, columns] = b[block.columns]

    def _reserve(self, n: int) -> _Room:
        """Room for a batch, kept from batch to batch."""
        if not self._room.counts or len(self._room.counts[0]) < n:
            steps, shapes = self.design.presentation_steps, self.design.shapes
            widths = [padded_width(shape.n_out) for shape in shapes]
            self._room = _Room(
                [aligned((n, steps, width), np.float32) for width in widths],
                [aligned((n, width), np.float32) for width in widths],
                [new_masks(n, steps, shape.n_out) for shape in shapes],
                [room_for_spikes(shape, n, steps, to_image=False) for shape in shapes[:-1]],
            )
            self._states = [
                [
                    [_state(neuron, block, steps) for block in blocks]
                    for neuron, blocks in zip(self._neurons, self._blocks, strict=True)
                ]
                for _ in range(self._threads.count)
            ]
        return self._room

    def _host_macs(self, events: Events, shown: ShownWindows) -> int:
        """Multiply-accumulates of a step, the way back and Adam's step included: see METHODS.md."""
        sizes, n, steps = self.design.layer_sizes, len(events.begin), self.design.presentation_steps
        constant = len(events.amplitude) > 0
        edges = slice(None, None, self.design.steps if constant else 1)  # a current is delivered once in a window
        counted = events.end[:, edges] - events.begin[:, edges]
        active = [int(counted.sum())] + [int((each.end - each.begin).sum()) for each in shown.spikes]
        visited = sum(rows * n_out for rows, n_out in zip(active, sizes[1:], strict=True))  # forward, and by Eq. 8
        down = n * steps * sum(a * b for a, b in pairwise(sizes[1:]))  # Eq. 5
        per_neuron = 4 * n * steps * sum(sizes[1:])
        weights = sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
        return 2 * visited + down + per_neuron + MACS_PER_WEIGHT * weights


def _inside(rail: float, towards: float) -> float:
    """The nearest membrane off a rail: one at a rail was cut off there, and does not follow its input."""
    return float(np.nextafter(np.float32(rail), np.float32(towards))) if np.isfinite(rail) else rail


def _state(neuron: str, block: ColumnBlock, steps: int) -> NeuronState:
    n_rows, width = block.state.weight.shape
    return new_state(forward_parts(neuron).plan, (), 1, width, n_rows - 1, steps)
