"""Shows samples to a chip and scores what comes back. Looking never changes a die."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipInterface
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
    results = []
    for start in range(0, len(samples), CHUNK):
        values = samples.values(slice(start, start + CHUNK))
        windows = np.arange(start, start + len(values), dtype=np.int64) + EVALUATION_WINDOWS
        results.append(chip.infer(encoder.encode(values, windows), windows))
    steps = np.float32(chip.spec.steps)
    per_layer = zip(*(result.counts for result in results), strict=True)
    classes = np.concatenate([result.classes for result in results])
    return Score(
        accuracy=float(np.mean(classes == samples.labels)),
        classes=classes,
        rates=[(np.concatenate(list(counts)) / steps).astype(np.float32) for counts in per_layer],
        activity={name: np.sum([r.activity[name] for r in results], axis=0) for name in results[0].activity},
    )
