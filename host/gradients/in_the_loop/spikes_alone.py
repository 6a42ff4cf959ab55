"""Training in the loop from spikes alone: one bit per neuron and step comes back, and no die needs a converter.

The surrogate of Rathi et al. 2020 (arXiv 2005.01807) asks when a neuron fired last, not how far its membrane is from
the threshold: dS/dU = 0.3 exp(-0.01 d), d steps after its last spike (`host.gradients.surrogates`). Training with it is
not stable: once a neuron has fired, hardly anything of an error is held back, whatever its membrane could do about it.
Three ways to bound it (ours):

| `bound` | what it does |
| --- | --- |
| `gradient-norm` | a batch's gradient is scaled down to a norm of 1 where it is longer (Pascanu et al. 2013, ICML) |
| `short-memory` | exp(-d) in place of exp(-0.01 d): errors pass within a step or two of a spike |
| `unsaturated` | dS/dU times 4 r (1 - r), r the neuron's spikes per step: who is always on, or off, cannot follow |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipInterface, Result
from chipsim.design import ChipSpec
from chipsim.execution import SpikeProbe
from chipsim.layout import SpikeLists, padded_width, room_for_spikes, spike_bits_of
from host.gradients.all_layers import Batch, Layers, ShownWindows
from host.gradients.surrogates import steps_since_spikes
from host.settings import LoopSpec

_HEIGHT, _DECAY, _FAST_DECAY = 0.3, 0.01, 1.0
_LONGEST = 1.0  # norm of a gradient
_NEVER = 1e30


def shape_of(spec: LoopSpec) -> tuple[float, float]:
    """Height and steepness of the surrogate."""
    if spec.surrogate == "fast-sigmoid":
        return 1.0, spec.steepness
    return _HEIGHT, _FAST_DECAY if spec.bound == "short-memory" else _DECAY


def shown_spikes(chip: ChipInterface, batch: Batch, bound: str) -> tuple[Result, ShownWindows]:
    """What a die does with a batch, as far as its spikes tell."""
    design = chip.spec
    probes = [SpikeProbe(layer, tuple(range(n))) for layer, n in enumerate(design.layer_sizes[1:], start=1)]
    result = chip.infer(batch.events, batch.windows, probes)
    spikes = [result.spikes[probe.layer] for probe in probes]
    bits = [spike_bits_of(each) for each in spikes]
    lists = [_sent_on(design, layer, mask) for layer, mask in enumerate(bits[:-1])]
    return result, ShownWindows([_looked_at(each, bound) for each in spikes], [each.events for each in lists], bits)


def _looked_at(spikes: NDArray[np.uint8], bound: str) -> NDArray[np.float32]:
    """Steps since the last spike, as the surrogate takes them, in whole vectors."""
    since = steps_since_spikes(spikes)
    if bound == "unsaturated":
        rate = spikes.mean(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            later = -np.log(4 * rate * (1 - rate)) / _DECAY  # exp(-0.01 x) of it is the factor
        since = np.minimum(since + later, _NEVER).astype(np.float32)
    n = since.shape[2]
    return np.pad(since, ((0, 0), (0, 0), (0, padded_width(n) - n)), constant_values=_NEVER)


def _sent_on(design: ChipSpec, layer: int, bits: NDArray[np.uint16]) -> SpikeLists:
    n = bits.shape[1]
    lists = room_for_spikes(design.shapes[layer], n, design.steps, to_image=False)
    lists.gather(bits, 0, n)
    return lists


def bounded(gradients: Layers, bound: str) -> Layers:
    """Scaled down, where the bound is on their norm."""
    if bound != "gradient-norm":
        return gradients
    norm = np.sqrt(sum(float(np.sum(np.square(each, dtype=np.float64))) for layer in gradients for each in layer))
    factor = np.float32(min(1.0, _LONGEST / norm)) if norm > 0 else np.float32(1)
    return [(w * factor, b * factor) for w, b in gradients]


def bytes_of_spikes(design: ChipSpec) -> float:
    """Bytes that the host reads of one sample: a spike bit of every neuron at every step."""
    return design.steps * sum(design.layer_sizes[1:]) / 8
