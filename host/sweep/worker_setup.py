"""What workers find on the disk instead of making it themselves: teachers and compiled kernels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from chipsim import ChipError
from host.errors import HostError, SweepError
from host.run import run_die
from host.sweep.listener import SweepListener
from host.sweep.store import SweepStore
from host.sweep.task import Task
from host.sweep.worker import UnlikeError, excerpt, setup_and_reference
from nonideality import NoiseError


class Ready(NamedTuple):
    """What is to be run, and which teachers are followed."""

    tasks: int
    teachers: dict[bytes, str]  # digest of a design -> of its teacher

    def told(self, task: Task) -> Task:
        """The task with the teacher that it is to follow."""
        if task.design is None:
            return task
        return task._replace(teacher=self.teachers.get(_short(task.design)))


def set_up_for_workers(tasks: Iterable[Task], listener: SweepListener, store: SweepStore | None = None) -> Ready:
    """Train the teachers of all designs in `tasks`, and run a die of each for a moment, which compiles the kernels.

    A design that cannot be is left to its tasks, which then fail one by one. Raises SweepError if rows of the store
    follow another teacher of the same recipe.
    """
    teachers: dict[bytes, str] = {}
    known: set[bytes] = set()
    count = 0
    for task in tasks:
        count += 1
        if task.design is None or (name := _short(task.design)) in known:
            continue
        known.add(name)
        listener.stage(f"teacher and kernels {len(known)}")
        try:
            setup, compared_with = setup_and_reference(task.design, task.data)
            teachers[name] = compared_with.teacher_digest
            run_die(excerpt(setup, 2), compared_with)
        except (HostError, ChipError, NoiseError, UnlikeError, MemoryError):
            pass
        if store is not None and task.recipe is not None and name in teachers:
            refusal = store.refusal_of_teacher(task.recipe, teachers[name])
            if refusal is not None:
                raise SweepError(refusal)
    return Ready(count, teachers)


def _short(design: str) -> bytes:
    """Designs are long texts, and a plan may have many."""
    return hashlib.sha256(design.encode()).digest()
