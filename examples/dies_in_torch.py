"""A population in PyTorch: many dies learn side by side, the dies being the batch, beside the same dies here.

python examples/dies_in_torch.py        # extra torch; MNIST if it is found; half a minute on an idle machine

At batch 1 a framework is slow whatever it computes, so one die learning online is no fair peer; a population is. All
dies see the same sample, so a step gathers and updates only the rows that spiked: the kindest case for PyTorch. Its
dies are ideal ones, which spares it each synapse's own gain; those here have mismatch 0.2. The network is that of
`chipsim bench`, the rule its linear gate, in place and without gradients.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from chipsim import Chip
from host.bench import synthetic_images
from host.data import Encoder, find_mnist, load
from host.run import resolve
from host.teachers import cached_teacher, scaled_teacher
from host.training import Chunk, TrainingBatches, spans

SAMPLES = 512
CLASSES = 10
RATE = 1e-3
WITH = {"dataset": "mnist", "noise": ["mismatch:0.2"]}


class TorchDies:
    """All layers of `dies` dies; samples are learned one by one, each by all dies at once."""

    def __init__(self, spec, weights, chunk: Chunk, dies: int) -> None:
        import torch

        self._torch, self._spec, self._dies = torch, spec, dies
        self._start, self._chunk = weights, chunk
        self._targets = [torch.from_numpy(each) for each in chunk.targets]
        events = chunk.events
        self._rows = [
            [torch.from_numpy(events.rows[s, b:e].astype(np.int64)) for b, e in zip(begin, end, strict=True)]
            for s, (begin, end) in enumerate(zip(events.begin, events.end, strict=True))
        ]

    def learn(self, n: int) -> np.ndarray:
        """The first n samples, from the teacher's weights on. Returns the last one's counts (dies, all neurons)."""
        torch, spec = self._torch, self._spec
        neuron, circuit = spec.neuron, spec.learning_circuit
        (first, first_bias), (second, second_bias) = (map(torch.tensor, layer) for layer in self._start)
        w0 = first.unsqueeze(1).repeat(1, self._dies, 1)  # (rows, dies, columns): a row of all dies lies together
        w1 = second.repeat(self._dies, 1, 1)
        biases = [first_bias.repeat(self._dies, 1), second_bias.repeat(self._dies, 1)]
        for s in range(n):
            state = [[torch.zeros_like(bias) for _ in range(3)] for bias in biases]
            for t, rows in enumerate(self._rows[s]):
                hidden = None
                for layer, (membrane, spiked, count) in enumerate(state):
                    membrane += torch.bmm(hidden.unsqueeze(1), w1)[:, 0] if layer else w0.index_select(0, rows).sum(0)
                    membrane += biases[layer]
                    membrane -= spiked
                    membrane.clamp_(neuron.low_rail_th, neuron.high_rail_th)
                    spiked = (membrane >= 1).float()
                    count += spiked
                    if t >= circuit.warm_up_steps:
                        pulse = torch.add(-count, self._targets[layer][s], alpha=t + 1)
                        pulse *= pulse.abs() > circuit.dead_zone_counts
                        pulse *= (membrane - 1).abs() < circuit.boxcar_width_th / 2
                        pulse *= RATE / (t + 1)
                        if layer:
                            w1.baddbmm_(hidden.unsqueeze(2), pulse.unsqueeze(1))
                        else:
                            w0.index_add_(0, rows, pulse.expand(len(rows), -1, -1))
                        biases[layer] += pulse
                    state[layer] = [membrane, spiked, count]
                    hidden = spiked
        return torch.cat([count for _, _, count in state], 1).numpy()


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Of the fastest of some runs, after one that nobody times."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dies", default="1,4,16,64", help="of which numbers PyTorch is timed")
    parser.add_argument("--samples", type=int, default=4, help="that each of its dies learns in a timed run")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    found = find_mnist(None)[0] is not None
    samples = load("mnist").train.subset(np.arange(SAMPLES)) if found else synthetic_images(SAMPLES)
    run = resolve(None, WITH)
    layers = cached_teacher(samples, CLASSES, run.hidden, run.seed, 10)
    teacher = scaled_teacher(layers, samples, run.teacher.norm, run.teacher.norm_percentile)
    spec = run.design(28 * 28, CLASSES)
    encoder = Encoder(run.encoding, 28 * 28, spec.steps, SAMPLES, 1, TrainingBatches.BUFFERS)
    batches = TrainingBatches(samples, teacher, encoder, run.training.output_target, 1)
    [chunk] = batches.chunks(spans(0, SAMPLES, SAMPLES, SAMPLES))
    chip = Chip(spec, 1, 1)
    rates = np.full(SAMPLES, RATE, np.float32)

    def here() -> None:
        chip.program(teacher.normalised())
        _ = chip.learn(chunk.events, chunk.windows, chunk.targets, rates).counts

    ours = SAMPLES / seconds(here, arguments.repeats)
    print(
        f"{'MNIST' if found else 'synthetic images'}, 784-256-10, {spec.steps} steps, one thread, samples/s of all dies"
    )
    print(f"chipsim, die after die: {ours:,.0f}")
    weights = [layer for layer in teacher.normalised() if layer is not None]
    for dies in map(int, arguments.dies.split(",")):
        network = TorchDies(spec, weights, chunk, dies)
        with torch.inference_mode():
            theirs = dies * arguments.samples / seconds(partial(network.learn, arguments.samples), arguments.repeats)
        print(f"PyTorch {torch.__version__}, {dies} dies side by side: {theirs:,.0f}, {ours / theirs:.1f} times less")


if __name__ == "__main__":
    main()
