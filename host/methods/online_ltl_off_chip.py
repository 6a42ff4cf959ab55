"""The online rule on the ideal twin, then programmed: what is lost when the die's own errors are not in the loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from host.methods.on_chip_ltl import OnChipLtl, learning_die
from host.methods.on_host import OnHost
from host.settings import METHODS, RunSpec
from host.teachers import Layer
from host.training import LearningDie, Part, Rates, Setup


@dataclass(frozen=True)
class SimulatedDie(LearningDie):
    """An ideal chip that the host simulates: an event is an addition, a weight update a multiply-accumulate."""

    def layers(self) -> list[Layer]:
        return self.chip.weights()

    def learn(self, edges: Sequence[int], rates: Rates) -> Iterator[Part]:
        for part in super().learn(edges, rates):
            simulated = sum(int(part.activity[name].sum()) for name in ("synaptic_events", "weight_updates"))
            yield replace(part, host_macs=part.host_macs + simulated)


class OnlineLtlOffChip(OnHost):
    """As on chip, with the same learning rate and number of presentations, but on a chip without errors."""

    name = "online-ltl-off-chip"
    meaning = METHODS["online-ltl-off-chip"]

    def epochs(self, spec: RunSpec, n_train: int) -> int:
        return OnChipLtl().epochs(spec, n_train)

    def learning_rate(self, spec: RunSpec) -> float:
        return OnChipLtl().learning_rate(spec)

    def model(self, setup: Setup, threads: int) -> SimulatedDie:
        twin = setup.chip(setup.design.ideal(), setup.start_weights(), threads)
        return learning_die(SimulatedDie, setup, twin)
