"""What a method gives: start weights, how long it learns, how it trains one die, what that took."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from chipsim import ChipInterface
from host.data import Encoder
from host.link import Timeline
from host.methods.effort import Effort
from host.settings import RunSpec
from host.teachers import Layer
from host.training import Progress, Setup, converted, random_weights


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

    @abstractmethod
    def learn(self, job: Job) -> None:
        """Train `job.chip` and leave on it what is kept; `job.progress` says at the end how it went."""

    @abstractmethod
    def effort(self, setup: Setup, progress: Progress) -> Effort:
        """What learning took, all presentations together."""


def of_dense(layers: Sequence[Layer | None]) -> list[Layer]:
    """The weights of a network of dense layers: none of them is without."""
    return [layer for layer in layers if layer is not None]
