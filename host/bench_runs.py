"""The runs that the bench times: a chip on chunks encoded beforehand, and a chip fed from stored images."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, ChipSpec, Events, Probe, Result
from host.bench_workload import Workload
from host.encoders import Encoder

DIE = 1


@dataclass(frozen=True)
class Chunk:
    """S samples as they are sent to the chip."""

    events: Events
    windows: NDArray[np.int64]  # (S,)
    targets: list[NDArray[np.float32]]  # per layer (S, n_out); empty for inference


def encoded(workload: Workload) -> list[Chunk]:
    """All of the workload's samples, every chunk in a buffer of its own."""
    n = len(workload.samples)
    starts = range(0, n, workload.chunk)
    encoder = new_encoder(workload, buffers=len(starts))
    return [_prepare(workload, encoder, start, min(start + workload.chunk, n), True) for start in starts]


def new_encoder(workload: Workload, buffers: int) -> Encoder:
    spec = workload.spec
    return Encoder(workload.encoding, spec.layer_sizes[0], spec.steps, workload.chunk, 1, buffers)


class Bench:
    """A programmed chip that can always go back to the weights it began with."""

    def __init__(self, workload: Workload, spec: ChipSpec, threads: int) -> None:
        self.workload = workload
        self.threads = threads
        self.chip = Chip(spec, DIE, threads)
        self.chip.program(workload.teacher.normalised())
        self._start = self.chip.snapshot()

    def restore(self) -> None:
        self.chip.restore(self._start)

    def run(self, chunks: list[Chunk], learns: bool, probes: tuple[Probe, ...] = ()) -> list[Result]:
        """Show the chunks, one after the other."""
        return [self._show(chunk, learns, probes) for chunk in chunks]

    def stream(self, encoder: Encoder, n_chunks: int, learns: bool) -> Iterator[int]:
        """Show n_chunks full chunks from stored images, the next one prepared in a second thread; yields at each.

        encoder: with two buffers, one for the chip and one for the chunk in preparation. Starts over where the samples
        end.
        """
        whole = len(self.workload.samples) // self.workload.chunk
        spans = [(i % whole * self.workload.chunk, (i % whole + 1) * self.workload.chunk) for i in range(n_chunks)]
        with ThreadPoolExecutor(1, "host") as host:
            pending = host.submit(_prepare, self.workload, encoder, *spans[0], learns)
            for number, span in enumerate(spans[1:] + spans[:1]):
                chunk = pending.result()
                if number < n_chunks - 1:
                    pending = host.submit(_prepare, self.workload, encoder, *span, learns)
                self._show(chunk, learns)
                yield number

    def _show(self, chunk: Chunk, learns: bool, probes: tuple[Probe, ...] = ()) -> Result:
        if learns:
            rates = np.full(len(chunk.windows), self.workload.learning_rate, np.float32)
            return self.chip.learn(chunk.events, chunk.windows, chunk.targets, rates, probes)
        return self.chip.infer(chunk.events, chunk.windows, probes)


def digest(runs: Sequence[tuple[Chip, list[Result]]]) -> str:
    """Sixteen hex digits over every count, every output membrane and everything that the chips now remember."""
    state = hashlib.sha256()
    for chip, results in runs:
        for result in results:
            for outputs in (*result.counts, result.membrane):
                state.update(outputs.tobytes())
        for name, stored in sorted(chip.snapshot().items()):
            state.update(name.encode() + stored.tobytes())
    return state.hexdigest()[:16]


def peak_resident(bench: Bench, encoder: Encoder, n_chunks: int) -> int | None:
    """Largest resident set in bytes seen while n_chunks stream through the learning chip; None without /proc.

    The process's own high-water mark would not do: what came before may have been higher.
    """
    peak: int | None = None
    for _ in bench.stream(encoder, n_chunks, learns=True):
        now = _resident()
        peak = now if peak is None or now is None else max(peak, now)
    return peak


def _resident() -> int | None:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


def _prepare(workload: Workload, encoder: Encoder, start: int, stop: int, learns: bool) -> Chunk:
    """What the host does for each chunk: scale the stored values, encode them and, to learn, ask the teacher."""
    windows = np.arange(start, stop, dtype=np.int64)
    values = workload.samples.values(slice(start, stop))
    targets = workload.targets(values, slice(start, stop)) if learns else []
    return Chunk(encoder.encode(values, windows), windows, targets)
