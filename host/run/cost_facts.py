"""What a run cost, for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chipsim import ChipSpec
from chipsim.cost import Activity, Phase, area_json, bias_dacs, phase_cost
from chipsim.physical import PhysicalSpec


def cost_json(
    spec: ChipSpec,
    hardware: PhysicalSpec | None,
    phases: Mapping[Phase, tuple[Activity, int]],
    *,
    constant_current: bool,
    learned_by: ChipSpec | None = None,
) -> dict[str, Any]:
    """Cost per sample of each phase, given as (activity, samples); None for a phase without samples.

    learned_by: the design with the windows that a die learned in, if these are others. Time and energy of each phase,
    and the area, need a physical spec; without one there are counts and bytes alone. Converters that set leaks and
    thresholds are listed if there are any.
    """
    cost: dict[str, Any] = {"chip": None if hardware is None else hardware.name}
    for phase, (activity, samples) in phases.items():
        cost[phase] = None
        if samples:
            design = learned_by if phase == "learning" and learned_by is not None else spec
            one = phase_cost(design, hardware, phase, activity, samples, constant_current=constant_current)
            cost[phase] = one.to_json()
    if hardware is not None:
        cost["area_mm2"] = area_json(spec, hardware)
    if dacs := bias_dacs(spec):
        cost["bias_dacs"] = [each.to_json() for each in dacs]
    return cost
