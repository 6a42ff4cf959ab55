"""Measures the chip against the machine it runs on: what is possible and what is reached, in one process and one go."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec, Probe, Result
from host.bench.reading import Speed
from host.bench.roofline import LayerRoofline, SpikeLists, lists_of_events, lists_of_spikes
from host.bench.runs import SEED, Bench, digest, encoded
from host.bench.summary import (
    MODES,
    Baseline,
    BenchReport,
    EndToEnd,
    KernelFigure,
    Machine,
    Memory,
    NoiseCost,
    Roofline,
    Scaling,
    WorkloadFacts,
)
from host.bench.timing import TaskTimes, TimedTask, time_in_turns
from host.bench.torch_baseline import import_torch, measure_torch
from host.bench.workload import Workload, mnist_workload
from host.data import Encoder
from host.errors import SettingError
from host.settings import ENCODINGS
from host.training import Chunk

BASELINES = ("torch",)
# What a row of the report is called, and the noises of its chip.
NOISES: dict[str, tuple[str, ...]] = {
    "thermal:0.1": ("thermal:0.1",),
    "mismatch:0.2": ("mismatch:0.2",),
    "quantization:4": ("quantization:4",),
    "all imperfections at once": (
        *("mismatch:0.1", "thermal:0.05", "silencing:0.02"),
        *("comparator:0.2", "boxcar:0.05", "missed:0.005", "pulse:0.1", "asymmetry:0.1,spread=0.1"),
        *("cycle:0.1", "write:0.0001", "nonlinear:1"),
        *("read:0.01", "stuck:0.002", "drift:0.01", "pelgrom:10", "ktc:10", "ir:1e-6", "link:1e-5"),
    ),
}
_IDEAL = "ideal, after as much calibration"
_PASSES = 4  # over the samples in end-to-end learning: the first chunk, prepared before any learning, weighs less
_STREAMS = (8, 32)  # chunks, for the memory figure

_Programs = dict[str, tuple[str, ...]]  # methods of LayerRoofline, for adds and for writes
_ROWS: _Programs = {"add": ("add", "add_plainly"), "write": ("write", "write_plainly")}
_BLOCKS: _Programs = {"add": ("add_in_blocks",), "write": ("write_in_blocks",)}

Progress = Callable[[int, int, str], None]  # steps done, steps in all, what is being measured


@dataclass(frozen=True)
class _Work:
    """What one pass over the samples asks of the chip."""

    adds: NDArray[np.float64]  # (n_layers,) synaptic events
    writes: NDArray[np.float64]  # (n_layers,) synapses written; the bias row is in neither


def run_bench(
    threads: Sequence[int] = (1, 2),
    baseline: str | None = None,
    progress: Progress | None = None,
    *,
    data_dir: str | None = None,
    workload: Workload | None = None,
    repeats: int = 7,
    min_seconds: float = 0.1,
) -> BenchReport:
    """Measure everything, about a minute, and longer with a baseline.

    threads: thread counts of the chip, ascending; baseline: "torch" or None; workload: by default
    `mnist_workload(data_dir)`; min_seconds: of every repeat. Raises SettingError for an unknown baseline and HostError
    if it is not installed.
    """
    check_baseline(baseline)
    machine = this_machine(repeats)
    workload = workload or mnist_workload(data_dir)
    session = _Session(workload, tuple(threads), repeats, min_seconds, progress or (lambda done, total, text: None))
    timings = session.measure()
    kernel = session.kernel_figures(timings)
    memory = session.memory()
    return BenchReport(
        machine=machine,
        workload=session.facts(),
        limits=session.rooflines(timings),
        kernel=kernel,
        scaling=_scaling(kernel),
        bits=session.bits,
        end_to_end=session.end_to_end(timings),
        noise=session.noise_costs(timings),
        encoders={name: Speed.of(workload.chunk, timings[_encoding_name(name)].seconds) for name in ENCODINGS},
        memory=memory,
        peer=_measure_baseline(workload, _fastest_learning(kernel), session.progress) if baseline == "torch" else None,
    )


def check_baseline(baseline: str | None) -> None:
    """What is wrong with a baseline is said now, not after a minute. Raises as `run_bench`."""
    if baseline is not None and baseline not in BASELINES:
        raise SettingError(f"unknown peer {baseline!r}: choose {', '.join(BASELINES)}")
    if baseline == "torch":
        import_torch()


def _measure_baseline(workload: Workload, ours: KernelFigure, progress: Progress) -> Baseline:
    return measure_torch(workload, ours, progress)


class _Session:
    """All chips and limits of one bench run."""

    def __init__(
        self, workload: Workload, threads: tuple[int, ...], repeats: int, min_seconds: float, progress: Progress
    ) -> None:
        self.workload = workload
        self.threads = threads
        self.repeats = repeats
        self.min_seconds = min_seconds
        self.progress = progress
        self.bits: dict[int, str] = {}
        self._chunks = encoded(workload)
        strict = workload.spec.learning_circuit.model_copy(update={"dead_zone_counts": 0.0})
        self._specs: dict[str, ChipSpec] = {
            "infer": workload.spec,
            "learn": workload.spec,
            "learn_all": workload.spec.model_copy(update={"learning_circuit": strict}),
        }
        self._benches = {(mode, n): Bench(workload, self._specs[mode], n) for mode in MODES for n in threads}
        self._work: dict[tuple[str, int], _Work] = {}
        self._updates: dict[str, float] = {}  # per sample, of the chips with nonidealities
        self._spike_rates: dict[str, list[float]] = {}
        for n in threads:
            self.bits[n] = self._look(n)
        self._rooflines = {n: self._layer_rooflines(n) for n in threads}

    def measure(self) -> dict[str, TaskTimes]:
        """Timings per task name; every limit next to what is measured against it."""
        tasks: list[TimedTask] = []
        for n in self.threads:
            for number, roofline in enumerate(self._rooflines[n]):
                for kind in (*_ROWS["add"], *_ROWS["write"], "add_in_blocks", "write_in_blocks"):
                    tasks.append(TimedTask(_roofline_name(kind, number, n), getattr(roofline, kind)))
            for mode in MODES:
                bench = self._benches[mode, n]
                tasks.append(_run_task(_kernel_name(mode, n), bench, self._chunks, mode != "infer"))
            for mode in ("infer", "learn"):
                tasks.append(self._host_task(mode, n))
        n = self.threads[0]
        for noise, texts in {_IDEAL: (), **NOISES}.items():
            bench = Bench(self.workload, self.workload.spec.model_copy(update={"noise": texts}), n)
            bench.settle(self._chunks)
            self._updates[noise] = _updates_of(bench.run(self._chunks, learns=True)) / len(self.workload.samples)
            for mode in ("infer", "learn"):
                tasks.append(_run_task(_noise_name(noise, mode), bench, self._chunks, mode != "infer"))
        tasks += [self._encoding_task(name) for name in ENCODINGS]
        total, done = len(tasks) * (self.repeats + 1), 0

        def tick(text: str) -> None:
            nonlocal done
            self.progress(done, total, text)
            done += 1

        return time_in_turns(tasks, self.repeats, self.min_seconds, tick)

    def facts(self) -> WorkloadFacts:
        n_samples, fewest = len(self.workload.samples), self.threads[0]
        work = {mode: self._work[mode, fewest] for mode in MODES}
        return WorkloadFacts(
            images=self.workload.images,
            samples=n_samples,
            chunk=self.workload.chunk,
            layer_sizes=self.workload.spec.layer_sizes,
            steps=self.workload.spec.steps,
            input_spikes=self._rooflines[fewest][0].spikes.spikes() / n_samples,
            spike_rates=self._spike_rates,
            synaptic_events={mode: (done.adds / n_samples).tolist() for mode, done in work.items()},
            synapses_written={mode: (done.writes / n_samples).tolist() for mode, done in work.items()},
        )

    def rooflines(self, timings: dict[str, TaskTimes]) -> list[Roofline]:
        return [
            Roofline(
                threads=n,
                cores=max(timings[_roofline_name("add", 0, n)].cores),
                adds_per_s=self._per_s(timings, n, "add", _ROWS).max(axis=0).tolist(),
                writes_per_s=self._per_s(timings, n, "write", _ROWS).max(axis=0).tolist(),
                block_adds_per_s=self._per_s(timings, n, "add", _BLOCKS).max(axis=0).tolist(),
                block_writes_per_s=self._per_s(timings, n, "write", _BLOCKS).max(axis=0).tolist(),
            )
            for n in self.threads
        ]

    def kernel_figures(self, timings: dict[str, TaskTimes]) -> list[KernelFigure]:
        figures = []
        for n in self.threads:
            for mode in MODES:
                chip = timings[_kernel_name(mode, n)].seconds
                roofline, blocks = (self._bare(timings, n, mode, programs) for programs in (_ROWS, _BLOCKS))
                figures.append(
                    KernelFigure(
                        mode=mode,
                        threads=n,
                        samples_per_s=Speed.of(len(self.workload.samples), chip),
                        events_per_s=float(self._work[mode, n].adds.sum()) / min(chip),
                        limit_samples_per_s=Speed.of(len(self.workload.samples), roofline),
                        share=min(roofline) / min(chip),
                        share_median=median(bare / full for bare, full in zip(roofline, chip, strict=True)),
                        share_of_blocks=min(blocks) / min(chip),
                    )
                )
        return figures

    def end_to_end(self, timings: dict[str, TaskTimes]) -> list[EndToEnd]:
        figures = []
        for n in self.threads:
            for mode in ("infer", "learn"):
                samples = len(self.workload.samples) * (_PASSES if mode == "learn" else 1)
                speed = Speed.of(samples, timings[_host_name(mode, n)].seconds)
                alone = Speed.of(len(self.workload.samples), timings[_kernel_name(mode, n)].seconds)
                figures.append(EndToEnd(mode, n, speed, speed.best / alone.best))
        return figures

    def noise_costs(self, timings: dict[str, TaskTimes]) -> list[NoiseCost]:
        n, costs = self.threads[0], []
        for noise in NOISES:
            for mode in ("infer", "learn"):
                ideal, noisy = (timings[_noise_name(name, mode)].seconds for name in (_IDEAL, noise))
                factors = [b / a for a, b in zip(ideal, noisy, strict=True)]
                speed = Speed.of(len(self.workload.samples), noisy)
                updates = self._updates[noise] if mode == "learn" else 0.0
                costs.append(NoiseCost(noise, mode, n, speed, min(noisy) / min(ideal), median(factors), updates))
        return costs

    def memory(self) -> Memory:
        """Learns from two streams; the timed ones before have made all that is made once."""
        bench = self._benches["learn", self.threads[-1]]
        bench.restore()
        short, long = (bench.follow(n_chunks * self.workload.chunk) for n_chunks in _STREAMS)
        growth = None if short is None or long is None else (long - short) / (_STREAMS[1] - _STREAMS[0])
        return Memory(self.workload.chunk, *_STREAMS, peak_bytes=long, growth_per_chunk_bytes=growth)

    def _look(self, threads: int) -> str:
        """Run every mode once: note what it asks of the chip, and return a digest of all that came out."""
        runs = []
        for mode in MODES:
            bench = self._benches[mode, threads]
            bench.restore()
            results = bench.run(self._chunks, mode != "infer")
            runs.append((bench.chip, results))
            self._work[mode, threads] = _work_of(results)
            self._spike_rates[mode] = [
                float(np.mean([result.counts[layer].mean() for result in results])) / self.workload.spec.steps
                for layer in range(self.workload.spec.n_layers)
            ]
        return digest(runs)

    def _layer_rooflines(self, threads: int) -> list[LayerRoofline]:
        first_step = self.workload.spec.learning_circuit.warm_up_steps
        layers = self._benches["infer", threads].chip.weights()
        return [
            LayerRoofline(np.concatenate([weight, bias[None, :]]), spikes, first_step, threads)
            for (weight, bias), spikes in zip(layers, self._spike_lists(), strict=True)
        ]

    def _spike_lists(self) -> list[SpikeLists]:
        """What enters each layer in inference; in learning the hidden spikes are nearly as many."""
        sizes = self.workload.spec.layer_sizes
        probes = tuple(Probe(layer, tuple(range(sizes[layer]))) for layer in range(1, self.workload.spec.n_layers))
        results = self._benches["infer", self.threads[0]].run(self._chunks, False, probes)
        hidden = [np.concatenate([result.spikes[probe.layer] for result in results]) for probe in probes]
        return [lists_of_events([chunk.events for chunk in self._chunks]), *map(lists_of_spikes, hidden)]

    def _bare(self, timings: dict[str, TaskTimes], threads: int, mode: str, programs: _Programs) -> list[float]:
        """Seconds of every repeat that nothing but the rows of one pass over the samples takes."""
        work = self._work[mode, threads]
        adds = _time_for(work.adds, self._per_s(timings, threads, "add", programs))
        writes = _time_for(work.writes, self._per_s(timings, threads, "write", programs))
        return (adds + writes).tolist()  # type: ignore[no-any-return]

    def _per_s(
        self, timings: dict[str, TaskTimes], threads: int, kind: str, programs: _Programs
    ) -> NDArray[np.float64]:
        """Synapses per second, (repeats, n_layers), of the fastest of the programs for rows of this kind."""
        columns = []
        for number, roofline in enumerate(self._rooflines[threads]):
            seconds = [timings[_roofline_name(program, number, threads)].seconds for program in programs[kind]]
            rows = roofline.rows_added if kind == "add" else roofline.rows_written
            columns.append(rows * roofline.n_out / np.min(seconds, axis=0))
        return np.stack(columns, axis=1)

    def _host_task(self, mode: str, threads: int) -> TimedTask:
        bench, name = self._benches[mode, threads], _host_name(mode, threads)
        if mode == "infer":
            return TimedTask(name, bench.evaluate)
        return TimedTask(name, lambda: bench.follow(_PASSES * len(self.workload.samples)), bench.restore)

    def _encoding_task(self, name: str) -> TimedTask:
        spec, chunk = self.workload.spec, self.workload.chunk
        encoder = Encoder(name, spec.layer_sizes[0], spec.steps, chunk, SEED)
        values, windows = self.workload.samples.values(slice(0, chunk)), np.arange(chunk, dtype=np.int64)
        return TimedTask(_encoding_name(name), lambda: encoder.encode(values, windows))


def _run_task(name: str, bench: Bench, chunks: list[Chunk], learns: bool) -> TimedTask:
    return TimedTask(name, lambda: bench.run(chunks, learns), bench.restore if learns else None)


def _work_of(results: list[Result]) -> _Work:
    added, written = (
        np.sum([result.work[name] for result in results], axis=0).astype(np.float64)
        for name in ("synapses_added", "synapses_written")
    )
    return _Work(added, written)


def _updates_of(results: list[Result]) -> float:
    return float(sum(result.activity["weight_updates"].sum() for result in results))


def _time_for(synapses: NDArray[np.float64], per_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds (repeats,) for synapses (n_layers,) at rates (repeats, n_layers); what is not asked for takes none."""
    asked = synapses > 0
    total: NDArray[np.float64] = np.sum(synapses[asked] / per_s[:, asked], axis=1)
    return total


