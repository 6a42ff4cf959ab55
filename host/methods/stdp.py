"""Spike-timing-dependent plasticity with homeostasis (Diehl & Cook 2015): the die learns without teacher or targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chipsim import Chip, ChipError, ChipInterface, Snapshot
from chipsim.layout import CHIP_EVENTS
from host.data import Dataset, Encoder, Samples, encoding_named
from host.methods.method import Job
from host.methods.on_chip_ltl import OnChipLtl, learning_die
from host.settings import UNSUPERVISED_METHODS, RunSpec
from host.teachers import Layer
from host.training import (
    CHUNK,
    EVALUATION_WINDOWS,
    LabelledScore,
    LearningDie,
    Progress,
    Setup,
    check_labels,
    labelled_score,
)
from nonideality import stream

_LEARNING_RATE = 0.01
_FULL_STEP_TH = 5.0  # charge of a step's mean input at full weights: from random ones, every neuron fires now and then
_LOOKED_AT = 10_000  # training samples that this mean is taken of
_START = 0.3  # weights are drawn from 0 to this part of the range
_RULE, _NEURON = "stdp", "winner_take_all"


class StdpMethod(OnChipLtl):
    """Images go down as spikes, nothing else; classes are assigned when all is learned."""

    name = "stdp"
    meaning = UNSUPERVISED_METHODS["stdp"]

    takes_images = False
    wants_teacher = False

    def epochs(self, spec: RunSpec, n_train: int) -> int:
        return 1

    def learning_rate(self, spec: RunSpec) -> float:
        return _LEARNING_RATE

    def check(self, spec: RunSpec) -> None:
        circuit = spec.learning_circuit
        if circuit.rule != _RULE or spec.neuron.kind != _NEURON:
            raise ValueError(
                f"method stdp is that of learning rule {_RULE} and neuron {_NEURON}, here {circuit.rule} and"
                f" {spec.neuron.kind}: leave learning_circuit.rule and --neuron out"
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
        if not spec.neuron.outputs_fire:
            raise ValueError(f"method stdp needs neurons that fire, not readout {spec.neuron.readout}: leave it out")

    def settled(self, spec: RunSpec, dataset: Dataset) -> RunSpec:
        """w_max such that a step's mean input delivers so much charge at full weights, whatever the data are."""
        circuit = spec.learning_circuit
        if "w_max_th" in circuit.rule_settings:
            return spec
        values = dataset.train.values(slice(0, _LOOKED_AT))
        active = spec.stdp.max_rate * float(values.sum(axis=1, dtype=np.float64).mean())  # rows in a step
        w_max = float(f"{_FULL_STEP_TH / max(active, 1e-3):.3g}")
        rule_settings = {**circuit.rule_settings, "w_max_th": w_max}
        return spec.model_copy(update={"learning_circuit": circuit.model_copy(update={"rule_settings": rule_settings})})

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
        self.learn(Job(setup, chip, looking, Progress(len(setup.valid)), _nothing, _nothing, None, threads))
        return chip

    def learn(self, job: Job) -> None:
        """Every training sample in turn, at one rate; where start is teacher, thresholds alone adapt: the rate is 0."""
        setup, progress = job.setup, job.progress
        total = setup.presentations
        if progress.current:
            job.chip.restore(progress.current)
        else:
            progress.activity = {name: [0] * job.chip.spec.n_layers for name in CHIP_EVENTS}
            progress.current = job.chip.snapshot()
        rate = setup.learning_rate if setup.spec.training.start == "random" else 0.0
        first = progress.presentations
        every = setup.spec.stdp.prune_every
        edges = [*range(first + every - first % every, total, every), total]
        if first == total:
            return
        die = learning_die(LearningDie, setup, job.chip, job.timeline)
        for part in die.learn([first, *edges], lambda windows: np.full(len(windows), rate, np.float32)):
            progress.presentations = part.done
            for name, counts in part.activity.items():
                progress.activity[name] = [a + int(b) for a, b in zip(progress.activity[name], counts, strict=True)]
            job.tick(part.done, None)
            if part.done in edges:
                if rate and part.done >= setup.spec.stdp.prune_from:
                    simplify(job.chip, setup.spec)
                progress.current = job.chip.snapshot()
                job.save(progress)

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


def _known(spec: RunSpec, train: Samples) -> Samples:
    """The samples by which neurons get their classes."""
    return train.subset(np.arange(min(spec.stdp.label_samples, len(train))))


def simplify(chip: ChipInterface, spec: RunSpec) -> None:
    """Cut weak synapses for good, and round the others to few levels, as `StdpSpec` says.

    What the crossbar delivers is read back; what is rounded is programmed anew. Rathi et al. (2018, IEEE TCAD,
    arXiv 1710.04734) prune and quantise at regular intervals while learning.
    """
    wanted, w_max = spec.stdp, np.float32(spec.learning_circuit.rule_settings["w_max_th"])
    if wanted.prune_below is None and wanted.levels is None:
        return
    state = chip.snapshot()
    weights, kept = state["layer1.weight"][:-1], state["layer1.kept"]
    lowest = np.float32(0)
    if wanted.prune_below is not None:
        lowest = np.float32(wanted.prune_below) * w_max
        kept = (kept * (weights >= lowest)).astype(np.uint8)
        if not kept.any():
            raise ChipError(
                f"stdp.prune_below {wanted.prune_below:g} leaves no synapse: the largest delivers"
                f" {float(weights.max() / w_max):.2g} of the range; lower it"
            )
        chip.restore(state | {"layer1.kept": kept})
    if wanted.levels is not None:
        levels = lowest + (w_max - lowest) * (np.arange(wanted.levels, dtype=np.float32) + 0.5) / wanted.levels
        if wanted.prune_below is None and wanted.levels > 1:
            levels = np.linspace(0, w_max, wanted.levels, dtype=np.float32)
        nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, weights)
        chip.program([(np.minimum(levels[nearest], w_max).astype(np.float32), np.zeros(weights.shape[1], np.float32))])
        new = chip.snapshot()
        chip.restore(new | {name: state[name] for name in _THRESHOLDS})


_THRESHOLDS = ("layer1.theta", "layer1.theta_phase")


def transfer(chip: ChipInterface, learned: Snapshot) -> None:
    """Program a die with the weights and the thresholds that another one, without errors, has learned."""
    weights = learned["layer1.weight"]
    chip.program([(np.maximum(weights[:-1], 0), np.zeros(weights.shape[1], np.float32))])
    state = chip.snapshot()
    chip.restore(state | {name: learned[name] for name in (*_THRESHOLDS, "layer1.kept")})


def _nothing(*_: Any) -> None:
    return
