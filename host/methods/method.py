"""What a method gives: start weights, how long it learns, how it trains one die, what that took."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, ChipInterface, ChipSpec, Snapshot
from chipsim.design import told_targets
from host.data import Dataset, Encoder, Samples
from host.link import Timeline
from host.methods.effort import Effort
from host.settings import RunSpec
from host.teachers import Layer
from host.training import (
    Progress,
    Score,
    Setup,
    TrainingBatches,
    converted,
    evaluate,
    per_layer,
    random_weights,
    spans,
)


@dataclass(frozen=True)
class Job:
    """One die to train."""

    setup: Setup
    chip: ChipInterface  # the die, programmed with the method's start weights, as old as training.rest_before_s
    encoder: Encoder  # for looking at the die, one buffer
    progress: Progress  # empty, or from a checkpoint: learning then goes on from there bit for bit
    save: Callable[[Progress], None]  # keeps a checkpoint
    tick: Callable[[int, float | None], None]  # presentations done, latest validation accuracy
    timeline: Timeline | None  # gets when the host was busy
    threads: int  # change the speed, no bit of the result
    same_die: Callable[
        [ChipSpec], ChipInterface
    ]  # the die once more, not programmed, as by a design with other windows

    def program(self, weights: Sequence[Layer | None]) -> None:
        """Put new weights on the die, which then rests as at the start."""
        self.chip.program(weights)
        self.chip.age(self.setup.spec.training.rest_before_s)


class Method(ABC):
    """One way to train a die. Subclass it, give `name`, `meaning` and what is abstract, and register it.

    Methods hold no state: `find` may give a new object to everyone. They are made without arguments.
    """

    name: ClassVar[str]  # as written in ``--method name``
    meaning: ClassVar[str]  # one line

    learns_on_chip: ClassVar[bool] = False  # whether the die's learning circuits are at work

    any_neuron: ClassVar[bool] = False  # whether it needs no formula of a neuron; else it knows those built in

    takes_images: ClassVar[bool] = (
        False  # whether it trains convolutions and pools, too, or fully connected layers only
    )

    takes_sequences: ClassVar[bool] = False  # whether it trains for samples of several windows, too

    learns_in_own_windows: ClassVar[bool] = False  # whether training.window_steps says how long those are

    wants_teacher: ClassVar[bool] = True  # else the chip has no outputs besides its hidden neurons, see `score`

    def fingerprint(self) -> str:
        """Of the data that it reads, such as a digest of a file; empty: it reads none. A run is known by it, too."""
        return ""

    @abstractmethod
    def epochs(self, spec: RunSpec, n_train: int) -> int:
        """Passes over the training samples where the spec leaves them open."""

    @abstractmethod
    def learning_rate(self, spec: RunSpec) -> float:
        """At the first presentation, where the spec leaves it open."""

    def check(self, spec: RunSpec) -> None:
        """Raises ValueError, in one line, if this neuron, encoding or noise is nothing for this method."""
        return

    def start_weights(self, setup: Setup) -> list[Layer | None]:
        """What a die is programmed with before anything is learned, as ``training.start`` says."""
        if setup.spec.training.start == "teacher":
            return converted(setup.teacher, setup.spec)
        return random_weights(setup.teacher.network.shapes, setup.spec.seed)

    def settled(self, spec: RunSpec, dataset: Dataset) -> RunSpec:
        """`spec` with what it leaves open and this method takes from the data."""
        return spec

    def shown(self, samples: Samples, spec: RunSpec) -> Samples:
        """Samples as they are shown to the chip."""
        return samples

    def check_samples(self, spec: RunSpec, train: Samples, n_classes: int) -> None:
        """Raises DataError, in one line, if nothing can be learned from these samples."""
        return

    def begin(self, setup: Setup, chip: ChipInterface, learned: Snapshot | None) -> None:
        """Program a die as it is before anything is learned. learned: by the ideal chip, see `ideal`."""
        chip.program(setup.start_weights())

    def ideal(self, setup: Setup, threads: int) -> Chip:
        """The chip without errors that every die is compared with."""
        return setup.chip(setup.design.ideal(), setup.converted_weights(), threads)

    def score(self, setup: Setup, chip: ChipInterface, encoder: Encoder) -> Score:
        """On the test set."""
        return evaluate(chip, setup.dataset.test, encoder)

    def further(
        self, setup: Setup, twin: Callable[[], ChipInterface], encoder: Encoder, learned: Snapshot | None
    ) -> Mapping[str, Score]:
        """Other ways to bring this die to an answer, by name. twin: makes another one like the run's, unprogrammed."""
        return {}

    def facts(self, setup: Setup, chip: ChipInterface, after: Score, encoder: Encoder) -> Mapping[str, Any]:
        """What else a run tells of its die, as it was kept and scored. For JSON; the same wherever it is run."""
        return {}

    def rates(self, setup: Setup, windows: NDArray[np.int64]) -> NDArray[np.float32]:
        """(S,) learning rates of presentations: they fall to 0 in a straight line."""
        falling: NDArray[Any] = (1 - windows / setup.presentations) * setup.learning_rate
        return falling.astype(np.float32)

    def learn_first(self, setup: Setup, chip: Chip, n: int, tick: Callable[[int], None]) -> None:
        """Let a chip learn from the first n samples as a run does, its validation left out. tick: of those so far."""
        spec, epoch = setup.spec, len(setup.train)
        encoder = setup.encoder(setup.chunk, TrainingBatches.BUFFERS)
        target, follows = spec.training.output_target, any(told_targets(setup.design))
        batches = TrainingBatches(
            setup.train, setup.teacher, encoder, target, spec.seed, None, follows, setup.augmentation
        )
        for piece in batches.chunks(spans(0, n, setup.chunk, epoch)):
            rates = per_layer(self.rates(setup, piece.windows), setup.design)
            chip.learn(piece.events, piece.windows, piece.targets, rates)
            tick(int(piece.windows[-1]) + 1)

    @abstractmethod
    def learn(self, job: Job) -> None:
        """Train `job.chip` and leave on it what is kept; `job.progress` says at the end how it went."""

    @abstractmethod
    def effort(self, setup: Setup, progress: Progress) -> Effort:
        """What learning took, all presentations together."""
