"""What a stored sweep asks, in words and as the command that asks it again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from host.report.chart import text_of
from host.settings import RunSpec
from host.studies import Study
from host.sweep import arguments_of
from nonideality import EFFECTS


@dataclass(frozen=True)
class SweepQuestion:
    """A sweep's request. `command_for` gives the command for some of its axes only."""

    base: RunSpec
    axes: dict[str, str]  # name -> its levels in words
    design: str
    dies: str
    other_noise: tuple[str, ...]
    command: str
    command_for: Callable[[Sequence[str]], str]


def is_study(request: Mapping[str, Any]) -> bool:
    return request.get("kind") == "sensitivity"


def size(request: Mapping[str, Any]) -> int:
    """Tasks of a grid; 0 for a study, which has its own place on a page."""
    if is_study(request):
        return 0
    lengths = [len(axis["values"]) for axis in request["axes"]]
    return len(request["dies"]) * (prod(lengths) if request["cross"] else sum(lengths))


def levels(request: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Axis -> its levels; of a study one level stands for all, which are numbers."""
    if is_study(request):
        return {entry.name: [entry.severe] for entry in Study.from_request(request).imperfections}
    return {axis["name"]: list(axis["values"]) for axis in request["axes"]}


def question(request: Mapping[str, Any], database: str) -> SweepQuestion:
    return _study(Study.from_request(request), database) if is_study(request) else _grid(request, database)


def _grid(request: Mapping[str, Any], database: str) -> SweepQuestion:
    base = RunSpec.model_validate(request["base"])
    axes = {axis["name"]: axis["values"] for axis in request["axes"]}
    dies = _dies(request["dies"])
    several = len(axes) > 1

    def command_for(names: Sequence[str]) -> str:
        arguments = [text for text in arguments_of(base) if not text.startswith("--die=")]
        arguments += [_axis(name, axes[name]) for name in names]
        arguments += ["--cross"] if request["cross"] and len(names) > 1 else []
        return shlex.join(["chipsim", "sweep", *arguments, "--dies", dies, "--out", database])

    return SweepQuestion(
        base,
        {name: ", ".join(map(text_of, levels)) for name, levels in axes.items()},
        "all combinations" if request["cross"] and several else "one axis at a time" if several else "one axis",
        f"{len(request['dies']):,} at each point, seeds {dies if '-' in dies or ',' in dies else f'1-{dies}'}",
        base.noise,
        command_for(list(axes)),
        command_for,
    )


def _study(study: Study, database: str) -> SweepQuestion:
    base = study.base
    arguments = [text for text in arguments_of(base) if not text.startswith("--noise=")]
    arguments += [f"--noise={entry.given}" for entry in study.imperfections]
    arguments += ["--dies", str(study.n_dies), "--samples", str(study.samples), "--out", database]
    command = shlex.join(["chipsim", "sensitivity", *arguments])
    rows = f", and {study.samples * study.design.width:,} chips of a Sobol design" if study.design else ""
    return SweepQuestion(
        base,
        {entry.name: entry.given.partition(":")[2] for entry in study.imperfections},
        f"each noise alone, all but each, all{rows}",
        f"{study.n_dies:,} for each set of noises, seeds {base.die}-{base.die + study.n_dies - 1}",
        (),
        command,
        lambda names: command,
    )


def _dies(dies: Sequence[int]) -> str:
    """As --dies takes them: 20, 5-9 or 1,3,8."""
    first, last = dies[0], dies[-1]
    if list(dies) != list(range(first, last + 1)):
        return ",".join(map(str, dies))
    return str(last) if first == 1 else f"{first}-{last}"


def _axis(name: str, levels: Sequence[Any]) -> str:
    site = min((name.find(mark) for mark in "@," if mark in name), default=len(name))
    kind, rest = name[:site], name[site:]
    if EFFECTS.offers(kind):
        return f"--noise={kind}:{','.join(map(text_of, levels))}{rest}"
    return f"--axis={name}={','.join(map(text_of, levels))}"
