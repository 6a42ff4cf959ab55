"""Shows samples to a chip and scores what comes back. Looking never changes a die."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipInterface, Result
from host.data import Samples
from host.encoders import Encoder

# Windows shown for evaluation are numbered from here, far from the training windows, so that their noise is their own.
EVALUATION_WINDOWS = 1 << 40
CHUNK = 512


@dataclass(frozen=True)
class Score:
    """How a chip did on a set of samples."""

    accuracy: float
    classes: NDArray[np.int64]  # (n,)
    rates: list[NDArray[np.float32]]  # per layer (n, n_out), spikes per step
    activity: dict[str, NDArray[np.int64]]  # per name (n_layers,), see chipsim.cycle.ACTIVITY


def evaluate(chip: ChipInterface, samples: Samples, encoder: Encoder) -> Score:
    """Score `chip` on all of `samples`, CHUNK at a time."""
    classes, counts, activities = [], [], []
    for result in _shown(chip, samples, encoder):
        classes.append(result.classes)
        counts.append(list(result.counts))
        activities.append(result.activity)
    steps = np.float32(chip.spec.steps)
    answers = np.concatenate(classes)
    return Score(
        accuracy=float(np.mean(answers == samples.labels)),
        classes=answers,
        rates=[(np.concatenate(layer) / steps).astype(np.float32) for layer in zip(*counts, strict=True)],
        activity={name: np.sum([activity[name] for activity in activities], axis=0) for name in activities[0]},
    )


def classify(chip: ChipInterface, samples: Samples, encoder: Encoder) -> NDArray[np.int64]:
    """(n,) the chip's answers to all of `samples`; nothing else is read from it."""
    return np.concatenate([result.classes for result in _shown(chip, samples, encoder)])


def _shown(chip: ChipInterface, samples: Samples, encoder: Encoder) -> Iterator[Result]:
    """A result per CHUNK of samples, handed out when the next chunk is on its way: looking at one may mean waiting."""
    last: Result | None = None
    for start in range(0, len(samples), CHUNK):
        values = samples.values(slice(start, start + CHUNK))
        windows = np.arange(start, start + len(values), dtype=np.int64) + EVALUATION_WINDOWS
        result = chip.infer(encoder.encode(values, windows), windows)
        if last is not None:
            yield last
        last = result
    if last is not None:
        yield last
