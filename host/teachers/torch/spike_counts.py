"""An activation as coarse as the spikes that will stand for it, so that a teacher learns to do with so little.

In a window of T steps a rate is a count of 0 to T spikes. While it trains, the activation is a rectifier with a
ceiling, rounded to one of these T + 1 values, up or down by chance, so that its mean is the value itself; gradients
pass as if it were not rounded. Afterwards it is the rectifier with a ceiling alone (ONNX: Clip).

Training through such steps, rounded to the nearest one, for spiking networks: Bu et al. 2022 (ICLR, "Optimal ANN-SNN
conversion for high-accuracy and ultra-low-latency spiking neural networks", arXiv 2303.04347). Rounding by chance makes
it bear errors of one spike either way, of which a chip makes many.
"""

from __future__ import annotations

from typing import Any

CEILING = 2.0  # of the teacher of Yang et al. 2022, too, likewise behind batch normalisation


def spike_count(torch: Any, steps: int) -> Any:
    """The activation as a torch module: a Hardtanh from 0 to CEILING, while it trains in `steps` steps."""

    class SpikeCount(torch.nn.Hardtanh):  # type: ignore[misc]  # torch has no types where it is not installed
        def forward(self, x: Any) -> Any:
            y = super().forward(x)
            if not self.training:
                return y
            with torch.no_grad():
                chance = torch.rand_like(y[:1])  # one draw for all samples of a batch, which is cheaper
                rounded = y.mul(steps / CEILING).add_(chance).floor_().mul_(CEILING / steps)
                error = rounded.sub_(y)
            return y + error

    return SpikeCount(0.0, CEILING)
