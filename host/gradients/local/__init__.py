"""Local Tandem Learning through time on the host (Yang et al. 2022, arXiv 2210.04532, Eqs. 4 to 8).

Read `gradient` (one block of columns forward and backward), `adam`, then `twin` (all layers, learning batch by batch),
`images` (the same by PyTorch, where layers see images).

May know: `training` for chunks, `teachers` for layers, and the inside of `chipsim` (`design`, `die`, `layout`,
`kernel`, `run`, `simd`, `random`): the twin is a chip whose weights the host moves, so it has the same blocks, stages
and threads.

To add a term to the neuron: forward as the kernel has it, backward by the chain rule, both in `gradient`; what the
gradient does not know is refused by `host/methods/offline_ltl.py`. The test is
`tests/host/gradients/test_local_gradient.py` (of images
`test_local_images.py`), against `tests/witness/reference_gradient.py` and finite differences.
"""

from host.gradients.local.adam import MACS_PER_WEIGHT, Adam
from host.gradients.local.images import LocalImageTwin
from host.gradients.local.twin import Batch, Twin, programmed_blocks

__all__ = [
    "MACS_PER_WEIGHT",
    "Adam",
    "Batch",
    "LocalImageTwin",
    "Twin",
    "programmed_blocks",
]
