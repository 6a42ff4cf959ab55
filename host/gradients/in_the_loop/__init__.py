"""Gradients through time of spiking networks, from what a chip did rather than from what a model of it would do.

Read `model`, `thresholds`, `backward`, `gradient`, `loss`, in this order, then `batching`, `loop` (a step of training),
`average` and `start`; its steps are of `host.gradients.local.Adam`.

May know: `host.gradients.local`, `training` (for how presentations are cut), `data`, `settings`, and of `chipsim` its
interface, `design`, `layout`, `run` for threads, `simd`.

To add a term to the loss: in `loss` with its derivatives, its constant in `host/settings/in_the_loop.py`. The tests are
in `tests/host/gradients/`: `test_gradient.py` against slow gradients and finite differences, `test_torch.py` against
autograd's numbers, which are on record.
"""

from host.gradients.in_the_loop.average import WeightAverage
from host.gradients.in_the_loop.batching import Batch, batches
from host.gradients.in_the_loop.loop import InTheLoop, bytes_read_back
from host.gradients.in_the_loop.start import gaussian_weights

__all__ = [
    "Batch",
    "InTheLoop",
    "WeightAverage",
    "batches",
    "bytes_read_back",
    "gaussian_weights",
]
