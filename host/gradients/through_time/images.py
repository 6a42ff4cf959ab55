"""The twin of a chip with layers on images: what `twin` does, by PyTorch (extra `torch`), convolutions and pools too.

    U_l[t] = a_l U_l[t-1] + I_l[t] - th_l S_l[t-1]      and so on: see `host.gradients.all_layers.model`

I of a convolution is one, of a pool the mean of its window times the threshold. Autograd goes the way back; a spike has
the derivative of `host.gradients.surrogates`, and nothing goes back through a reset. All positions of a convolution
share what is learned, in whichever form it is built: one that is unrolled begins with it everywhere.

Samples are dealt into pieces of a fixed size, and their gradients added in a fixed order, each piece on one thread: the
bits are the same on any number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from chipsim import ChipSpec, Events
from chipsim.design import LayerShape
from host.gradients.all_layers import Batch, Floats
from host.gradients.local import MACS_PER_WEIGHT
from host.gradients.through_time.learned import Found, LearningTwin, WayBack
from host.settings import ThroughTimeSpec
from host.teachers import optional

_PIECE = 16  # samples
_OF_A_SYNAPSE = 3  # multiply-accumulates: forward, back to what came in, back to its weight
_OF_A_NEURON = 4


class _Piece(NamedTuple):
    """What some samples of a batch say."""

    gradients: list[Any]  # tensors, in the order of what is learned
    loss: float  # their share in the batch's mean
    scores: Any  # (s, classes)
    counts: list[Any]  # (s, channels, height, width) of each layer; scores of a readout that does not fire


class _Run(NamedTuple):
    """A layer as it runs."""

    membrane: Any
    spikes: Any
    last: Any  # step of the last spike
    count: Any


class ImageTwin(LearningTwin):
    """A network with convolutions, pools and fully connected layers."""

    def __init__(
        self,
        design: ChipSpec,
        weights: Sequence[tuple[Floats, Floats] | None],
        spec: ThroughTimeSpec,
        threads: int,
    ) -> None:
        """design: without errors; weights: to start with, in nominal thresholds. Raises TeacherError without torch."""
        super().__init__(design, weights, spec)
        self._torch = optional("torch", "training convolutions through time")
        self._spike = _spike(self._torch, spec)
        self._threads = threads
        self._counts: list[Any] = []

    def back(self, batch: Batch) -> WayBack:
        torch, n = self._torch, len(batch.labels)
        inputs = torch.from_numpy(_dense(batch.events, self.design.shapes[0]))
        labels = torch.from_numpy(batch.labels)
        parts = [slice(start, start + _PIECE) for start in range(0, n, _PIECE)]
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with ThreadPoolExecutor(self._threads) as pool:
                pieces = list(pool.map(lambda part: self._piece(inputs[part], labels[part], n), parts))
        finally:
            torch.set_num_threads(before)
        total = pieces[0].gradients
        for piece in pieces[1:]:
            for mine, theirs in zip(total, piece.gradients, strict=True):
                mine += theirs
        self._counts = [torch.cat(each) for each in zip(*(piece.counts for piece in pieces), strict=True)]
        scores = torch.cat([piece.scores for piece in pieces]).numpy()
        loss = sum(piece.loss for piece in pieces)
        return WayBack(self._found([each.numpy() for each in total]), loss, scores, self._host_macs(n))

    def counts(self, n: int) -> list[Floats]:
        return [_flattened(count[:n]).numpy() for count in self._counts]

    def _found(self, gradients: list[Floats]) -> Found:
        *arrays, decay, threshold = gradients
        pairs = iter(zip(arrays[::2], arrays[1::2], strict=True))
        return Found([layer and next(pairs) for layer in self.weights], decay, threshold)

    def _piece(self, inputs: Any, labels: Any, n: int) -> _Piece:
        """inputs: (s, channels, height, width), of a batch of n samples."""
        torch, design, loss_spec = self._torch, self.design, self.loss_spec()
        neuron = self.dynamics.neuron()
        crossbars = [layer and tuple(self._parameter(array) for array in layer) for layer in self.weights]
        # Leaks and thresholds as the DACs set them; the gradient passes the rounding unchanged.
        tau = [neuron.tau_steps_of(layer) for layer in range(design.n_layers)]
        decay = self._parameter(np.exp(-1 / np.array(tau)) if self.dynamics.leaks else np.ones(len(tau)))
        threshold = self._parameter([neuron.threshold_th_of(layer) for layer in range(design.n_layers)])
        runs = self._shown(inputs, crossbars, decay, threshold)
        top = runs[-1]
        scores = _flattened(top.membrane if self.integrates else top.count / design.steps)
        loss = torch.nn.functional.cross_entropy(loss_spec.scale * scores, labels, reduction="sum") / n
        for shape, run in zip(design.shapes[:-1], runs, strict=False):
            loss = loss + loss_spec.activity_penalty * run.count.square().sum() / (n * shape.n_out)
        learned = [*(array for layer in crossbars if layer is not None for array in layer), decay, threshold]
        found = torch.autograd.grad(loss, learned, allow_unused=True)
        gradients = [torch.zeros_like(a) if g is None else g for a, g in zip(learned, found, strict=True)]
        counts = [run.count.detach() for run in runs]
        if self.integrates:
            counts[-1] = (top.membrane / threshold[-1]).detach()
        return _Piece(gradients, float(loss.detach()), scores.detach(), counts)

    def _parameter(self, values: Any) -> Any:
        return self._torch.tensor(np.asarray(values, np.float32), requires_grad=True)

    def _shown(self, inputs: Any, crossbars: list[Any], decay: Any, threshold: Any) -> list[_Run]:
        """All steps of a window of constant currents; what each layer was at its end, spikes counted."""
        torch, design = self._torch, self.design
        rest = [torch.zeros(len(inputs), *shape.output) for shape in design.shapes]
        runs = [_Run(u, u, torch.full_like(u, -torch.inf), u) for u in rest]
        first = self._current(inputs, design.shapes[0], crossbars[0], threshold[0])
        for t in range(design.steps):
            for layer, (shape, crossbar) in enumerate(zip(design.shapes, crossbars, strict=True)):
                th = threshold[layer]
                current = first if layer == 0 else self._current(runs[layer - 1].spikes, shape, crossbar, th)
                fires = layer < design.n_layers - 1 or not self.integrates
                runs[layer] = self._step(runs[layer], current, t, decay[layer], th, fires)
        return runs

    def _current(self, came_in: Any, shape: LayerShape, crossbar: Any, threshold: Any) -> Any:
        functional = self._torch.nn.functional
        if crossbar is None:  # a pool's weights follow its threshold
            return functional.avg_pool2d(came_in, shape.kernel, shape.stride) * threshold.detach()
        weight, bias = crossbar
        if shape.dense:
            return (_flattened(came_in) @ weight + bias)[:, :, None, None]
        (height, width), (top, left, bottom, right) = shape.kernel, shape.padding
        kernels = weight.reshape(height, width, shape.input[0], shape.columns).permute(3, 2, 0, 1)
        return functional.conv2d(functional.pad(came_in, (left, right, top, bottom)), kernels, bias, shape.stride)

    def _step(self, run: _Run, current: Any, t: int, decay: Any, threshold: Any, fires: bool) -> _Run:
        torch, neuron = self._torch, self.design.neuron
        if not fires:
            return run._replace(membrane=decay * run.membrane + current)
        spiked = run.spikes.detach()
        if neuron.reset == "zero":
            membrane = decay * run.membrane * (1 - spiked) + current
        elif neuron.reset == "subtract-before-leak":
            membrane = decay * (run.membrane - threshold * spiked) + current
        else:
            membrane = decay * run.membrane + current - threshold * spiked
        held = membrane.clamp(neuron.low_rail_th, neuron.high_rail_th)
        # Who looks at spikes alone does not know that a membrane is at its rail.
        membrane = membrane + (held - membrane).detach() if self.spec.surrogate == "spike-time" else held
        last = torch.where((membrane >= threshold).detach(), float(t), run.last)
        spikes = self._spike(membrane / threshold - 1, (membrane >= threshold).detach(), t - last)
        return _Run(membrane, spikes, last, run.count + spikes)

    def _host_macs(self, n: int) -> int:
        """Dense: every synapse at every step, that of constant currents once."""
        first, *others = self.design.shapes
        synapses = first.synapses * first.visits
        at_steps = sum(shape.synapses * shape.visits for shape in others)
        neurons = sum(shape.n_out for shape in self.design.shapes)
        weights = sum(layer[0].size + layer[1].size for layer in self.weights if layer is not None)
        per_step = _OF_A_SYNAPSE * at_steps + _OF_A_NEURON * neurons
        return n * (2 * synapses + self.design.steps * per_step) + MACS_PER_WEIGHT * weights


def _flattened(values: Any) -> Any:
    """(s, channels, height, width) in the chip's order, (s, n): position by position."""
    return values.permute(0, 2, 3, 1).flatten(1)


