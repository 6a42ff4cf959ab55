"""Sweeps over settings and dies: a plan of tasks, workers that run them, a database that remembers.

    from host.sweep import Request, SweepStore, local_workers, noise_axis, run_sweep

    request = Request({"steps": 8}, (noise_axis("mismatch:0,0.2,0.4"),), cross=False, dies=(1, 2, 3))
    with SweepStore.create(path) as store, local_workers(2) as workers:
        for row in store.rows(run_sweep(request, store, workers)):
            print(row.point, row.die, row.before, row.after)

`run_specs` runs any list of RunSpecs through the same engine, `Request.spec` gives the spec at any point, on or off
the grid. Names are imported when they are asked for, so that ``chipsim --help`` answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from host.sweep.axes import Axis as Axis
    from host.sweep.axes import dies as dies
    from host.sweep.axes import noise_axis as noise_axis
    from host.sweep.axes import setting_axis as setting_axis
    from host.sweep.engine import Workers as Workers
    from host.sweep.request import Request as Request
    from host.sweep.run import dask_workers as dask_workers
    from host.sweep.run import local_workers as local_workers
    from host.sweep.run import run_specs as run_specs
    from host.sweep.run import run_sweep as run_sweep
    from host.sweep.store import Row as Row
    from host.sweep.store import SweepStore as SweepStore

_WHERE = {
    "Axis": "axes",
    "dies": "axes",
    "noise_axis": "axes",
    "setting_axis": "axes",
    "Workers": "engine",
    "Request": "request",
    "dask_workers": "run",
    "local_workers": "run",
    "run_specs": "run",
    "run_sweep": "run",
    "Row": "store",
    "SweepStore": "store",
}
__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
