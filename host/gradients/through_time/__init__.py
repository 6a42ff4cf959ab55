"""Training through time on the host's twin of a chip: weights, and the leak and the threshold of each layer.

After Rathi and Roy 2021 (DIET-SNN, arXiv 2008.03658) and Rathi et al. 2020 (arXiv 2005.01807). Read `dynamics` (leaks
and thresholds that are learned), `learned` (a step of training, whoever computes the gradient), `forward` (what the
twin does, as a chip does it), `twin` (fully connected layers, by our own kernels), `images` (any layers, by PyTorch).

May know: `host.gradients.all_layers` and `local`, `training` for layers, `data`, `settings`, `teachers` for optional
packages, and the inside of `chipsim` (`design`, `die`, `layout`, `kernel`, `run`, `simd`): the twin is a chip whose
weights the host moves.

The tests are in `tests/host/gradients/`: `test_surrogates.py` against finite differences and PyTorch,
`test_through_time.py` what the twin does, `test_through_time_images.py` that PyTorch's is the same, and a chip.
"""

from host.gradients.through_time.images import ImageTwin
from host.gradients.through_time.learned import LearningTwin
from host.gradients.through_time.twin import SpikingTwin

__all__ = ["ImageTwin", "LearningTwin", "SpikingTwin"]
