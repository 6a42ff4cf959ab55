"""A limit on a database: what is stored counts, what is missing is simulated and stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from host.run import digest_of, merge, read_settings, spec_of
from host.settings import RunSpec
from host.studies.die_yield import PointYield, yields
from host.studies.imperfection import imperfection
from host.studies.levels import LevelAxis
from host.studies.limit import Level, Limit, Question, find_limit
from host.studies.simulate import simulate
from host.sweep import Axis, Request, Row, SweepStore, Task, local_workers, tasks_of
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
    """Answer `question`, and leave all dies that it rests on as one sweep, whose id comes first.

    Raises SettingError if an end of the range cannot be, SweepError if a level cannot be simulated or the database
    cannot be used.
    """
    for end in question.ends:
        design.tasks(end)  # what cannot be is refused before a database is made
    with SweepStore.create(database, mix_versions) as store, local_workers(workers) as processes:

        def judge(level: float) -> Level:
            specs, name = design.specs(level), f"{design.name} {level:g}"

            def first_dies(dies: int) -> PointYield:
                [point] = yields(simulate(specs[:dies], store, processes, console, name), question.criterion)
                return point

            found = question.judged(first_dies)
            assert found is not None, "every die can be asked for"
            return found

        limit = find_limit(question, dict(_known(store, design, question)), judge)
        request = design.sweep(limit.levels)
        used = {(float(level), die.die) for level, each in limit.levels.items() for die in each.point.dies}
        plan = ((point, task) for point, task in request.plan() if (float(point[design.name]), task.die) in used)
        key = digest_of([request.key, sorted(used)])
        sweep = store.add_sweep(key, request.to_json(), plan)
    return sweep, limit


def _known(store: SweepStore, design: Design, question: Question) -> Iterator[tuple[float, Level]]:
    """The levels between the ends whose verdict the database holds all dies for."""
    low, high = question.ends
    stored = [row.point[design.name] for row in store.rows() if row.point.keys() == {design.name}]
    numbers = {level for level in stored if isinstance(level, int | float)}
    for level in sorted(level for level in numbers if low <= level <= high):
        held = takewhile(lambda task: store.holds(task, task.spec) == "done", design.tasks(level))
        rows = store.rows_of([task.key for task in held])

        def first_dies(dies: int, rows: list[Row] = rows) -> PointYield | None:
            if dies > len(rows):
                return None
            [point] = yields(rows[:dies], question.criterion)
            return point

        if (known := question.judged(first_dies)) is not None:
            yield level, known
