"""Teachers trained with PyTorch, and torch modules read as networks (extra `torch`).

Read `network` (a Sequential as a network), `spike_counts` (an activation as coarse as spikes), `training`.

May know: the files of `host.teachers` that lie below its rooms, `data`, the host's errors, `chipsim.design`.

To add an activation to train with: its module in `spike_counts` or beside it, its name in the recipe of `training`,
what becomes of it at inference in `network`. The test is `tests/host/teachers/test_torch_spike_count.py`.
"""

from host.teachers.torch.network import leaves, network_of_module
from host.teachers.torch.training import Recipe, train

__all__ = [
    "Recipe",
    "leaves",
    "network_of_module",
    "train",
]
