"""What workers find on the disk instead of making it themselves: teachers and compiled kernels."""

from __future__ import annotations

from collections.abc import Iterable

from chipsim import ChipError
from host.errors import HostError
from host.run import run_die
from host.sweep.listener import SweepListener
from host.sweep.task import Task
from host.sweep.worker import excerpt, setup_and_reference
from nonideality import NoiseError


def set_up_for_workers(tasks: Iterable[Task], listener: SweepListener) -> int:
    """Train the teachers of all designs in `tasks`, and run a die of each for a moment, which compiles the kernels.

    Returns how many tasks there are. A design that cannot be is left to its tasks, which then fail one by one.
    """
    known: set[str] = set()
    count = 0
    for task in tasks:
        count += 1
        if task.design is None or task.design in known:
            continue
        known.add(task.design)
        listener.stage(f"teacher and kernels {len(known)}")
        try:
            setup, compared_with = setup_and_reference(task.design, task.data)
            run_die(excerpt(setup, 2), compared_with)
        except (HostError, ChipError, NoiseError, MemoryError):
            continue
    return count
