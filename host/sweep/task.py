"""What is run once and then known: one resolved spec, under a whole hash and a name that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from host.data import Dataset, load
from host.run import (
    canonical,
    digest_of,
    identity_of,
    key_of,
    resolve,
    resolved,
    settings_without_places,
    teacher_recipe,
)
from host.settings import AUTO, RunSpec

_LONGEST_LABEL = 60
_NOT_IN_LABEL = ("noise", "die", "data_dir", "chunk", "dataset", "file", "digest")


class Task(NamedTuple):
    """One (spec, die)."""

    key: str  # whole hash over all that decides what it finds, see host.run.identity
    name: str  # for people, such as mismatch-0.2-die-3-1f9a0c2b
    die: int
    spec: str  # the settings of a RunSpec with nothing left open, canonical JSON
    design: str | None  # the same without noise and die: tasks of one design share all that costs. None: no valid spec
    data: str | None  # digest of the data that the spec means here
    recipe: str | None = None  # hash over what should give one teacher
    teacher: str | None = None  # digest of the teacher that it gave where the tasks are handed out


def tasks_of(spec: RunSpec, dies: Iterable[int]) -> Iterator[Task]:
    """The tasks of one point: `spec` on each of `dies`. Raises DataError, and what a broken plug-in raises."""
    dataset = _dataset(spec.dataset, spec.data_dir, spec.scale, spec.windows)
    whole = resolved(spec, dataset)
    settings = whole.model_dump(mode="json")
    label = _label(settings)
    design = canonical({**settings, "noise": [], "die": 0})
    identity, recipe = identity_of(whole, dataset.digest), teacher_recipe(whole, dataset.digest)
    for die in dies:
        mine = {**settings, "die": die}
        key = key_of(identity | {"spec": digest_of(settings_without_places(mine))})
        yield Task(key, f"{label}die-{die}-{key[:8]}", die, canonical(mine), design, dataset.digest, recipe)


def data_digest(spec: RunSpec) -> str:
    """Of the data that a spec means here. Raises DataError."""
    return _dataset(spec.dataset, spec.data_dir, spec.scale, spec.windows).digest


@lru_cache(maxsize=4)
def _dataset(name: str, data_dir: str | None, scale: str, windows: int) -> Dataset:
    return load(name, data_dir, scale, windows)


@lru_cache(maxsize=4)
def _usual(name: str, data_dir: str | None, scale: str) -> dict[str, Any]:
    """What a run on this data set, read with this scale, has if nothing else is asked for."""
    spec = resolved(resolve(None, {"dataset": name}), _dataset(name, data_dir, scale, 1))
    return dict(_leaves(spec.model_dump(mode="json")))


def _label(settings: Mapping[str, Any]) -> str:
    """Noises, and whatever differs from the usual, as far as it fits; the hash after it tells the rest apart."""
    usual = _usual(settings["dataset"], settings["data_dir"], settings.get("scale", AUTO))
    chip = settings.get("chip")
    parts = [] if chip is None else [f"chip-{chip['name']}"]
    parts += [text.replace(":", "-") for text in settings["noise"]]
    others = {name: value for name, value in settings.items() if name != "chip"}
    parts += [f"{name.rpartition('.')[2]}-{value}" for name, value in _leaves(others) if usual.get(name) != value]
    text = re.sub(r"[^\w.@=]+", "-", "-".join(parts))[:_LONGEST_LABEL].strip("-")
    return f"{text}-" if text else ""


def _leaves(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{name}.")
        elif name not in _NOT_IN_LABEL:
            yield f"{above}{name}", value
