"""The mean of the weights on their way, which lies flatter than where they end (torch.optim.swa_utils).

`ema`: an exponential moving average over all steps. It remembers an epoch, or a tenth of the training if that is
shorter. `epochs`: the plain mean of the weights at the ends of the last quarter of the epochs (Izmailov et al. 2018,
arXiv 1803.05407). The statistics of batch normalisation are those of other weights: they are made anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from host.teachers.torch.recipe import Recipe

_LAST = 0.25  # of the epochs
_SHORTEST = 0.1  # of all steps


class ModuleAverage:
    """Follows a module; nothing at all where the recipe wants no average."""

    def __init__(self, torch: Any, module: Any, recipe: Recipe, steps_per_epoch: int) -> None:
        self._swa = torch.optim.swa_utils
        self._kind = recipe.average
        self._first = recipe.epochs - max(1, round(recipe.epochs * _LAST))  # epochs that are not in the mean
        memory = max(1.0, min(steps_per_epoch, _SHORTEST * steps_per_epoch * recipe.epochs))
        moving = self._swa.get_ema_multi_avg_fn(1 - 1 / memory) if self._kind == "ema" else None
        self._model: Any = None if self._kind == "none" else self._swa.AveragedModel(module, multi_avg_fn=moving)

    def stepped(self, module: Any) -> None:
        """After each step of the optimizer."""
        if self._kind == "ema":
            self._model.update_parameters(module)

    def ended_epoch(self, module: Any, epoch: int) -> None:
        """After epoch number `epoch`, from 0."""
        if self._kind == "epochs" and epoch >= self._first:
            self._model.update_parameters(module)

    def result(self, module: Any, batches: Iterable[Any]) -> Any:
        """The module with the mean of the weights, its statistics those of `batches`; `module` itself without."""
        if self._model is None:
            return module
        self._swa.update_bn(batches, self._model)
        return self._model.module

    def state(self) -> dict[str, Any]:
        return {} if self._model is None else self._model.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        if self._model is not None:
            self._model.load_state_dict(state)
