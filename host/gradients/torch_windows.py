"""Windows of a network with layers on images by PyTorch (extra `torch`), for gradients that autograd finds.

    U_l[t] = a_l U_l[t-1] + I_l[t] - th_l S_l[t-1]      and so on: see `host.gradients.all_layers.model`

I of a convolution is one, of a pool the mean of its window times the threshold. Where an error may pass is said by
`Paths`; what stands in for the derivative of a spike, by `surrogate_spikes`. All positions of a convolution share what
is learned, in whichever form it is built: one that is unrolled begins with it everywhere.

`summed` deals the samples of a batch into pieces of a fixed size, each on one thread, and adds what they say in a fixed
order: the bits are the same on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec, Events
from chipsim.design import LayerShape

Floats = NDArray[np.float32]
Crossbars = list[tuple[Floats, Floats] | None]  # weights (rows, columns) and biases of each layer; None: of a pool
_PIECE = 16  # samples
_OF_A_SYNAPSE = 3  # multiply-accumulates: forward, back to what came in, back to its weight
_OF_A_NEURON = 4


class Run(NamedTuple):
    """A layer as it runs, (s, channels, height, width) each."""

    membrane: Any
    spikes: Any
    last: Any  # step of the last spike
    count: Any


class PieceSaid(NamedTuple):
    """What some samples of a batch say."""

    gradients: list[Any]  # tensors, in the order of what is learned
    loss: float  # their share in the batch's mean
    scores: Any  # (s, classes)
    counts: list[Any]  # (s, n_out) of each layer; scores of a readout that does not fire


@dataclass(frozen=True)
class Paths:
    """Where errors pass: functions of tensors."""

    distance: Callable[[Any, Any], Any]  # of membrane and threshold: what the surrogate looks at
    onward: Callable[[Any], Any]  # of spikes: what the layer above gets
    reset: Callable[[Any], Any]  # of spikes: what empties a membrane
    at_a_rail: Callable[[Any, Any], Any]  # of a membrane, and the same held between its rails


def held(membrane: Any, within: Any) -> Any:
    """A membrane at its rail does not follow its input."""
    return within


def straight_through(membrane: Any, within: Any) -> Any:
    """Errors pass as if there were no rail."""
    return membrane + (within - membrane).detach()


def surrogate_spikes(torch: Any, surrogate: str, h: float, s: float) -> Any:
    """Spikes of (z, fired, since), with a derivative by z; since: steps since the last spike. See `surrogates`."""
    slope = {
        "triangle": lambda z, since: h * (1 - s * z.abs()).clamp(min=0),
        "boxcar": lambda z, since: h * (z.abs() < s),
        "exponential": lambda z, since: h * torch.exp(-s * z.abs()),
        "spike-time": lambda z, since: h * torch.exp(-s * since),
    }[surrogate]

    class Spike(torch.autograd.Function):  # type: ignore[misc]  # torch has no types where it is not installed
        @staticmethod
        def forward(context: Any, z: Any, fired: Any, since: Any) -> Any:
            context.save_for_backward(z, since)
            return fired.to(z.dtype)

        @staticmethod
        def backward(context: Any, error: Any) -> Any:
            return error * slope(*context.saved_tensors), None, None

    return Spike.apply


@dataclass(frozen=True)
class TorchWindows:
    """The way forward of a design without errors."""

    torch: Any
    design: ChipSpec
    spike: Any  # see `surrogate_spikes`
    paths: Paths

    def shown(self, inputs: Any, crossbars: Sequence[Any], decay: Any, threshold: Any) -> list[Run]:
        """All layers at the end of a window.

        inputs: (s, T, channels, height, width), or (s, 1, ...) of constant currents; crossbars: tensors of weights and
        biases, None of a pool; decay, threshold: (n_layers,).
        """
        torch, design = self.torch, self.design
        integrates = not design.neuron.outputs_fire
        rest = [torch.zeros(len(inputs), *shape.output) for shape in design.shapes]
        runs = [Run(u, u, torch.full_like(u, -torch.inf), u) for u in rest]
        constant = inputs.shape[1] == 1
        current = self._current(inputs[:, 0], design.shapes[0], crossbars[0], threshold[0])
        for t in range(design.steps):
            for layer, (shape, crossbar) in enumerate(zip(design.shapes, crossbars, strict=True)):
                if layer > 0:
                    came_in = self.paths.onward(runs[layer - 1].spikes)
                    reached = self._current(came_in, shape, crossbar, threshold[layer])
                elif constant or t == 0:
                    reached = current
                else:
                    reached = self._current(inputs[:, t], shape, crossbar, threshold[0])
                if layer == design.n_layers - 1 and integrates:
                    membrane = decay[layer] * runs[layer].membrane + reached
                    runs[layer] = runs[layer]._replace(membrane=membrane)
                else:
                    runs[layer] = self._step(runs[layer], reached, t, decay[layer], threshold[layer])
        return runs

    def _current(self, came_in: Any, shape: LayerShape, crossbar: Any, threshold: Any) -> Any:
        functional = self.torch.nn.functional
        if crossbar is None:  # a pool's weights follow its threshold
            return functional.avg_pool2d(came_in, shape.kernel, shape.stride) * threshold.detach()
        weight, bias = crossbar
        if shape.dense:
            return (flattened(came_in) @ weight + bias)[:, :, None, None]
        (height, width), (top, left, bottom, right) = shape.kernel, shape.padding
        kernels = weight.reshape(height, width, shape.input[0], shape.columns).permute(3, 2, 0, 1)
        return functional.conv2d(functional.pad(came_in, (left, right, top, bottom)), kernels, bias, shape.stride)

    def _step(self, run: Run, current: Any, t: int, decay: Any, threshold: Any) -> Run:
        neuron, paths, spiked = self.design.neuron, self.paths, self.paths.reset(run.spikes)
        if neuron.reset == "zero":
            membrane = decay * run.membrane * (1 - spiked) + current
        elif neuron.reset == "subtract-before-leak":
            membrane = decay * (run.membrane - threshold * spiked) + current
        else:
            membrane = decay * run.membrane + current - threshold * spiked
        membrane = paths.at_a_rail(membrane, membrane.clamp(neuron.low_rail_th, neuron.high_rail_th))
        fired = (membrane >= threshold).detach()
        last = self.torch.where(fired, float(t), run.last)
        spikes = self.spike(paths.distance(membrane, threshold), fired, t - last)
        return Run(membrane, spikes, last, run.count + spikes)

    def summed(self, n: int, threads: int, said: Callable[[slice], PieceSaid]) -> PieceSaid:
        """What n samples say, from what `said` finds of the pieces that they are dealt into."""
        torch = self.torch
        parts = [slice(start, start + _PIECE) for start in range(0, n, _PIECE)]
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with ThreadPoolExecutor(threads) as pool:
                pieces = list(pool.map(said, parts))
        finally:
            torch.set_num_threads(before)
        total = pieces[0].gradients
        for piece in pieces[1:]:
            for mine, theirs in zip(total, piece.gradients, strict=True):
                mine += theirs
        counts = [torch.cat(each) for each in zip(*(piece.counts for piece in pieces), strict=True)]
        return PieceSaid(
            total, sum(piece.loss for piece in pieces), torch.cat([piece.scores for piece in pieces]), counts
        )

    def parameter(self, values: Any) -> Any:
        """A tensor whose gradient is asked for."""
        return self.torch.tensor(np.asarray(values, np.float32), requires_grad=True)

    def slopes(self, loss: Any, learned: Sequence[Any]) -> list[Any]:
        """Derivatives; 0 by what the loss does not depend on."""
        found = self.torch.autograd.grad(loss, learned, allow_unused=True)
        return [self.torch.zeros_like(a) if g is None else g for a, g in zip(learned, found, strict=True)]


def flattened(values: Any) -> Any:
    """(s, channels, height, width) in the chip's order, (s, n): position by position."""
    return values.permute(0, 2, 3, 1).flatten(1)


