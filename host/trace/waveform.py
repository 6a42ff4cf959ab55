"""A trace on the hardware's time axis: when each signal takes which value. In thresholds; see `units` for others.

A step has six cycles, one per stage. Layer l is l - 1 steps behind the input, so a sample takes T + L - 1 steps; the
next one starts when the last layer is done. A membrane that fired is reset when the next step begins, because the
learning circuit still needs it: the boxcar compares it before reset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from host.trace.probe_run import NeuronWaveform, OwnSignal, Waveform

STAGES = ("deliver", "integrate", "compare", "count", "gate", "write")
_DELIVER, _INTEGRATE, _COMPARE, _COUNT, _GATE, _WRITE = STAGES
Kind = Literal["wire", "integer", "real"]


@dataclass(frozen=True)
class Wave:
    """One signal, as a register or a wire holds it."""

    scope: tuple[str, ...]
    name: str
    kind: Kind
    at: NDArray[np.int64]  # cycles since the trace began, ascending; the first is 0
    values: NDArray[Any]  # held from then on
    unit: str = ""  # as a neuron or a learning rule declares it for a field of its own


@dataclass(frozen=True)
class SignalTimeline:
    """Where a layer's steps lie. Layers count from 1, samples and steps from 0, times in cycles."""

    samples: int
    steps: int  # of a sample
    layers: int
    windows: int = 1  # of a sample: counters begin anew in each

    @classmethod
    def of(cls, waveform: Waveform, samples: int | None = None) -> SignalTimeline:
        """samples: so many of the first ones; None: all."""
        design = waveform.design
        n = len(waveform.samples) if samples is None else samples
        return cls(n, design.presentation_steps, design.n_layers, design.windows)

    @property
    def period(self) -> int:
        """Steps from one sample to the next."""
        return self.steps + self.layers - 1

    @property
    def cycles(self) -> int:
        """Of the whole trace."""
        return self.samples * self.period * len(STAGES)

    def begins(self, layer: int) -> NDArray[np.int64]:
        """(S,) when a layer's windows begin."""
        return (np.arange(self.samples) * self.period + layer - 1) * len(STAGES)

    def wave(
        self,
        scope: tuple[str, ...],
        name: str,
        layer: int,
        stages: Mapping[str, NDArray[Any]],
        start: Any = None,
        end: Any = None,
        kind: Kind = "real",
        anew: bool = False,
    ) -> Wave:
        """A signal that takes stages[name] (S, T) in that stage of each step.

        start: value before the first of them; None: what it held before, 0 at first. end: value when the window is
        over; None: what it holds; anew: it starts in every window of a sequence, else in the first.
        """
        begins = self.begins(layer)
        offsets = np.array([STAGES.index(stage) for stage in stages])
        within = len(STAGES) * np.arange(self.steps)[:, None] + offsets  # (T, stages)
        at = [np.zeros(1, np.int64), (begins[:, None, None] + within).ravel()]
        values = [np.array([0 if start is None else start]), np.stack(list(stages.values()), axis=-1).ravel()]
        order = [0.0, 2.0]
        if start is not None:
            n = self.windows if anew else 1
            starts = (begins[:, None] + np.arange(n) * (self.steps // self.windows * len(STAGES))).ravel()
            at, values, order = [*at, starts], [*values, np.full(len(starts), start)], [*order, 1.0]
        if end is not None:
            at = [*at, begins + self.steps * len(STAGES)]
            values, order = [*values, np.broadcast_to(end, self.samples)], [*order, 0.5]
        # Where two fall on the same cycle the later of end, start, stage counts.
        times = np.concatenate(at)
        ranks = np.repeat(order, [len(part) for part in at])
        chosen = np.lexsort((ranks, times))
        times, held = times[chosen], np.concatenate(values)[chosen]
        last = np.append(times[1:] != times[:-1], True)
        return Wave(scope, name, kind, times[last], held[last])


def waves(waveform: Waveform) -> list[Wave]:
    """Every signal of a trace: the chip's phases and steps, the layers' inputs, the neurons."""
    timeline = SignalTimeline.of(waveform)
    found = _clockwork(waveform, timeline)
    for layer in dict.fromkeys(neuron.layer for neuron in waveform.neurons):
        found += _layer_waves(waveform, timeline, layer)
    for neuron in waveform.neurons:
        found += neuron_waves(neuron, timeline)
    return found


def _clockwork(waveform: Waveform, timeline: SignalTimeline) -> list[Wave]:
    """Which sample, which of its steps, and a wire per stage."""
    n_steps = timeline.samples * timeline.period
    at = np.arange(n_steps) * len(STAGES)
    sample = np.repeat(np.array(waveform.samples), timeline.period)
    step = np.tile(np.arange(1, timeline.period + 1), timeline.samples)
    found = [Wave(("chip",), "sample", "integer", at, sample), Wave(("chip",), "step", "integer", at, step)]
    cycles = np.arange(timeline.cycles)
    for number, stage in enumerate(STAGES):
        is_on = (cycles % len(STAGES) == number).astype(np.int64)
        found.append(Wave(("chip", "phase"), stage, "wire", cycles, is_on))
    return found


def _layer_waves(waveform: Waveform, timeline: SignalTimeline, layer: int) -> list[Wave]:
    scope = ("chip", f"layer{layer}")
    shape = (timeline.samples, timeline.steps)
    window, step = np.divmod(np.arange(timeline.steps), timeline.steps // timeline.windows)
    own_step = np.broadcast_to(step + 1, shape)
    warm_up = waveform.design.learning_circuit.warm_up_steps
    found = [
        timeline.wave(scope, "window", layer, {_DELIVER: np.ones(shape, np.int64)}, end=0, kind="wire"),
        timeline.wave(scope, "step", layer, {_DELIVER: own_step}, end=0, kind="integer"),
    ]
    if timeline.windows > 1:
        number = np.broadcast_to(window + 1, shape)
        found.append(timeline.wave(scope, "window_of_sequence", layer, {_DELIVER: number}, end=0, kind="integer"))
    if waveform.learns:
        enabled = (own_step > warm_up).astype(np.int64)
        found.append(timeline.wave(scope, "update_enable", layer, {_DELIVER: enabled}, end=0, kind="wire"))
    neuron = next(neuron for neuron in waveform.neurons if neuron.layer == layer)
    constant_current = layer == 1 and waveform.spec.encoding == "current"
    for r, row in enumerate(neuron.rows[:-1]):
        seen = neuron.input[:, :, r]
        kind: Kind = "real" if constant_current else "wire"
        found.append(timeline.wave((*scope, "input"), f"row{row}", layer, {_DELIVER: seen}, end=0, kind=kind))
    return found


def neuron_waves(neuron: NeuronWaveform, timeline: SignalTimeline) -> list[Wave]:
    """The signals of one neuron, in the order of the path from column to synapse."""
    scope = ("chip", f"layer{neuron.layer}", f"neuron{neuron.neuron}")
    layer = neuron.layer
    at_rest = np.zeros_like(neuron.kept[:, :1])
    carried = np.concatenate([at_rest, neuron.kept[:, :-1]], axis=1)
    nothing = np.zeros_like(neuron.spike)
    exact: Kind = "real" if neuron.integrating else "integer"
    found = [
        timeline.wave(scope, "current", layer, {_DELIVER: neuron.current}, end=0),
        timeline.wave(scope, "noise", layer, {_INTEGRATE: neuron.noise}, start=0, end=0),
        timeline.wave(
            scope, "membrane", layer, {_DELIVER: carried, _INTEGRATE: neuron.membrane}, end=neuron.kept[:, -1]
        ),
        timeline.wave(scope, "spike", layer, {_DELIVER: nothing, _COMPARE: neuron.spike}, end=0, kind="wire"),
        timeline.wave(scope, "count", layer, {_COUNT: neuron.count}, start=0, kind=exact, anew=True),
    ]
    found += [_own_wave(scope, layer, signal, timeline) for signal in neuron.own if len(signal.values)]
    if len(neuron.pulse) == 0:
        return found + _resting_synapses(scope, neuron)
    if len(neuron.target_count):
        found.append(timeline.wave(scope, "target_count", layer, {_COUNT: neuron.target_count}, start=0, anew=True))
    if len(neuron.error):
        found += [
            timeline.wave(scope, "error", layer, {_GATE: neuron.error}, start=0, end=0),
            timeline.wave(scope, "boxcar", layer, {_GATE: neuron.boxcar}, start=0, end=0, kind="wire"),
        ]
    found += [
        timeline.wave(scope, "pulse", layer, {_DELIVER: np.zeros_like(neuron.pulse), _WRITE: neuron.pulse}, end=0),
    ]
    for name, values, before in _synapses(neuron):
        for r, row in enumerate(neuron.rows):
            wave = timeline.wave(scope, f"{name}_{neuron.row_name(row)}", layer, {_WRITE: values[:, :, r]})
            held = wave.values.copy()
            held[0] = before[r]
            found.append(Wave(scope, wave.name, "real" if name == "weight" else "integer", wave.at, held))
    return found


def _own_wave(scope: tuple[str, ...], layer: int, signal: OwnSignal, timeline: SignalTimeline) -> Wave:
    """A neuron's own state changes as it integrates, a learning rule's as it gates."""
    stage = _GATE if signal.of_rule else _INTEGRATE
    start = None if signal.field.lasts == "life" else signal.field.start
    wave = timeline.wave(
        scope, signal.field.name, layer, {stage: signal.values}, start=start, kind=signal.field.shown_as
    )
    return replace(wave, unit=signal.field.unit)


def _resting_synapses(scope: tuple[str, ...], neuron: NeuronWaveform) -> list[Wave]:
    """Weights that nothing moves."""
    at = np.zeros(1, np.int64)
    return [
        Wave(scope, f"weight_{neuron.row_name(row)}", "real", at, neuron.weight_before[r : r + 1])
        for r, row in enumerate(neuron.rows)
    ]


def _synapses(neuron: NeuronWaveform) -> list[tuple[str, NDArray[Any], NDArray[Any]]]:
    found: list[tuple[str, NDArray[Any], NDArray[Any]]] = [("weight", neuron.weight, neuron.weight_before)]
    if len(neuron.code):
        found += [("code", neuron.code, neuron.code_before), ("residue", neuron.residue, neuron.residue_before)]
    return found
