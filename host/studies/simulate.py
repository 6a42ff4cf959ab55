"""Chips asked for one by one: simulated where the database has none yet, and all of them needed."""

from __future__ import annotations

from collections.abc import Sequence

from host.errors import SweepError
from host.settings import RunSpec
from host.sweep import Result, Row, SweepStore, Workers, run_specs
from host.terminal import Console


class ChipCounter:
    """Counts chips on the console; a listener of the engine."""

    def __init__(self, console: Console, what: str) -> None:
        self._console, self._what = console, what
        self._done = self._total = 0

    def stage(self, text: str) -> None:
        self._console.stage(text)

    def running(self, tasks: int) -> None:
        self._total = tasks

    def finished(self, result: Result) -> None:
        self._done += 1
        self._console.steps(self._done, self._total, self._what)


def simulate(specs: Sequence[RunSpec], store: SweepStore, workers: Workers, console: Console, what: str) -> list[Row]:
    """The rows of `specs`, in order. Raises SweepError if one could not be simulated: every one is needed."""
    rows = store.rows_of(run_specs(specs, store, workers, ChipCounter(console, what)))
    refuse_failures(rows)
    return rows


def refuse_failures(rows: Sequence[Row]) -> None:
    failed = [row for row in rows if row.status != "done"]
    if failed:
        first = f"the first, {failed[0].task}: {failed[0].message or 'it has not run'}"
        raise SweepError(f"{len(failed)} of {len(rows)} chips could not be simulated; {first}")
