"""Learning with a falling rate; a validation set steers the rate and picks the snapshot that stays."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipInterface, ChipSpec, Result, Snapshot
from chipsim.kernel.dense import ACTIVITY
from host.data.datasets import Samples
from host.data.encoders import Encoder
from host.training.batches import Chunk, Lesson, spans
from host.training.evaluate import classify

CHECKS = 20  # validations, and checkpoints, in a run
_BACK_OFF = 0.5  # the rate's factor after a check that came out clearly worse than the best, which is then restored
_CLEARLY = 3.0  # standard errors of the validation accuracy
_REPAIRED = 1.5  # standard errors of the paired difference to the start that prove a repair
_AS_GOOD = 0.5  # standard errors within which a later snapshot is preferred to the best


@dataclass(frozen=True)
class Check:
    """One row of metrics.csv."""

    presentations: int
    epoch: float
    learning_rate: float
    validation_accuracy: float
    repaired: int  # validation samples that were wrong at the start and are right now
    broken: int  # and the other way round
    weight_updates: int
    synaptic_events: int


@dataclass
class Progress:
    """All that decides how training goes on, besides the spec: what a checkpoint holds."""

    n_valid: int  # validation samples, which set how exact a check is
    presentations: int = 0
    rate_factor: float = 1.0
    checks: list[Check] = field(default_factory=list)
    activity: dict[str, list[int]] = field(default_factory=dict)  # ACTIVITY name -> per layer, the die's while learning
    host_macs: int = 0  # multiply-accumulates of the host for what has been learned
    current: Snapshot = field(default_factory=dict)
    candidates: dict[int, Snapshot] = field(default_factory=dict)  # check number -> snapshot that may yet be kept
    right_at_start: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))  # (n_valid,)

    def facts(self) -> dict[str, Any]:
        """Everything but the arrays, for JSON."""
        return {
            "n_valid": self.n_valid,
            "presentations": self.presentations,
            "rate_factor": self.rate_factor,
            "checks": [asdict(check) for check in self.checks],
            "activity": self.activity,
            "host_macs": self.host_macs,
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        named: dict[str, NDArray[Any]] = {f"current/{name}": array for name, array in self.current.items()}
        named["right_at_start"] = self.right_at_start
        for number, snapshot in self.candidates.items():
            named |= {f"{number}/{name}": array for name, array in snapshot.items()}
        return named

    @staticmethod
    def load(arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> Progress:
        checks = [Check(**check) for check in facts["checks"]]
        progress = Progress(**{**facts, "checks": checks, "right_at_start": arrays.pop("right_at_start")})
        for name, array in arrays.items():
            owner, _, key = name.partition("/")
            target = progress.current if owner == "current" else progress.candidates.setdefault(int(owner), {})
            target[key] = array
        return progress

    def adopt(self, other: Progress) -> None:
        """Stand where `other` stands."""
        vars(self).update(vars(other))

    def standard_error(self) -> float:
        """Of the best validation accuracy so far, a binomial fraction."""
        best = max(check.validation_accuracy for check in self.checks)
        return float(np.sqrt(max(best * (1 - best), 1 / self.n_valid) / self.n_valid))

    def kept(self) -> int:
        """Number of the check whose snapshot stays: the latest one as good as the best.

        The start stays, though, if no later one is better by more than _REPAIRED standard errors of the paired
        difference: what is not known to be broken is not repaired.
        """
        if not any(c.repaired - c.broken > _REPAIRED * np.sqrt(c.repaired + c.broken) for c in self.checks):
            return 0
        accuracies = [check.validation_accuracy for check in self.checks]
        enough = max(accuracies) - _AS_GOOD * self.standard_error()
        return max(number for number, accuracy in enumerate(accuracies) if accuracy >= enough)

    def add(self, check: Check) -> None:
        """Record a check of the current snapshot, steer the rate, drop snapshots that can never be kept."""
        self.checks.append(check)
        self.candidates[len(self.checks) - 1] = self.current
        accuracies = [each.validation_accuracy for each in self.checks]
        enough = max(accuracies) - _AS_GOOD * self.standard_error()
        # Out of the race, the start excepted: not as good as the best, or a later one is at least its equal.
        self.candidates = {
            number: snapshot
            for number, snapshot in self.candidates.items()
            if number == 0
            or (accuracies[number] >= enough and accuracies[number] > max(accuracies[number + 1 :], default=-1.0))
        }
        if check.validation_accuracy < max(accuracies) - _CLEARLY * self.standard_error():
            # The rate was too high: back to the best (the latest of equals), and on with smaller steps.
            self.rate_factor *= _BACK_OFF
            best = max(range(len(accuracies)), key=lambda number: (accuracies[number], number))
            self.current = self.candidates[best]


class Learner(Protocol):
    """What learns: a die, or weights on the host with which dies will be programmed."""

    @property
    def n_layers(self) -> int: ...

    def snapshot(self) -> Snapshot:
        """All that learning changes, as copies."""

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> None: ...

    def right(self) -> NDArray[np.bool_]:
        """(n_valid,) which validation samples are classified correctly; looking changes nothing."""

    def learn(self, edges: Sequence[int], rates: Rates) -> Iterator[Part]:
        """Learn from presentations edges[0] .. edges[-1] - 1, part by part; a part ends at each edge.

        What is learned from the presentations behind an edge begins when the part after it is asked for.
        """


def per_layer(rates: NDArray[np.float32], spec: ChipSpec) -> NDArray[np.float32]:
    """Learning rates, (S, n_layers) if they differ, of the presentations' (S,): lower where positions share weights.

    All positions of a convolution write into one crossbar; in the mean over them the rate is divided by the root of
    their number, as for independent errors.
    """
    if all(shape.positions == 1 for shape in spec.shapes):
        return rates
    return rates[:, None] * np.array([1 / np.sqrt(shape.positions) for shape in spec.shapes], np.float32)


Rates = Callable[[NDArray[np.int64]], NDArray[np.float32]]  # learning rates of presentations, both (S,)


@dataclass(frozen=True)
class Part:
    """Some presentations that were learned from."""

    done: int  # presentations learned from so far, these included
    host_macs: int  # what they took: multiply-accumulates of the host
    activity: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)  # ACTIVITY name -> (n_layers,), the die's


@dataclass(frozen=True)
class LearningDie:
    """A die that learns on chip."""

    chip: ChipInterface
    lesson: Lesson
    valid: Samples
    encoder: Encoder
    epoch: int  # samples
    chunk: int

    @property
    def n_layers(self) -> int:
        return self.chip.spec.n_layers

    def snapshot(self) -> Snapshot:
        return self.chip.snapshot()

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> None:
        self.chip.restore(snapshot)

    def right(self) -> NDArray[np.bool_]:
        right: NDArray[np.bool_] = classify(self.chip, self.valid, self.encoder) == self.valid.labels
        return right

    def learn(self, edges: Sequence[int], rates: Rates) -> Iterator[Part]:
        cuts = [cut for start, stop in pairwise(edges) for cut in spans(start, stop, self.chunk, self.epoch)]
        unread: deque[tuple[Chunk, Result]] = deque()  # the chip may still be learning the last one
        for piece in self.lesson.chunks(cuts):
            falling = per_layer(rates(piece.windows), self.chip.spec)
            unread.append((piece, self.chip.learn(piece.events, piece.windows, piece.targets, falling)))
            while len(unread) > (0 if piece.stop in edges else 1):
                learned, result = unread.popleft()
                yield Part(learned.stop, len(learned.windows) * self.lesson.teacher.macs, result.activity)


def train(
    learner: Learner,
    progress: Progress,
    *,
    epoch: int,
    presentations: int,
    learning_rate: float,
    save: Callable[[Progress], None],
    tick: Callable[[int, float], None],
) -> None:
    """Learn until `presentations` are done, then restore the kept snapshot.

    epoch: samples per epoch; learning_rate: at the first presentation; it falls linearly to zero. `save` is called
    after every check, `tick` after every part with the presentations done and the latest validation accuracy.
    `progress` may come from a checkpoint: learning goes on from there bit for bit.
    """

    def rates(windows: NDArray[np.int64]) -> NDArray[np.float32]:
        falling = (1 - windows / presentations) * learning_rate * progress.rate_factor
        return np.asarray(falling, np.float32)

    def check() -> None:
        progress.current = learner.snapshot()
        right = learner.right()
        if not progress.checks:
            progress.right_at_start = right
        rate = learning_rate * progress.rate_factor * (1 - progress.presentations / max(1, presentations))
        progress.add(
            Check(
                progress.presentations,
                progress.presentations / epoch,
                rate,
                float(np.mean(right)),
                int(np.sum(right & ~progress.right_at_start)),
                int(np.sum(~right & progress.right_at_start)),
                sum(progress.activity["weight_updates"]),
                sum(progress.activity["synaptic_events"]),
            )
        )
        learner.restore(progress.current)
        save(progress)

    if not progress.checks:
        progress.activity = {name: [0] * learner.n_layers for name in ACTIVITY}
        check()
    else:
        learner.restore(progress.current)
    edges = [edge for edge in _edges(presentations) if edge > progress.presentations]
    for part in learner.learn([progress.presentations, *edges], rates):
        progress.presentations = part.done
        progress.host_macs += part.host_macs
        for name, counts in part.activity.items():
            progress.activity[name] = [a + int(b) for a, b in zip(progress.activity[name], counts, strict=True)]
        tick(part.done, progress.checks[-1].validation_accuracy)
        if part.done in edges:
            check()
    learner.restore(progress.candidates[progress.kept()])


def _edges(presentations: int) -> list[int]:
    """Where the checks are: CHECKS of them, evenly spread."""
    return [-(-presentations * i // CHECKS) for i in range(1, CHECKS + 1)]
