"""Convolutional networks against the machine's own limit, in one process and one go."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, Events, Probe, Result
from chipsim.design import LayerShape
from host.bench.conv_baseline import measure_conv_torch
from host.bench.conv_roofline import ImageRoofline, visits_of
from host.bench.conv_workload import STEPS, ConvWorkload, conv_workload, current_events, small_network, vgg11
from host.bench.dense import check_baseline
from host.bench.reading import Reading, Speed, threads_text
from host.bench.runs import SEED, resident_bytes
from host.bench.timing import TaskTimes, TimedTask, time_in_turns
from host.terminal import table

MODES = {"infer": "inference", "learn": "learning"}
_HEAD = ("", "threads", "images/s", "median", "limit", "share", "median", "speedup", "limit", "scaling")
_IMAGES = 32
_LARGE_IMAGES = 8

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ConvFigure:
    """One network in one mode on so many threads."""

    network: str
    mode: str
    threads: int
    images_per_s: Speed
    events_per_s: float  # rows added times columns, a constant current's once per change of the weights
    limit_images_per_s: float  # if rows were added and written and nothing else were done; fastest repeat
    share: float  # of that
    share_median: float  # median over repeats
    speedup: float | None  # over the fewest threads measured; None for those
    limit_speedup: float | None  # the limit's, over as many
    scaling: float | None  # speedup / limit_speedup: of what the machine gains from more threads

    def cells(self) -> list[str]:
        """Under _HEAD."""
        speed = self.images_per_s
        cells = [MODES[self.mode], str(self.threads)]
        cells += [f"{per_s:.1f}" for per_s in (speed.best, speed.median, self.limit_images_per_s)]
        cells += [f"{share:.0%}" for share in (self.share, self.share_median)]
        if self.scaling is None:
            return cells
        return [*cells, f"{self.speedup:.2f}", f"{self.limit_speedup:.2f}", f"{self.scaling:.0%}"]


@dataclass(frozen=True)
class ConvNetwork:
    """What a network asks of the chip, per image."""

    network: str
    images: int
    synapses: int
    neurons: int
    spike_rates: list[float]  # per layer, in inference
    synapses_added: dict[str, float]  # mode -> on one thread
    synapses_written: dict[str, float]
    resident_mib: float | None  # of the process, after the chip has run


@dataclass(frozen=True)
class ConvBaseline:
    """The same online learning in PyTorch."""

    version: str
    threads: int
    batch_1: float  # images per second
    best_batch: int
    best: float


@dataclass(frozen=True)
class ConvBench:
    """All figures of a run."""

    load: float | None  # running tasks of this machine, mean over the minute before
    networks: list[ConvNetwork]
    figures: list[ConvFigure]
    peers: list[ConvBaseline]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def readings(self) -> list[Reading]:
        found = [
            Reading.of_speed(
                f"{figure.network}, {MODES[figure.mode]}, {threads_text(figure.threads)}",
                *("images/s", figure.images_per_s, figure.share),
            )
            for figure in self.figures
        ]
        for network in self.networks:
            if network.resident_mib is not None:
                found.append(Reading(f"{network.network}, memory: MiB", network.resident_mib, "MiB", False))
        for peer in self.peers:
            name = f"PyTorch, {threads_text(peer.threads)}"
            found += [
                Reading(f"{name}, batch 1: images/s", peer.batch_1, "images/s"),
                Reading(f"{name}, best batch: images/s", peer.best, "images/s"),
            ]
        return found

    def lines(self) -> list[str]:
        lines = [
            f"images of 3x32x32 as constant currents, {STEPS} steps, random weights"
            + (f"; load before {self.load:.1f}" if self.load is not None else "")
        ]
        for network in self.networks:
            lines += self._network_lines(network)
        lines += [
            "",
            "limit: as many synapses as the chip adds and writes, row by row as its positions see them, and nothing"
            " else: no biases, no neurons,",
            "  no lists of spikes. Of several arrangements (rows whole or in blocks of columns, a crossbar for each"
            " thread or one that they",
            "  divide) the fastest, for the adds and for the writes of each layer by themselves.",
            "share: of the limit on as many threads; scaling: of the machine's own scaling, which is the chip's speedup"
            " over the fewest threads",
            "  divided by the limit's.",
        ]
        for baseline in self.peers:
            lines.append(
                f"PyTorch {baseline.version}, {baseline.threads} threads, the small network, learning: batch 1"
                f" {baseline.batch_1:.1f} images/s, best batch ({baseline.best_batch}) {baseline.best:.1f} images/s"
            )
        return lines

    def _network_lines(self, network: ConvNetwork) -> list[str]:
        rates = " ".join(f"{rate:.1%}" for rate in network.spike_rates)
        lines = [
            "",
            f"{network.network}: {network.synapses:,} synapses, {network.neurons:,} neurons; spike rates {rates}",
            *table(
                [
                    (MODES[mode], f"{added / 1e6:.1f} M synapses added,", f"{written / 1e6:.1f} M written per image")
                    for mode, added in network.synapses_added.items()
                    for written in (network.synapses_written[mode],)
                ],
                indent=2,
            ),
            *table([each.cells() for each in self.figures if each.network == network.network], _HEAD, indent=2),
        ]
        if network.resident_mib is not None:
            lines.append(f"  resident memory of the process {network.resident_mib:,.0f} MiB")
        return lines


def run_conv_bench(
    threads: Sequence[int] = (1, 2),
    baseline: str | None = None,
    progress: Progress | None = None,
    *,
    repeats: int = 5,
    min_seconds: float = 0.2,
    workloads: Sequence[ConvWorkload] | None = None,
) -> ConvBench:
    """Measure the small network, and VGG-11 once and on most threads: about a minute. The baseline gets the first one.

    workloads: instead of these two. Raises as `host.bench.dense.run_bench`.
    """
    check_baseline(baseline)
    tell = progress or (lambda done, total, text: None)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    small, *large = workloads or (
        conv_workload("32-64(s2)-64-128(s2)-fc128-10", small_network(), _IMAGES),
        conv_workload("VGG-11", vgg11(), _LARGE_IMAGES),
    )
    networks, figures, baselines = [], [], []
    for workload, counts, times in [(small, threads, repeats), *((each, threads[-1:], 1) for each in large)]:
        session = _Session(workload, counts)
        timings = session.measure(times, min_seconds, tell)
        networks.append(session.network())
        figures += session.figures(timings)
    if baseline is not None:
        baselines = [ConvBaseline(*figure) for figure in measure_conv_torch(small, threads, tell)]
    return ConvBench(load, networks, figures, baselines)


class _Session:
    """One network's chips and limits."""

    def __init__(self, workload: ConvWorkload, threads: Sequence[int]) -> None:
        self.workload = workload
        self.threads = threads
        self._n = len(workload.images)
        self._events = current_events(workload.images, workload.spec.steps)
        self._windows = np.arange(self._n, dtype=np.int64)
        self._rates = np.tile(workload.rates, (self._n, 1))
        self._chips = {n: Chip(workload.spec, SEED, n) for n in threads}
        for chip in self._chips.values():
            chip.program(workload.weights)
        self._start = self._chips[threads[0]].snapshot()
        self._results = {mode: self._run(threads[0], mode) for mode in MODES}
        self._resident = resident_bytes()
        self._rooflines = {n: [self._roofline(layer, shape, n) for layer, shape in self._layers()] for n in threads}

    def measure(self, repeats: int, min_seconds: float, progress: Progress) -> dict[str, TaskTimes]:
        """Timings per task name; every limit next to what is measured against it."""
        tasks = []
        for n in self.threads:
            for layer, roofline in enumerate(self._rooflines[n]):
                for program in roofline.programs:
                    tasks.append(TimedTask(_roofline_name(layer, program, n), roofline.programs[program].run))
            for mode in MODES:
                tasks.append(
                    TimedTask(
                        _name(mode, n),
                        lambda mode=mode, n=n: self._run(n, mode),  # type: ignore[misc]
                        lambda n=n: self._chips[n].restore(self._start),  # type: ignore[misc]
                    )
                )
        total, done = len(tasks) * (repeats + 1), 0

        def tick(text: str) -> None:
            nonlocal done
            progress(done, total, f"{self.workload.name}: {text}")
            done += 1

        return time_in_turns(tasks, repeats, min_seconds, tick)

    def network(self) -> ConvNetwork:
        shapes = self.workload.spec.shapes
        added, written = (
            {mode: float(result.work[name].sum()) / self._n for mode, result in self._results.items()}
            for name in ("synapses_added", "synapses_written")
        )
        return ConvNetwork(
            network=self.workload.name,
            images=self._n,
            synapses=sum(shape.synapses for shape in shapes),
            neurons=sum(shape.n_out for shape in shapes),
            spike_rates=[float(count.mean()) / self.workload.spec.steps for count in self._results["infer"].counts],
            synapses_added=added,
            synapses_written=written,
            resident_mib=None if self._resident is None else self._resident / 2**20,
        )

    def figures(self, timings: dict[str, TaskTimes]) -> list[ConvFigure]:
        figures: list[ConvFigure] = []
        for n in self.threads:
            for mode, result in self._results.items():
                fewest = next((figure for figure in figures if figure.mode == mode), None)
                seconds = np.array(timings[_name(mode, n)].seconds)
                bare = self._bare_seconds(timings, n, result)
                speedup, limit_speedup = None, None
                if fewest is not None:
                    speedup = self._n / float(seconds.min()) / fewest.images_per_s.best
                    limit_speedup = self._n / float(bare.min()) / fewest.limit_images_per_s
                figures.append(
                    ConvFigure(
                        network=self.workload.name,
                        mode=mode,
                        threads=n,
                        images_per_s=Speed.of(self._n, seconds.tolist()),
                        events_per_s=float(result.work["synapses_added"].sum() / seconds.min()),
                        limit_images_per_s=float(self._n / bare.min()),
                        share=float(bare.min() / seconds.min()),
                        share_median=float(np.median(bare / seconds)),
                        speedup=speedup,
                        limit_speedup=limit_speedup,
                        scaling=speedup / limit_speedup if speedup and limit_speedup else None,
                    )
                )
        return figures

    def _run(self, threads: int, mode: str) -> Result:
        chip = self._chips[threads]
        if mode == "infer":
            return chip.infer(self._events, self._windows)
        return chip.learn(self._events, self._windows, self.workload.targets, self._rates)

    def _layers(self) -> list[tuple[int, LayerShape]]:
        return list(enumerate(self.workload.spec.shapes))

    def _roofline(self, layer: int, shape: LayerShape, threads: int) -> ImageRoofline:
        """Bare rows on the layer's crossbar, as its positions see them in a learning run."""
        spikes = np.ones((1, shape.n_in), np.uint8) if layer == 0 else self._spikes_of(layer)
        return ImageRoofline(shape.rows + 1, shape.columns, visits_of(shape, spikes), layer == 0, threads)

    @cache  # noqa: B019 (a session ends with the bench)
    def _spikes_of(self, layer: int) -> NDArray[np.uint8]:
        """(T, n_out) of a layer, numbered from 1, while the chip learns the last image."""
        n = self.workload.spec.shapes[layer - 1].n_out
        last = slice(self._n - 1, self._n)
        events = Events(*(array[last] for array in self._events))
        targets = [target[last] for target in self.workload.targets]
        chip = self._chips[self.threads[0]]
        learned = chip.learn(events, self._windows[last], targets, self._rates[last], [Probe(layer, tuple(range(n)))])
        spikes: NDArray[np.uint8] = learned.spikes[layer][0]
        return spikes

    def _bare_seconds(self, timings: dict[str, TaskTimes], threads: int, result: Result) -> NDArray[np.float64]:
        """(repeats,), of the rows alone that a pass over the images adds and writes."""
        total = np.zeros(len(timings[_name("infer", threads)].seconds))
        for layer, roofline in enumerate(self._rooflines[threads]):
            for kind, name in (("add", "synapses_added"), ("write", "synapses_written")):
                per_synapse = [
                    np.array(timings[_roofline_name(layer, which, threads)].seconds) / program.synapses
                    for which, program in roofline.programs.items()
                    if program.kind == kind
                ]
                total += float(result.work[name][layer]) * np.min(per_synapse, axis=0)
        return total


def _name(mode: str, threads: int) -> str:
    return f"{MODES[mode]}, {threads} threads"


def _roofline_name(layer: int, program: str, threads: int) -> str:
    return f"limit of layer {layer}: {program}, {threads}"
