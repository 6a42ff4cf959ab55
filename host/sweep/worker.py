"""What a worker does: one task after the other, on one thread, keeping what tasks of one design share."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from chipsim import ChipError
from host.errors import DataWarning, HostError
from host.faults import is_passing
from host.run import Outcome, Reference, canonical, made_with, prepare, reference, run_die, spec_of
from host.settings import RunSpec
from host.sweep.facts import limits_met
from host.sweep.rows import Result, Timing
from host.sweep.task import Task
from host.teachers import Layer, scaled_teacher
from host.training import Setup
from nonideality import NoiseError

OTHER_TEACHER = "other teacher"  # a status that no row has: the task is to be given again, with the teacher's layers
_DESIGNS = 2  # kept at a time: a plan goes through its designs one after the other
_lock = threading.Lock()  # a cluster's worker may run several tasks at a time: what they share is made once
_given: dict[str, Sequence[Layer]] = {}  # digest -> layers of teachers that were sent here


class UnlikeError(Exception):
    """This machine would find something else than the one that handed the task out."""


class OtherTeacherError(UnlikeError):
    """The same training gives another teacher here."""


def run_task(task: Task, layers: Sequence[Layer] | None = None) -> tuple[Result, Timing]:
    """Run one task. Whatever goes wrong with it is its result: the others go on.

    layers: of the teacher to follow, where one that is trained here would be another.
    """
    began = time.perf_counter()
    if layers is not None and task.teacher is not None:
        _given[task.teacher] = layers
    try:
        _one_thread()
        result = _done(task, _outcome(task))
    except OtherTeacherError as error:
        result = ended(task, OTHER_TEACHER, str(error))
    except (HostError, ChipError, NoiseError) as error:
        result = ended(task, "lost" if is_passing(error) else "failed", str(error))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Rust's is no Exception
        passing = is_passing(error) or isinstance(error, UnlikeError)
        result = ended(task, "lost" if passing else "failed", f"{type(error).__name__}: {error}")
    return result, Timing(task.key, time.perf_counter() - began, f"{socket.gethostname()}:{os.getpid()}")


def ended(task: Task, status: str, message: str) -> Result:
    """Of a task that has found nothing."""
    text = " ".join(message.split())
    return Result(task.key, task.name, task.spec, task.die, status, text, made_with=made_with())


def _done(task: Task, outcome: Outcome) -> Result:
    facts, accuracy = outcome.facts, outcome.facts["accuracy"]
    if facts["identity"] != task.key:
        raise UnlikeError(
            f"on {socket.gethostname()} this is another run: its data, or its plug-ins or their data, differ"
        )
    return Result(
        task.key,
        task.name,
        task.spec,
        task.die,
        "done",
        None,
        accuracy["teacher"],
        accuracy["ideal"],
        accuracy["before"],
        accuracy["after"],
        facts["test_samples"],
        canonical({name: value for name, value in facts.items() if name != "identity"}),  # that is the row's key
        limits_met(facts),
        task.recipe,
        facts["teacher_digest"],
        made_with(),
    )


def _outcome(task: Task) -> Outcome:
    spec = spec_of(json.loads(task.spec))
    if task.design is None:
        raise UnlikeError("its point had no valid spec when it was planned, and has one now: ask again")
    with _lock:
        setup, compared_with = setup_and_reference(task.design, task.data, task.teacher)
    return run_die(replace(setup, spec=spec), compared_with)


def setup_and_reference(design: str, data: str | None, teacher: str | None = None) -> tuple[Setup, Reference]:
    """Data, teacher and the ideal chip's score of a design.

    teacher: digest of the one to follow; None: the one that is made here. Raises UnlikeError if these or the
    data are others.
    """
    made_here = _made_here(design, data)
    if teacher in (None, made_here[1].teacher_digest):
        return made_here
    return _following(design, data, str(teacher))


@lru_cache(maxsize=_DESIGNS)
def _made_here(design: str, data: str | None) -> tuple[Setup, Reference]:
    setup = prepare(RunSpec.model_validate_json(design))
    if data is not None and setup.dataset.digest != data:
        raise UnlikeError(
            f"data set {setup.spec.dataset} holds other data on {socket.gethostname()} than where the sweep was started"
        )
    return setup, reference(setup)


@lru_cache(maxsize=_DESIGNS)
def _following(design: str, data: str | None, teacher: str) -> tuple[Setup, Reference]:
    """The same with a teacher that was sent here."""
    setup, compared_with = _made_here(design, data)
    if teacher in _given:
        wanted = setup.spec.teacher
        followed = scaled_teacher(list(_given[teacher]), setup.train, wanted.norm, wanted.norm_percentile)
        setup = replace(setup, teacher=followed)
        compared_with = reference(setup)
    if compared_with.teacher_digest != teacher:
        raise OtherTeacherError(
            f"the teacher on {socket.gethostname()} is another one, {compared_with.teacher_digest}, than where the"
            f" sweep was started, {teacher}"
        )
    return setup, compared_with


def layers_of_teacher(task: Task) -> list[Layer] | None:
    """Of the teacher that this process follows in a task; None if every worker makes it: from a file, through time."""
    assert task.design is not None, "it has a teacher"
    setup, _ = setup_and_reference(task.design, task.data)
    made_everywhere = setup.spec.teacher.file is not None or setup.learned is not None
    return None if made_everywhere else setup.teacher.layers


@cache
def _one_thread() -> None:
    """Workers share the cores among themselves: each, with all its libraries, has one. None of them warns."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # for what is loaded later
    threadpool_limits(1)
    warnings.simplefilter("ignore", DataWarning)  # said where the sweep was started


def excerpt(setup: Setup, n: int) -> Setup:
    """The same with at most n samples of each kind, shown once."""
    few = [
        samples.subset(np.arange(min(n, len(samples)))) for samples in (setup.train, setup.valid, setup.dataset.test)
    ]
    training = setup.spec.training.model_copy(update={"epochs": 1})
    spec = setup.spec.model_copy(update={"training": training})
    return replace(setup, spec=spec, dataset=replace(setup.dataset, test=few[2]), train=few[0], valid=few[1])
