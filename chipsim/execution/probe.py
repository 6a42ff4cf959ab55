"""Probes: which neurons and synapses are watched while a chip runs, and room for what they show.

Watching never changes a run: the kernels only copy what they have computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipError, ChipSpec, rule_of
from chipsim.kernel import shown_fields
from chipsim.layout import ProbeTables
from chipsim.neurons import neuron_of
from learning_circuit import Field


@dataclass(frozen=True)
class Probe:
    """Which neurons of a layer (1-based, as in a noise's ``layer=``) to watch, and which of their input rows."""

    layer: int
    neurons: tuple[int, ...]
    rows: tuple[int, ...] = ()  # 0 to n_in - 1, and n_in for the bias


@dataclass(frozen=True)
class SpikeProbe:
    """Which neurons of a layer to watch for their spikes alone: a chip keeps those anyway, and runs as unwatched."""

    layer: int
    neurons: tuple[int, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        return ()


AnyProbe = Probe | SpikeProbe


def check_probes(probes: Sequence[AnyProbe], spec: ChipSpec) -> None:
    """Raises ChipError if a layer, a neuron or a row is not there, or a layer is named twice."""
    if len({probe.layer for probe in probes}) < len(probes):
        raise ChipError("a layer is probed twice: name all its neurons in one Probe")
    for probe in probes:
        if not 1 <= probe.layer <= spec.n_layers:
            raise ChipError(f"there is no layer {probe.layer} to probe: choose 1 to {spec.n_layers}")
        shape = spec.shapes[probe.layer - 1]
        n_in, n_out = shape.rows, shape.n_out
        if not all(0 <= neuron < n_out for neuron in probe.neurons):
            raise ChipError(f"layer {probe.layer} has neurons 0 to {n_out - 1}; probe some of those")
        if not all(0 <= row <= n_in for row in probe.rows):
            raise ChipError(
                f"layer {probe.layer} has input rows 0 to {n_in - 1}, and {n_in} for the bias; probe some of those"
            )
        if probe.rows and len({neuron // shape.columns for neuron in probe.neurons}) > 1:
            raise ChipError(
                f"neurons of layer {probe.layer} at several positions see different inputs on a row: probe rows for"
                f" neurons of one position, such as 0 to {shape.columns - 1}"
            )


class ProbeSignals(Mapping[str, NDArray[Any]]):
    """What is watched of k neurons of a layer, step by step, and of the synapses between them and r of its input rows.

    Each signal has a name and can be asked for as an attribute, too: neurons (k,) and rows (r,), the numbers of both,
    n_in for the bias; input (S, T, r), what the rows carry, 1 for a spike or a bias, an amplitude, or 0; the state of
    the neurons, (S, T, k) each, in the order of the hardware: current, noise, membrane, kept, count and, where the chip
    learns, target_count, error, boxcar, pulse, besides what fields other neurons and learning rules declare; weight,
    code and residue (S, T, k, r) of the synapses after the step's writes. Signals of a circuit that does not take part
    are empty (S = 0).
    """

    def __init__(self, signals: Mapping[str, NDArray[Any]]) -> None:
        self.__dict__.update(signals)

    def __getitem__(self, name: str) -> NDArray[Any]:
        signal: NDArray[Any] = self.__dict__[name]
        return signal

    def __getattr__(self, name: str) -> NDArray[Any]:
        raise AttributeError(f"no signal {name!r} was probed: choose from {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __len__(self) -> int:
        return len(self.__dict__)

    def of_windows(self, cut: Callable[[NDArray[Any]], NDArray[Any]]) -> ProbeSignals:
        """These signals, those that have an axis of windows cut."""
        return ProbeSignals({name: self[name] if name in _NUMBERS else cut(self[name]) for name in self})


_NUMBERS = ("neurons", "rows")
_OF_SYNAPSES = ("weight", "code", "residue")


def signal_names(spec: ChipSpec, layer: int) -> tuple[str, ...]:
    """All that a probe of a layer, from 1, shows, by name: what its neurons and its learning rule declare included."""
    is_readout = layer == spec.n_layers and spec.neuron.readout != "spiking"
    rule = rule_of(spec.learning_circuit)
    shown = shown_fields(neuron_of(spec.neuron, is_readout), rule, len(rule.rows(spec.learning_circuit)))
    return (*_NUMBERS, "input", *(field.name for field in shown), *_OF_SYNAPSES)


def in_a_row(signals: Sequence[Mapping[str, NDArray[Any]]]) -> ProbeSignals:
    """Those of chunks that followed each other."""
    return ProbeSignals(
        {
            name: signals[0][name] if name in _NUMBERS else np.concatenate([each[name] for each in signals])
            for name in signals[0]
        }
    )


def room_for(probe: Probe, shown: int, n_windows: int, steps: int, learns: bool, coded: bool) -> ProbeTables:
    """Signals of a probe, still to be filled by a kernel. shown: fields; learns, coded: which synapses are shown."""
    n_neurons, n_rows = len(probe.neurons), len(probe.rows)
    learned = n_windows if learns else 0

    def per_synapse(windows: int, dtype: Any) -> NDArray[Any]:
        return np.zeros((windows, steps, n_neurons, n_rows), dtype)

    return ProbeTables(
        neurons=np.array(probe.neurons, np.int64),
        rows=np.array(probe.rows, np.int64),
        input=np.zeros((n_windows, steps, n_rows), np.float32),
        shown=np.zeros((n_windows, steps, shown, n_neurons), np.float32),
        weight=per_synapse(learned, np.float32),
        code=per_synapse(learned if coded else 0, np.int16),
        residue=per_synapse(learned if coded else 0, np.int16),
    )


def signals_of(probed: ProbeTables, shown: Sequence[Field], learned: Sequence[str]) -> ProbeSignals:
    """As people look at them. shown: the fields; learned: those that are empty where a chip only infers."""
    signals = {"neurons": probed.neurons, "rows": probed.rows, "input": probed.input}
    rests = len(probed.weight) == 0
    for number, field in enumerate(shown):
        values = probed.shown[:, :, number].astype(field.dtype)
        signals[field.name] = values[:0] if rests and field.name in learned else values
    return ProbeSignals(signals | {"weight": probed.weight, "code": probed.code, "residue": probed.residue})


def nothing_probed() -> ProbeTables:
    """Signals of no neuron: a kernel that gets them watches nothing."""
    return room_for(Probe(1, ()), 0, 0, 0, False, False)
