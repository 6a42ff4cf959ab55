"""Rules about the analog phases of a step, and about synapses as current sources."""

from __future__ import annotations

from chipsim.design_rules.design import Design
from chipsim.design_rules.finding import RuleLimits
from chipsim.design_rules.registry import Verdict, rule
from chipsim.physical import phases_ns, swing_v


@rule(
    "step-phases",
    quantity="reset, synaptic pulse and comparison over the step period",
    unit="",
    limits=RuleLimits("at most", warning=0.95, error=1.0),
    applies_to="physical specs",
)
def step_phases(design: Design) -> Verdict | None:
    """One after the other: a reset during pulses would be compared before it is done, or pulled against them."""
    if design.physical is None:
        return None
    timing = design.physical.timing
    taken_ns = phases_ns(design.physical)
    unsaid = [name for name in ("reset_width_ns", "comparator_ns") if getattr(timing, name) is None]
    return Verdict(
        taken_ns / timing.step_period_ns,
        f"the analog phases take {taken_ns:g} of {timing.step_period_ns:g} ns"
        + (f", {' and '.join(unsaid)} not stated and not counted" if unsaid else "")
        + ": what does not fit is compared before it is complete, and is part of the next step",
        f"step_period_ns {taken_ns / 0.95:.4g}, shorter pulses of more current (pulse_width_ns), a faster comparator",
    )


@rule(
    "output-impedance",
    quantity="change of a synapse's current from rest to threshold",
    unit="",
    limits=RuleLimits("at most", note=0.005, warning=0.025, error=0.1),
    applies_to="physical specs with an Early voltage",
)
def output_impedance(design: Design) -> Verdict | None:
    """In ngspice, 0.04 of it (10 V, a swing of 0.4 V) is a membrane error of 0.07 th rms; ideal sources 0.0024 th."""
    if design.physical is None or design.physical.synapse.early_voltage_v is None:
        return None
    change = design.highest_threshold_th * swing_v(design.physical) / design.physical.synapse.early_voltage_v
    return Verdict(
        change,
        "runs have ideal current sources, and these deliver less the higher the membrane is: counts come out lower or"
        " higher by about one, as chipsim export spice shows",
        f"early_voltage_v {change * design.physical.synapse.early_voltage_v / 0.005:.3g} (longer channels, cascodes),"
        " or a smaller swing",
    )


@rule(
    "source-headroom",
    quantity="highest membrane that synapses can charge, above rest, in th",
    unit="th",
    limits=RuleLimits("at least", note=3.0, warning=2.0, error=1.25),
    applies_to="physical specs with a headroom",
)
def source_headroom(design: Design) -> Verdict | None:
    if design.physical is None or design.physical.synapse.headroom_v is None:
        return None
    physical, headroom_v = design.physical, design.physical.synapse.headroom_v
    highest_v = physical.process.supply_v - headroom_v
    needed_v = physical.neuron.resting_v + 3 * design.highest_threshold_th * swing_v(physical) + headroom_v
    return Verdict(
        (highest_v - physical.neuron.resting_v) / swing_v(physical) / design.highest_threshold_th,
        f"above {highest_v:.3g} V, the supply less headroom_v, a current source leaves saturation: charge is lost below"
        " the upper rail",
        f"supply_v {needed_v:.3g}, so that they reach 3 th, a lower rest or swing, or transistors with a smaller"
        " overdrive (headroom_v)",
    )


@rule(
    "sink-headroom",
    quantity="lower rail above ground, less the headroom of current sinks, in th",
    unit="th",
    limits=RuleLimits("at least", warning=0.0),
    applies_to="physical specs with a headroom",
)
def sink_headroom(design: Design) -> Verdict | None:
    if design.physical is None or design.physical.synapse.headroom_v is None:
        return None
    physical, headroom_v = design.physical, design.physical.synapse.headroom_v
    return Verdict(
        (physical.neuron.low_rail_v - headroom_v) / swing_v(physical),
        "inhibition pulls less the nearer a membrane is to the lower rail",
        f"low_rail_v {headroom_v:g} or higher, or sinks with a smaller overdrive (headroom_v)",
    )
