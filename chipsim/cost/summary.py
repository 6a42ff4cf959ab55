"""A phase's cost per sample: all figures together, and the same as plain data for JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from chipsim.cost.area import AreaReport, chip_area, network_area
from chipsim.cost.counts import Activity, EventCounts, counts_per_sample
from chipsim.cost.energy import EnergyReport, sample_energy
from chipsim.cost.link import LinkBytes, LinkFormat, link_bytes
from chipsim.cost.timing import SampleTime, busiest_step_cycles, cycles_available, latency_steps, sample_time
from chipsim.design import ChipSpec
from chipsim.physical import PhysicalSpec

Phase = Literal["inference", "learning"]


@dataclass(frozen=True)
class OnChip:
    """What only a physical spec can tell."""

    time: SampleTime
    energy: EnergyReport
    clock_cycles: float  # of a sample's latency
    busy_cycles: float  # that an average step needs, in the layer that needs most
    step_cycles: float  # that a step has


@dataclass(frozen=True)
class Cost:
    """One phase, per sample."""

    phase: Phase
    samples: int  # over which the counts were averaged
    counts: EventCounts
    latency_steps: int
    link: LinkBytes
    on_chip: OnChip | None  # None without a physical spec

    def to_json(self) -> dict[str, Any]:
        counts = self.counts
        plain: dict[str, Any] = {
            "samples": self.samples,
            "input_events": counts.input_events,
            "synaptic_events": sum(counts.synaptic_events),
            "synaptic_events_per_layer": list(counts.synaptic_events),
            "spikes": sum(counts.spikes),
            "spikes_per_layer": list(counts.spikes),
            "weight_updates": sum(counts.weight_updates),
            "code_writes": sum(counts.code_writes),
            "latency_steps": self.latency_steps,
            "link_bytes": {
                "input": self.link.input,
                "targets": self.link.targets,
                "counts": self.link.counts,
                "membranes": self.link.membranes,
                "total": self.link.total,
            },
        }
        return plain if self.on_chip is None else plain | _on_chip_json(self.on_chip)


def _on_chip_json(on_chip: OnChip) -> dict[str, Any]:
    time, energy = on_chip.time, on_chip.energy
    return {
        "latency_us": time.latency_us,
        "interval_us": time.interval_us,
        "link_us": time.link_us,
        "stall_us": time.stall_us,
        "stall_fraction": time.stall_fraction,
        "samples_per_s": 1e6 / time.interval_us,
        "clock_cycles": on_chip.clock_cycles,
        "step_cycles": {"busy": on_chip.busy_cycles, "available": on_chip.step_cycles},
        "energy_nj": {
            "low": energy.low_nj,
            "high": energy.high_nj,
            "parts": [
                {
                    "name": part.name,
                    "count": part.count,
                    "unit": part.unit,
                    "each_pj": list(part.each_pj),
                    "low_nj": part.low_nj,
                    "high_nj": part.high_nj,
                    "share": energy.share(part),
                }
                for part in energy.parts
            ],
        },
    }


def phase_cost(
    spec: ChipSpec,
    physical: PhysicalSpec | None,
    phase: Phase,
    activity: Activity,
    samples: int,
    *,
    constant_current: bool,
) -> Cost:
    """From a phase's activity, summed over `samples` windows (at least one)."""
    learning = phase == "learning"
    counts = counts_per_sample(spec, activity, samples)
    sent = link_bytes(spec, counts, LinkFormat.of(spec, physical), constant_current=constant_current, learning=learning)
    on_chip = None
    if physical is not None:
        time = sample_time(spec, physical, sent.total)
        available = cycles_available(physical)
        on_chip = OnChip(
            time=time,
            energy=sample_energy(spec, physical, counts, sent.total, time.interval_us, learning=learning),
            clock_cycles=time.latency_us * physical.timing.clock_mhz,
            busy_cycles=busiest_step_cycles(spec, physical, counts, learning),
            step_cycles=available,
        )
    return Cost(phase, samples, counts, latency_steps(spec), sent, on_chip)


def area_json(spec: ChipSpec, physical: PhysicalSpec) -> dict[str, dict[str, float]]:
    """Square millimetres of the network's share of the chip and of the whole chip."""

    def parts(area: AreaReport) -> dict[str, float]:
        dacs = {} if area.bias_dacs_mm2 is None else {"bias_dacs": area.bias_dacs_mm2}
        return {
            "synapses": area.synapses_mm2,
            "neurons": area.neurons_mm2,
            "learning_circuits": area.learning_circuits_mm2,
            **dacs,
            "total": area.total_mm2,
        }

    return {"network": parts(network_area(spec, physical)), "chip": parts(chip_area(spec, physical))}
