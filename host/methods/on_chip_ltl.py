"""On-chip Local Tandem Learning (Yang et al. 2022, arXiv 2210.04532, Eqs. 8 to 11): the die learns by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, ChipInterface
from chipsim.design import told_targets
from host.data import Encoder
from host.errors import SettingError
from host.link import Timeline
from host.methods.effort import Effort, bytes_shown, n_weights, programming_bytes
from host.methods.method import Job, Method
from host.methods.spiking_teacher import spiking_teacher
from host.settings import METHODS, RunSpec
from host.training import LearningDie, Progress, Setup, TrainingBatches, classify, train
from nonideality import parse_all

_Die = TypeVar("_Die", bound=LearningDie)
# Enough presentations to settle, whatever the size of the data set (see examples/RESULTS.md).
_CALIBRATE_PRESENTATIONS = 20_000
_TRAIN_PRESENTATIONS = 60_000
_LEAST_EPOCHS = 5
_AGES = "drift"
# Per error gate: a sign pulse has a fixed size and moves a weight at every error, so it must be smaller.
_LEARNING_RATES = {"linear": 2e-3, "sign": 1e-4, "ternary": 2e-4}


class OnChipLtl(Method):
    """Input spikes and target rates go down, nothing comes back: every error of the die is inside the loop."""

    name = "on-chip-ltl"
    meaning = METHODS["on-chip-ltl"]

    learns_on_chip = True

    any_neuron = True

    learns_in_own_windows = True

    takes_images = True

    takes_sequences = True

    def check(self, spec: RunSpec) -> None:
        if spec.training.window_steps is None:
            return
        for noise in parse_all(spec.noise):
            if noise.effect.name == _AGES:
                raise ValueError(
                    f"training.window_steps sets a die's windows anew, and synapses with noise {_AGES} age in windows:"
                    " leave one of both out"
                )

    def epochs(self, spec: RunSpec, n_train: int) -> int:
        wanted = _CALIBRATE_PRESENTATIONS if spec.training.start == "teacher" else _TRAIN_PRESENTATIONS
        return max(_LEAST_EPOCHS, -(-wanted // n_train))

    def learning_rate(self, spec: RunSpec) -> float:
        return _LEARNING_RATES[spec.learning_circuit.error_gate] * spec.neuron.charge_per_step

    def learn(self, job: Job) -> None:
        setup = job.setup
        learner = learning_die(LearningDie, setup, job.chip, job.timeline)
        if setup.spec.training.window_steps is not None:
            learner = _in_other_windows(job)
        train(
            learner,
            job.progress,
            epoch=len(setup.train),
            presentations=setup.presentations,
            learning_rate=setup.learning_rate,
            save=job.save,
            tick=job.tick,
        )
        if learner.chip is not job.chip:
            job.chip.restore(learner.chip.snapshot())

    def learn_first(self, setup: Setup, chip: Chip, n: int, tick: Callable[[int], None]) -> None:
        steps = setup.spec.training.window_steps
        if n and steps is not None:
            raise SettingError(
                f"training.window_steps = {steps}: a die that learns in windows of its own is traced before it learns"
                " or when all is learned: leave --after or training.window_steps out"
            )
        super().learn_first(setup, chip, n, tick)

    def effort(self, setup: Setup, progress: Progress) -> Effort:
        shown = bytes_shown(
            setup.learning_windows.design,
            setup.spec.chip,
            progress.activity,
            progress.presentations,
            constant_current=setup.spec.encoding == "current",
            targets=any(told_targets(setup.design)),
        )
        return Effort(
            samples=progress.presentations,
            die_samples=progress.presentations,
            activity=progress.activity,
            bytes_down=programming_bytes(setup.design) + shown,
            bytes_up=0.0,
            weights_programmed=n_weights(setup.design),
            host_macs=progress.host_macs,
        )


@dataclass(frozen=True)
class _DieInOtherWindows(LearningDie):
    """A die that learns in windows of its own, and is looked at in those that it will be used in."""

    used: ChipInterface  # the same die, with the windows of use
    looking: Encoder

    def correct(self) -> NDArray[np.bool_]:
        self.used.restore(self.chip.snapshot())
        correct: NDArray[np.bool_] = classify(self.used, self.valid, self.looking) == self.valid.labels
        return correct


def _in_other_windows(job: Job) -> _DieInOtherWindows:
    """The job's die as it learns, where its windows are then others."""
    setup = job.setup.learning_windows
    if setup.teacher.spikes:  # its rates are those of windows of so many steps
        thresholds = [np.float32(th) for th in setup.design.thresholds_th]
        layers = zip(setup.teacher.network.weights, thresholds, strict=True)
        charges = [layer and (layer[0] * th, layer[1] * th) for layer, th in layers]
        percentile = setup.spec.teacher.norm_percentile
        rates = spiking_teacher(setup.teacher, setup.design.ideal(), charges, setup.train, percentile)
        setup = replace(setup, teacher=rates)
    chip = job.same_die(setup.design)
    chip.program(job.setup.start_weights())
    learning = learning_die(LearningDie, setup, chip, job.timeline)
    parts = {field.name: getattr(learning, field.name) for field in fields(learning)}
    return _DieInOtherWindows(**parts, used=job.chip, looking=job.encoder)


def learning_die(kind: type[_Die], setup: Setup, chip: ChipInterface, timeline: Timeline | None = None) -> _Die:
    """`chip` with all presentations of the run before it."""
    spec, epoch = setup.spec, len(setup.train)
    chunk, follows = setup.chunk, any(told_targets(setup.design))
    ahead = setup.encoder(chunk, TrainingBatches.BUFFERS)
    batches = TrainingBatches(
        setup.train,
        setup.teacher,
        ahead,
        spec.training.output_target,
        spec.seed,
        timeline,
        follows,
        setup.augmentation,
    )
    return kind(chip, batches, setup.valid, setup.looking_encoder(), epoch, chunk)
