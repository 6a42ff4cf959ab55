"""A limit on a database: what is stored counts, what is missing is simulated and stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from host.run import merge, read_settings, spec_of
from host.settings import RunSpec
from host.studies.die_yield import PointYield, yields
from host.studies.imperfection import imperfection
from host.studies.levels import LevelAxis
from host.studies.limit import Limit, Question, find_limit
from host.studies.simulate import simulate
from host.sweep import Axis, Request, Row, SweepStore, Task, local_workers, missing, tasks_of
from host.terminal import Console


class Design:
    """A design's dies at any level of an axis, which replaces a noise of the same name."""

    def __init__(self, axis: LevelAxis, config: Path | None, overrides: Mapping[str, Any], n_dies: int) -> None:
        """Raises SettingError or NoiseError if there is no such design."""
        settings = read_settings(config, overrides)
        base = spec_of(settings, config)
        others = [text for text in base.noise if imperfection(text).name != axis.name]
        self.name, self._kind = axis.name, axis.kind
        self.dies = tuple(range(base.die, base.die + n_dies))
        settings.pop("die", None)
        self._settings = merge(settings, {"noise": others} if len(others) < len(base.noise) else {})

    def sweep(self, levels: Iterable[float]) -> Request:
        """The sweep over these levels."""
        axis = Axis(self.name, self._kind, tuple(_number(level) for level in levels))
        return Request(self._settings, (axis,), cross=False, dies=self.dies)

    def specs(self, level: float) -> list[RunSpec]:
        """One per die. Raises SettingError if there is no such level."""
        request = self.sweep([level])
        return [request.spec({self.name: _number(level)}, die) for die in self.dies]

    def tasks(self, level: float) -> list[Task]:
        return [task for spec in self.specs(level)[:1] for task in tasks_of(spec, self.dies)]


def _number(level: float) -> float:
    """A whole number as an int, as sweeps have it."""
    return int(level) if level == int(level) else level


def search(
    question: Question, design: Design, database: Path, workers: int, console: Console, mix_versions: bool = False
) -> tuple[str, Limit]:
    """Answer `question`, and leave all levels it rests on as one sweep, whose id comes first.

    Raises SettingError if an end of the range cannot be, SweepError if a level cannot be simulated or the database
    cannot be used.
    """
    for end in question.ends:
        design.tasks(end)  # what cannot be is refused before a database is made
    with SweepStore.create(database, mix_versions) as store, local_workers(workers) as processes:

        def yield_of(rows: list[Row]) -> PointYield:
            [point] = yields(rows, question.criterion)
            return point

        def yield_at(level: float) -> PointYield:
            return yield_of(simulate(design.specs(level), store, processes, console, f"{design.name} {level:g}"))

        known = {level: yield_of(rows) for level, rows in _known(store, design, question.ends)}
        limit = find_limit(question, known, yield_at)
        request = design.sweep(limit.levels)
        sweep = store.add_sweep(request.key, request.to_json(), request.plan())
    return sweep, limit


def _known(store: SweepStore, design: Design, ends: tuple[float, float]) -> Iterator[tuple[float, list[Row]]]:
    """The levels between `ends` of which the database holds every die, with their rows."""
    stored = [row.point[design.name] for row in store.rows() if row.point.keys() == {design.name}]
    numbers = {level for level in stored if isinstance(level, int | float)}
    for level in sorted(level for level in numbers if ends[0] <= level <= ends[1]):
        tasks = design.tasks(level)
        if next(missing(tasks, store), None) is None:
            rows = store.rows_of(task.key for task in tasks)
            if all(row.status == "done" for row in rows):
                yield level, rows
