"""Shows samples to a chip and scores what comes back. Looking never changes a die."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipInterface, Result
from chipsim.design import short_repr
from chipsim.execution import ABSTAINED
from host.data import Encoder, Samples

# Windows shown for evaluation are numbered from here, far from the training windows, so that their noise is their own.
EVALUATION_WINDOWS = 1 << 40
CHUNK = 512
_MOST_COUNTS = 8_000_000  # in a chunk, 32 MB
_MOST_RATES = 40_000_000  # kept of all samples, 160 MB


@dataclass(frozen=True)
class Score:
    """How a chip did on a set of samples."""

    __repr__ = short_repr

    accuracy: float  # samples without an answer are wrong
    classes: NDArray[np.int64]  # (n,), ABSTAINED where no output neuron fired
    # Per layer, spikes per step of all windows, of every `stride`-th sample: (n / stride, n_out).
    rates: list[NDArray[np.float32]]
    stride: int  # 1, unless a chip has so many neurons that all their rates would fill the memory
    activity: dict[str, NDArray[np.int64]]  # per name (n_layers,), see chipsim.layout.counters

    @property
    def abstained(self) -> int:
        """Samples without an answer."""
        return int(np.sum(self.classes == ABSTAINED))

    @property
    def tied(self) -> int:
        """Samples whose answer the membrane settled, see `chipsim.execution.answers_of`."""
        return int(np.sum(self.activity["ties"]))


Answer = Callable[[Result], NDArray[np.int64]]  # (S,) classes, ABSTAINED where there is none


def _own_answer(result: Result) -> NDArray[np.int64]:
    return result.classes


def evaluate(chip: ChipInterface, samples: Samples, encoder: Encoder, answer: Answer = _own_answer) -> Score:
    """Score `chip` on all of `samples`, a chunk at a time. answer: what it says to a chunk; its outputs' by default."""
    stride = -(-len(samples) * sum(chip.spec.layer_sizes[1:]) // _MOST_RATES)
    steps = np.float32(chip.spec.presentation_steps)
    classes, rates, activities = [], [], []
    for start, result in shown(chip, samples, encoder):
        classes.append(answer(result))
        rates.append([(counts[-start % stride :: stride] / steps).astype(np.float32) for counts in result.counts])
        activities.append(result.activity)
    found = np.concatenate(classes)
    return Score(
        accuracy=float(np.mean(found == samples.labels)),
        classes=found,
        rates=[np.concatenate(each) for each in zip(*rates, strict=True)],
        stride=stride,
        activity={name: np.sum([each[name] for each in activities], axis=0) for name in activities[0]},
    )


def classify(chip: ChipInterface, samples: Samples, encoder: Encoder) -> NDArray[np.int64]:
    """(n,) the chip's answers to all of `samples`, ABSTAINED where it has none; nothing else is read from it."""
    return np.concatenate([result.classes for _, result in shown(chip, samples, encoder)])


def most_shown(windows: int) -> int:
    """Samples of a chunk at most, of so many windows each."""
    return max(1, CHUNK // windows)


def shown(chip: ChipInterface, samples: Samples, encoder: Encoder) -> Iterator[tuple[int, Result]]:
    """First sample and result of each chunk, when the next one is on its way: looking at one may mean waiting."""
    size = max(1, min(most_shown(chip.spec.windows), _MOST_COUNTS // sum(chip.spec.layer_sizes[1:])))
    last: tuple[int, Result] | None = None
    for start in range(0, len(samples), size):
        values = samples.values(slice(start, start + size))
        windows = np.arange(start, start + len(values), dtype=np.int64) + EVALUATION_WINDOWS
        result = chip.infer(encoder.encode(values, windows), windows)
        if last is not None:
            yield last
        last = start, result
    if last is not None:
        yield last
