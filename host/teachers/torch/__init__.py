"""Teachers trained with PyTorch, and torch modules read as networks (extra `torch`).

Read `network` (a Sequential as a network), `recipe` (all that decides a training), `spike_counts` (an activation as
coarse as spikes), `layers` (the module), `moved_images`, `averaging`, `fitting` (batch after batch), `checkpoint`,
`training`.

May know: the files of `host.teachers` that lie below its rooms, `data`, the host's errors, files and locks,
`chipsim.design`.

To add an activation to train with: its module in `spike_counts` or beside it, its name in `recipe`, what becomes of it
at inference in `network`. The test is `tests/host/teachers/test_torch_spike_count.py`.
"""

from host.teachers.torch.checkpoint import Checkpoint
from host.teachers.torch.network import leaves, network_of_module
from host.teachers.torch.recipe import Recipe
from host.teachers.torch.training import train, untrained

__all__ = [
    "Checkpoint",
    "Recipe",
    "leaves",
    "network_of_module",
    "train",
    "untrained",
]
