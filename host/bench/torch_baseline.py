"""The same online LTL in PyTorch, with dense matrices on the CPU, to compare the chip simulator with.

Only this file needs torch. It covers what the bench's chip is: integrate-and-fire neurons with subtractive reset, the
linear error gate, analog weights, no noise. There are two programs: "as written" follows the equations line by line,
"tuned" does each of them in place and in as few passes as PyTorch offers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.bench.reading import Speed
from host.bench.runs import Bench, encoded
from host.bench.summary import Baseline, BaselineFigure, KernelFigure
from host.bench.timing import TimedTask, time_in_turns
from host.bench.workload import Workload
from host.errors import HostError
from host.training import Chunk

BATCHES = (1, 16, 64, 128, 256, 512, 1024)
THREADS = (1, 2)
PROGRAMS = ("as written", "tuned")
_COMPARED = 32  # samples learned one by one by both
_ONE_BY_ONE = 16  # samples in a timed run at batch 1


def import_torch() -> Any:
    """The torch package. Raises HostError if it is not installed."""
    try:
        import torch
    except ImportError:
        raise HostError("--peer torch needs PyTorch, which is not installed: pip install 'chipsim[torch]'") from None
    return torch


def measure_torch(
    workload: Workload,
    ours: KernelFigure,
    progress: Callable[[int, int, str], None],
    *,
    batches: Sequence[int] = BATCHES,
    repeats: int = 5,
    min_seconds: float = 0.15,
) -> Baseline:
    """Time both programs for every batch size (1 among them) and thread count.

    ours: what to compare with. A batch's updates are averaged. Raises HostError without torch.
    """
    torch = import_torch()
    chunks = encoded(workload)
    spikes = torch.from_numpy(_dense(chunks, workload.spec.layer_sizes[0]))
    targets = [
        torch.from_numpy(np.concatenate([chunk.targets[layer] for chunk in chunks]))
        for layer in range(workload.spec.n_layers)
    ]
    samples = {b: b if b > 1 else min(_ONE_BY_ONE, len(workload.samples)) for b in batches if b <= spikes.shape[1]}
    networks = {(program, b): _Network(torch, workload, b, program == "tuned") for program in PROGRAMS for b in samples}

    def start(network: _Network, threads: int) -> None:
        torch.set_num_threads(threads)
        network.program()

    tasks = [
        TimedTask(
            _name(program, b, threads),
            partial(network.learn, spikes, targets, samples[b]),
            partial(start, network, threads),
        )
        for (program, b), network in networks.items()
        for threads in THREADS
    ]
    total, done = len(tasks) * (repeats + 1), 0

    def tick(text: str) -> None:
        nonlocal done
        progress(done, total, text)
        done += 1

    compared = min(_COMPARED, len(workload.samples))
    threads_before = torch.get_num_threads()
    try:
        with torch.inference_mode():
            timings = time_in_turns(tasks, repeats, min_seconds, tick)
            theirs = []
            for program in PROGRAMS:
                networks[program, 1].program()
                theirs.append(networks[program, 1].learn(spikes, targets, compared))
    finally:
        torch.set_num_threads(threads_before)
    difference = np.abs(np.stack(theirs) - _chip_counts(workload, chunks, compared))
    figures = []
    for program in PROGRAMS:
        for threads in THREADS:
            speeds = {b: Speed.of(n, timings[_name(program, b, threads)].seconds) for b, n in samples.items()}
            figures.append(_figure(program, threads, speeds, ours))
    return Baseline(
        name="PyTorch",
        version=torch.__version__,
        chipsim_threads=ours.threads,
        figures=figures,
        samples_compared=compared,
        equal_counts=float(np.mean(difference == 0)),
        largest_difference=float(difference.max()),
    )


class _Network:
    """All layers, B samples at a time, without gradients."""

    def __init__(self, torch: Any, workload: Workload, batch: int, tuned: bool) -> None:
        self._torch = torch
        self._spec = workload.spec
        self._batch = batch
        self._cycle = self._tuned_cycle if tuned else self._cycle_as_written
        self._rate = workload.learning_rate / batch
        self._start = [layer for layer in workload.teacher.normalised() if layer is not None]
        self.program()

    def program(self) -> None:
        tensor = self._torch.tensor
        self._layers = [(tensor(weight), tensor(bias)) for weight, bias in self._start]

    def learn(self, spikes: Any, targets: list[Any], n: int) -> NDArray[np.float32]:
        """Learn the first n samples, a batch at a time. spikes: (T, S, n_in). Returns counts (n, all neurons)."""
        counts = []
        for first in range(0, n, self._batch):
            part = slice(first, first + self._batch)
            counts.append(self._windows(spikes[:, part], [target[part] for target in targets]))
        return np.concatenate(counts)

    def _windows(self, spikes: Any, targets: list[Any]) -> NDArray[np.float32]:
        """One window of each of B samples. spikes: (T, B, n_in)."""
        states = [tuple(self._torch.zeros_like(target) for _ in range(3)) for target in targets]
        for t in range(len(spikes)):
            rows = spikes[t]
            for layer, (weight, bias) in enumerate(self._layers):
                states[layer] = self._cycle(t, rows, weight, bias, targets[layer], *states[layer])
                rows = states[layer][1]
        return self._torch.cat([count for _, _, count in states], 1).numpy()  # type: ignore[no-any-return]

    def _cycle_as_written(
        self, t: int, rows: Any, weight: Any, bias: Any, target: Any, membrane: Any, spiked: Any, count: Any
    ) -> tuple[Any, ...]:
        """Step t of one layer; weight and bias change. Returns membrane, spikes and counts, each (B, n_out)."""
        torch, neuron, circuit = self._torch, self._spec.neuron, self._spec.learning_circuit
        current = rows @ weight + bias
        membrane = torch.clamp(membrane + current - spiked, neuron.low_rail_th, neuron.high_rail_th)
        spiked = (membrane >= 1).float()
        count = count + spiked
        if t >= circuit.warm_up_steps:
            difference = target * (t + 1) - count
            error = torch.where(difference.abs() > circuit.dead_zone_counts, difference / (t + 1), 0.0)
            box = ((membrane - 1).abs() < circuit.boxcar_width_th / 2).float()
            pulse = self._rate * error * box
            weight += rows.t() @ pulse
            bias += pulse.sum(0)
        return membrane, spiked, count

    def _tuned_cycle(
        self, t: int, rows: Any, weight: Any, bias: Any, target: Any, membrane: Any, spiked: Any, count: Any
    ) -> tuple[Any, ...]:
        """The same in place."""
        torch, neuron, circuit = self._torch, self._spec.neuron, self._spec.learning_circuit
        membrane += torch.addmm(bias, rows, weight)
        membrane -= spiked
        membrane.clamp_(neuron.low_rail_th, neuron.high_rail_th)
        spiked = (membrane >= 1).float()
        count += spiked
        if t >= circuit.warm_up_steps:
            pulse = torch.add(-count, target, alpha=t + 1)
            pulse *= (pulse.abs() > circuit.dead_zone_counts) & ((membrane - 1).abs() < circuit.boxcar_width_th / 2)
            pulse *= self._rate / (t + 1)
            weight.addmm_(rows.t(), pulse)
            bias += pulse.sum(0)
        return membrane, spiked, count


def _figure(program: str, threads: int, speeds: dict[int, Speed], ours: KernelFigure) -> BaselineFigure:
    best_batch = max(speeds, key=lambda batch: speeds[batch].best)
    return BaselineFigure(
        program=program,
        threads=threads,
        batch_1=speeds[1],
        best_batch=best_batch,
        best=speeds[best_batch],
        times_faster_batch_1=ours.samples_per_s.best / speeds[1].best,
        times_faster_best_batch=ours.samples_per_s.best / speeds[best_batch].best,
    )


def _dense(chunks: list[Chunk], n_in: int) -> NDArray[np.float32]:
    """The chunks' events as (T, S, n_in) ones and zeros."""
    parts = []
    for chunk in chunks:
        begin, end = chunk.events.begin, chunk.events.end
        part = np.zeros((begin.shape[1], begin.shape[0], n_in), np.float32)
        for s in range(begin.shape[0]):
            for t in range(begin.shape[1]):
                part[t, s, chunk.events.rows[s, begin[s, t] : end[s, t]]] = 1
        parts.append(part)
    return np.concatenate(parts, axis=1)


def _chip_counts(workload: Workload, chunks: list[Chunk], n: int) -> NDArray[np.float32]:
    """Spike counts (n, all neurons) of the first n samples on a chip that learns them."""
    results = Bench(workload, workload.spec, 1).run(chunks[: -(-n // workload.chunk)], learns=True)
    return np.concatenate([np.concatenate(result.counts, axis=1) for result in results])[:n]


def _name(program: str, batch: int, threads: int) -> str:
    return f"PyTorch {program}, batch {batch}, {threads} threads"
