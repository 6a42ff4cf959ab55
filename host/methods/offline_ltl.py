"""Offline Local Tandem Learning (Yang et al. 2022, arXiv 2210.04532, Eqs. 4 to 8) on the ideal twin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.die import fabricate
from host.data import Encoder
from host.gradients.local import Batch, LocalImageTwin, Twin
from host.methods.on_host import OnHost
from host.settings import METHODS, RunSpec
from host.teachers import Layer, of_dense
from host.training import CHUNK, Chunk, Part, Rates, Setup, TrainingBatches, evaluate, spans

_TUNE_PRESENTATIONS = 20_000  # from the teacher's weights
_TRAIN_PRESENTATIONS = 60_000  # from random ones
_LEAST_EPOCHS = 5
_LEARNING_RATE = 3e-3  # of Adam, in thresholds
# What of a neuron the gradient knows; anything else must be at its default.
_KNOWN_NEURON = {
    "kind",
    "tau_steps",
    "leak_dac",
    "threshold_th",
    "threshold_dac",
    "reset",
    "low_rail_th",
    "high_rail_th",
}
_KNOWN_NEURON |= {"readout"}
_KNOWN_READOUTS = ("spiking", "integrating")


@dataclass(frozen=True)
class TwinLearner:
    """The twin with all presentations of a run before it."""

    setup: Setup
    twin: Twin | LocalImageTwin
    threads: int

    @property
    def n_layers(self) -> int:
        return self.twin.spec.n_layers

    def layers(self) -> Sequence[Layer | None]:
        return self.twin.layers()

    def snapshot(self) -> dict[str, NDArray[Any]]:
        return self.twin.snapshot()

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> None:
        self.twin.restore(snapshot)

    def correct(self) -> NDArray[np.bool_]:
        setup = self.setup
        spec = setup.spec
        chip = setup.chip(self.twin.spec, self.layers(), self.threads)
        encoder = Encoder(spec.encoding, setup.dataset.n_in, spec.steps, CHUNK, spec.seed)
        correct: NDArray[np.bool_] = evaluate(chip, setup.valid, encoder).classes == setup.valid.labels
        return correct

    def learn(self, edges: Sequence[int], rates: Rates) -> Iterator[Part]:
        for start, stop in pairwise(edges):
            yield from self._between(start, stop, rates)

    def _between(self, start: int, stop: int, rates: Rates) -> Iterator[Part]:
        setup, batch, epoch = self.setup, self.setup.spec.offline.batch, len(self.setup.train)
        spec = setup.spec
        chunk = -(-spec.training.chunk // batch) * batch  # whole batches, so that chunks change no result
        encoder = Encoder(spec.encoding, setup.dataset.n_in, spec.steps, chunk, spec.seed, TrainingBatches.BUFFERS)
        batches = TrainingBatches(
            setup.train,
            setup.teacher,
            encoder,
            spec.training.output_target,
            spec.seed,
            augmentation=setup.augmentation,
        )
        for piece in batches.chunks(spans(start, stop, chunk, epoch)):
            n = len(piece.windows)
            host_macs = self.learn_piece(piece, spans(0, n, batch, n), rates(piece.windows))
            yield Part(int(piece.windows[-1]) + 1, host_macs + n * setup.teacher.macs_per_sample)

    def learn_piece(self, piece: Chunk, batches: list[Batch], rates: NDArray[np.float32]) -> int:
        """Learn from the batches of a chunk; returns the multiply-accumulates that this took."""
        return self.twin.learn(piece, batches, rates)


class OfflineLtl(OnHost):
    """Backpropagation through time inside each layer, by Adam, against the global rate."""

    name = "offline-ltl"
    meaning = METHODS["offline-ltl"]

    takes_images = True

    def epochs(self, spec: RunSpec, n_train: int) -> int:
        wanted = _TUNE_PRESENTATIONS if spec.training.start == "teacher" else _TRAIN_PRESENTATIONS
        return max(_LEAST_EPOCHS, -(-wanted // n_train))

    def learning_rate(self, spec: RunSpec) -> float:
        return _LEARNING_RATE

    def check(self, spec: RunSpec) -> None:
        neuron = spec.neuron
        for name, field in type(neuron).model_fields.items():
            value = getattr(neuron, name)
            if name not in _KNOWN_NEURON and value != field.default:
                raise ValueError(
                    f"method {self.name}: its gradient knows no neuron.{name} (here {value}); leave it at"
                    f" {field.default}, or take --method on-chip-ltl"
                )
        if neuron.readout not in _KNOWN_READOUTS:
            raise ValueError(
                f"method {self.name}: its gradient knows no {neuron.readout} readout; use"
                f" {' or '.join(_KNOWN_READOUTS)}, or --method on-chip-ltl"
            )

    def model(self, setup: Setup, threads: int) -> TwinLearner:
        if setup.teacher.network.dense:
            return TwinLearner(setup, ideal_twin(setup, threads), threads)
        width = setup.spec.offline.boxcar_width_th
        return TwinLearner(setup, LocalImageTwin(setup.design.ideal(), setup.start_weights(), width, threads), threads)


def ideal_twin(setup: Setup, threads: int) -> Twin:
    ideal = setup.design.ideal()
    width = setup.spec.offline.boxcar_width_th
    return Twin(ideal, fabricate(ideal, setup.spec.die), of_dense(setup.start_weights()), width, threads)
