"""One step of training in the loop: the die runs a batch, the host reads it back, finds gradients, writes new weights.

The host keeps weights in float32; the die rounds them each time it is programmed. So small steps add up on the host
until they reach the next code.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim import AdcSpec, ChipInterface, ChipSpec, Readings, Result
from host.gradients.all_layers import (
    Batch,
    Floats,
    Gradient,
    Layers,
    Scores,
    ShownWindows,
    add_weight_penalty,
    errors_of,
    largest_scores,
    last_scores,
    spiking_scores,
)
from host.gradients.in_the_loop.model import layer_model
from host.gradients.in_the_loop.spikes_alone import bounded, shape_of, shown_spikes
from host.gradients.in_the_loop.thresholds import Thresholds
from host.gradients.local import MACS_PER_WEIGHT, Adam
from host.settings import LoopSpec


class Step(NamedTuple):
    """What a batch showed before the weights moved."""

    result: Result
    loss: float  # of Eq. 10, without the weight penalty
    correct: int  # samples classified correctly
    host_macs: int  # multiply-accumulates of the host


class InTheLoop:
    """A die and the host's float weights for it."""

    def __init__(self, chip: ChipInterface, weights: Layers, spec: LoopSpec, threads: int = 1) -> None:
        """Program `chip` with weights (n_in, n_out) and biases (n_out,) of each layer, in thresholds."""
        self.chip = chip
        self._spec = spec
        design = chip.spec
        top = design.n_layers - 1
        self._integrates = design.neuron.readout != "spiking"
        reads_out = [self._integrates and layer == top for layer in range(design.n_layers)]
        converters = [spec.converter.of(design.neuron, out) for out in reads_out]
        models = [
            layer_model(design.neuron, layer, out, converter, spec.surrogate, *shape_of(spec))
            for layer, (out, converter) in enumerate(zip(reads_out, converters, strict=True))
        ]
        self._thresholds = [
            Thresholds(n, converter, set_th)
            for n, out, converter, set_th in zip(
                design.layer_sizes[1:], reads_out, converters, design.thresholds_th, strict=True
            )
            if not out
        ]
        self._gradient = Gradient(models, design.layer_sizes, design.steps, threads)
        self._limits = [_full_scale(design, layer) for layer in range(1, design.n_layers + 1)]
        self.weights: Layers = [(w.copy(), b.copy()) for w, b in weights]
        self._adam = Adam(self._learned(self.weights))
        self.program()

    def program(self) -> None:
        """Write the weights as they are now."""
        self.chip.program([*self.weights[:-1], self._fitted(self.weights[-1])])

    def go_on_from(self, weights: Layers) -> None:
        """Take other weights, and write them."""
        for mine, other in zip(self.weights, weights, strict=True):
            mine[0][...], mine[1][...] = other
        self.program()

    def step(self, batch: Batch, rate: float) -> Step:
        """Show a batch to the die, move the weights by Adam at this rate, and program them."""
        design, spec = self.chip.spec, self._spec
        result, shown, scores = self._shown(batch)
        errors = errors_of(scores, result.counts[:-1], batch.labels, design.steps, spec.loss)
        thresholds = [layer.estimate() for layer in self._thresholds]
        gradients = self._gradient.of(self.weights, batch.events, shown, thresholds, scores, errors)
        gradients = bounded(gradients, spec.bound)
        add_weight_penalty(gradients, self.weights, spec.loss.weight_penalty)
        self._adam.step(self._learned(self.weights), self._learned(gradients), rate)
        for (w, _), limit in zip(self.weights[:-1] if self._integrates else self.weights, self._limits, strict=False):
            if limit is not None:
                np.clip(w, -limit, limit, out=w)
        self.program()
        correct = int(np.sum(result.classes == batch.labels))
        return Step(result, errors.loss, correct, host_macs(design, result, len(batch.windows)))

    def snapshot(self) -> dict[str, NDArray[np.generic]]:
        """What the host knows: weights, Adam's moments, brackets of the thresholds, as copies."""
        arrays: dict[str, NDArray[np.generic]] = {"adam.steps": np.array([self._adam.steps], np.int64)}
        for layer, (w, b) in enumerate(self.weights, start=1):
            arrays |= {f"layer{layer}.weight": w.copy(), f"layer{layer}.bias": b.copy()}
        for number, moments in enumerate(zip(self._adam.first, self._adam.second, strict=True)):
            arrays |= {f"adam{number}.{name}": m.copy() for name, m in zip(("first", "second"), moments, strict=True)}
        for number, found in enumerate(self._thresholds, start=1):
            arrays[f"threshold{number}.bracket"] = found.bracket.copy()
        return arrays

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Put a snapshot back, and its weights on the die."""
        self._adam.steps = int(arrays["adam.steps"][0])
        for layer, (w, b) in enumerate(self.weights, start=1):
            w[...], b[...] = arrays[f"layer{layer}.weight"], arrays[f"layer{layer}.bias"]
        for number, (first, second) in enumerate(zip(self._adam.first, self._adam.second, strict=True)):
            first[...], second[...] = arrays[f"adam{number}.first"], arrays[f"adam{number}.second"]
        for number, found in enumerate(self._thresholds, start=1):
            found.bracket[...] = arrays[f"threshold{number}.bracket"]
        self.program()

    def _shown(self, batch: Batch) -> tuple[Result, ShownWindows, Scores]:
        """Let the die run, and read back what the surrogate needs."""
        spec, steps = self._spec, self.chip.spec.steps
        if spec.surrogate == "spike-time":
            result, shown = shown_spikes(self.chip, batch, spec.bound)
            return result, shown, spiking_scores(result.counts[-1], steps)
        result, read = self.chip.read_back(batch.events, batch.windows, spec.converter)
        if spec.thresholds == "read-back":
            for layer, codes, spike_bits in zip(self._thresholds, read.codes, read.spike_bits, strict=False):
                layer.see(codes, spike_bits)
        membranes = [adc.membrane(codes) for adc, codes in zip(read.adcs, read.codes, strict=True)]
        return result, ShownWindows(membranes, read.spikes, read.spike_bits), self._scores(result, read)

    def _learned(self, layers: Layers) -> list[Floats]:
        """Of weights or their gradients, those that learn."""
        return [array for w, b in layers for array in ((w, b) if self._spec.biases else (w,))]

    def _fitted(self, layer: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """The output layer as it is programmed: a readout has no threshold, so its few codes can all be put to use."""
        scale = np.float32(self._output_scale())
        return layer[0] * scale, layer[1] * scale

    def _output_scale(self) -> float:
        limit, largest = self._limits[-1], float(np.abs(self.weights[-1][0]).max())
        return limit / largest if self._integrates and limit is not None and largest > 0 else 1.0

    def _scores(self, result: Result, read: Readings) -> Scores:
        design = self.chip.spec
        if not self._integrates:
            return spiking_scores(result.counts[-1], design.steps)
        codes = read.codes[-1][:, :, : design.layer_sizes[-1]]
        membrane = read.adcs[-1].membrane(codes) / np.float32(self._output_scale())
        return last_scores(membrane) if design.neuron.readout == "integrating" else largest_scores(membrane)


def _full_scale(design: ChipSpec, layer: int) -> float | None:
    """The largest weight of a layer (1-based) whose few codes have a fixed range; None where the range is free."""
    return None if design.weight_bits_of(layer) is None else design.synapse.full_scale_th


def host_macs(design: ChipSpec, result: Result, samples: int) -> int:
    """Multiply-accumulates of the gradients of a batch, and of one step of Adam.

    Eq. 5 is dense, Eqs. 6 and 7 are two of each neuron and step, Eq. 8 visits synaptic events.
    """
    sizes = design.layer_sizes
    dense = sum(n * above for n, above in pairwise(sizes[1:]))
    weights = sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
    per_step = dense + 2 * sum(sizes[1:])
    events = int(np.sum(result.activity["synaptic_events"]))
    return samples * design.steps * per_step + events + MACS_PER_WEIGHT * weights


def bytes_read_back(design: ChipSpec, converter: AdcSpec) -> float:
    """Bytes that the host reads of one sample: a code and a spike bit of every neuron at every step.

    The readouts' spike bits are left out where they do not fire.
    """
    neurons = sum(design.layer_sizes[1:])
    firing = neurons if design.neuron.readout == "spiking" else neurons - design.layer_sizes[-1]
    return design.steps * (neurons * converter.bits + firing) / 8
