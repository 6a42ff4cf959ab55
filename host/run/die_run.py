"""One run from spec to result: teacher, ideal chip, this die before, learning, this die after."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from chipsim import ChipError, ChipInterface, Snapshot
from chipsim.design import short_repr
from chipsim.design_rules import try_effects
from chipsim.physical import not_modelled
from host.data import Encoder, describe
from host.errors import HostError, LinkError
from host.methods import Job, find
from host.run.chip_source import ChipSource, InProcess
from host.run.cost_facts import cost_json
from host.run.folder import RunFolder
from host.run.identity import identity_of, key_of
from host.run.noise_facts import noise_facts, shared_draws
from host.run.plugins import plugins_used
from host.run.right_answers import wrong_text
from host.run.setup import prepare
from host.settings import RunSpec
from host.teachers import teacher_digest
from host.training import CHUNK, LabelledScore, Progress, Score, Setup
from nonideality import NoiseError

_SATURATIONS = (
    "membrane_low_rail",
    "membrane_high_rail",
    "accumulator_full",
    "weight_full_scale",
    "missed_counts",
    "increments_saturated",  # of circuits that compute with integers
    "events_off_array",
    "events_merged",
    "abstentions",
)


class RunListener(Protocol):
    """Hears how a run goes on; a terminal shows it."""

    def stage(self, text: str) -> None: ...

    def learning(self, done: int, total: int, validation_accuracy: float | None) -> None: ...


class NullListener:
    """Hears and says nothing."""

    def stage(self, text: str) -> None:
        pass

    def learning(self, done: int, total: int, validation_accuracy: float | None) -> None:
        pass


@dataclass(frozen=True)
class Outcome:
    """All that a run found out; `summary` is the part that goes to JSON."""

    __repr__ = short_repr

    setup: Setup
    chip: ChipInterface  # the die as it was kept
    before: Score  # on the test set
    after: Score
    ideal: Score
    start: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]  # delivered weights before learning
    progress: Progress
    facts: dict[str, Any]  # the same bits wherever and whenever the spec is run
    summary: dict[str, Any]  # the facts, how fast it went and where it is kept


@dataclass(frozen=True)
class Reference:
    """What every die of a design is compared with: nothing in it depends on the noise or on the die."""

    __repr__ = short_repr

    teacher: float  # accuracy on the test set
    ideal: Score  # of a chip without errors, on the test set
    teacher_digest: str  # see host.teachers.digest
    learned: Snapshot | None = None  # by the ideal chip, if it follows no teacher and learned itself


def run(
    spec: RunSpec,
    threads: int = 1,
    folder: RunFolder | Callable[[RunSpec], RunFolder] | None = None,
    listener: RunListener | None = None,
    source: ChipSource | None = None,
) -> Outcome:
    """Run `spec`; with a folder, keep checkpoints there and go on from the one found.

    folder: an existing run's, or a function that makes one for the spec with nothing left open (called once the data
    are read and effects of other packages tried, so that bad ones leave nothing behind). source: where the die is; the
    ideal chip, a model that no wire leads to, is always in this process. Neither `threads` nor `source` changes a bit
    of the result. Raises DataError, RunFolderError, ChipError, NoiseError, LinkError; OSError if the folder cannot be
    written; MemoryError. A folder made here does not stay where nothing can be gone on from.
    """
    listener = listener or NullListener()
    setup = prepare(spec, listener.stage, threads=threads)
    if source is None or isinstance(source, InProcess):  # what effects read may be where another process has the die
        try_effects(setup.design, spec.die)
    kept_in = folder(setup.spec) if callable(folder) else folder
    with kept_in.alone() if kept_in else nullcontext():
        listener.stage("ideal chip")
        try:
            return run_die(setup, reference(setup, threads), threads, kept_in, listener, source)
        except LinkError:  # the run can go on once the chip can be reached
            raise
        except (ChipError, HostError, NoiseError, MemoryError):
            if kept_in is not None:
                kept_in.discard()
            raise


def reference(setup: Setup, threads: int = 1) -> Reference:
    """Measure what the dies of this design are compared with."""
    method, digest = find(setup.spec.training.method), teacher_digest(setup.teacher, setup.train)
    chip = method.ideal(setup, threads)
    ideal = method.score(setup, chip, _encoder(setup))
    if not method.wants_teacher:
        return Reference(ideal.accuracy, ideal, digest, chip.snapshot())
    return Reference(setup.teacher.accuracy(setup.dataset.test), ideal, digest)


def run_die(
    setup: Setup,
    compared_with: Reference,
    threads: int = 1,
    folder: RunFolder | None = None,
    listener: RunListener | None = None,
    source: ChipSource | None = None,
) -> Outcome:
    """Fabricate the die that `setup.spec` names, measure it, train it, measure it again.

    folder: the run's folder, which keeps checkpoints and the result; source: where the die is, in this process if None.
    Raises RunFolderError, ChipError, LinkError, OSError.
    """
    listener, source = listener or NullListener(), source or InProcess(threads)
    spec, method = setup.spec, find(setup.spec.training.method)
    encoder = _encoder(setup)
    listener.stage("this die before learning")
    chip = source.die(setup.design, spec.die)
    method.begin(setup, chip, compared_with.learned)
    chip.age(spec.training.rest_before_s)
    start = chip.weights()
    before = method.score(setup, chip, encoder)

    identity = identity_of(spec, setup.dataset.digest) | {"teacher": compared_with.teacher_digest}
    progress = folder.load_progress(identity) if folder else None
    progress = progress or Progress(len(setup.valid))
    learned: list[int] = []  # presentations so far, of those learned from in this call
    first = progress.presentations

    def tick(done: int, accuracy: float | None) -> None:
        learned.append(done)
        listener.learning(done, setup.presentations, accuracy)

    listener.stage(f"learning: {spec.training.method}")
    began = time.perf_counter()
    job = Job(
        setup=setup,
        chip=chip,
        encoder=encoder,
        progress=progress,
        timeline=source.timeline,
        save=lambda state: folder.save_progress(state, identity) if folder else None,
        tick=tick,
        threads=threads,
        same_die=lambda design: source.die(design, spec.die),
    )
    method.learn(job)
    seconds = time.perf_counter() - began
    chip.age(spec.training.rest_after_s)
    listener.stage("this die after learning")
    after = method.score(setup, chip, encoder)
    further = method.further(setup, lambda: source.die(setup.design, spec.die), encoder, compared_with.learned)
    rate = (learned[-1] - first) / seconds if learned else None
    facts = _facts(setup, compared_with, before, after, progress) | _by_assignment(
        {"ideal": compared_with.ideal, "before": before, "after": after, **further}
    )
    facts |= method.facts(setup, chip, after, encoder)
    summary = {
        **facts,
        "data_origin": setup.dataset.origin,
        "scaling": describe(setup.dataset),
        "validation": {"samples": len(setup.valid), "own": setup.dataset.valid is not None},
        "samples_per_s": None if rate is None else round(rate, 1),
        "link": source.link(),
        "run_dir": str(folder.path) if folder else None,
    }
    if plugins := plugins_used(spec):
        summary["plugins"] = [plugin._asdict() for plugin in plugins]
    if folder and folder.mixed_versions:
        summary["mixed_versions"] = folder.mixed_versions
    if folder:
        folder.save_result(summary)
    return Outcome(setup, chip, before, after, compared_with.ideal, start, progress, facts, summary)


def _by_assignment(scores: Mapping[str, Score]) -> dict[str, Any]:
    """Of neurons that got their classes when all was learned; nothing of outputs that had theirs before."""
    found = {name: score for name, score in scores.items() if isinstance(score, LabelledScore)}
    if not found:
        return {}
    of_each = {
        name: {
            "accuracy": score.accuracy,
            "by_mean": score.by_mean,
            "by_proportion": score.by_proportion,
            "silent_neurons": score.silent,
            "classes_without_neuron": list(score.without_neuron),
            "stands_for": list(score.stands_for),
        }
        for name, score in found.items()
    }
    return {"assignment": of_each}


def _key(setup: Setup, compared_with: Reference) -> str:
    """By which this run is known. A teacher that follows from the spec is not part of it: it is told beside it."""
    given = {"teacher": compared_with.teacher_digest} if setup.given_teacher else {}
    return key_of(identity_of(setup.spec, setup.dataset.digest) | given)


def _learned_dynamics(setup: Setup) -> dict[str, Any]:
    """What is set in each layer because it was learned: see host.methods.through_time."""
    design, progress = setup.design, setup.learned.progress if setup.learned else None
    leaks = {"tau_steps": list(design.tau_steps)} if design.neuron.kind == "lif" else {}
    presentations = 0 if progress is None else progress.presentations
    return {"threshold_th": list(design.thresholds_th), **leaks, "samples": presentations}


def _encoder(setup: Setup) -> Encoder:
    """For looking at a chip: one chunk at a time."""
    spec = setup.spec
    return Encoder(spec.encoding, setup.dataset.n_in, spec.steps, CHUNK, spec.seed)


def recovered_fraction(ideal: float, before: float, after: float) -> float | None:
    """Which part of the lost accuracy came back: 1 is all of it. None if nothing was lost."""
    return (after - before) / (ideal - before) if ideal > before else None


def _facts(setup: Setup, compared_with: Reference, before: Score, after: Score, progress: Progress) -> dict[str, Any]:
    spec, ideal = setup.spec, compared_with.ideal
    effort = find(spec.training.method).effort(setup, progress)
    learned = effort.activity
    saturations = [name for name in _SATURATIONS if name in after.activity]
    phases: dict[str, Mapping[str, Any]] = {
        "learning": learned,
        "test_before": before.activity,
        "test_after": after.activity,
    }
    scores = {"ideal": ideal, "before": before, "after": after}
    accuracy = {"teacher": compared_with.teacher, **{name: score.accuracy for name, score in scores.items()}}
    return {
        "dataset": setup.dataset.name,
        "data_digest": setup.dataset.digest,
        "teacher_digest": compared_with.teacher_digest,
        "identity": _key(setup, compared_with),
        "network": list(setup.teacher.sizes),
        **({} if setup.teacher.fidelity is None else {"teacher": setup.teacher.fidelity.to_json()}),
        **({} if setup.learned is None else {"learned": _learned_dynamics(setup)}),
        "chip": None if spec.chip is None else {"name": spec.chip.name, "not_modelled": not_modelled(spec.chip)},
        "spec_hash": spec.hash(),
        "seed": spec.seed,
        "die_seed": spec.die,
        "noise": noise_facts(setup),
        "shared_draws": shared_draws(setup),
        "accuracy": accuracy,
        "abstained": {name: score.abstained for name, score in scores.items()},
        "tied": {name: score.tied for name, score in scores.items()},
        "test_samples": len(setup.dataset.test),
        "wrong_after": wrong_text(after.classes != setup.dataset.test.labels),
        "recovered_fraction": recovered_fraction(ideal.accuracy, before.accuracy, after.accuracy),
        "train_samples": progress.presentations,
        "kept_after_samples": progress.checks[progress.kept()].presentations
        if progress.checks
        else progress.presentations,
        "synaptic_events": sum(learned["synaptic_events"]),
        "weight_updates": sum(learned["weight_updates"]),
        "code_writes": sum(learned["code_writes"]),
        "saturation": {
            when: {name: int(np.sum(counts.get(name, 0))) for name in saturations} for when, counts in phases.items()
        },
        "cost": cost_json(
            setup.design,
            spec.chip,
            {
                "inference": (after.activity, len(setup.dataset.test)),
                "learning": (learned, effort.die_samples),
            },
            constant_current=spec.encoding == "current",
            learned_by=setup.learning_windows.design,
        ),
        "method": {"name": spec.training.method, **effort.to_json()},
    }
