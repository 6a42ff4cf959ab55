"""Probes: which neurons and synapses are watched while a chip runs, and room for what they show.

Watching never changes a run: the kernels only copy what they have computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipError, ChipSpec
from chipsim.layout import ProbeSignals


@dataclass(frozen=True)
class Probe:
    """Which neurons of a layer (1-based, as in a noise's ``layer=``) to watch, and which of their input rows."""

    layer: int
    neurons: tuple[int, ...]
    rows: tuple[int, ...] = ()  # 0 to n_in - 1, and n_in for the bias


def check_probes(probes: Sequence[Probe], spec: ChipSpec) -> None:
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


def room_for(probe: Probe, n_windows: int, steps: int, learns: bool, coded: bool) -> ProbeSignals:
    """Signals of a probe, still to be filled by a kernel. learns, coded: whether there are such signals at all."""
    n_neurons, n_rows = len(probe.neurons), len(probe.rows)
    learned = n_windows if learns else 0

    def per_neuron(windows: int, dtype: Any = np.float32) -> NDArray[Any]:
        return np.zeros((windows, steps, n_neurons), dtype)

    def per_synapse(windows: int, dtype: Any) -> NDArray[Any]:
        return np.zeros((windows, steps, n_neurons, n_rows), dtype)

    return ProbeSignals(
        neurons=np.array(probe.neurons, np.int64),
        rows=np.array(probe.rows, np.int64),
        input=np.zeros((n_windows, steps, n_rows), np.float32),
        current=per_neuron(n_windows),
        noise=per_neuron(n_windows),
        membrane=per_neuron(n_windows),
        kept=per_neuron(n_windows),
        count=per_neuron(n_windows),
        target_count=per_neuron(learned),
        error=per_neuron(learned),
        boxcar=per_neuron(learned, np.uint8),
        pulse=per_neuron(learned),
        weight=per_synapse(learned, np.float32),
        code=per_synapse(learned if coded else 0, np.int16),
        residue=per_synapse(learned if coded else 0, np.int16),
    )


def nothing_probed() -> ProbeSignals:
    """Signals of no neuron: a kernel that gets them watches nothing."""
    return room_for(Probe(1, ()), 0, 0, False, False)
