"""What training through all layers makes small, and its derivatives by spike counts and readout membranes.

    L = cross-entropy(scale m, label) + activity_penalty mean(C^2) + weight_penalty mean(w^2)      (10)

m: per class the readout's score. A readout that does not fire scores its membrane, at the step where it is largest or
at the last one; a readout that fires scores its spikes per step. C: spike counts of a hidden layer, their mean over
samples and neurons, added up over layers. w: weights of the hidden layers, likewise. Cramer et al. 2022 have
scale = 10, activity_penalty = 5e-4 and weight_penalty = 0.1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.layout import padded_width
from host.settings import LossSpec

Floats = NDArray[np.float32]
Layers = list[tuple[Floats, Floats]]  # weights and biases of each layer


class Scores(NamedTuple):
    """Scores m (S, classes), and the step (S, classes) at which a readout that does not fire showed them."""

    values: Floats
    steps: NDArray[np.int64] | None  # None: the readout fires


def spiking_scores(counts: Floats, steps: int) -> Scores:
    """Spikes per step, from counts (S, classes)."""
    return Scores(counts / np.float32(steps), None)


def last_scores(membrane: Floats, ends: NDArray[np.int64] | None = None) -> Scores:
    """Membranes (S, T, classes) at the end of the window. ends: (S,) steps that each has; None: all T."""
    n_windows, steps, n = membrane.shape
    last = np.full(n_windows, steps - 1, np.int64) if ends is None else ends - 1
    return Scores(membrane[np.arange(n_windows), last], np.tile(last[:, None], (1, n)))


def largest_scores(membrane: Floats) -> Scores:
    """The largest of membranes (S, T, classes) over time, at the earliest step that shows it."""
    return Scores(membrane.max(axis=1), np.argmax(membrane, axis=1))


class Errors(NamedTuple):
    """Derivatives of the mean loss of S samples; n: a layer's columns in whole vectors."""

    counts: list[Floats]  # per layer that fires (S, n), dL/dC
    scores: Floats  # (S, n), dL/dm
    loss: float  # the first two terms of Eq. 10
    since: NDArray[np.int64] | None = None  # (S,) from which step on outputs that fire are counted; None: the first


def cross_entropy(scores: Floats, labels: NDArray[np.int64], scale: float) -> tuple[float, Floats]:
    """The mean over samples of -log softmax(scale scores) at the label, and its derivatives by the scores."""
    logits = scores.astype(np.float64) * scale
    logits -= logits.max(axis=1, keepdims=True)
    normaliser = np.log(np.exp(logits).sum(axis=1, keepdims=True))
    log_softmax = logits - normaliser
    n, own = len(labels), (np.arange(len(labels)), labels)
    slope = np.exp(log_softmax)
    slope[own] -= 1
    return float(-log_softmax[own].mean()), (slope * (scale / n)).astype(np.float32)


def errors_of(scores: Scores, counts: list[Floats], labels: NDArray[np.int64], steps: int, spec: LossSpec) -> Errors:
    """counts: of the hidden layers, (S, n_out) each; labels: (S,)."""
    loss, slope = cross_entropy(scores.values, labels, spec.scale)
    by_count = []
    for count in counts:
        loss += spec.activity_penalty * float(np.mean(np.square(count, dtype=np.float64)))
        by_count.append(_whole_vectors(count * np.float32(2 * spec.activity_penalty / count.size)))
    if scores.steps is None:
        by_count.append(_whole_vectors(slope / np.float32(steps)))
    return Errors(by_count, _whole_vectors(slope), loss)


def add_weight_penalty(
    gradients: list[tuple[Floats, Floats]], weights: list[tuple[Floats, Floats]], penalty: float
) -> None:
    """Add the derivatives of the last term of Eq. 10 to those of the hidden layers' weights."""
    for (gradient, _), (weight, _) in zip(gradients[:-1], weights, strict=False):
        gradient += np.float32(2 * penalty / weight.size) * weight


def _whole_vectors(values: Floats) -> Floats:
    wide = np.zeros((len(values), padded_width(values.shape[1])), np.float32)
    wide[:, : values.shape[1]] = values
    return wide
