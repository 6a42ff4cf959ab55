"""Labels by assignment: what the neurons of a layer that learned without labels stand for.

Diehl & Cook 2015 (Front. Comput. Neurosci. 9:99): with everything held still, each neuron gets the class to which it
answers most in the mean, and a window's class is that whose neurons answer most in the mean. BindsNET (Hazan et al.
2018, Front. Neuroinform. 12:89) also lets each neuron vote for all classes, in proportion to its mean answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipInterface, Result
from chipsim.execution import ABSTAINED
from host.data import Encoder, Samples
from host.errors import DataError
from host.training.evaluation import Score, evaluate, shown


@dataclass(frozen=True)
class Assignment:
    """What each of n neurons stands for."""

    mean: NDArray[np.float64]  # (n_classes, n), mean spikes of a window of each class

    @property
    def classes(self) -> NDArray[np.int64]:
        """(n,), of equal ones the first; ABSTAINED where a neuron is silent."""
        return np.where(self.mean.max(axis=0) > 0, np.argmax(self.mean, axis=0), ABSTAINED)

    @property
    def silent(self) -> int:
        """Neurons that answered to nothing."""
        return int(np.sum(self.classes == ABSTAINED))

    @property
    def without_neuron(self) -> list[int]:
        """Classes that no neuron stands for: none of their windows is answered correctly by the mean."""
        return sorted(set(range(len(self.mean))) - set(self.classes.tolist()))

    def by_mean(self, counts: NDArray[np.float32]) -> NDArray[np.int64]:
        """(S,) the class whose neurons answer most in the mean, of equal ones the first; ABSTAINED in silence."""
        answers = np.full((len(counts), len(self.mean)), -np.inf)
        for label in set(self.classes.tolist()) - {ABSTAINED}:
            answers[:, label] = counts[:, self.classes == label].mean(axis=1, dtype=np.float64)
        return _largest(answers, counts)

    def by_proportion(self, counts: NDArray[np.float32]) -> NDArray[np.int64]:
        """(S,) the class with the most votes, of equal ones the first; ABSTAINED in silence."""
        spoken = np.maximum(self.mean.sum(axis=0), np.finfo(np.float64).tiny)
        return _largest(counts.astype(np.float64) @ (self.mean / spoken).T, counts)


def _largest(answers: NDArray[np.float64], counts: NDArray[np.float32]) -> NDArray[np.int64]:
    best: NDArray[np.int64] = np.argmax(answers, axis=1)
    return np.where(counts.max(axis=1) > 0, best, ABSTAINED)


def check_labels(known: Samples, n_classes: int) -> None:
    """Raises DataError if a class has no sample among those by which neurons get their classes."""
    missing = sorted(set(range(n_classes)) - set(known.labels.tolist()))
    if missing:
        raise DataError(
            f"no sample of class {', '.join(map(str, missing))} among the {len(known):,} by which neurons get their"
            " classes: raise stdp.label_samples, or use data that have samples of every class"
        )


def assigned(chip: ChipInterface, known: Samples, encoder: Encoder, n_classes: int) -> Assignment:
    """What the neurons of the last layer stand for, by samples whose labels are known; nothing learns meanwhile.

    For a class without a sample none does, see `check_labels`.
    """
    each = np.maximum(np.bincount(known.labels, minlength=n_classes), 1)
    total = np.zeros((n_classes, chip.spec.layer_sizes[-1]))
    for start, result in shown(chip, known, encoder):
        labels = known.labels[start : start + len(result.counts[-1])]
        np.add.at(total, labels, result.counts[-1])
    return Assignment(total / each[:, None])


@dataclass(frozen=True)
class LabelledScore(Score):
    """How a chip did whose neurons got their classes by assignment."""

    by_mean: float = 0.0  # accuracies
    by_proportion: float = 0.0
    silent: int = 0  # neurons
    without_neuron: tuple[int, ...] = ()  # classes


def labelled_score(
    chip: ChipInterface,
    known: Samples,
    test: Samples,
    encoder: Encoder,
    n_classes: int,
    label_by: Literal["mean", "proportion"],
) -> LabelledScore:
    """Let the last layer's neurons get their classes by `known`, and score them on `test`; nothing learns meanwhile."""
    stands_for = assigned(chip, known, encoder, n_classes)
    answers: dict[str, list[NDArray[np.int64]]] = {"mean": [], "proportion": []}

    def answer(result: Result) -> NDArray[np.int64]:
        answers["mean"].append(stands_for.by_mean(result.counts[-1]))
        answers["proportion"].append(stands_for.by_proportion(result.counts[-1]))
        return answers[label_by][-1]

    score = evaluate(chip, test, encoder, answer)
    accuracy = {name: float(np.mean(np.concatenate(each) == test.labels)) for name, each in answers.items()}
    return LabelledScore(
        **vars(score),
        by_mean=accuracy["mean"],
        by_proportion=accuracy["proportion"],
        silent=stands_for.silent,
        without_neuron=tuple(stands_for.without_neuron),
    )
