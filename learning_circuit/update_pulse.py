"""From the two gates to the pulse on a column, and to what a synapse's own device makes of it.

    pulse  = eta gate(e) box                            Eq. 10 of Yang et al. 2022, in thresholds
    opened = pulse, times `up` or `down` of its column; times the synapse's pulse gain, p

An ideal synapse moves by its gain times p x, x being the input's amplitude (1 for a spike). A few-bit one collects
pulses, see `update_accumulator`. Of a real analog device, w being what the crossbar delivers:

    step   = p x s(w)           s: relative step of the pulse's direction at the device's place in its range
    spread = sqrt((cycle step)^2 + noise^2)
    w     += gain (step + spread z), held within +- gain full_scale;       z ~ N(0, 1)

One z serves both cycle-to-cycle variation, which is relative to the step, and write noise, which is not: they are
independent and Gaussian, so their sum is Gaussian and has that spread.
"""

from __future__ import annotations

from typing import Any

from learning_circuit.number import N, maximum, minimum


def gated_pulse(error: N, is_open: Any, rate: N) -> N:
    """eta * gate * box of Eq. 10: the pulse that both gates let through, or 0.

    error: what the error gate lets through; is_open: a comparison, the boxcar's; rate: eta.
    """
    pulse: N = is_open.where(rate * error, 0.0)
    return pulse


def place_in_range(weight: N, limit: N) -> N:
    """0 at the low end, 1 at the high end; the middle of a range that is nothing, the low end for not a number."""
    middle = weight.broadcast_like(0.5)
    place: N = (limit > 0).where(weight / limit * 0.5 + 0.5, middle)
    return _kept_in_range(place)


def place_from_zero(weight: N, limit: N) -> N:
    """As `place_in_range`, of a unipolar device, whose range begins at 0."""
    place: N = (limit > 0).where(weight / limit, weight.broadcast_like(0.5))
    return _kept_in_range(place)


def _kept_in_range(place: N) -> N:
    return minimum(maximum(place, 0.0), 1.0)


def between(low: N, high: N, part: N) -> N:
    """On the straight line from `low` (part 0) to `high` (part 1): how steps of a device are read from its curve."""
    return low + (high - low) * part


def with_spread(step: N, cycle: N, noise: N, normal: N) -> N:
    """step + spread z. cycle: sigma relative to the step; noise: sigma in thresholds; normal: z."""
    relative = step * cycle
    return step + (relative * relative + noise * noise).sqrt() * normal


def held_within(weight: N, limit: N) -> N:
    """At most `limit`, at least -limit."""
    inside: N = (weight > limit).where(limit, (weight < -limit).where(-limit, weight))
    return inside


def held_from_zero(weight: N, limit: N) -> N:
    """At most `limit`, at least 0: of a unipolar device."""
    inside: N = (weight > limit).where(limit, (weight < 0).where(limit.broadcast_like(0.0), weight))
    return inside
