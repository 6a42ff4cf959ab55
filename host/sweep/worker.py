"""What a worker does: one task after the other, on one thread, keeping what tasks of one design share."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import warnings
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from chipsim import ChipError
from host.errors import DataError, DataWarning, HostError
from host.run import Outcome, Reference, prepare, reference, run_die, spec_of
from host.settings import RunSpec
from host.sweep.store import Result, Timing, canonical
from host.sweep.task import Task
from host.training import Setup
from nonideality import NoiseError

_DESIGNS = 2  # kept at a time: a plan goes through its designs one after the other
_lock = threading.Lock()  # a cluster's worker may run several tasks at a time: what they share is made once


def run_task(task: Task) -> tuple[Result, Timing]:
    """Run one task. Whatever goes wrong with it is its result: the others go on."""
    _one_thread()
    began = time.perf_counter()
    try:
        result = _done(task, _outcome(task))
    except (HostError, ChipError, NoiseError) as error:
        result = failed(task, str(error))
    except Exception as error:
        result = failed(task, f"{type(error).__name__}: {error}")
    return result, Timing(task.id, time.perf_counter() - began, f"{socket.gethostname()}:{os.getpid()}")


def failed(task: Task, message: str) -> Result:
    return Result(task.id, task.spec, task.die, "failed", " ".join(message.split()))


def _done(task: Task, outcome: Outcome) -> Result:
    accuracy = outcome.facts["accuracy"]
    return Result(
        task.id,
        task.spec,
        task.die,
        "done",
        None,
        accuracy["teacher"],
        accuracy["ideal"],
        accuracy["before"],
        accuracy["after"],
        outcome.facts["test_samples"],
        canonical(outcome.facts),
    )


def _outcome(task: Task) -> Outcome:
    spec = spec_of(json.loads(task.spec))
    assert task.design is not None, "a valid spec has a design"
    with _lock:
        setup, compared_with = setup_and_reference(task.design, task.data)
    return run_die(replace(setup, spec=spec), compared_with)


@lru_cache(maxsize=_DESIGNS)
def setup_and_reference(design: str, data: str | None) -> tuple[Setup, Reference]:
    """Data, teacher and the ideal chip's score of a design. Raises DataError if the data here are not `data`."""
    setup = prepare(RunSpec.model_validate_json(design))
    if data is not None and setup.dataset.digest != data:
        raise DataError(
            f"data set {setup.spec.dataset} holds other data on {socket.gethostname()} than where the sweep was started"
        )
    return setup, reference(setup)


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
    return Setup(spec, replace(setup.dataset, test=few[2]), few[0], few[1], setup.teacher, setup.start)
