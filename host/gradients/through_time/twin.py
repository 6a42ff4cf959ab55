"""The host's twin of a chip, trained through all layers and steps: forward, loss, back, a step of Adam.

S: samples of a batch, T: steps, n: columns of a layer in whole vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec, Events, NeuronSpec
from chipsim.die import fabricate
from chipsim.execution import Threads, WorkPiece, even_ranges
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
    Errors,
    Floats,
    Gradient,
    LayerModel,
    Layers,
    Scores,
    ShownWindows,
    errors_of,
    last_scores,
    spiking_scores,
)
from host.gradients.local import MACS_PER_WEIGHT, Adam, programmed_blocks
from host.gradients.surrogates import steps_since_spikes
from host.gradients.through_time.dynamics import LearnedDynamics
from host.gradients.through_time.forward import forward_kernel
from host.settings import LossSpec, ThroughTimeSpec


class Found(NamedTuple):
    """The derivatives of the loss."""

    layers: Layers
    decay: Floats  # (n_layers,), by what a step leaves of the layer's membranes
    threshold: Floats  # (n_layers,)


class ShownBatch(NamedTuple):
    """What a batch showed before anything moved."""

    loss: float
    correct: int
    host_macs: int


@dataclass(frozen=True)
class _Room:
    """What a batch is shown in."""

    membranes: list[Floats]  # (S, T, n) of each layer
    counts: list[Floats]  # (S, n), scores of a readout that does not fire
    spike_bits: list[NDArray[np.uint16]]
    spike_lists: list[SpikeLists]  # of all layers but the last


class SpikingTwin:
    """Weights, leaks and thresholds of every layer, with Adam's moments."""

    def __init__(self, design: ChipSpec, weights: Layers, spec: ThroughTimeSpec, threads: int) -> None:
        """design: without errors; weights: to start with, in nominal thresholds."""
        self.design = design
        self.weights: Layers = [(w.copy(), b.copy()) for w, b in weights]
        self.dynamics = LearnedDynamics(design, spec.start_leak)
        self._spec = spec
        self._integrates = not design.neuron.outputs_fire
        self._threads = Threads(threads)
        fabricated = fabricate(design, 0)
        self._neurons = [formulas_of(layer.neuron) for layer in fabricated]
        self._blocks = programmed_blocks(fabricated, weights, [design.synapse] * design.n_layers)
        self._fields = [fields_of(shape) for shape in design.shapes]
        self._states: list[list[list[NeuronState]]] = []  # of each range of samples, layer, block
        self._room = _Room([], [], [], [])
        models = [self._model(design.neuron, layer) for layer in range(design.n_layers)]
        self._gradient = Gradient(models, design.layer_sizes, design.steps, threads)
        self._adam = Adam(_flat(self.weights))
        self._adam_of_leaks = Adam([self.dynamics.decay])
        self._adam_of_thresholds = Adam([self.dynamics.threshold])
        self._learns = (spec.learn_leak and self.dynamics.leaks) or spec.learn_threshold

    def step(self, batch: Batch, rate: float, of_dynamics: float) -> ShownBatch:
        """Show a batch and move what is learned by Adam. rate: of weights; of_dynamics: factor of the other rates."""
        spec = self._spec
        found, errors, scores, macs = self._back(batch)
        if spec.learn_leak and self.dynamics.leaks:
            self._adam_of_leaks.step([self.dynamics.decay], [found.decay], spec.leak_rate * of_dynamics)
        if spec.learn_threshold:
            self._adam_of_thresholds.step(
                [self.dynamics.threshold], [found.threshold], spec.threshold_rate * of_dynamics
            )
        self.dynamics.clamp()
        self._adam.step(_flat(self.weights), _flat(found.layers), rate)
        correct = int(np.sum(np.argmax(scores.values, axis=1) == batch.labels))
        return ShownBatch(errors.loss, correct, macs)

    def gradients(self, batch: Batch) -> Found:
        """Of the mean loss of a batch; nothing moves."""
        return self._back(batch)[0]

    def counts(self, n: int) -> list[Floats]:
        """Spikes (n, n_out) of each layer in the last batch, scores of a readout that does not fire."""
        return [each[:n, :n_out] for each, n_out in zip(self._room.counts, self.design.layer_sizes[1:], strict=True)]

    def _back(self, batch: Batch) -> tuple[Found, Errors, Scores, int]:
        """Forward, loss, back."""
        spec, design, n = self._spec, self.design, len(batch.windows)
        neuron = self.dynamics.neuron()
        shown = self._show(batch.events, batch.windows, neuron)
        counts = self.counts(n)
        scores = spiking_scores(counts[-1], design.steps)
        if self._integrates:
            scores = last_scores(shown.membranes[-1][:, :, : design.layer_sizes[-1]])
        loss = LossSpec(
            scale=spec.scale / (design.steps if self._integrates else 1),
            activity_penalty=spec.activity_penalty,
            weight_penalty=0,
        )
        errors = errors_of(scores, counts[:-1], batch.labels, design.steps, loss)
        thresholds = [
            np.full(padded_width(n_out), neuron.threshold_th_of(layer), np.float32)
            for layer, n_out in enumerate(design.layer_sizes[1:])
        ]
        self._gradient.models = [self._model(neuron, layer) for layer in range(design.n_layers)]
        common = (thresholds[: design.n_layers - self._integrates], scores, errors)
        seen = self._seen(shown)
        if self._learns:
            layers, by = self._gradient.with_dynamics(self.weights, batch.events, seen, shown.membranes, *common)
            found = Found(layers, by.decay, by.threshold)
        else:
            nothing = np.zeros(design.n_layers, np.float32)
            found = Found(self._gradient.of(self.weights, batch.events, seen, *common), nothing, nothing)
        return found, errors, scores, self._host_macs(batch.events, shown)

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that learning changes, as copies."""
        arrays: dict[str, NDArray[Any]] = {"steps": np.array([self._adam.steps], np.int64)}
        return arrays | {name: array.copy() for name, array in self._arrays()}

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> None:
        steps = int(snapshot["steps"][0])
        self._adam.steps = self._adam_of_leaks.steps = self._adam_of_thresholds.steps = steps
        for name, array in self._arrays():
            array[...] = snapshot[name]

    def _arrays(self) -> list[tuple[str, NDArray[Any]]]:
        found: list[tuple[str, NDArray[Any]]] = []
        for layer, (w, b) in enumerate(self.weights, start=1):
            found += [(f"layer{layer}.weight", w), (f"layer{layer}.bias", b)]
        found += [("decay", self.dynamics.decay), ("threshold", self.dynamics.threshold)]
        for owner, adam in (("", self._adam), ("leak.", self._adam_of_leaks), ("threshold.", self._adam_of_thresholds)):
            for number, moments in enumerate(zip(adam.first, adam.second, strict=True)):
                found += [
                    (f"{owner}adam{number}.{name}", m) for name, m in zip(("first", "second"), moments, strict=True)
                ]
        return found

    def _model(self, neuron: NeuronSpec, layer: int) -> LayerModel:
        spec = self._spec
        rails = (neuron.low_rail_th, neuron.high_rail_th)
        if spec.surrogate == "spike-time" or (self._integrates and layer == self.design.n_layers - 1):
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
        if self._spec.surrogate != "spike-time":
            return shown
        fires = self.design.n_layers - self._integrates
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

        def forward(number: int, start: int, stop: int) -> None:
            for layer in range(len(shapes)):
                kernel = forward_kernel(self._neurons[layer])
                for block, state in zip(self._blocks[layer], self._states[number][layer], strict=True):
                    kernel(
                        *(with_crossbars(block), self._fields[layer], inputs[layer], room.spike_bits[layer], windows),
                        *(room.membranes[layer], room.counts[layer], state, start, stop),
                    )
                if layer < len(shapes) - 1:
                    room.spike_lists[layer].gather(room.spike_bits[layer], start, stop)

        ranges = even_ranges(n, self._threads.count)
        self._threads.run([WorkPiece(partial(forward, k, *each), k) for k, each in enumerate(ranges)])
        spikes = [Events(*(a[:n] if len(a) else a for a in lists.events)) for lists in room.spike_lists]
        return ShownWindows([each[:n] for each in room.membranes], spikes, room.spike_bits)

    def _set(self, neuron: NeuronSpec) -> None:
        """Write weights, leaks and thresholds into the blocks."""
        for layer, (blocks, (w, b)) in enumerate(zip(self._blocks, self.weights, strict=True)):
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
            steps, shapes = self.design.steps, self.design.shapes
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
        sizes, n, steps = self.design.layer_sizes, len(events.begin), self.design.steps
        constant = len(events.amplitude) > 0
        counted = events.end[:, :1] - events.begin[:, :1] if constant else events.end - events.begin
        active = [int(counted.sum())] + [int((each.end - each.begin).sum()) for each in shown.spikes]
        visited = sum(rows * n_out for rows, n_out in zip(active, sizes[1:], strict=True))  # forward, and by Eq. 8
        down = n * steps * sum(a * b for a, b in pairwise(sizes[1:]))  # Eq. 5
        per_neuron = 4 * n * steps * sum(sizes[1:])
        weights = sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
        return 2 * visited + down + per_neuron + MACS_PER_WEIGHT * weights


def _inside(rail: float, towards: float) -> float:
    """The nearest membrane off a rail: one at a rail was cut off there, and does not follow its input."""
    return float(np.nextafter(np.float32(rail), np.float32(towards))) if np.isfinite(rail) else rail


def _flat(layers: Layers) -> list[Floats]:
    return [array for layer in layers for array in layer]


def _state(neuron: str, block: ColumnBlock, steps: int) -> NeuronState:
    n_rows, width = block.state.weight.shape
    return new_state(forward_parts(neuron).plan, (), 1, width, n_rows - 1, steps)
