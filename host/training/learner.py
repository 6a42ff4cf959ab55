"""What learns: a die on chip, or weights on the host."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipInterface, ChipSpec, Result, Snapshot
from host.data import Encoder, Samples
from host.training.batches import Chunk, TrainingBatches, spans
from host.training.evaluation import classify


class Learner(Protocol):
    """What learns: a die, or weights on the host with which dies will be programmed."""

    @property
    def n_layers(self) -> int: ...

    def snapshot(self) -> Snapshot:
        """All that learning changes, as copies."""

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> None: ...

    def correct(self) -> NDArray[np.bool_]:
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
    activity: Mapping[str, NDArray[np.int64]] = field(
        default_factory=dict
    )  # CHIP_EVENTS name -> (n_layers,), the die's


@dataclass(frozen=True)
class LearningDie:
    """A die that learns on chip."""

    chip: ChipInterface
    batches: TrainingBatches
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

    def correct(self) -> NDArray[np.bool_]:
        correct: NDArray[np.bool_] = classify(self.chip, self.valid, self.encoder) == self.valid.labels
        return correct

    def learn(self, edges: Sequence[int], rates: Rates) -> Iterator[Part]:
        cuts = [cut for start, stop in pairwise(edges) for cut in spans(start, stop, self.chunk, self.epoch)]
        unread: deque[tuple[Chunk, Result]] = deque()  # the chip may still be learning the last one
        for piece in self.batches.chunks(cuts):
            falling = per_layer(rates(piece.windows), self.chip.spec)
            unread.append((piece, self.chip.learn(piece.events, piece.windows, piece.targets, falling)))
            while len(unread) > (0 if piece.stop in edges else 1):
                learned, result = unread.popleft()
                yield Part(learned.stop, len(learned.windows) * self.batches.teacher.macs_per_sample, result.activity)
