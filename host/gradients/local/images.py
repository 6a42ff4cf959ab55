"""The twin of a chip with layers on images, by PyTorch (extra `torch`): what `twin` does, convolutions too.

Every layer sees what the layer below sends as given, so one loss, the sum of all layers' own, has the gradients of Eqs.
4 to 8 of `gradient`: the way through the reset included, rails passed as if there were none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec, Events
from host.gradients.local.adam import MACS_PER_WEIGHT, Adam
from host.gradients.local.twin import Batch
from host.gradients.torch_windows import (
    Crossbars,
    Floats,
    Paths,
    PieceSaid,
    TorchWindows,
    dense_inputs,
    flattened,
    macs_of,
    straight_through,
    surrogate_spikes,
)
from host.teachers import optional
from host.training import Chunk


class LocalImageTwin:
    """Weights of every layer with Adam's moments."""

    def __init__(
        self, spec: ChipSpec, weights: Sequence[tuple[Floats, Floats] | None], width_th: float, threads: int
    ) -> None:
        """spec: without errors; width_th: p of Eq. 8 in thresholds. Raises TeacherError without torch."""
        torch = optional("torch", "training convolutions on the host")
        self.spec = spec
        self._weights: Crossbars = [layer and (layer[0].copy(), layer[1].copy()) for layer in weights]
        self._adam = Adam(self._learned())
        paths = Paths(
            distance=lambda membrane, threshold: membrane - threshold,
            onward=lambda spikes: spikes.detach(),
            reset=lambda spikes: spikes,
            at_a_rail=straight_through,
        )
        self._windows = TorchWindows(torch, spec, surrogate_spikes(torch, "boxcar", 1 / width_th, width_th / 2), paths)
        self._threads = threads
        leaks = spec.neuron.kind == "lif"
        self._decay = torch.tensor([float(np.exp(-1 / tau)) if leaks else 1.0 for tau in spec.tau_steps])
        self._threshold = torch.tensor([float(th) for th in spec.thresholds_th])

    def layers(self) -> Crossbars:
        """To program a chip with."""
        return list(self._weights)

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that learning changes, as copies."""
        arrays: dict[str, NDArray[Any]] = {"steps": np.array([self._adam.steps], np.int64)}
        return arrays | {name: array.copy() for name, array in self._arrays()}

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> None:
        self._adam.steps = int(snapshot["steps"][0])
        for name, array in self._arrays():
            array[...] = snapshot[name]

    def learn(self, piece: Chunk, batches: Sequence[Batch], rates: NDArray[np.float32]) -> int:
        """Learn from batches of a chunk, one step of Adam each; returns the multiply-accumulates that this took.

        rates: (S,), of which each batch takes its first window's.
        """
        macs = 0
        for start, stop in batches:
            gradients = self.gradients(piece, start, stop)
            self._adam.step(self._learned(), gradients, float(rates[start]))
            macs += macs_of(self.spec, stop - start) + MACS_PER_WEIGHT * sum(each.size for each in gradients)
        return macs

    def gradients(self, piece: Chunk, start: int, stop: int) -> list[Floats]:
        """Of the mean loss of windows start .. stop - 1, by weights and biases of each layer that learns."""
        torch, windows, n = self._windows.torch, self._windows, stop - start
        events = Events(*(each[start:stop] if len(each) else each for each in piece.events))
        inputs = torch.from_numpy(dense_inputs(events, self.spec.shapes[0]))
        targets = [None if each is None else torch.from_numpy(each[start:stop]) for each in piece.targets]

        def said(part: slice) -> PieceSaid:
            wanted = [None if each is None else each[part] for each in targets]
            return self._piece(inputs[part], wanted, n)

        return [each.numpy() for each in windows.summed(n, self._threads, said).gradients]

    def _piece(self, inputs: Any, targets: list[Any], n: int) -> PieceSaid:
        """Of some samples of a batch of n."""
        windows, steps = self._windows, self.spec.steps
        crossbars = [layer and tuple(windows.parameter(array) for array in layer) for layer in self._weights]
        runs = windows.shown(inputs, crossbars, self._decay, self._threshold)
        counts = [flattened(run.count) for run in runs]
        if not self.spec.neuron.outputs_fire:
            counts[-1] = flattened(runs[-1].membrane / self._threshold[-1])
        loss = sum(
            (target - count / steps).square().sum()
            for target, count in zip(targets, counts, strict=True)
            if target is not None
        )
        learned = [array for layer in crossbars if layer is not None for array in layer]
        scores = counts[-1].detach()
        return PieceSaid(windows.slopes(loss / n, learned), float(loss.detach()) / n, scores, [])

    def _learned(self) -> list[Floats]:
        return [array for layer in self._weights if layer is not None for array in layer]

    def _arrays(self) -> list[tuple[str, NDArray[Any]]]:
        names = [
            f"layer{number}.{name}"
            for number, layer in enumerate(self._weights, start=1)
            if layer is not None
            for name in ("weight", "bias")
        ]
        found = list(zip(names, self._learned(), strict=True))
        for kind, moments in (("first", self._adam.first), ("second", self._adam.second)):
            found += [(f"{name}.{kind}", each) for name, each in zip(names, moments, strict=True)]
        return found
