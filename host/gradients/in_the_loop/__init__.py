"""Gradients through time of spiking networks, from what a chip did rather than from what a model of it would do.

Read `model`, `thresholds`, `spikes_alone`, `loop` (a step of training), `average` and `start`, in this order; its
gradients are those of `host.gradients.all_layers`, its steps of `host.gradients.local.Adam`.

May know: `host.gradients.all_layers` and `local`, `settings`, and of `chipsim` its interface,
`design` and `layout`. The tests are in `tests/host/gradients/`.
"""

from host.gradients.all_layers import Batch, batches
from host.gradients.in_the_loop.average import WeightAverage
from host.gradients.in_the_loop.loop import InTheLoop, bytes_read_back
from host.gradients.in_the_loop.spikes_alone import bytes_of_spikes
from host.gradients.in_the_loop.start import gaussian_weights

__all__ = [
    "Batch",
    "InTheLoop",
    "WeightAverage",
    "batches",
    "bytes_of_spikes",
    "bytes_read_back",
    "gaussian_weights",
]
