"""The online rule on the ideal twin, then programmed: what is lost when the die's own errors are not in the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from host.methods.effort import Effort
from host.methods.method import Job, only_programmed
from host.methods.on_chip_ltl import OnChipLtl, learn_online
from host.training import Progress

if TYPE_CHECKING:
    from host.setup import Setup


class OnlineLtlOffChip(OnChipLtl):
    """As on chip, but the host simulates an ideal chip of the same design and programs the die with what that learned.

    The host's work: a synaptic event of the twin is an addition, a weight update a multiply-accumulate.
    """

    def learn(self, job: Job) -> None:
        setup = job.setup
        twin = setup.chip(setup.chip_spec.ideal(), setup.start_weights(), job.threads)
        learn_online(job, twin)
        job.program(twin.weights())

    def effort(self, setup: Setup, progress: Progress) -> Effort:
        simulated = sum(progress.activity["synaptic_events"]) + sum(progress.activity["weight_updates"])
        return only_programmed(setup, progress, host_macs=progress.host_macs + simulated)
