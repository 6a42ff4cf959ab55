"""The runs that the bench times: a chip on chunks encoded beforehand, and a chip fed by the host from stored images."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence

import numpy as np

from chipsim import Chip, ChipSpec, Probe, Result, Snapshot
from host.bench.workload import Workload
from host.data import Encoder
from host.training import CHUNK, Chunk, TrainingBatches, evaluate, spans

SEED = 1  # of the die, of the encoder and of the order of the samples


def encoded(workload: Workload) -> list[Chunk]:
    """All of the workload's samples once, as the host sends them, every chunk in a buffer of its own."""
    n = len(workload.samples)
    cuts = spans(0, n, workload.chunk, n)
    return list(_batches(workload, max(len(cuts), TrainingBatches.BUFFERS)).chunks(cuts))


class Bench:
    """A programmed chip that can always go back to the weights it began with, and the host that feeds it."""

    def __init__(self, workload: Workload, spec: ChipSpec, threads: int) -> None:
        self.workload = workload
        self.threads = threads
        self.chip = Chip(spec, SEED, threads)
        self.chip.program(workload.teacher.normalised())
        self._start = self.chip.snapshot()
        self._batches = _batches(workload, TrainingBatches.BUFFERS)
        self._encoder = _encoder(workload, CHUNK, 1)

    def restore(self) -> None:
        self.chip.restore(self._start)

    def settle(self, chunks: Iterable[Chunk]) -> None:
        """Learn from these, as a run does, and begin there from now on: the first windows ask for the most writes."""
        self.run(chunks, learns=True)
        self._start = self.chip.snapshot()

    def run(self, chunks: Iterable[Chunk], learns: bool, probes: tuple[Probe, ...] = ()) -> list[Result]:
        """Show chunks, one after the other, and wait for the last."""
        show = self._learn if learns else self._infer
        results = [show(chunk, probes) for chunk in chunks]
        _ = results[-1].counts
        return results

    def _learn(self, chunk: Chunk, probes: tuple[Probe, ...]) -> Result:
        rates = np.full(len(chunk.windows), self.workload.learning_rate, np.float32)
        return self.chip.learn(chunk.events, chunk.windows, chunk.targets, rates, probes)

    def _infer(self, chunk: Chunk, probes: tuple[Probe, ...]) -> Result:
        return self.chip.infer(chunk.events, chunk.windows, probes)

    def evaluate(self) -> None:
        """Show all samples as a run's evaluation does."""
        evaluate(self.chip, self.workload.samples, self._encoder)

    def follow(self, presentations: int) -> int | None:
        """Learn so many samples as a run does, from stored images. Returns the largest resident set seen, in bytes."""
        cuts = spans(0, presentations, self.workload.chunk, len(self.workload.samples))
        peak: int | None = None
        for chunk in self._batches.chunks(cuts):
            result = self._learn(chunk, ())
            now = resident_bytes()
            peak = now if peak is None or now is None else max(peak, now)
        _ = result.counts  # the chip was still learning
        return peak


def digest(runs: Sequence[tuple[Chip, list[Result]]]) -> str:
    """Sixteen hex digits over every count, every output membrane and everything that the chips now remember."""
    state = hashlib.sha256()
    for chip, results in runs:
        for result in results:
            for outputs in (*result.counts, result.membrane):
                state.update(outputs.tobytes())
        state.update(digest_of(chip.snapshot()).encode())
    return state.hexdigest()[:16]


def digest_of(snapshot: Snapshot) -> str:
    """Sixteen hex digits over everything that a chip remembers."""
    state = hashlib.sha256()
    for name, stored in sorted(snapshot.items()):
        state.update(name.encode() + stored.tobytes())
    return state.hexdigest()[:16]


def _batches(workload: Workload, buffers: int) -> TrainingBatches:
    encoder = _encoder(workload, workload.chunk, buffers)
    return TrainingBatches(workload.samples, workload.teacher, encoder, workload.output_target, SEED)


def _encoder(workload: Workload, chunk: int, buffers: int) -> Encoder:
    return Encoder(workload.encoding, workload.spec.layer_sizes[0], workload.spec.steps, chunk, SEED, buffers)


def resident_bytes() -> int | None:
    """The process's resident set in bytes; None without /proc.

    The system's own high-water mark would not do for the growth of a run: what came before may have been higher.
    """
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None