def _scaling(kernel: list[KernelFigure]) -> list[Scaling]:
    one = {figure.mode: figure for figure in kernel if figure.threads == 1}
    return [
        Scaling(
            figure.mode,
            figure.threads,
            chip=figure.samples_per_s.best / one[figure.mode].samples_per_s.best,
            machine=figure.limit_samples_per_s.best / one[figure.mode].limit_samples_per_s.best,
        )
        for figure in kernel
        if figure.threads > 1 and figure.mode in one
    ]


def _fastest_learning(kernel: list[KernelFigure]) -> KernelFigure:
    """Learning on the most threads."""
    return max((figure for figure in kernel if figure.mode == "learn"), key=lambda figure: figure.threads)


def this_machine(repeats: int) -> Machine:
    """What the figures are taken on."""
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
        processor = names[0] if names else processor
    except OSError:
        pass  # not Linux: the general name has to do
    packages = {name: version(name) for name in ("numba", "numpy")}
    return Machine(
        processor=processor,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        versions={"python": platform.python_version(), **packages},
        repeats=repeats,
    )


def _roofline_name(kind: str, layer: int, threads: int) -> str:
    return f"limit: {kind.replace('_', ' ')}, layer {layer + 1}, {threads} threads"


def _kernel_name(mode: str, threads: int) -> str:
    return f"{MODES[mode]}, {threads} threads"


def _host_name(mode: str, threads: int) -> str:
    return f"{MODES[mode]} from images, {threads} threads"


def _noise_name(noise: str, mode: str) -> str:
    return f"{MODES[mode]}, {noise}"


def _encoding_name(encoding: str) -> str:
    return f"{encoding} encoding"
