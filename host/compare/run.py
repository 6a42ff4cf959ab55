"""A comparison from question to files: chips by the sweep engine, figures, table and picture."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipsim.physical import PhysicalSpec
from host.compare.judgement import MARGIN, differences_json, verdict
from host.compare.numbers import MethodNumbers, numbers_of
from host.compare.plot import draw
from host.compare.simulate import specs
from host.errors import SweepError
from host.files import write_bytes, write_text
from host.run import wrong_images
from host.settings import RunSpec
from host.studies import simulate
from host.sweep import Row, SweepStore, Workers, damaged
from host.terminal import Console


@dataclass(frozen=True)
class Comparison:
    """Methods on the same dies."""

    base: RunSpec  # of the first method, on the first die
    network: tuple[int, ...]
    dies: tuple[int, ...]
    figures_of: str  # the chip whose figures time and energy are taken from
    methods: tuple[MethodNumbers, ...]
    margin: float = MARGIN  # what differs by less is called equally accurate

    @property
    def title(self) -> str:
        spec = self.base
        noise = ", ".join(spec.noise) or "no noise"
        network = "-".join(map(str, self.network))
        return (
            f"{spec.dataset}, {network}, {spec.steps_text}, {spec.encoding} encoding; {noise}; {len(self.dies)} dies,"
            f" seed {spec.seed}; time and energy by the figures of chip {self.figures_of}"
        )

    def verdict(self) -> list[str]:
        """A sentence for each other method than the one that learns on chip."""
        return verdict(self.methods, self.margin)

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "noise": list(self.base.noise),
            "network": list(self.network),
            "dies": list(self.dies),
            "figures_of": self.figures_of,
            "methods": [each.to_json() for each in self.methods],
            "margin": self.margin,
            "differences": differences_json(self.methods, self.margin),
            "verdict": self.verdict(),
        }

    def save(self, folder: Path) -> None:
        """compare.json, compare.svg and compare.png. Raises OSError."""
        write_text(folder / "compare.json", json.dumps(self.to_json(), indent=2) + "\n")
        figure = draw(self.methods, self.title)
        for kind in ("svg", "png"):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, dpi=140)
            write_bytes(folder / f"compare.{kind}", buffer.getvalue())


def _facts(row: Row) -> dict[str, Any]:
    """Of a task that is done. Raises SweepError naming the row if costs or answers are not there."""
    facts = row.summary or {}
    method, cost = facts.get("method"), facts.get("cost")
    if not method or not cost or (method["die_samples"] and not cost.get("learning")):
        raise SweepError(f"row {row.task}: it does not say what its run cost: simulate it again in another --out")
    try:
        wrong = int(wrong_images(facts["wrong_after"], facts["test_samples"]).sum())
    except KeyError:
        raise SweepError(
            f"row {row.task}: it does not say which test images were wrong, as rows of older versions do not: simulate"
            " it again in another --out"
        ) from None
    except ValueError as error:
        raise damaged(row.task, str(error)) from None
    if facts["test_samples"] - wrong != round(facts["accuracy"]["after"] * facts["test_samples"]):
        raise damaged(row.task, f"it says that {wrong} test images were wrong, and {row.after} for its accuracy")
    return facts


def compare(
    settings: Mapping[str, Any],
    names: Sequence[str],
    dies: Sequence[int],
    hardware: PhysicalSpec,
    store: SweepStore,
    workers: Workers,
    console: Console,
    own: Mapping[str, Mapping[str, Any]] | None = None,
    margin: float = MARGIN,
) -> Comparison:
    """settings: nested, as read from a file and flags; hardware: for time and energy where the spec names no chip.

    own: what a method has otherwise, such as ``{"in-the-loop": {"training.learning_rate": 5e-4}}``.
    Raises SettingError if a method cannot be, DataError, SweepError if a chip could not be simulated.
    """
    asked = specs(settings, names, dies, own)
    rows = iter(simulate([spec for each in asked.values() for spec in each], store, workers, console, "chips"))
    found = []
    network: tuple[int, ...] = ()
    for name, wanted in asked.items():
        ideal, *facts = [_facts(next(rows)) for _ in wanted]
        network = tuple(ideal["network"])
        learned_in = wanted[-1].training.window_steps or wanted[-1].steps
        design = wanted[-1].model_copy(update={"steps": learned_in}).design_of({"layer_sizes": network})
        found.append(numbers_of(name, ideal, facts, design, wanted[-1].chip or hardware))
    base = next(iter(asked.values()))[1]
    return Comparison(base, network, tuple(dies), (base.chip or hardware).name, tuple(found), margin)
