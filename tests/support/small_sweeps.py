"""A sweep of a few blinks, its rows, and tasks that misbehave. Light: workers import it, too."""

import os
import sqlite3
import threading
import time

from small_runs import SMALL

from host.sweep import Result, Timing

NOISES = ("--noise", "thermal:0.1", "--noise", "mismatch:0,0.2,0.5")


def small_request(data_file, dies=(1, 2), levels="0,0.2,0.5", **changes):
    from host.run import merge
    from host.sweep import Request, noise_axis

    settings = merge({}, {**SMALL, "dataset": str(data_file), "noise": ["thermal:0.1"], **changes})
    return Request(settings, (noise_axis(f"mismatch:{levels}"),), False, tuple(dies))


def tables(path):
    """Everything in a sweep database that is to be the same bits in every run."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA query_only = ON")
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tasks = connection.execute("SELECT * FROM task ORDER BY id").fetchall()
        plan = connection.execute("SELECT * FROM sweep_task ORDER BY sweep, position").fetchall()
        requests = connection.execute("SELECT id, request FROM sweep ORDER BY id").fetchall()
    finally:
        connection.close()
    return {"task": tasks, "sweep_task": plan, "sweep": requests}


def at_once(task):
    """Done before it began."""
    summary = f'{{"data_digest":"{task.data}"}}' if task.data else "{}"
    accuracies = (0.9, 0.9, task.die / 1000, 0.9)
    return Result(task.id, task.spec, task.die, "done", None, *accuracies, 60, summary), Timing(task.id, 0.0, "test")


def kills_its_worker(task):
    """Die 3 takes every worker with it; the others take a moment."""
    if task.die == 3:
        os._exit(9)
    time.sleep(0.05)
    return at_once(task)


def kills_its_worker_once(task):
    """Whoever comes first to a die leaves a note and dies."""
    note = os.path.join(task.spec, str(task.die))
    if not os.path.exists(note):
        open(note, "w").close()
        os._exit(9)
    return at_once(task)


def raises(task):
    if task.die == 3:
        raise ValueError("no such\ncorner")
    return at_once(task)


class Crowd:
    """Counts how many tasks there are at a time."""

    def __init__(self):
        self.lock, self.now, self.most = threading.Lock(), 0, 0

    def change(self, by):
        with self.lock:
            self.now += by
            self.most = max(self.most, self.now)