def _dense(events: Events, shape: LayerShape) -> Floats:
    """Constant currents as (S, channels, height, width)."""
    n, (channels, height, width) = len(events.begin), shape.input
    values = np.zeros((n, shape.n_in), np.float32)
    used = np.arange(events.rows.shape[1]) < events.end[:, :1]
    sample, place = np.nonzero(used)
    values[sample, events.rows[:n][used]] = events.amplitude[:n][sample, place]
    return np.ascontiguousarray(values.reshape(n, height, width, channels).transpose(0, 3, 1, 2))


def _spike(torch: Any, spec: ThroughTimeSpec) -> Any:
    """Spikes of z = U / th - 1, where `fired`, with a surrogate's derivative; since: steps since the last spike."""
    h, s = spec.height, spec.steepness
    slope = {
        "triangle": lambda z, since: h * (1 - s * z.abs()).clamp(min=0),
        "boxcar": lambda z, since: h * (z.abs() < s),
        "exponential": lambda z, since: h * torch.exp(-s * z.abs()),
        "spike-time": lambda z, since: h * torch.exp(-s * since),
    }[spec.surrogate]

    class Spike(torch.autograd.Function):  # type: ignore[misc]  # torch has no types where it is not installed
        @staticmethod
        def forward(context: Any, z: Any, fired: Any, since: Any) -> Any:
            context.save_for_backward(z, since)
            return fired.to(z.dtype)

        @staticmethod
        def backward(context: Any, error: Any) -> Any:
            return error * slope(*context.saved_tensors), None, None

    return Spike.apply
