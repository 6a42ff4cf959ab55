"""Training in the loop (Cramer et al. 2022, arXiv 2006.07239): the die runs, the host learns from what it did.

Spikes and membranes of every neuron at every step come back through a converter; `host.gradients.in_the_loop` has the
equations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec, Snapshot
from host.data import Encoder, Rotation, Samples
from host.gradients.in_the_loop import InTheLoop, batches, bytes_of_spikes, bytes_read_back
from host.methods.effort import Effort, bytes_shown, n_weights, programming_bytes
from host.methods.method import Job, Method, of_dense
from host.settings import METHODS, LoopSpec, RunSpec
from host.training import Part, Progress, Rates, Setup, evaluate, spans, train

# Enough presentations to settle, whatever the size of the data set.
_CALIBRATE_PRESENTATIONS = 60_000
_TRAIN_PRESENTATIONS = 300_000
_LEAST_EPOCHS = 5
_LEARNING_RATE = 1.5e-3  # Cramer et al. 2022; of Adam


class InTheLoopMethod(Method):
    """State goes up and new weights come down after every batch: every error of the die is inside the loop."""

    name = "in-the-loop"
    meaning = METHODS["in-the-loop"]

    def epochs(self, spec: RunSpec, n_train: int) -> int:
        wanted = _CALIBRATE_PRESENTATIONS if spec.training.start == "teacher" else _TRAIN_PRESENTATIONS
        return max(_LEAST_EPOCHS, -(-wanted // n_train))

    def learning_rate(self, spec: RunSpec) -> float:
        return _LEARNING_RATE

    def check(self, spec: RunSpec) -> None:
        wanted = spec.in_the_loop
        if wanted.surrogate != "spike-time" and wanted.bound != "none":
            raise ValueError(
                f"in_the_loop.bound {wanted.bound} bounds the surrogate spike-time, not {wanted.surrogate}: leave it"
                " out, or set in_the_loop.surrogate to spike-time"
            )
        if wanted.surrogate == "spike-time" and spec.neuron.readout != "spiking":
            raise ValueError(
                f"in_the_loop.surrogate spike-time reads spikes alone, and an {spec.neuron.readout} readout shows none:"
                " use --readout spiking"
            )
        for integrating in {False, spec.neuron.readout != "spiking"}:
            spec.in_the_loop.converter.of(spec.neuron, integrating)

    def learn(self, job: Job) -> None:
        setup = job.setup
        degrees = setup.spec.in_the_loop.rotation_deg
        rotation = Rotation(setup.dataset.n_in, degrees, setup.spec.seed) if degrees else None
        loop = InTheLoop(job.chip, of_dense(setup.start_weights()), setup.spec.in_the_loop, job.threads)
        train(
            _LoopLearner(loop, setup, job.encoder, rotation),
            job.progress,
            epoch=len(setup.train),
            presentations=setup.presentations,
            learning_rate=setup.learning_rate,
            save=job.save,
            tick=job.tick,
        )
        job.chip.age(setup.spec.training.rest_before_s)

    def effort(self, setup: Setup, progress: Progress) -> Effort:
        design, spec = setup.design, setup.spec
        programmed = 1 + _n_batches(setup, progress)
        shown = bytes_shown(
            design,
            spec.chip,
            progress.activity,
            progress.presentations,
            constant_current=spec.encoding == "current",
            targets=False,
        )
        return Effort(
            samples=progress.presentations,
            die_samples=progress.presentations,
            activity=progress.activity,
            bytes_down=programmed * programming_bytes(design) + shown,
            bytes_up=progress.presentations * _bytes_up(design, spec.in_the_loop),
            weights_programmed=programmed * n_weights(design),
            host_macs=progress.host_macs,
        )


def _bytes_up(design: ChipSpec, spec: LoopSpec) -> float:
    """Of a sample."""
    return bytes_of_spikes(design) if spec.surrogate == "spike-time" else bytes_read_back(design, spec.converter)


@dataclass(frozen=True)
class _LoopLearner:
    """What learns: the host's weights, with which the die is programmed."""

    loop: InTheLoop
    setup: Setup
    encoder: Encoder  # for looking at the die
    rotation: Rotation | None

    @property
    def n_layers(self) -> int:
        return self.loop.chip.spec.n_layers

    def snapshot(self) -> Snapshot:
        return self.loop.snapshot()

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> None:
        self.loop.restore(snapshot)

    def correct(self) -> NDArray[np.bool_]:
        valid: Samples = self.setup.valid
        correct: NDArray[np.bool_] = evaluate(self.loop.chip, valid, self.encoder).classes == valid.labels
        return correct

    def learn(self, edges: Sequence[int], rates: Rates) -> Iterator[Part]:
        for start, stop in pairwise(edges):
            yield from self._between(start, stop, rates)

    def _between(self, start: int, stop: int, rates: Rates) -> Iterator[Part]:
        spec, n_in, settings = self.setup.spec, self.setup.dataset.n_in, self.setup.spec.in_the_loop
        encoder = Encoder(spec.encoding, n_in, spec.steps, settings.batch, spec.seed)
        changed = self.rotation, self.setup.augmentation
        for batch in batches(self.setup.train, encoder, spec.seed, start, stop, settings.batch, *changed):
            step = self.loop.step(batch, float(rates(batch.windows[:1])[0]))
            yield Part(int(batch.windows[-1]) + 1, step.host_macs, step.result.activity)


def _n_batches(setup: Setup, progress: Progress) -> int:
    """Batches learned from: checks cut them, too."""
    size, epoch = setup.spec.in_the_loop.batch, len(setup.train)
    checks = [check.presentations for check in progress.checks]
    return sum(len(spans(start, stop, size, epoch)) for start, stop in pairwise(checks))
