"""Time and energy of a whole training on the die, from what a run counted and the figures of a chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chipsim import ChipSpec
from chipsim.cost import EventCounts, sample_energy, sample_time, weight_write_pj
from chipsim.physical import PhysicalSpec


@dataclass(frozen=True)
class TrainingCost:
    """Of one die, programming included."""

    seconds: float
    low_mj: float  # millijoules
    high_mj: float


def training_cost(
    spec: ChipSpec, hardware: PhysicalSpec, facts: Mapping[str, Any], learns_on_chip: bool
) -> TrainingCost:
    """facts: a run's (`host.run.die_run`). The link's traffic is spread evenly over the samples shown to the die."""
    method, learning = facts["method"], facts["cost"]["learning"]
    link_bytes = method["bytes_down"] + method["bytes_up"]
    low_pj, high_pj = (each * method["weights_programmed"] for each in weight_write_pj(spec, hardware))
    shown = method["die_samples"]
    if not shown:
        seconds = 8 * link_bytes / hardware.link.bandwidth_mbit_per_s / 1e6
        low_pj, high_pj = (
            written + each * link_bytes
            for written, each in zip((low_pj, high_pj), hardware.energy.link_byte_pj, strict=True)
        )
        return TrainingCost(seconds, low_pj / 1e9, high_pj / 1e9)
    counts = EventCounts(
        input_events=learning["input_events"],
        synaptic_events=tuple(learning["synaptic_events_per_layer"]),
        spikes=tuple(learning["spikes_per_layer"]),
        weight_updates=(learning["weight_updates"],),
        code_writes=(learning["code_writes"],),
    )
    each = link_bytes / shown
    time = sample_time(spec, hardware, each)
    energy = sample_energy(spec, hardware, counts, each, time.interval_us, learning=learns_on_chip)
    return TrainingCost(
        seconds=shown * time.interval_us / 1e6,
        low_mj=shown * energy.low_nj / 1e6 + low_pj / 1e9,
        high_mj=shown * energy.high_nj / 1e6 + high_pj / 1e9,
    )
