"""What is learned of a twin, whoever computes its gradients: weights, leaks and thresholds, each moved by Adam."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec
from host.gradients.all_layers import Batch, Floats
from host.gradients.local import Adam
from host.gradients.through_time.dynamics import LearnedDynamics
from host.gradients.torch_windows import Crossbars
from host.settings import LossSpec, ThroughTimeSpec


class Found(NamedTuple):
    """The derivatives of the mean loss of a batch."""

    layers: Crossbars
    decay: Floats  # (n_layers,), by what a step leaves of the layer's membranes
    threshold: Floats  # (n_layers,)


class ShownBatch(NamedTuple):
    """What a batch showed before anything moved."""

    loss: float
    correct: int
    host_macs: int


class WayBack(NamedTuple):
    """A batch forward and back."""

    found: Found
    loss: float
    scores: Floats  # (S, classes)
    host_macs: int


class LearningTwin(ABC):
    """Weights, leaks and thresholds of every layer, with Adam's moments."""

    def __init__(
        self, design: ChipSpec, weights: Sequence[tuple[Floats, Floats] | None], spec: ThroughTimeSpec
    ) -> None:
        """design: without errors; weights: to start with, in nominal thresholds."""
        self.design = design
        self.weights: Crossbars = [layer and (layer[0].copy(), layer[1].copy()) for layer in weights]
        self.dynamics = LearnedDynamics(design, spec.start_leak)
        self.spec = spec
        self.integrates = not design.neuron.outputs_fire
        self._adam = Adam(_flat(self.weights))
        self._adam_of_leaks = Adam([self.dynamics.decay])
        self._adam_of_thresholds = Adam([self.dynamics.threshold])

    @abstractmethod
    def back(self, batch: Batch) -> WayBack:
        """Forward, loss, back; nothing moves."""

    @abstractmethod
    def counts(self, n: int) -> list[Floats]:
        """Spikes (n, n_out) of each layer in the last batch, scores of a readout that does not fire."""

    def gradients(self, batch: Batch) -> Found:
        """Of the mean loss of a batch; nothing moves."""
        return self.back(batch).found

    def step(self, batch: Batch, rate: float, of_dynamics: float) -> ShownBatch:
        """Show a batch and move what is learned by Adam. rate: of weights; of_dynamics: factor of the other rates."""
        spec = self.spec
        found, loss, scores, macs = self.back(batch)
        if self.learns_leaks:
            self._adam_of_leaks.step([self.dynamics.decay], [found.decay], spec.leak_rate * of_dynamics)
        if spec.learn_threshold:
            self._adam_of_thresholds.step(
                [self.dynamics.threshold], [found.threshold], spec.threshold_rate * of_dynamics
            )
        self.dynamics.clamp()
        self._adam.step(_flat(self.weights), _flat(found.layers), rate)
        correct = int(np.sum(np.argmax(scores, axis=1) == batch.labels))
        return ShownBatch(loss, correct, macs)

    @property
    def learns_leaks(self) -> bool:
        return self.spec.learn_leak and self.dynamics.leaks

    def loss_spec(self) -> LossSpec:
        """A readout that integrates T steps, of all windows of a sequence, scores its membrane over them."""
        scale = self.spec.scale / (self.design.presentation_steps if self.integrates else 1)
        return LossSpec(scale=scale, activity_penalty=self.spec.activity_penalty, weight_penalty=0)

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
        for number, layer in enumerate(self.weights, start=1):
            if layer is not None:
                found += [(f"layer{number}.weight", layer[0]), (f"layer{number}.bias", layer[1])]
        found += [("decay", self.dynamics.decay), ("threshold", self.dynamics.threshold)]
        for owner, adam in (("", self._adam), ("leak.", self._adam_of_leaks), ("threshold.", self._adam_of_thresholds)):
            for number, moments in enumerate(zip(adam.first, adam.second, strict=True)):
                found += [
                    (f"{owner}adam{number}.{name}", m) for name, m in zip(("first", "second"), moments, strict=True)
                ]
        return found


def _flat(layers: Crossbars) -> list[Floats]:
    return [array for layer in layers if layer is not None for array in layer]