def dense_inputs(events: Events, shape: LayerShape) -> Floats:
    """What came in, as (S, T, channels, height, width), or (S, 1, ...) of constant currents."""
    (n, steps), (channels, height, width) = events.begin.shape, shape.input
    constant = len(events.amplitude) > 0
    values = np.zeros((n, 1 if constant else steps, shape.n_in), np.float32)
    for t in range(values.shape[1]):
        place = np.arange(events.rows.shape[1])
        used = (place >= events.begin[:, t : t + 1]) & (place < events.end[:, t : t + 1])
        sample, at = np.nonzero(used)
        values[sample, t, events.rows[sample, at]] = events.amplitude[sample, at] if constant else 1
    images = values.reshape(n, -1, height, width, channels)
    return np.ascontiguousarray(np.moveaxis(images, 4, 2))


def macs_of(design: ChipSpec, n: int) -> int:
    """Multiply-accumulates of n samples: every synapse at every step, that of constant currents once."""
    first, *others = design.shapes
    at_steps = sum(shape.synapses * shape.visits for shape in others)
    neurons = sum(shape.n_out for shape in design.shapes)
    per_step = _OF_A_SYNAPSE * at_steps + _OF_A_NEURON * neurons
    return n * ((_OF_A_SYNAPSE - 1) * first.synapses * first.visits + design.steps * per_step)
