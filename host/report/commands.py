"""The commands that make a sweep, or what a figure shows of it, again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from host.report.chart import text_of
from host.run_spec import RunSpec
from host.sweep.replay import replay_arguments
from nonideality import catalogue


def sweep_command(request: Mapping[str, Any], axes: Sequence[Mapping[str, Any]], database: str) -> str:
    """`chipsim sweep` for `axes`, all or some of the request's own."""
    base = RunSpec.model_validate(request["base"])
    dies: list[int] = list(request["dies"])
    arguments = [text for text in replay_arguments(base) if not text.startswith("--die=")]
    arguments += [_axis(axis["name"], axis["values"]) for axis in axes]
    arguments += ["--cross"] if request["cross"] and len(axes) > 1 else []
    arguments += [f"--die={dies[0]}"] if dies[0] != 1 else []
    arguments += [f"--dies={len(dies)}", f"--out={database}"]
    return shlex.join(["chipsim", "sweep", *arguments])


def _axis(name: str, levels: Sequence[Any]) -> str:
    kind, at, site = name.partition("@")
    values = ",".join(text_of(level) for level in levels)
    if kind in catalogue():
        return f"--noise={kind}:{values}{at}{site}"
    return f"--axis={name}={values}"


def report_command(source: str, criterion: Sequence[str]) -> str:
    return shlex.join(["chipsim", "report", source, *criterion])
