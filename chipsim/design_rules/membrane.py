"""Rules about the membrane: its rails, its leak, its noise, and the boxcar that looks at it."""

from __future__ import annotations

from chipsim.design import readable
from chipsim.design_rules.design import Design, where
from chipsim.design_rules.finding import RuleLimits
from chipsim.design_rules.registry import Verdict, rule
from chipsim.physical import ktc_sigma_th


@rule(
    "upper-rail",
    quantity="upper rail above rest",
    unit="th",
    limits=RuleLimits("at least", note=3.0, warning=2.0, error=1.25),
)
def upper_rail(design: Design) -> Verdict:
    """In thresholds of the layer that has the highest."""
    thresholds, highest = design.chip.thresholds_th, design.highest_threshold_th
    return Verdict(
        design.chip.neuron.high_rail_th / highest,
        f"charge that arrives above the rail is lost{where(thresholds, highest)}, and with it spikes: a strong neuron"
        " gets one threshold and more in a step, which takes a membrane from just below threshold to twice that and"
        " beyond",
        "a higher rail, a lower threshold, or smaller synaptic charges, so that rest to rail is 3 thresholds",
    )


@rule(
    "boxcar-rest",
    quantity="lower boxcar edge above rest",
    unit="th",
    limits=RuleLimits("at most", warning=-0.25),
)
def boxcar_rest(design: Design) -> Verdict:
    return Verdict(
        design.boxcar_low_th,
        "a neuron whose membrane stays near rest is hardly ever inside the boxcar: it learns late or never",
        f"a boxcar at least {_width_to(0.25, design):g} th wide, so that its lower edge lies below rest",
    )


@rule(
    "boxcar-random-start",
    quantity="lower boxcar edge above rest",
    unit="th",
    limits=RuleLimits("at most", error=0.0),
    applies_to="training from random weights",
)
def boxcar_random_start(design: Design) -> Verdict | None:
    if design.start != "random":
        return None
    return Verdict(
        design.boxcar_low_th,
        "from random weights many neurons stay far below threshold, outside the boxcar, and learning dies; a programmed"
        " start loses less",
        f"a boxcar at least {_width_to(0.25, design):g} th wide, or start from the teacher's weights",
    )


@rule(
    "boxcar-rail",
    quantity="lower boxcar edge above the lower rail",
    unit="th",
    limits=RuleLimits("at most", warning=0.0),
)
def boxcar_rail(design: Design) -> Verdict:
    gap = design.boxcar_low_th - design.chip.neuron.low_rail_th
    return Verdict(
        gap,
        "a neuron that inhibition has driven to its lower rail is outside the boxcar and can learn only after it has"
        " come back by itself",
        f"low_rail_th {readable(min(0.0, design.boxcar_low_th))} (a rail at the boxcar's edge), or a boxcar of"
        f" {_width_to(-design.chip.neuron.low_rail_th, design):g} th",
    )


def _width_to(below_rest_th: float, design: Design) -> float:
    """How wide a boxcar must be to reach so far below rest in every layer."""
    return 2 * (design.highest_threshold_th + below_rest_th)


@rule(
    "leak",
    quantity="window over membrane time constant",
    unit="",
    limits=RuleLimits("at most", warning=6.0, error=12.0),
    applies_to="leaky neurons",
)
def leak(design: Design) -> Verdict | None:
    if design.chip.neuron.kind != "lif":
        return None
    steps, taus = design.chip.steps, design.chip.tau_steps
    tau = min(taus)
    return Verdict(
        steps / tau,
        f"charge leaks away before it is counted{where(taus, tau)}: weak inputs never add up to a spike,"
        " and rates no longer follow the teacher's",
        f"a time constant of at least {steps / 6:.3g} steps, or shorter steps",
    )


@rule(
    "ktc-noise",
    quantity="kT/C noise of the membrane",
    unit="th",
    limits=RuleLimits("at most", note=0.05, warning=0.2, error=0.5),
    applies_to="physical specs",
)
def ktc_noise(design: Design) -> Verdict | None:
    if design.physical is None:
        return None
    thresholds = design.chip.thresholds_th
    lowest = min(thresholds)
    sigma = ktc_sigma_th(design.physical) / lowest
    farads = design.physical.neuron.membrane_capacitance_ff * (sigma / 0.05) ** 2
    return Verdict(
        sigma,
        "the capacitor's own thermal noise is a good part of the threshold"
        f"{where(thresholds, lowest)}: neurons fire by chance",
        f"membrane_capacitance_ff {farads:.3g} brings it to 0.05 th; or a larger swing from rest to threshold",
    )


@rule(
    "membrane-noise",
    quantity="membrane noise per step, all sources",
    unit="th",
    limits=RuleLimits("at most", note=0.1, warning=0.2, error=0.8),
)
def membrane_noise(design: Design) -> Verdict:
    return Verdict(
        design.membrane_noise_of_threshold,
        "neurons fire by chance, and counts tell less of the input",
        "0.1 th or less per step: a larger capacitance or swing, a quieter supply; or more steps to average over",
    )


@rule(
    "boxcar-noise",
    quantity="membrane noise per step over the boxcar's width",
    unit="",
    limits=RuleLimits("at most", warning=0.5, error=2.0),
)
def boxcar_noise(design: Design) -> Verdict:
    sigma = design.membrane_noise_th
    return Verdict(
        sigma / design.chip.learning_circuit.boxcar_width_th,
        "noise carries the membrane across the whole boxcar within a step: which neurons learn is left to chance",
        f"a boxcar of at least {2 * sigma:.2g} th, or less noise",
    )
