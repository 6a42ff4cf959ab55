"""Spike-timing-dependent plasticity with homeostasis (Diehl & Cook 2015): the die learns without teacher or targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, ChipError, ChipInterface, Snapshot
from chipsim.cost import pruned_layer
from chipsim.layout import CHIP_EVENTS
from host.data import Dataset, Encoder, Samples, encoding_named
from host.link import Timeline
from host.methods.method import Job
from host.methods.on_chip_ltl import OnChipLtl, learning_die
from host.settings import METHOD_DEFAULTS, UNSUPERVISED_METHODS, PruneSpec, RoundSpec, RunSpec
from host.teachers import Layer
from host.training import (
    CHUNK,
    EVALUATION_WINDOWS,
    LabelledScore,
    LearningDie,
    Part,
    Progress,
    Score,
    Setup,
    check_labels,
    labelled_score,
)
from nonideality import parse_all, stream

_FULL_STEP_TH = 8.0  # charge of a step's mean input at full weights: from random ones, every neuron fires now and then
_LEAK_WINDOWS, _NEURONS = 5_000.0, 100  # thresholds of 100 neurons leak so; of N, in sqrt(N / 100) times as long
_LOOKED_AT = 10_000  # training samples that this mean is taken of
_START = 0.3  # weights are drawn from 0 to this part of the range
_SAVED_EVERY = 5_000  # samples
_RULES, _NEURON = ("stdp", "stdp_triplet"), "winner_take_all"


class StdpMethod(OnChipLtl):
    """Images go down as spikes, nothing else; classes are assigned when all is learned."""

    name = "stdp"
    meaning = UNSUPERVISED_METHODS["stdp"]

    takes_images = False
    wants_teacher = False

    def epochs(self, spec: RunSpec, n_train: int) -> int:
        return 1

    def learning_rate(self, spec: RunSpec) -> float:
        return float(METHOD_DEFAULTS[self.name]["training.learning_rate"])

    def check(self, spec: RunSpec) -> None:
        circuit = spec.learning_circuit
        if circuit.rule not in _RULES or spec.neuron.kind != _NEURON:
            raise ValueError(
                f"method stdp is that of learning rule {' or '.join(_RULES)} and neuron {_NEURON}, here {circuit.rule}"
                f" and {spec.neuron.kind}: leave learning_circuit.rule and --neuron out"
            )
        if len(spec.hidden) != 1:
            raise ValueError(
                f"method stdp has one layer of neurons, and hidden is {','.join(map(str, spec.hidden)) or 'empty'}:"
                " give one number, such as --hidden 100"
            )
        if spec.teacher.file is not None or spec.teacher.epochs is not None:
            raise ValueError("method stdp follows no teacher: leave --teacher and all settings teacher.* out")
        if spec.encoding == "current" or encoding_named(spec.encoding).one_spike:
            raise ValueError(
                f"method stdp needs inputs that spike at a rate, not encoding {spec.encoding}: use bernoulli or rate"
            )
        if spec.stdp.prune.below is not None and any(noise.effect.name == "drift" for noise in parse_all(spec.noise)):
            raise ValueError("synapses that drift cannot be pruned: leave noise drift or --prune out")
        if not spec.neuron.outputs_fire:
            raise ValueError(f"method stdp needs neurons that fire, not readout {spec.neuron.readout}: leave it out")

    def settled(self, spec: RunSpec, dataset: Dataset) -> RunSpec:
        """w_max such that a step's mean input delivers so much charge at full weights, whatever the data are; and
        thresholds that leak the later, the less often each of many neurons fires.
        """
        circuit, neuron = spec.learning_circuit, spec.neuron
        leak = round(_LEAK_WINDOWS * (spec.hidden[0] / _NEURONS) ** 0.5)
        kind_settings = {"theta_leak_windows": float(max(leak, 1)), **neuron.kind_settings}
        rule_settings = dict(circuit.rule_settings)
        if "w_max_th" not in rule_settings:
            rule_settings["w_max_th"] = _w_max_th(spec, dataset)
        changes = {
            "neuron": neuron.model_copy(update={"kind_settings": kind_settings}),
            "learning_circuit": circuit.model_copy(update={"rule_settings": rule_settings}),
        }
        return spec.model_copy(update=changes)

    def shown(self, samples: Samples, spec: RunSpec) -> Samples:
        """An input of 1 spikes at the largest rate."""
        return replace(samples, high=samples.low + (samples.high - samples.low) / spec.stdp.max_rate)

    def check_samples(self, spec: RunSpec, train: Samples, n_classes: int) -> None:
        check_labels(_known(spec, train), n_classes)

    def start_weights(self, setup: Setup) -> list[Layer | None]:
        layers: list[Layer | None] = []
        w_max = setup.spec.learning_circuit.rule_settings["w_max_th"]
        for number, shape in enumerate(setup.design.shapes):
            drawn = stream("random start", setup.spec.seed, number).random((shape.rows, shape.columns))
            layers.append(((drawn * _START * w_max).astype(np.float32), np.zeros(shape.columns, np.float32)))
        return layers

    def begin(self, setup: Setup, chip: ChipInterface, learned: Snapshot | None) -> None:
        """Random weights; or, if training.start is teacher, what the ideal chip has learned, thresholds included."""
        if setup.spec.training.start == "random" or learned is None:
            chip.program(setup.start_weights())
        else:
            transfer(chip, learned)

    def ideal(self, setup: Setup, threads: int) -> Chip:
        """One that has learned, from random weights: what is there to be reached."""
        from_random = setup.spec.training.model_copy(update={"start": "random"})
        setup = replace(setup, spec=setup.spec.model_copy(update={"training": from_random}))
        chip = setup.chip(setup.design.ideal(), setup.start_weights(), threads)
        looking = Encoder(setup.spec.encoding, setup.dataset.n_in, setup.spec.steps, 1, setup.spec.seed)
        progress = Progress(len(setup.valid))
        self.learn(Job(setup, chip, looking, progress, _nothing, _nothing, None, threads, lambda design: chip))
        return chip

    def facts(self, setup: Setup, chip: ChipInterface, after: Score, encoder: Encoder) -> Mapping[str, Any]:
        """What pruning leaves, on the test set."""
        kept = chip.snapshot()["layer1.kept"].astype(np.uint8)
        if kept.all():
            return {}
        test = self.shown(setup.dataset.test, setup.spec)
        spikes = after.rates[-1].mean(axis=0, dtype=np.float64) * setup.spec.steps
        return {"pruned": pruned_layer(kept, _row_spikes(test, encoder), spikes).to_json(setup.design, setup.spec.chip)}

    def learn(self, job: Job) -> None:
        """Every training sample in turn, at one rate; where start is teacher, thresholds alone adapt: the rate is 0."""
        setup, progress = job.setup, job.progress
        total = setup.presentations
        if progress.current:
            job.chip.restore(progress.current)
        else:
            progress.activity = {name: [0] * job.chip.spec.n_layers for name in CHIP_EVENTS}
            progress.current = job.chip.snapshot()
        for part, can_stop in self._advance(setup, job.chip, job.timeline, progress.presentations, total):
            progress.presentations = part.done
            for name, counts in part.activity.items():
                progress.activity[name] = [a + int(b) for a, b in zip(progress.activity[name], counts, strict=True)]
            job.tick(part.done, None)
            if can_stop:
                progress.current = job.chip.snapshot()
                job.save(progress)

    def rates(self, setup: Setup, windows: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.full(len(windows), setup.learning_rate if setup.spec.training.start == "random" else 0, np.float32)

    def learn_first(self, setup: Setup, chip: Chip, n: int, tick: Callable[[int], None]) -> None:
        for part, _ in self._advance(setup, chip, None, 0, n):
            tick(part.done)

    def _advance(
        self, setup: Setup, chip: ChipInterface, timeline: Timeline | None, first: int, stop: int
    ) -> Iterator[tuple[Part, bool]]:
        """Learn from presentations first .. stop - 1, cut and round in their time.

        Gives what was learned, and whether one can go on from there.
        """
        total, wanted, writes = setup.presentations, setup.spec.stdp, setup.spec.training.start == "random"
        cuts = _times(wanted.prune, total) if writes and wanted.prune.below is not None else set()
        rounds = _times(wanted.round, total) if writes and wanted.round.levels is not None else set()
        times = {*range(0, total, _SAVED_EVERY), *cuts, *rounds, stop}
        edges = sorted(edge for edge in times if first < edge <= stop)
        die = learning_die(LearningDie, setup, chip, timeline)
        for part in die.learn([first, *edges], lambda windows: self.rates(setup, windows)):
            if part.done in cuts:
                prune(chip, setup.spec)
            if part.done in rounds:
                round_weights(chip, setup.spec)
            yield part, part.done in edges

    def score(self, setup: Setup, chip: ChipInterface, encoder: Encoder) -> LabelledScore:
        """On the test set, once the neurons have their classes."""
        return labelled_score(
            chip,
            _known(setup.spec, setup.train),
            self.shown(setup.dataset.test, setup.spec),
            encoder,
            setup.dataset.n_classes,
            setup.spec.stdp.label_by,
        )

    def further(
        self, setup: Setup, twin: Callable[[], ChipInterface], encoder: Encoder, learned: Snapshot | None
    ) -> Mapping[str, LabelledScore]:
        """Of a die like the run's own, programmed with what the ideal chip has learned: as it is, and when its
        thresholds have adapted to some unlabelled samples while no synapse was written.
        """
        if learned is None or not setup.spec.noise:
            return {}
        die = twin()
        transfer(die, learned)
        scores = {"transfer": self.score(setup, die, encoder)}
        n = min(setup.spec.stdp.adapt_samples, len(setup.train))
        for start in range(0, n, CHUNK):
            index = slice(start, min(start + CHUNK, n))
            windows = np.arange(index.start, index.stop, dtype=np.int64) + 2 * EVALUATION_WINDOWS
            events = encoder.encode(setup.train.values(index), windows)
            die.learn(events, windows, [None], np.zeros(len(windows), np.float32)).classes  # noqa: B018 - it waits
        return scores | {"adapted": self.score(setup, die, encoder)}


def _w_max_th(spec: RunSpec, dataset: Dataset) -> float:
    values = dataset.train.values(slice(0, _LOOKED_AT))
    active = spec.stdp.max_rate * float(values.sum(axis=1, dtype=np.float64).mean())  # rows in a step
    return float(f"{_FULL_STEP_TH / max(active, 1e-3):.3g}")


def _known(spec: RunSpec, train: Samples) -> Samples:
    """The samples by which neurons get their classes."""
    return train.subset(np.arange(min(spec.stdp.label_samples, len(train))))


def _row_spikes(samples: Samples, encoder: Encoder) -> NDArray[np.float64]:
    """(n_in,) of a window, in the mean over samples, as they are shown in a test."""
    total = np.zeros(samples.values(slice(0, 1)).shape[1])
    for start in range(0, len(samples), CHUNK):
        values = samples.values(slice(start, start + CHUNK))
        windows = np.arange(start, start + len(values), dtype=np.int64) + EVALUATION_WINDOWS
        events = encoder.encode(values, windows)
        is_one = np.arange(events.rows.shape[1]) < events.end[:, -1:]
        total += np.bincount(events.rows[is_one], minlength=len(total))
    return total / len(samples)


def _times(when: PruneSpec | RoundSpec, total: int) -> set[int]:
    """Samples after which it is done: at intervals, and when all is learned."""
    first = -(-max(when.after, 1) // when.every) * when.every
    return {*range(first, total, when.every), total}


def prune(chip: ChipInterface, spec: RunSpec) -> None:
    """Cut weak synapses for good; what the crossbar delivers is read back. Raises ChipError if none would be left.

    Rathi et al. (2018, IEEE TCAD, arXiv 1710.04734) prune and quantise at regular intervals while learning.
    """
    below, w_max = spec.stdp.prune.below, spec.learning_circuit.rule_settings["w_max_th"]
    assert below is not None
    state = chip.snapshot()
    weights = state["layer1.weight"][:-1]
    kept = state["layer1.kept"] * (weights >= np.float32(below * w_max))
    if not kept.any():
        raise ChipError(
            f"stdp.prune.below = {below:g} leaves no synapse: the largest delivers {float(weights.max() / w_max):.2g}"
            " of the range; lower it, or raise stdp.prune.after"
        )
    chip.restore(state | {"layer1.kept": kept.astype(np.uint8)})


def round_weights(chip: ChipInterface, spec: RunSpec) -> None:
    """Read weights back, and program each to the nearest of a few even levels of the range that pruning leaves."""
    n, w_max = spec.stdp.round.levels, spec.learning_circuit.rule_settings["w_max_th"]
    assert n is not None
    state = chip.snapshot()
    weights = state["layer1.weight"][:-1]
    levels = levels_of(n, w_max, spec.stdp.prune.below)
    nearest = levels[np.searchsorted((levels[1:] + levels[:-1]) / 2, weights)]
    chip.program([(nearest, np.zeros(weights.shape[1], np.float32))])
    new = chip.snapshot()
    chip.restore(new | {name: state[name] for name in _THRESHOLDS})


def levels_of(n: int, w_max: float, below: float | None) -> NDArray[np.float32]:
    """(n,) ascending, in thresholds: from 0 to w_max; of what is left above a cut, the middles of n even parts."""
    if below is None and n > 1:
        return np.linspace(0, w_max, n, dtype=np.float32)
    lowest = (below or 0.0) * w_max
    levels: NDArray[np.float32] = (lowest + (w_max - lowest) * (np.arange(n) + 0.5) / n).astype(np.float32)
    return levels


_THRESHOLDS = ("layer1.theta", "layer1.theta_phase")


def transfer(chip: ChipInterface, learned: Snapshot) -> None:
    """Program a die with the weights and the thresholds that another one, without errors, has learned."""
    weights = learned["layer1.weight"]
    chip.program([(np.maximum(weights[:-1], 0), np.zeros(weights.shape[1], np.float32))])
    state = chip.snapshot()
    chip.restore(state | {name: learned[name] for name in (*_THRESHOLDS, "layer1.kept")})


def _nothing(*_: Any) -> None:
    return
