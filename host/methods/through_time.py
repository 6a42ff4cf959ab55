"""Trained through time (Rathi et al. 2020, 2021: arXiv 2005.01807, 2008.03658): what no die is needed for, comes first.

The network is trained on the ideal twin before a die is made, since it says what is set in a die's layers: leaks and
thresholds. It is then the teacher of the run, whatever the method. `through-time` programs dies with it; `on-chip-ltl`
calibrates them against its rates. `host.gradients.through_time` has the equations.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.design import Dac
from chipsim.simd import cache_root, sources_key
from host.data import Samples, Shift, mean_window
from host.gradients.all_layers import batches
from host.gradients.through_time import ImageTwin, LearningTwin, SpikingTwin
from host.methods.conversion import balanced
from host.methods.effort import Effort
from host.methods.method import Job, Method
from host.methods.on_host import effort_on_host, read_progress, write_progress
from host.methods.spiking_teacher import spiking_teacher
from host.settings import METHODS, RunSpec
from host.teachers import Layer, of_dense, teacher_digest
from host.training import Learned, Part, Progress, Rates, Setup, evaluate, random_weights, train

_VERSION = 2  # of what is kept on disk
_PRESENTATIONS = 60_000
_LEAST_EPOCHS = 30
_COARSEST_TH = 0.25  # step of a DAC in which thresholds may still be learned
_COARSEST_PER_STEP = 0.1  # and leaks
_BY_METHOD = ("start", "epochs", "learning_rate")  # settings that the method has in [training]
_READOUTS = ("spiking", "integrating")
_BYTES_PER_STEP = 10  # of a neuron: its membrane, its error, and the row of its spike
_MOST_ROOM = 4 << 30  # bytes, of what a batch of sequences shows


class ThroughTime(Method):
    """A network trained over all layers, steps, leaks and thresholds, written into a die that is set likewise."""

    name = "through-time"
    meaning = METHODS["through-time"]

    takes_images = True

    takes_sequences = True

    def epochs(self, spec: RunSpec, n_train: int) -> int:
        return default_epochs(n_train)

    def learning_rate(self, spec: RunSpec) -> float:
        return spec.through_time.teacher_learning_rate

    def check(self, spec: RunSpec) -> None:
        if spec.teacher.method != self.name:
            raise ValueError(
                f"method {self.name} programs what is trained through time, and teacher.method is"
                f" {spec.teacher.method}: leave teacher.method (--teacher-method) out"
            )
        for name in spec.training.augments:
            raise ValueError(f"method {self.name} moves images by teacher.shift_px: leave {name} out")

    def start_weights(self, setup: Setup) -> list[Layer | None]:
        """Those that training began with, on a die that is set as learned."""
        return list(_learned(setup).start)

    def learn(self, job: Job) -> None:
        if not job.progress.checks:
            trained = _learned(job.setup).progress
            job.progress.adopt(Progress.load(trained.arrays(), trained.facts()))
            job.save(job.progress)
        job.program(job.setup.converted_weights())

    def effort(self, setup: Setup, progress: Progress) -> Effort:
        return effort_on_host(setup, progress)


def default_epochs(n_train: int) -> int:
    """Passes over the training samples, where nothing is said."""
    return max(_LEAST_EPOCHS, -(-_PRESENTATIONS // n_train))


def check_taught(spec: RunSpec) -> None:
    """Raises ValueError, in one line, if a teacher cannot be trained through time with these settings."""
    if spec.teacher.method != "through-time":
        return
    neuron, wanted = spec.neuron, spec.through_time
    if spec.encoding != "current":
        raise ValueError(
            f"training through time shows inputs as constant currents, not by encoding {spec.encoding}: use current"
        )
    if neuron.kind not in ("if", "lif"):
        raise ValueError(f"training through time knows if and lif neurons, not {neuron.kind!r}: use one of them")
    if neuron.synapse_tau_steps is not None:
        raise ValueError("training through time knows no neuron.synapse_tau_steps: leave it out")
    if neuron.readout not in _READOUTS:
        raise ValueError(
            f"training through time knows no {neuron.readout} readout: use {' or '.join(_READOUTS)} (--readout)"
        )
    if wanted.start_leak is not None and neuron.kind == "if":
        raise ValueError(
            "through_time.start_leak is for neurons that leak, and if neurons do not: use --neuron lif, or leave it out"
        )
    _check_start_leak(wanted.start_leak, neuron.leak_dac.converter)
    if wanted.learn_threshold:
        _check_dac("threshold", neuron.threshold_dac.converter, "th", _COARSEST_TH)
    if wanted.learn_leak and neuron.kind == "lif":
        _check_dac("leak", neuron.leak_dac.converter, "per step", _COARSEST_PER_STEP)


def _check_start_leak(leak: float | None, dac: Dac | None) -> None:
    if leak is None or dac is None:
        return
    least, most = np.exp(-dac.high), np.exp(-dac.low)
    if not dac.holds(-np.log(leak) if leak > 0 else np.inf):
        raise ValueError(
            f"through_time.start_leak = {leak:g} is not what neuron.leak_dac can set: take {least:.3g} to {most:.3g}"
        )


def _check_dac(what: str, dac: Dac | None, unit: str, coarsest: float) -> None:
    if dac is not None and dac.lsb > coarsest:
        enough = int(np.ceil(np.log2((dac.high - dac.low) / coarsest + 1)))
        raise ValueError(
            f"neuron.{what}_dac.bits = {dac.bits} sets a {what} in steps of {dac.lsb:.3g} {unit}, too coarse to learn"
            f" it (at most {coarsest:g}): take {enough} bits, or set through_time.learn_{what} to false"
        )


def taught(setup: Setup, threads: int = 1, tell: Callable[[str], None] = lambda text: None) -> Setup:
    """`setup` with its teacher trained through time, and what is then set in a die's layers.

    What is learned is kept on disk, and gone on with where it was stopped. Raises TeacherError if its layers are not
    all fully connected, and PyTorch is not installed.
    """
    spec = setup.spec
    _check_room(setup)
    start = _start(setup)
    twin = _twin(setup, start, threads)
    learner = _TwinLearner(setup, twin, threads)
    path = _path(setup)
    progress = read_progress(path) or Progress(len(setup.valid))
    asked = _asked(setup)

    def tick(done: int, accuracy: float) -> None:
        tell(
            f"training through time: {done:,} of {asked.presentations:,} samples, {100 * accuracy:.1f} % of validation"
        )

    train(
        learner,
        progress,
        epoch=len(setup.train),
        presentations=asked.presentations,
        learning_rate=asked.rate,
        save=lambda state: write_progress(path, state),
        tick=tick,
    )
    neuron = twin.dynamics.neuron()
    design = twin.design.model_copy(update={"neuron": neuron})
    teacher = spiking_teacher(setup.teacher, design, twin.weights, setup.train, spec.teacher.norm_percentile)
    return replace(setup, teacher=teacher, learned=Learned(neuron, start, progress))


def _check_room(setup: Setup) -> None:
    """Raises ValueError if sequences are so long that what a batch shows, kept for the way back, does not fit."""
    spec, design = setup.spec, setup.design
    if spec.windows == 1:
        return
    if not setup.teacher.network.dense:
        raise ValueError(
            f"windows = {spec.windows}: training through time knows sequences for fully connected layers only"
        )
    of_window = spec.through_time.batch * design.steps * sum(_BYTES_PER_STEP * n for n in design.layer_sizes[1:])
    fits = max(1, _MOST_ROOM // of_window)
    if spec.windows > fits:
        raise ValueError(
            f"windows = {spec.windows}: training through time keeps every membrane, and"
            f" {spec.windows * of_window / 2**30:.3g} GiB of them are more than {_MOST_ROOM >> 30} GiB: keep windows"
            f" within {fits}, or lower through_time.batch ({spec.through_time.batch})"
        )


class _Asked(NamedTuple):
    """How to train: as the settings of the method say, or those of the teacher of another method."""

    start: str
    presentations: int  # samples that the network learns from, counting repeats
    rate: float  # at the first of them


def _asked(setup: Setup) -> _Asked:
    spec, samples = setup.spec, len(setup.train)
    training, teacher = spec.training, spec.through_time
    start, epochs, rate = teacher.teacher_start, teacher.teacher_epochs, teacher.teacher_learning_rate
    if training.method == ThroughTime.name:
        assert training.learning_rate is not None, "open settings are filled in by complete()"
        start = "random" if training.start == "random" else "conversion"
        epochs, rate = training.epochs, training.learning_rate
    assert epochs is not None, "open settings are filled in by complete()"
    return _Asked(start, samples * epochs, rate)


def _start(setup: Setup) -> list[Layer | None]:
    """Weights and biases over the threshold of their layer: converted, the largest current one threshold, or random.

    On images, and of sequences, the largest activation is one, in place of the largest current.
    """
    teacher = setup.teacher
    if _asked(setup).start == "random":
        return random_weights(teacher.network.shapes, setup.spec.seed)
    from_currents = teacher.network.dense and setup.spec.windows == 1
    return balanced(setup, teacher).normalised() if from_currents else teacher.normalised()


def _twin(setup: Setup, start: Sequence[Layer | None], threads: int) -> LearningTwin:
    """What is trained, from weights over the threshold of their layer."""
    design, spec = setup.design.ideal(), setup.spec.through_time
    thresholds = [np.float32(th) for th in design.thresholds_th]
    charges = [layer and (layer[0] * th, layer[1] * th) for layer, th in zip(start, thresholds, strict=True)]
    if setup.teacher.network.dense:
        return SpikingTwin(design, of_dense(charges), spec, threads)
    return ImageTwin(design, charges, spec, threads)


def _learned(setup: Setup) -> Learned:
    assert setup.learned is not None, "prepare() trains it"
    return setup.learned


@dataclass(frozen=True)
class _TwinLearner:
    """The twin with all presentations before it."""

    setup: Setup
    twin: LearningTwin
    threads: int

    @property
    def n_layers(self) -> int:
        return self.twin.design.n_layers

    def snapshot(self) -> dict[str, NDArray[Any]]:
        return self.twin.snapshot()

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> None:
        self.twin.restore(snapshot)

    def correct(self) -> NDArray[np.bool_]:
        """As a chip answers that is set and programmed so."""
        setup, spec, twin = self.setup, self.setup.spec, self.twin
        design = twin.design.model_copy(update={"neuron": twin.dynamics.neuron()})
        chip = setup.chip_of(design, spec.die, twin.weights, self.threads)
        correct: NDArray[np.bool_] = evaluate(chip, setup.valid, setup.looking_encoder()).classes == setup.valid.labels
        return correct

    def learn(self, edges: Sequence[int], rates: Rates) -> Iterator[Part]:
        spec, epoch = self.setup.spec, len(self.setup.train)
        batch, whole = spec.through_time.batch, _asked(self.setup).rate
        encoder = self.setup.encoder(batch)
        for start, stop in pairwise(edges):
            done = start
            while done < stop:
                end, host_macs = min(stop, (done // epoch + 1) * epoch), 0
                for each in batches(self._samples(done // epoch), encoder, spec.seed, done, end, batch):
                    rate = float(rates(each.windows[:1])[0])
                    host_macs += self.twin.step(each, rate, rate / whole).host_macs
                done = end
                yield Part(done, host_macs)

    def _samples(self, epoch: int) -> Samples:
        """The training samples, moved by some pixels if the teacher's were."""
        setup, pixels = self.setup, self.setup.spec.teacher.shift_px
        if not pixels or setup.dataset.image_shape is None:
            return setup.train
        return Shift(setup.dataset.image_shape, pixels, setup.spec.seed).moved(setup.train, epoch)


def _path(setup: Setup) -> Path:
    """Where what is learned is kept, under everything that decides it."""
    spec = setup.spec
    facts = spec.model_dump(
        mode="json", include={"steps", "windows", "sequence_answer", "encoding", "seed", "neuron", "conversion"}
    )
    learning = spec.through_time.model_dump(mode="json", exclude={f"teacher_{each}" for each in _BY_METHOD})
    # Of sequences it has not been taught anything yet: it knows single windows.
    seen = setup.train if spec.windows == 1 else mean_window(setup.train, spec.windows)
    recipe: dict[str, Any] = {
        "version": _VERSION,
        "spec": facts | {"shift_px": spec.teacher.shift_px, "percentile": spec.teacher.norm_percentile},
        "learning": [learning, *_asked(setup)],
        "teacher": teacher_digest(setup.teacher, seen),
        "sources": sources_key(Path(__file__).resolve().parents[2]),
        "samples": [hashlib.sha256(part.raw.tobytes()).hexdigest() for part in (setup.train, setup.valid)],
        "labels": [hashlib.sha256(part.labels.tobytes()).hexdigest() for part in (setup.train, setup.valid)],
    }
    name = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:24]
    return cache_root() / "trained" / f"{name}.ckpt"
