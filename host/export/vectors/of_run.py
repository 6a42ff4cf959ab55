"""Vectors of a run: its die learns its first samples once more, and chosen neurons are watched meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, Events, Probe, Result, Targets
from chipsim.die import fabricate
from host.errors import ExportError
from host.export.parameters import Layer, Parameters
from host.export.vectors.program import (
    COUNT,
    COUNTERS,
    EVERYTHING,
    LFSR,
    STEP_WORD,
    TARGET,
    TARGET_COUNT,
    StepInput,
    VectorProgram,
)
from host.export.vectors.twin import TwinColumn, lfsr_start
from host.methods import find
from host.run import RunListener
from host.training import Setup

Every = Literal["step", "window", "end"]
_LEARNED = ("count", "target_count", "increment", "open")


class ArrayOfRun:
    """Some columns of a layer as they are in a run, and the vectors that come of it."""

    def __init__(self, parameters: Parameters, layer: Layer, neurons: Sequence[int], stuck: NDArray[Any]) -> None:
        """stuck: (rows + 1, columns of the layer), not 0 where a synapse is; the model has no register there."""
        self.neurons = tuple(neurons)
        self.program = VectorProgram(parameters, replace(layer, columns=len(neurons)))
        self.open_steps = 0
        self._stuck = stuck[:, list(neurons)] != 0
        self._words: list[int] = []
        self._targets: list[int] = []

    def begin(self, codes: NDArray[Any], residues: NDArray[Any]) -> None:
        """Load what the die begins with. Both (rows + 1, columns of the layer)."""
        program, layer = self.program, self.program.layer
        program.case(f"layer {layer.number}, neurons {', '.join(map(str, self.neurons))}")
        program.reset()
        for row in range(layer.rows + 1):
            program.load(row, [(int(codes[row, n]), int(residues[row, n])) for n in self.neurons])
        if program.parameters.circuit.dither_bits:
            for place, number in enumerate(self.neurons):
                program.write(LFSR, place, lfsr_start(program.parameters.circuit, layer.number, number))

    def learn(self, shown: Mapping[str, NDArray[Any]], every: Every) -> None:
        """Windows that the chip has learned from. shown: by a probe of these neurons and all rows.

        Raises AssertionError where the chip has done something else than the circuit in plain integers.
        """
        for window in range(len(shown["count"])):
            self._window({name: shown[name][window] for name in (*_SIGNALS, "input", "code", "residue")}, every)

    def _window(self, shown: Mapping[str, NDArray[Any]], every: Every) -> None:
        program, circuit = self.program, self.program.parameters.circuit
        words = [int(word) for word in shown["step_word"][: circuit.step_words, 0]]
        self._set(STEP_WORD, self._words, words)
        self._words = words
        targets = [int(word) for word in shown["target_word"][0]]
        self._set(TARGET, self._targets, targets)
        self._targets = targets
        program.window(learn=True)
        for step in range(circuit.steps):
            self._step({name: each[step] for name, each in shown.items()}, every, step == circuit.steps - 1)
        if every == "window":
            program.dump()

    def _set(self, region: int, before: Sequence[int], now: Sequence[int]) -> None:
        for place, word in enumerate(now):
            if place >= len(before) or before[place] != word:
                self.program.write(region, place, word)

    def _step(self, shown: Mapping[str, NDArray[Any]], every: Every, last: bool) -> None:
        rows = [int(row) for row in np.flatnonzero(shown["input"][:-1])]
        inside = [bool(each) for each in shown["boxcar"]]
        # Which of both comparators says no the boxcar does not tell; each of them does in turn.
        above = [yes or row % 2 == 0 for row, yes in enumerate(inside)]
        below = [yes or row % 2 == 1 for row, yes in enumerate(inside)]
        looks = EVERYTHING if every == "step" else (COUNTERS if every == "window" and last else 0)
        self.program.step(StepInput(rows, _bits(shown["spike"]), _bits(above), _bits(below)), looks)
        for place, column in enumerate(self.program.columns):
            self._compare(column, {name: each[place] for name, each in shown.items() if name in _SIGNALS})
            if column.open or last:  # what moves while a column is closed shows at the window's end
                self._compare_synapses(column, shown["code"][place], shown["residue"][place])

    def _compare_synapses(self, column: TwinColumn, codes: NDArray[Any], residues: NDArray[Any]) -> None:
        wrong = (codes != column.codes) | (residues != column.residues)
        wrong &= ~self._stuck[:, column.number]
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise AssertionError(
                f"{self._place(column)}, row {row}: the chip has code {codes[row]} and residue {residues[row]}, the"
                f" circuit {column.codes[row]} and {column.residues[row]}"
            )

    def _compare(self, column: TwinColumn, shown: Mapping[str, Any]) -> None:
        circuit = self.program.parameters.circuit
        mine = {
            "count": column.count,
            "target_count": column.target_count / 2**circuit.fraction_bits,
            "increment": column.increment,
            "open": column.open,
        }
        if circuit.dither_bits:
            mine["dither"] = column.lfsr % 2**circuit.dither_bits
        self.open_steps += column.open
        for name, value in mine.items():
            if float(shown[name]) != float(value):
                raise AssertionError(f"{self._place(column)}: the chip has {name} {shown[name]}, the circuit {value}")

    def _place(self, column: TwinColumn) -> str:
        """In words."""
        return (
            f"layer {self.program.layer.number}, neuron {self.neurons[column.number]}, window {self.program.windows},"
            f" step {self.program.step_number}"
        )

    def end(self) -> VectorProgram:
        """All synapses and counters are compared."""
        self.program.dump()
        self.program.read(COUNT, 0, len(self.neurons))
        self.program.read(TARGET_COUNT, 0, len(self.neurons))
        self.program.end()
        return self.program


_SIGNALS = ("count", "target_count", "boxcar", "spike", "target_word", "step_word", "dither", "increment", "open")


def _bits(values: Sequence[Any] | NDArray[Any]) -> int:
    return sum(1 << place for place, value in enumerate(values) if value)


class _Watched:
    """A chip of which some neurons are watched while it learns."""

    def __init__(self, chip: Chip, arrays: Sequence[ArrayOfRun], every: Every) -> None:
        self._chip = chip
        self._arrays = arrays
        self._every = every
        layers = [array.program.layer for array in arrays]
        self._probes = [
            Probe(layer.number, array.neurons, tuple(range(layer.rows + 1)))
            for array, layer in zip(arrays, layers, strict=True)
        ]

    def learn(self, events: Events, windows: NDArray[np.int64], targets: Targets, rates: NDArray[np.float32]) -> Result:
        result = self._chip.learn(events, windows, targets, rates, self._probes)
        for array, probe in zip(self._arrays, self._probes, strict=True):
            signals = result.signals[probe.layer]
            shown = {name: signals[name] for name in signals} | {"spike": result.spikes[probe.layer]}
            array.learn(shown, self._every)
        return result


def vectors_of(
    setup: Setup,
    parameters: Parameters,
    neurons: Sequence[tuple[int, int]],
    samples: int,
    every: Every,
    threads: int,
    listener: RunListener,
) -> list[ArrayOfRun]:
    """Of each layer that is named, what its neurons do while the run's die learns its first samples.

    neurons: (layer, neuron), layers from 1. Raises ExportError for what is not there, ChipError.
    """
    check_asked(setup, parameters, neurons, samples)
    fabricated = fabricate(setup.design, setup.spec.die)
    arrays = [
        ArrayOfRun(parameters, layer, chosen, fabricated[layer.number - 1].stuck)
        for layer in parameters.layers
        if (chosen := [neuron for number, neuron in neurons if number == layer.number])
    ]
    chip = setup.chip(setup.design, setup.start_weights(), threads)
    chip.age(setup.spec.training.rest_before_s)
    before = chip.snapshot()
    for array in arrays:
        stored = f"layer{array.program.layer.number}"
        array.begin(before[f"{stored}.code"], before[f"{stored}.residue"])
    listener.stage("learning on chip")
    watched = cast(Chip, _Watched(chip, arrays, every))
    find(setup.spec.training.method).learn_first(
        setup, watched, samples, lambda done: listener.learning(done, samples, None)
    )
    for array in arrays:
        array.end()
    return arrays


def check_asked(setup: Setup, parameters: Parameters, neurons: Sequence[tuple[int, int]], samples: int) -> None:
    """Raises ExportError if a run has no such neurons or samples, or does not learn on chip."""
    method = setup.spec.training.method
    if not find(method).learns_on_chip:
        raise ExportError(
            f"training.method {method!r} learns on the host, not in these circuits: export an on-chip run"
        )
    for layer, neuron in neurons:
        if not 1 <= layer <= len(parameters.layers):
            raise ExportError(
                f"neuron {layer}:{neuron}: there is no layer {layer}; choose 1 to {len(parameters.layers)}"
            )
        columns = parameters.layers[layer - 1].columns
        if not 0 <= neuron < columns:
            raise ExportError(
                f"neuron {layer}:{neuron}: layer {layer} has neurons 0 to {columns - 1}; choose some of those"
            )
    if len(set(neurons)) < len(neurons):
        twice = next(place for place in neurons if list(neurons).count(place) > 1)
        raise ExportError(f"neuron {twice[0]}:{twice[1]} is named twice: name it once")
    if samples > setup.presentations:
        raise ExportError(
            f"--samples {samples} is more than this run learns from: choose at most {setup.presentations}"
        )
