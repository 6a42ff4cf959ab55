"""One sample, or a few, through chosen neurons: every signal of their learning path, step by step.

The signals are those of the run itself: probes copy them between the stages of the kernel, and change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipInterface, ChipSpec, Events, Probe, Result, Snapshot, Targets
from chipsim.design import LayerShape, short_repr, told_targets
from chipsim.die import FabricatedLayer, fabricate
from chipsim.execution import ABSTAINED
from chipsim.layout import CHIP_NUMBERS, DISTURBANCES
from host.data import Encoder
from host.errors import TraceError
from host.methods import find
from host.run import NullListener, RunListener, prepare, run
from host.settings import RunSpec
from host.trace.synapse_lookup import crossbar_of, figure_of, inputs_of
from host.training import EVALUATION_WINDOWS, Setup, per_layer
from learning_circuit import Field

ROWS = 4  # of a layer that are watched if none is named: the most active ones, and always the bias
_OF_ROWS = ("trace_decay", "trace_offset")  # figures that a row's circuit has
DataPart = Literal["test", "train"]
Places = Sequence[tuple[int, int]]  # (layer, neuron) or (layer, row), layers from 1


def _nothing() -> Any:
    return np.zeros((0, 0), np.float32)


class OwnSignal(NamedTuple):
    """A field of a neuron or of a learning rule that not every one has."""

    field: Field
    of_rule: bool  # else of the neuron
    values: NDArray[Any]  # (S, T)


@dataclass(frozen=True)
class NeuronWaveform:
    """All that S windows of T steps showed of one neuron, and of its synapses on r input rows.

    Voltages, charges and weights are in thresholds. What only learning shows is empty (S = 0) if the chip inferred.
    """

    __repr__ = short_repr

    layer: int  # from 1
    neuron: int
    rows: tuple[int, ...]  # n_in is the bias
    input: NDArray[np.float32]  # (S, T, r) 1 for a spike, an amplitude, or 0
    current: NDArray[np.float32]  # (S, T) column current, charge per step
    noise: NDArray[np.float32]  # (S, T) what is added to it
    membrane: NDArray[np.float32]  # (S, T) as the comparator sees it
    kept: NDArray[np.float32]  # (S, T) what leak and reset leave of it for the next step; rails clip only the sum
    spike: NDArray[np.uint8]  # (S, T)
    count: NDArray[np.float32]  # (S, T) spike accumulator; of an integrating readout membrane / threshold
    pulse: NDArray[np.float32]  # (S, T) update pulse
    weight: NDArray[np.float32]  # (S, T, r) after the step's writes, gain included
    code: NDArray[np.int16]  # (S, T, r) what is stored, in LSB; empty for analog weights
    residue: NDArray[np.int16]  # (S, T, r) update accumulators; empty for analog weights
    weight_before: NDArray[np.float32]  # (r,)
    code_before: NDArray[np.int16]  # (r,), or (0,)
    residue_before: NDArray[np.int16]  # (r,), or (0,)
    integrating: bool  # a readout that never fires
    fabricated: dict[str, float]  # this neuron's figures as fabricated: threshold, boxcar_low, gain_row12, ...
    nominal: dict[str, float]  # the same of a chip without errors
    figure_units: dict[str, str]  # of these figures, of those that have one
    own: list[OwnSignal]  # what fields the neuron and the learning rule declare besides
    # Of a learning circuit that has them:
    target_count: NDArray[np.float32] = field(default_factory=_nothing)  # (S, T)
    error: NDArray[np.float32] = field(default_factory=_nothing)  # (S, T) output of the error gate
    boxcar: NDArray[np.uint8] = field(default_factory=_nothing)  # (S, T) 1 while the boxcar gate is open

    @property
    def learns(self) -> bool:
        """False for all neurons if the chip inferred, and always for those of pools."""
        return len(self.pulse) > 0

    @property
    def errors(self) -> dict[str, tuple[float, float]]:
        """What the fab got wrong: name -> (as fabricated, nominal)."""
        return {n: (value, self.nominal[n]) for n, value in self.fabricated.items() if value != self.nominal[n]}

    def row_name(self, row: int) -> str:
        return "bias" if row == self.rows[-1] else f"row{row}"


@dataclass(frozen=True)
class Waveform:
    """What was traced, and of which run."""

    __repr__ = short_repr

    spec: RunSpec  # with nothing left open
    design: ChipSpec
    data: str  # name of the data set
    part: DataPart
    samples: tuple[int, ...]  # numbers within that part
    labels: NDArray[np.int64]  # (S,)
    classes: NDArray[np.int64]  # (S,) the chip's answers; none where neurons have no classes yet
    learns: bool
    learned_before: int  # samples
    neurons: list[NeuronWaveform]


def trace(
    spec: RunSpec,
    neurons: Places = (),
    rows: Places = (),
    *,
    part: DataPart = "test",
    samples: Sequence[int] = (0,),
    learn: bool = True,
    after: int | None = 0,
    threads: int = 1,
    listener: RunListener | None = None,
) -> Waveform:
    """Trace `samples` on the die of `spec` after it learned `after` samples (None: all, and the run's best was kept).

    neurons: if none is named, of every layer the one that learns most, or counts most; rows: the ROWS most active
    where a layer has none named. With `learn` the samples are learned one after another, as the next ones of the run;
    otherwise only shown. Raises TraceError for what is not there, DataError, ChipError.
    """
    listener = listener or NullListener()
    method, setup = find(spec.training.method), prepare(spec, listener.stage)
    whole = setup.dataset.train if part == "train" else setup.dataset.test
    learned = setup.presentations if after is None else after
    _check(setup.design, neurons, rows, part, samples, len(whole))
    _check_learned(setup, learned, len(samples) if learn else 0)
    if after is None:
        chip = run(setup.spec, threads, listener=listener).chip
    else:
        chip = setup.chip(setup.design, setup.start_weights(), threads)
        if not method.wants_teacher and setup.spec.training.start == "teacher":
            listener.stage("ideal chip")
            method.begin(setup, chip, method.ideal(setup, threads).snapshot())
        listener.stage("learning on chip")
        method.learn_first(setup, chip, after, lambda done: listener.learning(done, learned, None))
    listener.stage("tracing")
    shown = method.shown(whole.subset(np.array(samples, np.int64)), setup.spec)
    first = learned if learn else EVALUATION_WINDOWS
    numbers = np.arange(len(samples)) if learn else np.array(samples)
    windows = (first + numbers).astype(np.int64)
    encoder = Encoder(setup.spec.encoding, setup.dataset.n_in, setup.spec.steps, len(samples), setup.spec.seed)
    events = encoder.encode(shown.values(slice(None)), windows)
    rates = per_layer(method.rates(setup, windows), setup.design)
    targets: Targets = [None] * setup.design.n_layers
    if any(told_targets(setup.design)):
        targets = setup.teacher.targets(shown.values(slice(None)), shown.labels, setup.spec.training.output_target)

    def show(chip: ChipInterface, probes: list[Probe]) -> Result:
        return chip.learn(events, windows, targets, rates, probes) if learn else chip.infer(events, windows, probes)

    before = chip.snapshot()
    twin = setup.chip(setup.design, setup.start_weights(), threads)  # the first look must not make the die older
    twin.restore(before)
    every_neuron = [Probe(layer, tuple(range(n))) for layer, n in enumerate(chip.spec.layer_sizes) if layer > 0]
    first_look = show(twin, [] if neurons else every_neuron)
    probes = _probes(chip.spec, first_look, events, neurons, rows)
    result = show(chip, probes)
    fabricated, nominal = fabricate(chip.spec, chip.die_seed), fabricate(chip.spec.as_designed(), chip.die_seed)
    bits = chip.spec.learning_circuit.update_accumulator_bits
    traces = [
        _neuron_waveform(result, probe, k, before, shape, fabricated[probe.layer - 1], nominal[probe.layer - 1], bits)
        for probe, shape in ((probe, chip.spec.shapes[probe.layer - 1]) for probe in probes)
        for k in range(len(probe.neurons))
    ]
    return Waveform(
        spec=setup.spec,
        design=chip.spec,
        data=setup.dataset.name,
        part=part,
        samples=tuple(samples),
        labels=shown.labels,
        classes=result.classes if method.wants_teacher else np.full(len(samples), ABSTAINED),
        learns=learn,
        learned_before=learned,
        neurons=traces,
    )


def _check_learned(setup: Setup, learned: int, more: int) -> None:
    total = setup.presentations
    if learned + more > total:
        wish = f"learning {learned} samples" + (f" and {more} more" if more else "")
        way_out = ", or only look with --infer" if learned <= total else ""
        raise TraceError(
            f"{wish} is beyond this run, which learns {total:,}: choose --after {max(total - more, 0)} or less, or more"
            f" --epochs{way_out}"
        )


def _check(spec: ChipSpec, neurons: Places, rows: Places, part: str, samples: Sequence[int], n: int) -> None:
    n_rows = [shape.rows for shape in spec.shapes]
    for what, places, sizes in (("neuron", neurons, spec.layer_sizes[1:]), ("row", rows, n_rows)):
        for layer, number in places:
            if not 1 <= layer <= spec.n_layers:
                raise TraceError(
                    f"{what} {layer}:{number}: there is no layer {layer}; this chip has 1 to {spec.n_layers}"
                )
            if not 0 <= number < sizes[layer - 1]:
                there = f"{what}s 0 to {sizes[layer - 1] - 1}"
                raise TraceError(
                    f"{what} {layer}:{number}: layer {layer} has {there}; name one as {layer}:{sizes[layer - 1] - 1}"
                )
        if len(set(places)) < len(places):
            twice = next(place for place in places if list(places).count(place) > 1)
            raise TraceError(f"{what} {twice[0]}:{twice[1]} is named twice: name it once")
    for layer, row in rows:
        if neurons and layer not in {layer for layer, _ in neurons}:
            raise TraceError(f"row {layer}:{row}: no neuron of layer {layer} is traced; add one, or leave the row out")
    for sample in samples:
        if not 0 <= sample < n:
            raise TraceError(f"sample {sample}: the {part} set has samples 0 to {n - 1}; choose one of those")
    if not samples:
        raise TraceError("no sample to trace: name at least one")


def _probes(spec: ChipSpec, seen: Result, events: Events, neurons: Places, rows: Places) -> list[Probe]:
    """One probe per layer; what was not named is filled in from what a first look showed."""
    activity = [_input_activity(events, spec.layer_sizes[0]), *(count.sum(axis=0) for count in seen.counts)]
    if not neurons:
        neurons = [(layer, _liveliest(seen, layer)) for layer in range(1, spec.n_layers + 1)]
    probes = []
    for layer in sorted({layer for layer, _ in neurons}):
        mine = tuple(neuron for its_layer, neuron in neurons if its_layer == layer)
        named = [row for its_layer, row in rows if its_layer == layer]
        shape = spec.shapes[layer - 1]
        most_active = np.argsort(-inputs_of(mine[0], shape, activity[layer - 1]), kind="stable")[:ROWS].tolist()
        probes.append(Probe(layer, mine, (*(named or sorted(most_active)), shape.rows)))
    return probes


def _liveliest(seen: Result, layer: int) -> int:
    """The neuron of a layer with the largest update pulses, or the largest count if there were none."""
    pulses = np.abs(seen.signals[layer].pulse).sum(axis=(0, 1))
    return int(np.argmax(pulses if pulses.any() else seen.counts[layer - 1].sum(axis=0)))


def _input_activity(events: Events, n_in: int) -> NDArray[np.float64]:
    """(n_in,) spikes, or sum of the currents, of each input row."""
    total = np.zeros(n_in)
    for s in range(len(events.begin)):
        for first, last in zip(events.begin[s], events.end[s], strict=True):
            amplitude = events.amplitude[s, first:last] if len(events.amplitude) else 1.0
            total[events.rows[s, first:last]] += amplitude
    return total


def _neuron_waveform(
    result: Result,
    probe: Probe,
    k: int,
    before: Snapshot,
    shape: LayerShape,
    fabricated: FabricatedLayer,
    nominal: FabricatedLayer,
    accumulator_bits: int,
) -> NeuronWaveform:
    signals, neuron, rows = result.signals[probe.layer], probe.neurons[k], list(probe.rows)
    shown = {name: array[:, :, k] for name, array in signals.items() if name not in ("neurons", "rows", "input")}
    nothing = np.zeros(0, np.int16)
    if fabricated.rule.in_integers:  # increments, told besides
        lsb, _ = before[f"layer{probe.layer}.lsb"]
        shown["pulse"] = shown["pulse"] * (lsb / 2**accumulator_bits)

    def stored(name: str) -> Any:
        array = before.get(f"layer{probe.layer}.{name}")
        return nothing if array is None else crossbar_of(neuron, shape, array)[rows, neuron % shape.columns]

    return NeuronWaveform(
        layer=probe.layer,
        neuron=neuron,
        rows=probe.rows,
        input=signals.input,
        spike=result.spikes[probe.layer][:, :, k],
        weight_before=stored("weight"),
        code_before=stored("code"),
        residue_before=stored("residue"),
        integrating=not fabricated.neuron.fires,
        fabricated=_figures(fabricated, shape, neuron, probe.rows),
        nominal=_figures(nominal, shape, neuron, probe.rows),
        figure_units={each.name: each.unit for each in _declared(fabricated) if each.unit},
        own=[
            OwnSignal(each, of_rule, shown.pop(each.name))
            for of_rule, fields in ((False, fabricated.neuron.fields), (True, fabricated.rule.fields))
            for each in fields
            if each.name in shown and each.name not in NeuronWaveform.__dataclass_fields__
        ],
        **shown,
    )


def _figures(layer: FabricatedLayer, shape: LayerShape, neuron: int, rows: tuple[int, ...]) -> dict[str, float]:
    """Every figure that the fab gave this neuron, by its name in the tables, and the gains of its watched synapses."""
    figures: dict[str, float] = {}
    for name, value in [*_fields(layer.tables), *_fields(layer.circuit)]:
        if name in _OF_ROWS:
            figures |= {f"{name}_row{row}": float(value[row if len(value) > 1 else 0]) for row in rows[:-1]}
            continue
        figure = figure_of(neuron, shape, np.asarray(value))
        if figure is not None and name != "drive_gain":  # which is in the gains of synapses
            figures[name] = figure
    gain = crossbar_of(neuron, shape, layer.gain)
    for row in rows:
        name = "gain_bias" if row == rows[-1] else f"gain_row{row}"
        figures[name] = float(gain[row if len(gain) > 1 else 0, neuron % shape.columns])
    return figures


def _declared(layer: FabricatedLayer) -> Iterator[Field]:
    """What is fabricated of a layer's neurons."""
    for each in (*CHIP_NUMBERS, *DISTURBANCES, *layer.neuron.fields, *layer.rule.fields):
        if each.lasts == "fabricated":
            yield each


def _fields(table: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of a table, and of the tables in it."""
    for name, value in table._asdict().items():
        if isinstance(value, tuple):
            yield from ((f"{name}_{inner}", figure) for inner, figure in _fields(value))
        else:
            yield name, value
