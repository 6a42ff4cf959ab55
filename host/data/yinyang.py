"""The yin-yang data set (Kriener et al. 2022, arXiv 2102.08211), drawn anew from its seed."""

from __future__ import annotations

import numpy as np

from host.data.samples import Dataset, Samples


def yinyang() -> Dataset:
    train, test = _yinyang_samples(5000, 42), _yinyang_samples(1000, 40)
    return Dataset("yinyang", train, test, 3, "generated after Kriener et al. 2021, seeds 42 and 40")


def _yinyang_samples(n: int, seed: int) -> Samples:
    """Points in the Yin-Yang symbol, (x, y, 1 - x, 1 - y); classes yin 0, yang 1, dot 2, balanced by rejection."""
    rng = np.random.RandomState(seed)
    big, small = 0.5, 0.1
    points, labels = [], []
    for _ in range(n):
        goal = rng.randint(3)
        while True:
            x, y = rng.rand(2) * 2 * big
            if np.hypot(x - big, y - big) > big:
                continue
            right, left = np.hypot(x - 1.5 * big, y - big), np.hypot(x - 0.5 * big, y - big)
            if right < small or left < small:
                label = 2
            else:
                label = int(right <= small or small < left <= 0.5 * big or (y > big and right > 0.5 * big))
            if label == goal:
                break
        points.append((x, y, 1 - x, 1 - y))
        labels.append(label)
    return Samples(np.array(points, np.float32), np.array(labels, np.int64), 0, 1)
