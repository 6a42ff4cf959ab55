"""What a wire costs: the same learning in process and behind one, bytes against what the information needs."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from chipsim import Chip, ChipInterface, Result
from chipsim.wire.packing import learning_bound
from host.bench.dense import Progress
from host.bench.reading import Reading, Speed, threads_text
from host.bench.runs import SEED, digest_of
from host.bench.timing import TimedTask, time_in_turns
from host.bench.workload import Workload, mnist_workload
from host.data import Encoder
from host.link import Timeline, overlap
from host.link.remote import Connection, RemoteChip, chip_process, connect
from host.terminal import table
from host.training import TrainingBatches, spans

# Membranes and spikes of 256 circuits for each of 20 samples in training in the loop on BrainScaleS-2: 2 x 128 B x 20
# (Cramer et al. 2022, PNAS 119 (4), arXiv 2006.07239).
IN_THE_LOOP_BYTES = 5120
_PASSES = 12  # over the samples: about an epoch of MNIST, of which the first chunk is prepared before any learning
_REPEATS = 4


@dataclass(frozen=True)
class WireFigure:
    """A chip on so many threads, in process and in a process of its own, learning from stored images."""

    threads: int
    in_process: Speed
    behind_wire: Speed
    share: float  # of the in-process speed, best of each
    share_median: float
    hidden: float  # share of the host's work that cost no time, in the last repeat behind the wire
    chip_waits: float  # share of the time in which the chip had nothing to do
    same_bits: bool

    @property
    def us_per_sample(self) -> float:
        """What the wire costs, best of each."""
        return 1e6 * (1 / self.behind_wire.best - 1 / self.in_process.best)


@dataclass(frozen=True)
class WireBytes:
    """Of a training sample, frames' headers included."""

    down: float
    bound: float  # that the information needs, see chipsim.wire.packing.bound
    up: float  # tallies of what the chip did
    up_neuron_state: int  # counts, membranes, spikes

    @property
    def ratio(self) -> float:
        return self.down / self.bound


@dataclass(frozen=True)
class LinkBench:
    """What `chipsim bench --link` found."""

    images: str
    layer_sizes: tuple[int, ...]
    steps: int
    samples: int  # learned from in a repeat
    chunk: int
    cores: int
    load: float | None
    figures: list[WireFigure]
    bytes: WireBytes

    def to_json(self) -> dict[str, Any]:
        cost = {"us_per_sample": [figure.us_per_sample for figure in self.figures]}
        return asdict(self) | cost | {"bytes_over_bound": self.bytes.ratio, "in_the_loop_bytes": IN_THE_LOOP_BYTES}

    def readings(self) -> list[Reading]:
        """The limit of a chip behind a wire is the same chip in process, that of its bytes what is to be said."""
        found = []
        for one in self.figures:
            threads = threads_text(one.threads)
            found += [
                Reading.of_speed(f"in process, {threads}", "samples/s", one.in_process),
                Reading.of_speed(f"behind a wire, {threads}", "samples/s", one.behind_wire, one.share),
                Reading(f"what the wire costs, {threads}: us/sample", one.us_per_sample, "us/sample", False),
            ]
        found += [
            Reading("bytes down: B/sample", self.bytes.down, "B/sample", False, self.bytes.bound / self.bytes.down),
            Reading("bytes up: B/sample", self.bytes.up, "B/sample", False),
        ]
        return [replace(reading, images=self.images) for reading in found]

    def lines(self) -> list[str]:
        network = "-".join(map(str, self.layer_sizes))
        load = "unknown" if self.load is None else f"{self.load:.1f}"
        lines = [
            f"{network}, {self.steps} steps, {self.images}; {self.samples:,} samples in chunks of {self.chunk:,};"
            f" {self.cores} cores for both sides, load before the bench {load}",
            f"best of {_REPEATS} repeats (median in brackets), from stored images, samples/s learned from",
        ]
        rows, notes = [], []
        for one in self.figures:
            rows.append(
                [
                    f"chip on {threads_text(one.threads)}",
                    *("in process", *_speed(one.in_process), "behind a wire", *_speed(one.behind_wire)),
                    f"{one.share:.1%} ({one.share_median:.1%}): {one.us_per_sample:.1f} us a sample",
                ]
            )
            notes.append(
                f"  {one.hidden:.1%} of the host's work cost no time; the chip had nothing to do for"
                f" {one.chip_waits:.1%} of the time; bits: {'the same' if one.same_bits else 'THEY DIFFER'}"
            )
        sent = self.bytes
        return [
            *lines,
            *(line for pair in zip(table(rows, align="<<>><>><", indent=2), notes, strict=True) for line in pair),
            f"bytes down per training sample {sent.down:,.1f}; the information needs {sent.bound:,.1f}: ratio"
            f" {sent.ratio:.3f}",
            f"bytes up per training sample   {sent.up:,.1f} of tallies, {sent.up_neuron_state} of neurons' state; in"
            f" the loop on BrainScaleS-2 {IN_THE_LOOP_BYTES:,} (Cramer et al. 2022)",
        ]


