"""Kernels that a run will need, compiled by a second process while this one reads data and trains the teacher.

That process makes the run in miniature: the same settings on a few samples, after a teacher that nobody trained. So it
needs what the run needs, whatever method, encoding or plug-in that has, and nothing has to be kept in step with them.
The kernels' files see to it that nothing is compiled twice (`chipsim/simd/kernel_cache.py`).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import numpy as np

from chipsim.simd import KERNEL_FILES, KERNEL_FOLDER
from host.data import Samples
from host.run import prepare, reference, run_die
from host.settings import RunSpec
from host.teachers import Teacher, scaled_teacher

_SAMPLES = 8  # of each part


@contextmanager
def compiling_beside(spec: RunSpec) -> Iterator[None]:
    """Compile what `spec` needs meanwhile, if no kernel of these sources has been compiled yet and they can be kept."""
    if KERNEL_FOLDER is None or any(KERNEL_FOLDER.glob(KERNEL_FILES)):
        yield
        return
    command = [sys.executable, "-P", "-c", "from host.cli.compile_ahead import main; main()"]
    # In a session of its own, since Ctrl-C is for this process, which ends the other one.
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert child.stdin is not None, "it is a pipe"
    with contextlib.suppress(OSError):  # who has ended already will not read
        child.stdin.write(spec.model_dump_json().encode() + b"\n")
        child.stdin.flush()
    try:
        yield
    finally:
        child.kill()
        child.wait()
        with contextlib.suppress(OSError):
            child.stdin.close()


def main() -> None:
    """The second process. Its input's end tells that the first one is gone, however that ended."""
    spec = RunSpec.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    miniature(spec)


def _end_with_the_first() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def miniature(spec: RunSpec) -> None:
    """Do all that `spec` does on a few samples. Raises what a run raises."""

    def untrained(samples: Samples) -> Teacher:
        random = np.random.default_rng(0)
        sizes = (samples.raw.shape[1], *spec.hidden, int(samples.labels.max()) + 1)
        layers = [
            (random.normal(0, n_in**-0.5, (n_in, n_out)).astype(np.float32), np.zeros(n_out, np.float32))
            for n_in, n_out in pairwise(sizes)
        ]
        return scaled_teacher(layers, _few(samples), spec.teacher.norm, spec.teacher.norm_percentile)

    if spec.teacher.method == "through-time":
        shortest = spec.through_time.model_copy(update={"teacher_epochs": 1})
        once = spec.training.model_copy(update={"epochs": 1})
        spec = spec.model_copy(update={"through_time": shortest, "training": once})
    setup = prepare(spec, make_teacher=None if spec.teacher.file else untrained)
    short = setup.spec.model_copy(update={"training": setup.spec.training.model_copy(update={"epochs": 1})})
    dataset = replace(setup.dataset, train=_few(setup.dataset.train), test=_few(setup.dataset.test))
    small = replace(setup, spec=short, dataset=dataset, train=_few(setup.train), valid=_few(setup.valid))
    run_die(small, reference(small))


def _few(samples: Samples) -> Samples:
    return samples.subset(np.arange(min(_SAMPLES, len(samples))))
