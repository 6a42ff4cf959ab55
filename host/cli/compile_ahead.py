"""Kernels that a run will need, compiled by other processes while this one reads data and trains the teacher.

One makes the run in miniature: the same settings on a few samples, after a teacher that nobody trained. So it needs
what the run needs, whatever method, encoding or plug-in that has, and nothing has to be kept in step with them.
Another begins with the kernels that learn, which take longest and which the first one would come to last.
The kernels' files see to it that nothing is compiled twice (`chipsim/simd/kernel_cache.py`).
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import numpy as np

from chipsim.design import told_targets
from chipsim.simd import KERNEL_FILES, KERNEL_FOLDER
from host.data import Samples
from host.methods import find
from host.run import prepare, reference, run_die
from host.settings import RunSpec
from host.teachers import Layer, RectifiedLayers, Teacher, dense_network, scaled_teacher

_SAMPLES = 8  # of each part
_STREAMS = (0, 1, 2)  # stdin, stdout, stderr
# Elsewhere than on Linux a process that was forked may not use the system's libraries. What is forked has imported all.
_PROCESSES = multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")


@contextmanager
def compiling_beside(spec: RunSpec) -> Iterator[None]:
    """Compile what `spec` needs meanwhile, if no kernel of these sources has been compiled yet and they can be kept.

    To be entered before there are threads, whose locks a forked process would inherit.
    """
    if KERNEL_FOLDER is None or any(KERNEL_FOLDER.glob(KERNEL_FILES)):
        yield
        return
    on_chip = find(spec.training.method).learns_on_chip and spec.teacher.method != "through-time"
    parts = (miniature, learning) if on_chip else (miniature,)
    others = [_PROCESSES.Process(target=_alone, args=(part, spec), daemon=True) for part in parts]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: numpy's threads know how to be forked
        for other in others:
            other.start()
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.join()


def _alone(part: Callable[[RunSpec], None], spec: RunSpec) -> None:
    """Such a process. It says nothing, ends with the first one, however that ends, and Ctrl-C is for that alone."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in _STREAMS:
        os.dup2(nowhere, stream)
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    part(spec)


def _end_with_the_first() -> None:
    first = multiprocessing.parent_process()
    assert first is not None, "it was started by another one"
    first.join()
    os._exit(1)


def miniature(spec: RunSpec) -> None:
    """Do all that `spec` does on a few samples. Raises what a run raises."""
    if spec.teacher.method == "through-time":
        shortest = spec.through_time.model_copy(update={"teacher_epochs": 1})
        once = spec.training.model_copy(update={"epochs": 1})
        spec = spec.model_copy(update={"through_time": shortest, "training": once})

    def untrained(samples: Samples) -> Teacher:
        layers = _random_layers(spec, samples)
        return scaled_teacher(layers, _few(samples), spec.teacher.norm, spec.teacher.norm_percentile)

    setup = prepare(spec, make_teacher=None if spec.teacher.file else untrained)
    short = setup.spec.model_copy(update={"training": setup.spec.training.model_copy(update={"epochs": 1})})
    dataset = replace(setup.dataset, train=_few(setup.dataset.train), test=_few(setup.dataset.test))
    small = replace(setup, spec=short, dataset=dataset, train=_few(setup.train), valid=_few(setup.valid))
    run_die(small, reference(small))


def learning(spec: RunSpec) -> None:
    """Let a die learn from windows without a spike: neither encoder nor teacher is compiled first.

    Raises what a run raises, and ChipError if the learning rule listens to a broadcast.
    """

    def unscaled(samples: Samples) -> Teacher:
        layers = _random_layers(spec, samples)
        return Teacher(dense_network(layers), RectifiedLayers(layers), [np.ones_like(bias) for _, bias in layers])

    setup = prepare(spec, make_teacher=None if spec.teacher.file else unscaled)
    design = setup.design
    silence = setup.encoder(_SAMPLES).silence(_SAMPLES)
    windows = () if design.windows == 1 else (design.windows,)
    targets = [
        np.zeros((_SAMPLES, *windows, shape.n_out), np.float32) if told else None
        for shape, told in zip(design.shapes, told_targets(design), strict=True)
    ]
    chip = setup.chip(design, setup.start_weights(), 1)
    result = chip.learn(silence, np.arange(_SAMPLES), targets, np.zeros(_SAMPLES, np.float32))
    assert len(result.counts) == design.n_layers, "looking at it waits for it"


def _random_layers(spec: RunSpec, samples: Samples) -> list[Layer]:
    random = np.random.default_rng(0)
    sizes = (samples.raw.shape[1], *spec.hidden, int(samples.labels.max()) + 1)
    return [
        (random.normal(0, n_in**-0.5, (n_in, n_out)).astype(np.float32), np.zeros(n_out, np.float32))
        for n_in, n_out in pairwise(sizes)
    ]


def _few(samples: Samples) -> Samples:
    return samples.subset(np.arange(min(_SAMPLES, len(samples))))
