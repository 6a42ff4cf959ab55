"""Which imperfection costs how much, before and after learning on chip: one at a time, and all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from host.errors import SettingError
from host.run import digest_of
from host.settings import RunSpec
from host.studies.claims import CONFIDENCE
from host.studies.die_yield import MOMENTS, Moment
from host.studies.imperfection import Imperfection, imperfection
from host.studies.sobol import Indices, Range, SobolDesign, indices
from host.sweep import base_identity
from nonideality import parse_all


class Planned(NamedTuple):
    """One chip to simulate, and the point of the sweep it stands for."""

    point: dict[str, float]  # imperfection -> its level
    spec: RunSpec


class Accuracy(NamedTuple):
    """What a task found."""

    ideal: float
    before: float
    after: float


@dataclass(frozen=True)
class Mean:
    """Mean over dies with its interval at CONFIDENCE (Student's t; None for a single die)."""

    value: float
    interval: tuple[float, float] | None

    @staticmethod
    def of(values: NDArray[np.float64]) -> Mean:
        from scipy.stats import t

        value = float(values.mean())
        if len(values) < 2:
            return Mean(value, None)
        error = values.std(ddof=1) / np.sqrt(len(values))
        half = float(t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1) * error)
        return Mean(value, (value - half, value + half))

    def to_json(self) -> dict[str, Any]:
        return {"value": self.value, "interval": self.interval}


@dataclass(frozen=True)
class Cost:
    """What one imperfection costs in accuracy (0 to 1), per moment."""

    alone: Mapping[Moment, Mean]  # lost against the ideal chip when it is the only one
    left_out: Mapping[Moment, Mean]  # won when it alone is taken away from all


@dataclass(frozen=True)
class Answer:
    """All that a study found out."""

    study: Study
    all_together: Mapping[Moment, Mean]  # lost against the ideal chip with every imperfection
    costs: Mapping[str, Cost]  # per imperfection
    spread: Mapping[Moment, float]  # standard deviation of the accuracy over the design; empty without one
    shares: Mapping[Moment, Mapping[str, Indices] | None]  # per factor; None: all answers are the same


@dataclass(frozen=True)
class Study:
    """What is compared: a design without noise, its imperfections, dies for one at a time, rows for all at once."""

    base: RunSpec  # without noise; its die is the first
    imperfections: tuple[Imperfection, ...]
    n_dies: int
    samples: int  # rows of the Sobol design, a power of two; not used if no imperfection has a range

    def __post_init__(self) -> None:
        if not self.imperfections:
            raise SettingError("no imperfection to compare: give --noise, for example --noise mismatch:0..0.5")
        if self.samples < 2 or self.samples & (self.samples - 1):
            raise SettingError(f"--samples {self.samples} is not a power of two from 2, such as 64")
        parse_all(entry.text(entry.severe) for entry in self.imperfections)  # no two may draw the same errors
        last_die = self.base.die + max(self.n_dies, 2 * self.samples) - 1
        if last_die >= 2**32:
            raise SettingError(f"die {self.base.die} leaves no room for dies up to {last_die}: keep them below 2^32")

    @staticmethod
    def of(base: RunSpec, noise: Sequence[str], n_dies: int, samples: int) -> Study:
        """The study with imperfections as the user wrote them. Raises SettingError or NoiseError."""
        return Study(base, tuple(map(imperfection, noise)), n_dies, samples)

    def request(self) -> dict[str, Any]:
        """How the study is stored as a sweep; `from_request` reads it."""
        return {
            "kind": "sensitivity",
            "base": self.base.model_dump(mode="json"),
            "axes": [{"name": axis.name, "kind": "noise", "values": [axis.mild, axis.severe]} for axis in self.ranges],
            "cross": True,
            "dies": list(range(self.base.die, self.base.die + self.n_dies)),
            "noise": [entry.given for entry in self.imperfections],
            "samples": self.samples,
        }

    @property
    def key(self) -> str:
        """A whole hash over what was asked for, wherever the data are and however their place was typed."""
        return digest_of(self.request() | {"base": base_identity(self.base)})

    @staticmethod
    def from_request(request: Mapping[str, Any]) -> Study:
        base = RunSpec.model_validate(request["base"])
        return Study.of(base, request["noise"], len(request["dies"]), request["samples"])

    @property
    def ranges(self) -> tuple[Range, ...]:
        return tuple(entry.range for entry in self.imperfections if entry.range is not None)

    @property
    def design(self) -> SobolDesign | None:
        """All ranges at once; None if there is none."""
        return SobolDesign(self.ranges, self.samples, self.base.die, self.base.seed) if self.ranges else None

    def plan(self) -> list[Planned]:
        """Every task: die by die for each set of imperfections, then the design's samples in their order."""
        dies = range(self.base.die, self.base.die + self.n_dies)
        planned = [self._planned(present, {}, die) for present in self._sets() for die in dies]
        if self.design is not None:
            names = [axis.name for axis in self.design.ranges]
            for sample in self.design.samples():
                levels = dict(zip(names, sample.levels, strict=True))
                planned.append(self._planned(self.imperfections, levels, sample.die))
        return planned

    def answer(self, found: Sequence[Accuracy]) -> Answer:
        """What the tasks of `plan`, in its order, add up to."""
        sets = self._sets()
        one_by_one = len(sets) * self.n_dies
        table = np.array(found, np.float64)  # (tasks, ideal/before/after)
        by_set = table[:one_by_one].reshape(len(sets), self.n_dies, 3)
        of_set = dict(zip(sets, by_set, strict=True))
        everything = self.imperfections

        def lost(present: tuple[Imperfection, ...], moment: Moment) -> NDArray[np.float64]:
            accuracy: NDArray[np.float64] = of_set[present]
            return accuracy[:, 0] - accuracy[:, _COLUMN[moment]]

        costs = {}
        for entry in everything:
            others = tuple(other for other in everything if other is not entry)
            costs[entry.name] = Cost(
                {moment: Mean.of(lost((entry,), moment)) for moment in MOMENTS},
                {moment: Mean.of(lost(everything, moment) - lost(others, moment)) for moment in MOMENTS},
            )
        shares: dict[Moment, Mapping[str, Indices] | None] = {}
        spread: dict[Moment, float] = {}
        if self.design is not None:
            sampled = table[one_by_one:].reshape(self.design.n, self.design.width, 3)
            for moment in MOMENTS:
                answers = sampled[..., _COLUMN[moment]]
                spread[moment] = float(answers[:, :2].std())
                result = indices(answers, self.base.seed)
                shares[moment] = None if result is None else dict(zip(self.design.factors, result, strict=True))
        together = {moment: Mean.of(lost(everything, moment)) for moment in MOMENTS}
        return Answer(self, together, costs, spread, shares)

    def _sets(self) -> list[tuple[Imperfection, ...]]:
        """Each alone, all but each, all; without repeats."""
        every = self.imperfections
        alone = [(entry,) for entry in every]
        all_but = [tuple(other for other in every if other is not entry) for entry in every]
        return list(dict.fromkeys([*alone, *all_but, every]))

    def _planned(self, present: tuple[Imperfection, ...], levels: Mapping[str, float], die: int) -> Planned:
        point = {entry.name: levels.get(entry.name, entry.severe) for entry in present}
        noise = tuple(entry.text(point[entry.name]) for entry in present)
        return Planned(point, self.base.model_copy(update={"noise": noise, "die": die}))


_COLUMN = {"before": 1, "after": 2}
