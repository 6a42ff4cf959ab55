"""Learning with a falling rate; a validation set steers the rate and picks the snapshot that stays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chipsim.layout import CHIP_EVENTS
from host.training.learner import Learner
from host.training.progress import CHECKS, Check, Progress


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
    `progress` may come from a checkpoint: learning goes on from there bit for bit. Whatever is restored, a die's clock
    goes on: synapses that drift are then as old as the die.
    """

    def rates(windows: NDArray[np.int64]) -> NDArray[np.float32]:
        falling = (1 - windows / presentations) * learning_rate * progress.rate_factor
        return np.asarray(falling, np.float32)

    def check() -> None:
        stored = progress.current = learner.snapshot()
        correct = learner.correct()
        if not progress.checks:
            progress.right_at_start = correct
        rate = learning_rate * progress.rate_factor * (1 - progress.presentations / max(1, presentations))
        progress.add(
            Check(
                progress.presentations,
                progress.presentations / epoch,
                rate,
                float(np.mean(correct)),
                int(np.sum(correct & ~progress.right_at_start)),
                int(np.sum(~correct & progress.right_at_start)),
                sum(progress.activity["weight_updates"]),
                sum(progress.activity["synaptic_events"]),
            )
        )
        learner.restore(progress.current)
        if progress.current is not stored:  # back to better weights, on a die that has grown older than they were
            progress.current = learner.snapshot()
        save(progress)

    if not progress.checks:
        progress.activity = {name: [0] * learner.n_layers for name in CHIP_EVENTS}
        check()
    else:
        learner.restore(progress.current)
    edges = [edge for edge in _edges(presentations) if edge > progress.presentations]
    for part in learner.learn([progress.presentations, *edges], rates):
        progress.presentations = part.done
        progress.host_macs += part.host_macs
        for name, counts in part.activity.items():
            before = progress.activity.get(name, [0] * learner.n_layers)  # circuits in integers count more than others
            progress.activity[name] = [a + int(b) for a, b in zip(before, counts, strict=True)]
        tick(part.done, progress.checks[-1].validation_accuracy)
        if part.done in edges:
            check()
    learner.restore(progress.candidates[progress.kept()])


def _edges(presentations: int) -> list[int]:
    """Where the checks are: CHECKS of them, evenly spread."""
    return [-(-presentations * i // CHECKS) for i in range(1, CHECKS + 1)]
