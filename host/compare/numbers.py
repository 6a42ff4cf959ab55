"""The figures of a comparison: per method its accuracies die by die, and means of what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec
from chipsim.physical import PhysicalSpec
from host.compare.training_cost import training_cost
from host.methods import find
from host.run import wrong_images


@dataclass(frozen=True)
class MethodNumbers:
    """One method; effort and cost are means over the dies, of training one die."""

    name: str
    ideal: float  # accuracy, on a chip without errors
    dies: tuple[float, ...]  # accuracy, die by die
    right: NDArray[np.bool_]  # (dies, test images), which answers these are
    samples: float  # learned from, repeats counted
    kept_after: float  # samples after which the kept state was reached
    down_per_sample: float  # bytes, programming left out where nothing is learned on the die
    up_per_sample: float  # bytes of neuron state
    bytes_programmed: float  # bytes of a method that shows the die no training sample
    weight_writes: float  # pulses of the learning circuits and weights programmed
    host_macs: float
    chip_seconds: float
    energy_low_mj: float
    energy_high_mj: float
    unanswered: float  # share of test samples to which no output neuron fired; they count as wrong

    @property
    def mean(self) -> float:
        return float(np.mean(self.dies))

    @property
    def spread(self) -> float:
        """Standard deviation between dies."""
        return float(np.std(self.dies, ddof=1)) if len(self.dies) > 1 else 0.0

    @property
    def worst(self) -> float:
        return min(self.dies)

    def to_json(self) -> dict[str, Any]:
        told = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "right"}
        return told | {"mean": self.mean, "spread": self.spread, "worst": self.worst}


def numbers_of(
    name: str, ideal: Mapping[str, Any], dies: Sequence[Mapping[str, Any]], spec: ChipSpec, hardware: PhysicalSpec
) -> MethodNumbers:
    """ideal, dies: facts of the method's runs; hardware: whose figures time and energy are taken from."""

    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values))

    efforts = [facts["method"] for facts in dies]
    costs = [training_cost(spec, hardware, facts, find(name).learns_on_chip) for facts in dies]
    return MethodNumbers(
        name=name,
        ideal=ideal["accuracy"]["after"],
        dies=tuple(facts["accuracy"]["after"] for facts in dies),
        right=np.array([~wrong_images(facts["wrong_after"], facts["test_samples"]) for facts in dies]),
        samples=mean([each["samples"] for each in efforts]),
        kept_after=mean([facts["kept_after_samples"] for facts in dies]),
        down_per_sample=mean([_per_sample(each["bytes_down"], each["die_samples"]) for each in efforts]),
        up_per_sample=mean([_per_sample(each["bytes_up"], each["die_samples"]) for each in efforts]),
        bytes_programmed=mean([0 if each["die_samples"] else each["bytes_down"] for each in efforts]),
        weight_writes=mean([facts["weight_updates"] + facts["method"]["weights_programmed"] for facts in dies]),
        host_macs=mean([each["host_macs"] for each in efforts]),
        chip_seconds=mean([cost.seconds for cost in costs]),
        energy_low_mj=mean([cost.low_mj for cost in costs]),
        energy_high_mj=mean([cost.high_mj for cost in costs]),
        unanswered=mean([facts["abstained"]["after"] / facts["test_samples"] for facts in dies]),
    )


def _per_sample(amount: float, samples: int) -> float:
    return amount / samples if samples else 0.0
