"""A chip in this process that counts what its commands and answers would be on a wire: every frame, to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from itertools import accumulate
from time import monotonic_ns

import numpy as np
from numpy.typing import NDArray

from chipsim import AdcSpec, Chip, Events, Readings, Result, Snapshot, Targets, Weights
from chipsim.execution import AnyProbe, Awaited, answers_of
from chipsim.wire import (
    Ack,
    Age,
    Infer,
    Learn,
    Limits,
    Message,
    Program,
    ReadBack,
    ReadCounts,
    ReadWeights,
    Restore,
    configure,
    frame_bytes,
    name_of,
)
from chipsim.wire import Snapshot as AskSnapshot
from chipsim.wire.messages import replies, requests
from chipsim.wire.packing import measured_traces
from host.link.timeline import Timeline
from host.link.traffic.counts_on_request import CountsOnRequest
from host.link.traffic.traffic import Direction, Traffic

_LIMITS = Limits()  # of a server that sets no lower ones: they decide how chunks are cut into frames
_ANY = 1  # a request's number takes as many bytes as any other


class CountedChip:
    """As the `chipsim.Chip` inside. Chunks are measured, not packed; nothing is copied or sent."""

    def __init__(self, chip: Chip, traffic: Traffic, timeline: Timeline) -> None:
        """traffic: gets what would cross; timeline: gets when the chip worked."""
        self.spec = chip.spec
        self.die_seed = chip.die_seed
        self._chip = chip
        self._traffic = traffic
        self._timeline = timeline
        self._free_ns = 0  # since when the chip has had nothing to do
        self._count("down", [configure(chip.spec, chip.die_seed)])
        self._count("up", [Ack()])

    def program(self, weights: Weights) -> None:
        self._chip.program(weights)
        self._count_in_parts(requests.program(weights, _LIMITS))

    def infer(self, events: Events, windows: NDArray[np.int64], probes: Sequence[AnyProbe] = ()) -> Result:
        with self._timeline.span("chip", "infer"):
            result = self._chip.infer(events, windows, probes)
        sent = requests.infer(self.spec, events, windows, probes, _LIMITS, requests.MEASURED)
        parts = _parts(result, self._count_run(sent))
        for part in parts:
            self._count("up", [replies.inferred(part), *replies.signals(part, requests.watches(probes))])
        return _CountedResult(result, parts, self._count, result.classes)

    def read_back(self, events: Events, windows: NDArray[np.int64], adc: AdcSpec) -> tuple[Result, Readings]:
        with self._timeline.span("chip", "infer"):
            result, read = self._chip.read_back(events, windows, adc)
        sent = requests.read_back(self.spec, events, windows, adc, _LIMITS, requests.MEASURED)
        parts = _parts(result, self._count_run(sent))
        for part in parts:
            traces = measured_traces(self.spec, len(part.membrane), adc.bits)
            self._count("up", [replies.inferred(part), *replies.traces(traces)])
        return _CountedResult(result, parts, self._count, result.classes), read

    def learn(
        self,
        events: Events,
        windows: NDArray[np.int64],
        targets: Targets,
        rates: NDArray[np.float32],
        probes: Sequence[AnyProbe] = (),
        broadcast: NDArray[np.float32] | None = None,
    ) -> Result:
        called = monotonic_ns()
        result = self._chip.learn(events, windows, targets, rates, probes, broadcast)
        sent = requests.learn(self.spec, events, windows, targets, rates, probes, _LIMITS, requests.MEASURED, broadcast)
        sizes = self._count_run(sent)

        def finish() -> Result:
            parts = _parts(result, sizes)  # waits
            self._learned(called, monotonic_ns())
            for part in parts:
                self._count("up", [replies.learned(part), *replies.signals(part, requests.watches(probes))])
            return _CountedResult(result, parts, self._count)

        return Awaited(finish)

    def age(self, seconds: float) -> None:
        self._chip.age(seconds)
        self._count("down", [Age(float(seconds))])
        self._count("up", [Ack()])

    def weights(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        weights = self._chip.weights()
        self._count("down", [ReadWeights()])
        self._count("up", replies.weights(weights))
        return weights

    def snapshot(self) -> Snapshot:
        snapshot = self._chip.snapshot()
        self._count("down", [AskSnapshot()])
        self._count("up", replies.state(snapshot))
        return snapshot

    def restore(self, snapshot: Mapping[str, NDArray[np.generic]]) -> None:
        self._chip.restore(snapshot)
        self._count_in_parts(requests.restore(snapshot, _LIMITS))

    def _count(self, direction: Direction, messages: Iterable[Message]) -> None:
        for message in messages:
            self._traffic.add(direction, name_of(message.KIND), frame_bytes(message))

    def _count_in_parts(self, messages: Sequence[Program | Restore]) -> None:
        """A long command, each part of which is acknowledged."""
        self._count("down", messages)
        self._count("up", [Ack()] * len(messages))

    def _count_run(self, messages: Iterable[Infer | Learn | ReadBack]) -> list[int]:
        """Count the frames of a chunk; returns how many windows each has."""
        sizes: list[int] = []
        for message in messages:
            self._count("down", [message])
            self._traffic.windows[name_of(message.KIND)] += len(message.windows)
            sizes.append(len(message.windows))
        return sizes

    def _learned(self, called_ns: int, ended_ns: int) -> None:
        """Write down when the chip learned a chunk: it takes one after the other."""
        self._timeline.add("chip", "learn", max(called_ns, self._free_ns), ended_ns)
        self._free_ns = ended_ns


def _parts(result: Result, sizes: Sequence[int]) -> list[Result]:
    """A result in parts of so many windows each."""
    stops = list(accumulate(sizes))
    return [_part(result, slice(stop - size, stop)) for size, stop in zip(sizes, stops, strict=True)]


def _part(result: Result, here: slice) -> Result:
    """Some windows of a result, with the tallies of all."""
    return Result(
        counts=[counts[here] for counts in result.counts],
        membrane=result.membrane[here],
        activity=result.activity,
        work=result.work,
        probed_membranes=result.probed_membranes,
        signals={layer: seen.of_windows(lambda array: array[here]) for layer, seen in result.signals.items()},
        spikes={layer: spikes[here] for layer, spikes in result.spikes.items()},
        outputs_fire=result.outputs_fire,
        window_counts=[counts[here] for counts in result.window_counts],
    )


class _CountedResult(Result):
    """A result whose counts and membranes are counted when somebody looks at them."""

    _whole: Result
    _parts: list[Result]
    _count: Callable[[Direction, Iterable[Message]], None]

    def __init__(
        self,
        result: Result,
        parts: list[Result],
        count: Callable[[Direction, Iterable[Message]], None],
        classes: NDArray[np.int64] | None = None,
    ) -> None:
        """classes: if the chip has told them already."""
        held = {name: getattr(result, name) for name in Result.__dataclass_fields__ if name != "membrane"}
        self.__dict__.update(held, _whole=result, _parts=parts, _count=count)
        self.__dict__["counts"] = CountsOnRequest(len(result.counts), partial(self._read_counts, result.counts))
        if result.window_counts:
            of_windows = result.window_counts
            self.__dict__["window_counts"] = CountsOnRequest(len(of_windows), partial(self._read_counts, of_windows))
        if classes is not None:
            self.__dict__["classes"] = classes

    def _ask(self, layers: Sequence[int], membranes: bool) -> None:
        for part in self._parts:
            self._count("down", [ReadCounts(_ANY, tuple(layers), membranes)])
            self._count("up", replies.counts(part, layers, membranes))

    def _read_counts(self, counts: Sequence[NDArray[np.float32]], layers: list[int]) -> list[NDArray[np.float32]]:
        self._ask(layers, False)
        return [counts[layer - 1] for layer in layers]

    @cached_property
    def membrane(self) -> NDArray[np.float32]:
        self._ask((), True)
        return self._whole.membrane

    @cached_property
    def classes(self) -> NDArray[np.int64]:
        return answers_of(self.counts[-1], self.membrane, self.outputs_fire).classes
