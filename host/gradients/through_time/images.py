"""The twin of a chip with layers on images: what `twin` does, by PyTorch (extra `torch`), convolutions too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chipsim import ChipSpec
from host.gradients.all_layers import Batch, Floats
from host.gradients.local import MACS_PER_WEIGHT
from host.gradients.through_time.learned import Found, LearningTwin, WayBack
from host.gradients.torch_windows import (
    Paths,
    PieceSaid,
    TorchWindows,
    dense_inputs,
    flattened,
    held,
    macs_of,
    straight_through,
    surrogate_spikes,
)
from host.settings import ThroughTimeSpec
from host.teachers import optional


class ImageTwin(LearningTwin):
    """A network with convolutions, pools and fully connected layers."""

    def __init__(
        self,
        design: ChipSpec,
        weights: Sequence[tuple[Floats, Floats] | None],
        spec: ThroughTimeSpec,
        threads: int,
    ) -> None:
        """design: without errors; weights: to start with, in nominal thresholds. Raises TeacherError without torch."""
        super().__init__(design, weights, spec)
        torch = optional("torch", "training convolutions through time")
        # Who looks at spikes alone does not know that a membrane is at its rail.
        at_a_rail = straight_through if spec.surrogate == "spike-time" else held
        paths = Paths(
            distance=lambda membrane, threshold: membrane / threshold - 1,
            onward=lambda spikes: spikes,
            reset=lambda spikes: spikes.detach(),
            at_a_rail=at_a_rail,
        )
        spike = surrogate_spikes(torch, spec.surrogate, spec.height, spec.steepness)
        self._windows = TorchWindows(torch, design, spike, paths)
        self._threads = threads
        self._counts: list[Any] = []

    def back(self, batch: Batch) -> WayBack:
        n, tensor = len(batch.labels), self._windows.torch.from_numpy
        inputs, labels = tensor(dense_inputs(batch.events, self.design.shapes[0])), tensor(batch.labels)
        said = self._windows.summed(n, self._threads, lambda part: self._piece(inputs[part], labels[part], n))
        self._counts = said.counts
        weights = sum(layer[0].size + layer[1].size for layer in self.weights if layer is not None)
        macs = macs_of(self.design, n) + MACS_PER_WEIGHT * weights
        return WayBack(self._found([each.numpy() for each in said.gradients]), said.loss, said.scores.numpy(), macs)

    def counts(self, n: int) -> list[Floats]:
        return [count[:n].numpy() for count in self._counts]

    def _found(self, gradients: list[Floats]) -> Found:
        *arrays, decay, threshold = gradients
        pairs = iter(zip(arrays[::2], arrays[1::2], strict=True))
        return Found([layer and next(pairs) for layer in self.weights], decay, threshold)

    def _piece(self, inputs: Any, labels: Any, n: int) -> PieceSaid:
        """Of some samples of a batch of n."""
        windows, design, loss_spec = self._windows, self.design, self.loss_spec()
        neuron, functional = self.dynamics.neuron(), windows.torch.nn.functional
        crossbars = [layer and tuple(windows.parameter(array) for array in layer) for layer in self.weights]
        # Leaks and thresholds as the DACs set them; the gradient passes the rounding unchanged.
        tau = [neuron.tau_steps_of(layer) for layer in range(design.n_layers)]
        decay = windows.parameter(np.exp(-1 / np.array(tau)) if self.dynamics.leaks else np.ones(len(tau)))
        threshold = windows.parameter([neuron.threshold_th_of(layer) for layer in range(design.n_layers)])
        runs = windows.shown(inputs, crossbars, decay, threshold)
        top = runs[-1]
        scores = flattened(top.membrane if self.integrates else top.count / design.steps)
        loss = functional.cross_entropy(loss_spec.scale * scores, labels, reduction="sum") / n
        for shape, run in zip(design.shapes[:-1], runs, strict=False):
            loss = loss + loss_spec.activity_penalty * run.count.square().sum() / (n * shape.n_out)
        learned = [*(array for layer in crossbars if layer is not None for array in layer), decay, threshold]
        counts = [flattened(run.count).detach() for run in runs]
        if self.integrates:
            counts[-1] = flattened(top.membrane / threshold[-1]).detach()
        return PieceSaid(windows.slopes(loss, learned), float(loss.detach()), scores.detach(), counts)
