"""What a sweep was asked to do, and the plan of points and tasks that follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from chipsim import ChipError
from host.errors import HostError, SettingError
from host.run import canonical, digest_of, identity_of, merge, spec_of
from host.settings import RunSpec
from host.sweep.axes import Axis
from host.sweep.task import Task, data_digest, tasks_of
from nonideality import NoiseError

Point = dict[str, Any]  # axis name -> value
_REFUSED = (HostError, ChipError, NoiseError)


def base_identity(base: RunSpec) -> dict[str, str]:
    """By which the spec that a question begins from is known. Raises DataError."""
    return identity_of(base, data_digest(base))


def _without_places(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Without where things are: the base spec's identity says what they hold."""
    kept = {name: value for name, value in settings.items() if name not in ("data_dir", "dataset")}
    if isinstance(teacher := kept.get("teacher"), Mapping):
        kept["teacher"] = {name: value for name, value in teacher.items() if name != "file"}
    return kept


@dataclass(frozen=True)
class Request:
    """Settings that all points share, what varies, and the dies."""

    settings: dict[str, Any]  # nested or as in --set; defaults not filled in, since they may depend on an axis
    axes: tuple[Axis, ...]
    cross: bool  # every combination of the axes' values; else each axis varies while the others are left out
    dies: tuple[int, ...]

    def __post_init__(self) -> None:
        names = [axis.name for axis in self.axes]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise SettingError(f"axis {twice} is given twice: put all its values into one list")

    @cached_property
    def base(self) -> RunSpec:
        """The spec that every axis leaves as it is; on the first die."""
        return self.spec({}, self.dies[0])

    def points(self) -> Iterator[Point]:
        if self.cross or not self.axes:
            for values in product(*(axis.values for axis in self.axes)):
                yield dict(zip((axis.name for axis in self.axes), values, strict=True))
        else:
            for axis in self.axes:
                yield from ({axis.name: value} for value in axis.values)

    def spec(self, point: Point, die: int) -> RunSpec:
        """The spec at `point`, on or off the grid. Raises SettingError."""
        return spec_of(self._settings(point, die))

    def _settings(self, point: Point, die: int) -> dict[str, Any]:
        settings = merge(merge({}, self.settings), {"die": die})
        for axis in self.axes:
            if axis.name in point:
                settings = merge(settings, axis.override(point[axis.name], list(settings.get("noise", ()))))
        return settings

    def check(self) -> None:
        """Raises what a value's first point raises if no point that has it can be; other corners fail by themselves."""
        can_be: set[str] = set()
        errors: dict[str, Exception] = {}
        for point in self.points():
            parts = [canonical(part) for part in point.items()] or ["{}"]
            try:
                next(tasks_of(self.spec(point, self.dies[0]), self.dies[:1]))
                can_be.update(parts)
            except _REFUSED as error:
                for part in parts:
                    errors.setdefault(part, error)
        for part, reason in errors.items():
            if part not in can_be:
                raise reason

    def plan(self) -> Iterator[tuple[Point, Task]]:
        """All tasks, one point after the other, made while they are asked for: a plan may be long."""
        for point in self.points():
            try:
                tasks = tasks_of(self.spec(point, self.dies[0]), self.dies)
                yield from ((point, task) for task in tasks)
            except _REFUSED:
                yield from ((point, self._impossible(point, die)) for die in self.dies)

    def _impossible(self, point: Point, die: int) -> Task:
        """A corner without a valid spec: whoever runs it finds out what is wrong."""
        settings = self._settings(point, die)
        label = "-".join(f"{name}-{value}" for name, value in point.items())
        key = digest_of(settings)
        return Task(key, f"{label}-die-{die}-{key[:8]}", die, canonical(settings), None, None)

    @cached_property
    def key(self) -> str:
        """A whole hash over what was asked for, wherever the data are and however their place was typed."""
        facts = self.to_json()
        return digest_of(facts | {"base": base_identity(self.base), "settings": _without_places(facts["settings"])})

    def to_json(self) -> dict[str, Any]:
        return {
            "base": self.base.model_dump(mode="json"),
            "settings": dict(self.settings),
            "axes": [axis.to_json() for axis in self.axes],
            "cross": self.cross,
            "dies": list(self.dies),
        }

    @staticmethod
    def from_json(facts: Mapping[str, Any]) -> Request:
        """What `to_json` gave, as stored with a sweep."""
        axes = tuple(Axis.from_json(axis) for axis in facts["axes"])
        return Request(facts["settings"], axes, facts["cross"], tuple(facts["dies"]))
