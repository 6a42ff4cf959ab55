"""Sweeps over settings and dies: a plan of tasks, workers that run them, a database that remembers.

    from host.sweep import Request, SweepStore, local_workers, noise_axis, run_sweep

    request = Request({"steps": 8}, (noise_axis("mismatch:0,0.2,0.4"),), cross=False, dies=(1, 2, 3))
    with SweepStore.create(path) as store, local_workers(2) as workers:
        for row in store.rows(run_sweep(request, store, workers)):
            print(row.point, row.die, row.before, row.after)

`run_specs` runs any list of RunSpecs through the same engine, `Request.spec` gives the spec at any point, on or off the
grid.

Read `axes`, `request` (what was asked, and the plan; `asked`: out of words), `task` (one spec and die under a whole
hash and a name), `rows` (what is stored; `facts`: what of a summary counts), `store` (SQLite; `connection`: schema,
journal, errors; `tables`: what stands in each once; `packing`: texts made small; `lock`: one writer), `merge`,
`worker`, `worker_setup`, `engine` (what a passing fault of the machine costs: `host/faults.py`), `local`, its
`processes`, and `dask_cluster` (where tasks run), `run`, then what is told: `listener`, `estimate`, `tally`, `display`,
`command_line`.

A row is found by `host.run.identity`: settings, data, plug-ins and what they read, by content. Beside it stand the
versions that made it and the digest of the teacher that it followed: rows of others are refused unless they are to be
mixed. A worker whose own training gives another teacher is sent the one to follow.

May know: `run`, `training`, `teachers`, `data`, `settings`, errors and files; `chipsim` by its face and `physical`. The
engine knows `concurrent.futures.Executor` and nothing of who runs the tasks.

To add a kind of axis: in `axes`, as something that overrides settings. To add workers: an executor, and a way to open
it in `run`. A change of the database's schema raises the version in `connection`, and a database of the old one
joins `tests/host/sweep/version_1.sqlite`. The tests are in `tests/host/sweep/`: the same rows on any workers, and after
any kill (`tests/host/cli/test_sweep_killed.py`).
"""

from host.sweep.asked import request_of
from host.sweep.axes import Axis, dies, noise_axis, setting_axis, split_noises
from host.sweep.command_line import arguments_of, command_line_of
from host.sweep.display import Display, point_table
from host.sweep.engine import Workers, missing, run_tasks
from host.sweep.estimate import estimate
from host.sweep.facts import JUST_THIS, LARGEST, Amount, Count, Fraction, LimitsMet, read_summary
from host.sweep.idle import idle_noise
from host.sweep.listener import NullSweepListener
from host.sweep.merge import Merged, merge_sweeps
from host.sweep.request import Request, base_identity
from host.sweep.rows import Packed, Result, Row, Sweep, Timing, damaged
from host.sweep.run import dask_workers, local_workers, run_specs, run_sweep
from host.sweep.store import SweepStore
from host.sweep.tally import tallies
from host.sweep.task import Task, tasks_of
from host.sweep.worker import run_task
from host.sweep.worker_setup import set_up_for_workers

__all__ = [
    "JUST_THIS",
    "LARGEST",
    "Amount",
    "Axis",
    "Count",
    "Display",
    "Fraction",
    "LimitsMet",
    "Merged",
    "NullSweepListener",
    "Packed",
    "Request",
    "Result",
    "Row",
    "Sweep",
    "SweepStore",
    "Task",
    "Timing",
    "Workers",
    "arguments_of",
    "base_identity",
    "command_line_of",
    "damaged",
    "dask_workers",
    "dies",
    "estimate",
    "idle_noise",
    "local_workers",
    "merge_sweeps",
    "missing",
    "noise_axis",
    "point_table",
    "read_summary",
    "request_of",
    "run_specs",
    "run_sweep",
    "run_task",
    "run_tasks",
    "set_up_for_workers",
    "setting_axis",
    "split_noises",
    "tallies",
    "tasks_of",
]
