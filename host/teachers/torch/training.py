"""Trains a teacher with PyTorch: convolutions or dense layers with batch normalisation, which is folded at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from host.data import Dataset, Samples, learned_and_checked
from host.errors import TeacherError
from host.teachers.network import ImageShape, Network
from host.teachers.packages import optional
from host.teachers.torch.checkpoint import Checkpoint
from host.teachers.torch.fitting import Fitting, images_of
from host.teachers.torch.layers import input_shape, module_of
from host.teachers.torch.network import network_of_module
from host.teachers.torch.recipe import Recipe

_SAVED_EVERY_S = 300.0  # within an epoch


@dataclass(frozen=True)
class Trained:
    network: Network
    samples: int  # that it was trained on
    held_out: int
    train_accuracy: float  # over the last epoch, augmented, with dropout and rounded activations
    validation_accuracy: float  # on those held out
    test_accuracy: float


def untrained(dataset: Dataset, recipe: Recipe) -> Network:
    """The network before it is trained, which says how large it is. Raises TeacherError."""
    torch = optional("torch", "training a teacher")
    shape = input_shape(dataset, recipe.parts)
    recipe.moves(shape)
    return network_of_module(module_of(torch, shape, recipe, dataset.n_classes).eval(), shape)[0]


def train(
    dataset: Dataset, recipe: Recipe, progress: Callable[[int, int, str], None], checkpoint: Checkpoint | None = None
) -> Trained:
    """The same data, recipe and version of torch give the same weights on the same machine.

    progress: called with batches done, batches in all, and words. checkpoint: where it is kept how training stands, at
    the end of each epoch and every five minutes; what is there is gone on from, bit for bit, and stays when all is
    done. Raises TeacherError; OSError if no checkpoint can be written.
    """
    torch = optional("torch", "training a teacher")
    shape = input_shape(dataset, recipe.parts)
    before = torch.get_num_threads()
    torch.set_num_threads(recipe.threads)
    try:
        torch.manual_seed(recipe.seed)
        samples, held_out = learned_and_checked(dataset, recipe.hold_out, recipe.seed)
        if len(samples) == 1:
            raise TeacherError(f"{dataset.name}: one training sample is held out, which leaves one: get more samples")
        fitting = Fitting(torch, module_of(torch, shape, recipe, dataset.n_classes), samples, shape, recipe)
        module = fitting.run(progress, _saving(torch, fitting, checkpoint, dataset, recipe))
        module.eval()
        return Trained(
            network_of_module(module, shape)[0],
            len(samples),
            len(held_out),
            fitting.accuracy,
            _accuracy(torch, module, held_out, shape),
            _accuracy(torch, module, dataset.test, shape),
        )
    finally:
        torch.set_num_threads(before)


def _saving(
    torch: Any, fitting: Fitting, checkpoint: Checkpoint | None, dataset: Dataset, recipe: Recipe
) -> Callable[[bool], None]:
    """Puts `fitting` where the checkpoint stands, and gives what keeps it there from then on."""
    if checkpoint is None:
        return lambda ended: None
    identity = {"data": dataset.digest, "torch": str(torch.__version__), **recipe.facts()}
    if (state := checkpoint.read(torch, identity)) is not None:
        fitting.restore(state)
    saved = time.monotonic()

    def save(ended: bool) -> None:
        nonlocal saved
        if ended or time.monotonic() > saved + _SAVED_EVERY_S:
            checkpoint.write(torch, identity, fitting.state())
            saved = time.monotonic()

    return save


def _accuracy(torch: Any, module: Any, samples: Samples, shape: ImageShape) -> float:
    hits = 0
    with torch.no_grad():
        for start in range(0, len(samples), 512):
            part = slice(start, start + 512)
            logits = module(images_of(torch, samples, part, shape))
            hits += int((logits.argmax(1).numpy() == samples.labels[part]).sum())
    return hits / len(samples)
