"""What a chip answers to a window, or to a sequence of them. The one place that decides it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipSpec

ABSTAINED = -1  # in place of a class: no output neuron fired


def in_words(answer: int) -> str:
    """A class's number, or that there is no answer."""
    return "nothing" if answer == ABSTAINED else str(answer)


class Answers(NamedTuple):
    """Of S windows."""

    classes: NDArray[np.int64]  # (S,), ABSTAINED where there is no answer
    tied: NDArray[np.bool_]  # (S,), several output neurons had the largest count, and the membrane decided


def answers_of(counts: NDArray[np.float32], membrane: NDArray[np.float32], outputs_fire: bool) -> Answers:
    """The output neuron with the largest count; of equal counts the one with the highest membrane, then the first.

    counts, membrane: (S, n_classes) as in `Result`, for neurons that fire. If none has fired there is no answer:
    a chip sends counts, and these say nothing. A readout that does not fire (`outputs_fire` false) is read by its
    membrane, of which its count is the score: it always answers.
    """
    largest = counts.max(axis=1, keepdims=True)
    among = counts == largest
    best = np.argmax(np.where(among, membrane, -np.inf), axis=1)
    if not outputs_fire:
        return Answers(best, np.zeros(len(best), np.bool_))
    fired = largest[:, 0] > 0
    return Answers(np.where(fired, best, ABSTAINED), fired & (among.sum(axis=1) > 1))


def of_sequences(
    spec: ChipSpec,
    window_counts: Sequence[NDArray[np.float32]],
    membrane: NDArray[np.float32],
    lengths: NDArray[np.int64],
) -> tuple[list[NDArray[np.float32]], NDArray[np.float32]]:
    """What S sequences are answered by: per layer counts (S, n), and output membranes (S, n_classes), as in `Result`.

    window_counts, membrane: (S, L, n), at the end of each window; lengths: (S,), windows that a sequence has. Counts
    are those of all windows, of the outputs those of the last one if `sequence_answer` says so. The score of a readout
    that does not fire is the last one, or the highest of all windows.
    """
    if spec.windows == 1:
        return [each[:, 0] for each in window_counts], membrane[:, 0]
    counts, outputs = [each.sum(axis=1) for each in window_counts], window_counts[-1]
    last = np.arange(len(lengths)), lengths - 1
    if spec.sequence_answer == "last" or spec.neuron.readout == "integrating":
        counts[-1] = outputs[last]
    elif spec.neuron.readout == "integrating-max":
        has = np.arange(spec.windows) < lengths[:, None]
        counts[-1] = np.where(has[:, :, None], outputs, -np.inf).max(axis=1).astype(np.float32)
    return counts, membrane[last]
