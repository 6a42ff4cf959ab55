"""Shows samples to a chip and scores what comes back. Looking never changes a die."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip
from host.data import Samples
from host.encoders import Encoder

# Windows shown for evaluation are numbered from here, far from the training windows, so that their noise is their own.
EVALUATION_WINDOWS = 1 << 40
CHUNK = 512
_MOST_COUNTS = 8_000_000  # in a chunk, 32 MB
_MOST_RATES = 40_000_000  # kept of all samples, 160 MB


@dataclass(frozen=True)
class Score:
    """How a chip did on a set of samples."""

    accuracy: float
    classes: NDArray[np.int64]  # (n,)
    rates: list[NDArray[np.float32]]  # per layer, spikes per step, of every `stride`-th sample: (n / stride, n_out)
    stride: int  # 1, unless a chip has so many neurons that all their rates would fill the memory
    activity: dict[str, NDArray[np.int64]]  # per name (n_layers,), see chipsim.cycle.ACTIVITY


def evaluate(chip: Chip, samples: Samples, encoder: Encoder) -> Score:
    """Score `chip` on all of `samples`, a chunk at a time."""
    neurons = sum(chip.spec.layer_sizes[1:])
    chunk = max(1, min(CHUNK, _MOST_COUNTS // neurons))
    stride = -(-len(samples) * neurons // _MOST_RATES)
    steps = np.float32(chip.spec.steps)
    classes, rates, activities = [], [], []
    for start in range(0, len(samples), chunk):
        values = samples.values(slice(start, start + chunk))
        windows = np.arange(start, start + len(values), dtype=np.int64) + EVALUATION_WINDOWS
        result = chip.infer(encoder.encode(values, windows), windows)
        classes.append(result.classes)
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
