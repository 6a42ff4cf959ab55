"""`chipsim.sweep`: every point of a grid on many dies."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from host.api.given import Place, dies_text, one_error, overrides_of, plain, tells_settings, workers_of
from host.api.population_plot import population_figure
from host.api.settings import Settings
from host.api.shown import Shown, Summary, frame, shown_in_notebooks
from host.errors import SettingError
from host.report import columns, records
from host.studies import ChipCounter, criterion, yields
from host.sweep import (
    Display,
    Request,
    SweepStore,
    Workers,
    dask_workers,
    idle_noise,
    local_workers,
    request_of,
    run_sweep,
    tallies,
)
from host.terminal import Console, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

Axes = Mapping[str, Sequence[Any]] | str | Sequence[str]


class SweepOutcome(Shown):
    """A sweep in its database."""

    def __init__(self, database: Path, name: str, axes: Sequence[str], remarks: Sequence[str] = ()) -> None:
        """remarks: what has to be known of the figures."""
        self.database = database
        self.name = name  # of the sweep; a database may hold several
        self.axes = tuple(axes)  # a noise or a setting each, in their order
        self.remarks = tuple(remarks)

    @property
    def points(self) -> list[dict[str, Any]]:
        """Of each point of the grid: its place, how many dies are done, and their mean accuracies."""
        with one_error(), SweepStore.open(self.database) as store:
            return [point.to_json() for point in tallies(store.rows(self.name)).values()]

    @property
    def plot(self) -> SweepPlots:
        return SweepPlots(self)

    def point_table(self) -> DataFrame:
        """A row for each point: means over its dies. Raises UserError if pandas is not installed."""
        with one_error():
            return frame([_flat(point) for point in self.points])

    def yield_table(self, *, at_least: float | str | None = None, within: float | str | None = None) -> DataFrame:
        """A row for each point: how many of its dies are good, before and after learning, and what they prove.

        proven: at 95 %, by a plan fixed beforehand, or whenever one stops: see `chipsim yield`.
        at_least: a die is good from this accuracy on; within: or down to this much below the ideal chip's: one of them.
        Raises UserError, also if pandas is not installed.
        """
        with one_error():
            wanted = criterion(_text(at_least), _text(within))
            with SweepStore.open(self.database) as store:
                points = yields(store.rows(self.name), wanted)
            return frame(
                [
                    {
                        **point.point,
                        "dies": len(point.dies),
                        **{f"good_{when}": point.good[when] for when in ("before", "after")},
                        **{f"yield_{when}": point.share(when).fraction for when in ("before", "after")},
                        "proven_after_planned": point.share("after").by_plan,
                        "proven_after_any_time": point.share("after").any_time,
                    }
                    for point in points
                ]
            )

    def _summary(self) -> Summary:
        points = self.points
        done, planned = sum(point["done"] for point in points), sum(point["dies"] for point in points)
        rows = [
            (
                point["name"],
                f"{point['done']} / {point['dies']}",
                *(percent(point[name]) for name in ("ideal", "before", "after", "worst_after")),
            )
            for point in points
        ]
        in_vain = [
            f"{sum(point[what] for point in points):,} tasks {what}"
            for what in ("failed", "lost")
            if any(point[what] for point in points)
        ]
        title = f"sweep {self.name} in {self.database}: {done:,} of {planned:,} dies; mean accuracy in %"
        head = ("point", "dies", "ideal", "before", "after", "worst after")
        return Summary(title, head, rows, [*in_vain, *self.remarks])

    def _records(self) -> list[dict[str, Any]]:
        """A row for each die of each point, as `chipsim report --csv` writes it."""
        with one_error(), SweepStore.open(self.database) as store:
            order = columns(self.axes)
            return [{name: row[name] for name in order} for row in records(store.rows(self.name), self.axes)]


class SweepPlots:
    """Pictures of a sweep, as matplotlib figures."""

    def __init__(self, outcome: SweepOutcome) -> None:
        self._outcome = outcome

    def accuracy(self) -> Figure:
        """Every die's accuracy before and after learning along each axis, and their means."""
        outcome = self._outcome
        with one_error(), SweepStore.open(outcome.database) as store:
            return shown_in_notebooks(population_figure(store.rows(outcome.name), outcome.axes))


@tells_settings
def sweep(
    *,
    axis: Axes | None = None,
    cross: bool = False,
    dies: int | str | Sequence[int] | None = None,
    config: Place | None = None,
    set: Mapping[str, Any] | None = None,
    out: Place = "sweep.sqlite",
    workers: int | None = None,
    dask: str | None = None,
    retry_failed: bool = False,
    mix_versions: bool = False,
    quiet: bool = False,
    **settings: Unpack[Settings],
) -> SweepOutcome:
    """Run every point of a grid on many dies; asked again, run only what is missing.

        chipsim.sweep(noise="mismatch:0,0.1,0.2,0.3", dies=20)
        chipsim.sweep(noise="mismatch:0.1,0.2", axis={"steps": [8, 16]}, cross=True, dies=10)

    A noise with several levels is an axis. axis: further ones, values by a setting's dotted name; cross: all
    combinations of the axes, else one axis at a time. dies: 20 for dies 1 to 20, or which: "5-9" or [1, 3]; the die
    alone if None. config, set: see `chipsim.run`. out: the database; what it holds is used. workers: processes, which
    change no result; all cores if None. dask: run on the cluster whose scheduler is there. retry_failed: run tasks
    again that have failed before. quiet: no progress.

    What is done when Ctrl-C comes is kept: the same call goes on. Raises UserError; a task that fails is told in the
    outcome, and the others are run all the same.
    """
    with one_error():
        if dask is not None and workers is not None:
            raise SettingError("workers are processes on this machine; with dask the cluster has its own: keep one")
        overrides = overrides_of(settings, set)
        request = request_of(
            overrides,
            None if config is None else Path(config),
            _axes(axis),
            cross,
            None if dies is None else dies_text(dies),
        )
        request.check()
        database, count = Path(out), workers_of(workers)
        try:
            with (
                dask_workers(dask, mix_versions) if dask else local_workers(count) as pool,
                SweepStore.create(database, mix_versions) as store,
            ):
                name = _shown(request, store, pool, retry_failed, quiet)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"what is stored in {database} stays: the same call goes on") from None
        return SweepOutcome(database, name, [each.name for each in request.axes], idle_noise(request))


def _shown(request: Request, store: SweepStore, workers: Workers, retry_failed: bool, quiet: bool) -> str:
    """Runs it. A terminal shows every point meanwhile, anything else how many dies are done."""
    if sys.stderr.isatty() and not quiet:
        with Display(store, request.key) as display:
            return run_sweep(request, store, workers, display, retry_failed)
    with Console(quiet) as console:
        return run_sweep(request, store, workers, ChipCounter(console, "dies"), retry_failed)


def _axes(axis: Axes | None) -> list[str]:
    """As --axis has them: KEY=VALUE,VALUE."""
    if axis is None:
        return []
    if isinstance(axis, str):
        return [axis]
    if isinstance(axis, Mapping):
        return [f"{name}={','.join(json.dumps(plain(value)) for value in values)}" for name, values in axis.items()]
    return list(axis)


def _text(value: float | str | None) -> str | None:
    return None if value is None else str(value)


def _flat(point: dict[str, Any]) -> dict[str, Any]:
    figures = ("dies", "done", "failed", "lost", "ideal", "before", "after", "worst_after", "unanswered")
    return {**point["point"], **{name: point[name] for name in figures}}
