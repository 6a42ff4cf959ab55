"""A training on its way: one batch after the other, and all that it takes to go on after any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import to_image
from host.data import Samples
from host.errors import TeacherError
from host.teachers.network import ImageShape
from host.teachers.torch.averaging import ModuleAverage
from host.teachers.torch.moved_images import seen
from host.teachers.torch.recipe import Optimizer, Recipe

_WEIGHT_DECAY = 5e-4
_STATISTICS = 10_000  # samples that batch normalisation's statistics are made anew of


class Fitting:
    """A module, trained in place."""

    def __init__(self, torch: Any, module: Any, samples: Samples, shape: ImageShape, recipe: Recipe) -> None:
        self._torch, self._module, self._recipe = torch, module, recipe
        module.to(memory_format=torch.channels_last)  # half as fast again on a CPU
        self._samples, self._shape = samples, shape
        self._labels = torch.from_numpy(samples.labels)
        self._augmentation = recipe.moves(shape)
        self.per_epoch = -(-len(samples) // recipe.batch)
        self.total = self.per_epoch * recipe.epochs
        self._optimizer = _optimizer(torch, module, recipe.optimizer, recipe.rate)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, recipe.rate, total_steps=max(self.total, 2), pct_start=0.1, cycle_momentum=False
        )
        self._average = ModuleAverage(torch, module, recipe, self.per_epoch)
        self._generator = torch.Generator().manual_seed(recipe.seed)
        self._order = torch.arange(0)  # of the samples in this epoch
        self.done = 0  # batches
        self._hits = 0  # in this epoch
        self.accuracy = 0.0  # over the last epoch that ended

    def state(self) -> dict[str, Any]:
        """All that decides how it goes on."""
        return {
            "module": self._module.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "average": self._average.state(),
            "generator": self._generator.get_state(),
            "chance": self._torch.get_rng_state(),  # of dropout and of rounded activations
            "order": self._order,
            "done": self.done,
            "hits": self._hits,
            "accuracy": self.accuracy,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._module.load_state_dict(state["module"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._average.restore(state["average"])
        self._generator.set_state(state["generator"])
        self._torch.set_rng_state(state["chance"])
        self._order = state["order"]
        self.done, self._hits, self.accuracy = state["done"], state["hits"], state["accuracy"]

    def run(self, tell: Callable[[int, int, str], None], save: Callable[[bool], None]) -> Any:
        """Train to the end; the module that stays, with averaged weights if the recipe wants them.

        tell: called with batches done, batches in all, and words; save: after each batch, with whether an epoch ended.
        Raises TeacherError if training diverges.
        """
        tell(self.done, self.total, self._words())
        loss = 0.0
        while self.done < self.total:
            epoch, number = divmod(self.done, self.per_epoch)
            if number == 0:
                self._order = self._torch.randperm(len(self._labels), generator=self._generator)
                self._hits = 0
            size = self._recipe.batch
            index = self._order[number * size : (number + 1) * size]
            if len(index) > 1:  # batch normalisation has no variance of one sample
                loss = self._step(index)
            words = self._words()
            self.done += 1
            if ended := number + 1 == self.per_epoch:
                if not np.isfinite(loss):
                    raise TeacherError(
                        f"training diverged in epoch {epoch + 1}: choose a --learning-rate below {self._recipe.rate:g}"
                    )
                self.accuracy = self._hits / len(self._labels)
                self._average.ended_epoch(self._module, epoch)
            tell(self.done, self.total, words)
            save(ended)
        with self._precision():
            return self._average.result(self._module, self._some_batches())

    def _step(self, index: Any) -> float:
        """Learn from these samples; their loss."""
        x = self._seen(index)
        self._optimizer.zero_grad()
        with self._precision():
            logits = self._module(x)
        loss = self._torch.nn.functional.cross_entropy(logits.float(), self._labels[index])
        loss.backward()
        self._optimizer.step()
        self._schedule.step()
        self._average.stepped(self._module)
        self._hits += int((logits.detach().argmax(1) == self._labels[index]).sum())
        return float(loss.detach())

    def _some_batches(self) -> Iterator[Any]:
        """Training images as they are seen, in an order by chance."""
        order = self._torch.randperm(len(self._labels), generator=self._generator)[:_STATISTICS]
        for index in order.split(self._recipe.batch):
            if len(index) > 1:
                yield self._seen(index)

    def _seen(self, index: Any) -> Any:
        """Images (n, channels, height, width) of these samples, changed as the recipe says."""
        images = images_of(self._torch, self._samples, index.numpy(), self._shape)
        images = images.to(memory_format=self._torch.channels_last)
        return seen(self._torch, images, self._augmentation, self._generator)

    def _precision(self) -> Any:
        bfloat16 = self._recipe.precision == "bfloat16"
        return self._torch.autocast("cpu", self._torch.bfloat16, enabled=bfloat16)

    def _words(self) -> str:
        epoch = min(self.done // self.per_epoch, self._recipe.epochs - 1)
        return f"epoch {epoch + 1} of {self._recipe.epochs}" + (f", before {self.accuracy:.1%}" if epoch else "")


def images_of(torch: Any, samples: Samples, index: NDArray[np.int64] | slice, shape: ImageShape) -> Any:
    """Samples as (S, channels, height, width)."""
    return torch.from_numpy(to_image(samples.values(index), shape))


def _optimizer(torch: Any, module: Any, kind: Optimizer, rate: float) -> Any:
    if kind == "sgd":
        return torch.optim.SGD(module.parameters(), rate, momentum=0.9, nesterov=True, weight_decay=_WEIGHT_DECAY)
    return torch.optim.AdamW(module.parameters(), rate, weight_decay=_WEIGHT_DECAY * 10)