def run_link_bench(
    threads: Sequence[int],
    progress: Progress,
    *,
    data_dir: str | None = None,
    workload: Workload | None = None,
    passes: int = _PASSES,
    repeats: int = _REPEATS,
) -> LinkBench:
    """Measure, about half a minute. threads: counts of the chip's threads; workload: default `mnist_workload`."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    workload = workload or mnist_workload(data_dir)
    steps = len(threads) * 2 * (repeats + 1)
    done = 0

    def tick(name: str) -> None:
        nonlocal done
        done += 1
        progress(min(done, steps), steps, name)

    presentations = passes * len(workload.samples)
    figures = []
    sent = WireBytes(0.0, 1.0, 0.0, 0)
    for count in threads:
        with chip_process(count) as child, connect(child.address, ended=child.ended) as connection:
            figure, sent = _compare(workload, presentations, count, connection, repeats, tick)
            figures.append(figure)
    return LinkBench(
        images=workload.images,
        layer_sizes=tuple(workload.spec.layer_sizes),
        steps=workload.spec.steps,
        samples=presentations,
        chunk=workload.chunk,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        load=load,
        figures=figures,
        bytes=sent,
    )


def _compare(
    workload: Workload, presentations: int, threads: int, connection: Connection, repeats: int, tick: Any
) -> tuple[WireFigure, WireBytes]:
    chips: dict[str, ChipInterface] = {
        "in process": Chip(workload.spec, SEED, threads),
        "behind a wire": RemoteChip(connection, workload.spec, SEED),
    }
    starts = {}
    for name, chip in chips.items():
        chip.program(workload.teacher.normalised())
        starts[name] = chip.snapshot()
    remembered = connection.timeline.spans
    before = 0

    def prepare(name: str) -> None:
        nonlocal before
        chips[name].restore(starts[name])
        before = len(remembered())

    tasks = [
        TimedTask(
            name,
            lambda chip=chip: learn(chip, workload, presentations, connection.timeline),  # type: ignore[misc]
            lambda name=name: prepare(name),  # type: ignore[misc]
        )
        for name, chip in chips.items()
    ]
    timings = time_in_turns(tasks, repeats, 0.0, tick)
    speeds = {name: Speed.of(presentations, timing.seconds) for name, timing in timings.items()}
    local, remote = speeds["in process"], speeds["behind a wire"]
    measured = overlap(remembered()[before:])  # the last one ran behind the wire
    traffic = connection.traffic.per_window("LEARN")
    assert traffic is not None, "it has learned"
    figure = WireFigure(
        threads=threads,
        in_process=local,
        behind_wire=remote,
        share=remote.best / local.best,
        share_median=remote.median / local.median,
        hidden=measured.hidden,
        chip_waits=measured.chip_waits,
        same_bits=digest_of(chips["in process"].snapshot()) == digest_of(chips["behind a wire"].snapshot()),
    )
    state = sum(connection.traffic.up[kind].bytes for kind in ("COUNTS", "SIGNALS", "INFERRED"))
    return figure, WireBytes(traffic[0], bound_per_sample(workload), traffic[1], state)


def learn(chip: ChipInterface, workload: Workload, presentations: int, timeline: Timeline) -> None:
    """Learn as a run does, from stored images, a result behind."""
    n_in, n = workload.spec.layer_sizes[0], len(workload.samples)
    encoder = Encoder(workload.encoding, n_in, workload.spec.steps, workload.chunk, SEED, TrainingBatches.BUFFERS)
    batches = TrainingBatches(workload.samples, workload.teacher, encoder, workload.output_target, SEED, timeline)
    unread: deque[Result] = deque()
    for chunk in batches.chunks(spans(0, presentations, workload.chunk, n)):
        rates = np.full(len(chunk.windows), workload.learning_rate, np.float32)
        unread.append(chip.learn(chunk.events, chunk.windows, chunk.targets, rates))
        while len(unread) > 1:
            _ = unread.popleft().activity
    _ = unread.pop().activity


def bound_per_sample(workload: Workload) -> float:
    """Bytes that a training sample's information needs, mean over all samples."""
    spec, samples = workload.spec, workload.samples
    n_in = spec.layer_sizes[0]
    encoder = Encoder(workload.encoding, n_in, spec.steps, workload.chunk, SEED)
    total = 0.0
    for start in range(0, len(samples), workload.chunk):
        windows = np.arange(start, min(start + workload.chunk, len(samples)), dtype=np.int64)
        events = encoder.encode(samples.values(windows), windows)
        total += learning_bound(events, n_in, spec.layer_sizes[1:], spec.target_bits).bytes
    return total / len(samples)


def _speed(speed: Speed) -> tuple[str, str]:
    return f"{speed.best:,.0f}", f"({speed.median:,.0f})"
