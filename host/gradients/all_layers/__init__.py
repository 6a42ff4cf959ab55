"""Gradients through time and all layers of a network, from what it showed: on a die, or on the host's own twin.

Read `model`, `backward`, `gradient`, `loss`, in this order, then `batching`.

May know: the files of `host.gradients` beside this room, `training` (for how presentations are cut), `data`,
`settings`, and of `chipsim` its interface, `layout`, `run` for threads, `simd`.

To add a term to the loss: in `loss` with its derivatives, its constant in `host/settings/in_the_loop.py`. A surrogate:
`host/gradients/surrogates.py`. The tests are in `tests/host/gradients/`: `test_gradient.py` against slow gradients and
finite differences, `test_torch.py` against autograd's numbers, which are on record.
"""

from host.gradients.all_layers.batching import Batch, batches
from host.gradients.all_layers.gradient import Dynamics, Gradient
from host.gradients.all_layers.loss import (
    Errors,
    Scores,
    add_weight_penalty,
    errors_of,
    largest_scores,
    last_scores,
    spiking_scores,
)
from host.gradients.all_layers.model import Floats, LayerModel, Layers, ShownWindows

__all__ = [
    "Batch",
    "Dynamics",
    "Errors",
    "Floats",
    "Gradient",
    "LayerModel",
    "Layers",
    "Scores",
    "ShownWindows",
    "add_weight_penalty",
    "batches",
    "errors_of",
    "largest_scores",
    "last_scores",
    "spiking_scores",
]
