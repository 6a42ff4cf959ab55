"""A sweep of a few blinks, its rows, and tasks that misbehave. Light: workers import it, too."""

import json
import os
import threading
import time

from small_runs import SMALL

from host.sweep import Result, SweepStore, Timing


def summary_of(teacher, ideal, before, after):
    """As short as one can be."""
    accuracy = json.dumps({"teacher": teacher, "ideal": ideal, "before": before, "after": after})
    return (
        f'{{"accuracy":{accuracy},"network":[6,7,3],"train_samples":1,"kept_after_samples":1,"synaptic_events":1,'
        '"weight_updates":1,"code_writes":0,"saturation":{}}'
    )


A_SUMMARY = summary_of(0.9, 0.9, 0.1, 0.8)
NOISES = ("--noise", "thermal:0.1", "--noise", "mismatch:0,0.2,0.5")


def small_request(data_file, dies=(1, 2), levels="0,0.2,0.5", **changes):
    from host.run import merge
    from host.sweep import Request, noise_axis

    settings = merge({}, {**SMALL, "dataset": str(data_file), "noise": ["thermal:0.1"], **changes})
    return Request(settings, (noise_axis(f"mismatch:{levels}"),), False, tuple(dies))


def tables(path):
    """Everything in a sweep database that is to be the same bits in every run."""
    with SweepStore.open(path) as store:
        assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = [row for row, _, _ in store.all_results()]
        plans = {sweep.id: [(row.point, row.key) for row in store.rows(sweep.id)] for sweep in store.sweeps()}
        requests = {sweep.id: sweep.request for sweep in store.sweeps()}
        tasks = [(*row._replace(packed_summary=None, packed_spec=None), row.summary, row.spec) for row in rows]
    return {"task": sorted(tasks, key=lambda task: task[13]), "plan": plans, "sweep": requests}


def at_once(task):
    """Done before it began."""
    accuracies = (0.9, 0.9, task.die / 1000, 0.9)
    figures = (*accuracies, 60, summary_of(*accuracies))
    result = Result(task.key, task.name, task.spec, task.die, "done", None, *figures)
    return result, Timing(task.key, 0.0, "test")


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
