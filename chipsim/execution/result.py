"""What comes back from the chip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import Adc, short_repr
from chipsim.execution.answers import answers_of
from chipsim.execution.probe import ProbeSignals, in_a_row
from chipsim.layout import Events


@dataclass(frozen=True)
class Result:
    """What comes back from the chip for a chunk of S windows, or of S sequences of L windows each."""

    __repr__ = short_repr

    # Per layer (S, n_out), spikes in the window; of a sequence see `chipsim.execution.of_sequences`.
    counts: list[NDArray[np.float32]]
    membrane: NDArray[np.float32]  # (S, n_classes), output membranes at the end of the window, in thresholds
    activity: dict[str, NDArray[np.int64]]  # what the chip did, per CHIP_EVENTS name (n_layers,)
    work: dict[str, NDArray[np.int64]]  # what the simulator did for it, per WORK name (n_layers,)
    signals: dict[int, ProbeSignals] = field(default_factory=dict)  # layer -> all that a Probe watched
    probed_membranes: dict[int, NDArray[np.float32]] = field(
        default_factory=dict
    )  # probed layer -> (S, T, k) membranes
    # Of probed layers of either kind, (S, T, k); an integrating readout has none.
    spikes: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    outputs_fire: bool = True  # else counts of the last layer are the scores of a readout
    # Of sequences per layer (S, L, n_out), spikes in each window, 0 after the sequence's last.
    window_counts: list[NDArray[np.float32]] = field(default_factory=list)

    @property
    def classes(self) -> NDArray[np.int64]:
        """(S,) the chip's answers, ABSTAINED where it has none: see `answers_of`."""
        return answers_of(self.counts[-1], self.membrane, self.outputs_fire).classes


class Awaited(Result):
    """A result on its way: looking at any part of it waits for all of it."""

    _finish: Callable[[], Result]

    def __init__(self, finish: Callable[[], Result]) -> None:
        """finish: gives the result when it is there; called once."""
        self.__dict__["_finish"] = finish

    def wait(self) -> Result:
        """The result itself."""
        if "_result" not in self.__dict__:
            self.__dict__["_result"] = self._finish()
            del self.__dict__["_finish"]  # and all that it holds
        result: Result = self.__dict__["_result"]
        return result

    @property
    def classes(self) -> NDArray[np.int64]:
        return self.wait().classes

    def __getattr__(self, name: str) -> Any:
        if name not in Result.__dataclass_fields__:
            raise AttributeError(name)
        return getattr(self.wait(), name)


@dataclass(frozen=True)
class Readings:
    """What a host reads of every neuron at every step of S windows. n: a layer's columns up to whole vectors."""

    __repr__ = short_repr

    codes: list[NDArray[np.uint8]]  # per layer (S, T, n), membranes as the comparator sees them, see chipsim.design.adc
    adcs: list[Adc]  # per layer, what the codes mean
    spikes: list[Events]  # per hidden layer, in the form of an input
    spike_bits: list[NDArray[np.uint16]]  # per layer, the same as bits, see chipsim.layout.spike_bits


def concatenated(results: Sequence[Result]) -> Result:
    """One result of chunks that followed each other, all with the same probes."""
    first = results[0]
    if len(results) == 1:
        return first
    return Result(
        counts=[np.concatenate(counts) for counts in zip(*(result.counts for result in results), strict=True)],
        membrane=np.concatenate([result.membrane for result in results]),
        activity={name: np.sum([result.activity[name] for result in results], axis=0) for name in first.activity},
        work={name: np.sum([result.work[name] for result in results], axis=0) for name in first.work},
        signals={layer: in_a_row([result.signals[layer] for result in results]) for layer in first.signals},
        probed_membranes={
            layer: np.concatenate([result.probed_membranes[layer] for result in results])
            for layer in first.probed_membranes
        },
        spikes={layer: np.concatenate([result.spikes[layer] for result in results]) for layer in first.spikes},
        outputs_fire=first.outputs_fire,
        window_counts=[
            np.concatenate(counts) for counts in zip(*(result.window_counts for result in results), strict=True)
        ],
    )
