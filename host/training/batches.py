"""The host's side of learning: prepares the next chunk's spikes and targets while the chip learns the last."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim import Events, Targets
from host.data import Augmentation, Encoder, Samples
from host.link import Timeline
from host.settings import OutputTarget
from host.teachers import Teacher
from nonideality import stream

_IN_FLIGHT = 2  # chunks being prepared or waiting; the chip works on one or two more


@dataclass(frozen=True)
class Chunk:
    """What is sent down for S presentations."""

    events: Events
    windows: NDArray[np.int64]  # (S,) numbers of the presentations since the first
    targets: Targets

    @property
    def stop(self) -> int:
        """Presentations that are done when these are."""
        return int(self.windows[-1]) + 1


class TrainingBatches:
    """The training samples in the order in which the chip sees them; an order of its own for every epoch."""

    def __init__(
        self,
        samples: Samples,
        teacher: Teacher,
        encoder: Encoder,
        output_target: OutputTarget,
        seed: int,
        timeline: Timeline | None = None,
        follows_targets: bool = True,
        augmentation: Augmentation = Augmentation(),  # noqa: B008  # frozen
    ) -> None:
        """encoder: with at least `BUFFERS` buffers of the largest chunk; timeline: gets when the host was busy.

        follows_targets: whether the chip's learning rule follows any; else none is computed.
        """
        self._follows_targets = follows_targets
        self._augmentation = augmentation
        self._samples = samples
        self.teacher = teacher
        self._encoder = encoder
        self._output_target = output_target
        self._seed = seed
        self._timeline = timeline or Timeline()
        self._epoch: tuple[int, NDArray[np.int64]] = (-1, np.zeros(0, np.int64))

    BUFFERS = _IN_FLIGHT + 2

    def chunks(self, spans: list[tuple[int, int]]) -> Iterator[Chunk]:
        """Chunks for spans (start, stop) of presentations, each prepared in the background before it is asked for."""
        pending: list[Future[Chunk]] = []
        with ThreadPoolExecutor(1, "host") as host:
            try:
                for span in spans:
                    pending.append(host.submit(self._prepare, *span))
                    if len(pending) == _IN_FLIGHT:
                        yield pending.pop(0).result()
                while pending:
                    yield pending.pop(0).result()
            finally:
                for future in pending:
                    future.cancel()

    def _prepare(self, start: int, stop: int) -> Chunk:
        windows = np.arange(start, stop, dtype=np.int64)
        index = self._order(start // len(self._samples))[windows % len(self._samples)]
        with self._timeline.span("host", "encode"):
            values = self._augmentation.values(self._samples, index, windows)
            events = self._encoder.encode(values, windows)
        with self._timeline.span("host", "targets"):
            targets: Targets = [None] * len(self.teacher.network.shapes)
            if self._follows_targets:
                targets = self.teacher.targets(values, self._samples.labels[index], self._output_target)
        return Chunk(events, windows, targets)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if self._epoch[0] != epoch:
            order = stream("training order", self._seed, epoch).permutation(len(self._samples))
            self._epoch = (epoch, order)
        return self._epoch[1]


def spans(start: int, stop: int, chunk: int, epoch: int) -> list[tuple[int, int]]:
    """Split presentations start .. stop - 1 into chunks that do not cross an epoch's end."""
    cuts = []
    while start < stop:
        end = min(stop, start + chunk, (start // epoch + 1) * epoch)
        cuts.append((start, end))
        start = end
    return cuts
