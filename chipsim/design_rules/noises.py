"""Rules about the noises that a design is given."""

from __future__ import annotations

from chipsim.design_rules.design import Design
from chipsim.design_rules.finding import RuleLimits
from chipsim.design_rules.idle import Use, idle_noises
from chipsim.design_rules.registry import Verdict, rule


@rule(
    "idle-noise",
    quantity="noises that hit nothing on this chip",
    unit="",
    limits=RuleLimits("at most", note=0),
    applies_to="designs with noise",
)
def idle_noise(design: Design) -> Verdict | None:
    """A noise of several sites is idle if it is at all of them."""
    noises = design.chip.noises
    if not noises:
        return None
    idle = idle_noises(design.chip, Use())
    reasons = [
        f"{text} ({', '.join(dict.fromkeys(each.why for each in mine))})"
        for number, (text, noise) in enumerate(zip(design.chip.noise, noises, strict=True))
        if len(mine := [each for each in idle if each.number == number]) == len(noise.sites)
    ]
    return Verdict(
        len(reasons),
        f"what a study says of such a noise is nothing: {'; '.join(reasons)}",
        f"leave out {len(reasons)} of {len(noises)} noises, or give the chip what they disturb",
    )
