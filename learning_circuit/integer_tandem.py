"""Local Tandem Learning as a circuit of registers, adders and comparators computes it: in integers, bit by bit.

The definition, with all widths and what is refused, is in host/methods/METHODS.md. Here: from two counters, a step word
and a dither to the increment of a column,

    d         = target - count 2^F  [+ offset of an analog comparator]           in units of 2^-F counts
    increment = floor(d K / 2^(F + KF) + dither / 2^D), of signs floor(sign(d) K / 2^KF + dither / 2^D)
    increment = at most 2^(I-1) - 1 either way: it saturates, which is counted
    open      = |d| > dead zone and t > warm-up and the membrane inside the boxcar; else the increment is 0

K is one of the `step_words` that the host computes once per window. One dither of a neuron and step serves all its
rows, so that an increment is one number per column, and a synapse needs no more than an adder, see
`update_accumulator.carried`.

Rounding at random is Gupta et al. 2015 (arXiv 1502.02551); learning in integers of few bits, with rounding at random,
is what Loihi's learning engine does (Davies et al. 2018, IEEE Micro 38(1)).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from learning_circuit.field import Field
from learning_circuit.number import N, Number, maximum, minimum
from learning_circuit.rule import Moment, Seen
from learning_circuit.tandem import LocalTandem
from learning_circuit.update_pulse import held_within

_MOST = float(1 << 24)  # beyond every register, which an increment saturates at
_LARGEST_OFFSET = float((1 << 24) - 1)  # of a comparator, in units of a target word


def whole_increment(size: N, dither: N) -> N:
    """floor(size + dither), in doubles; sizes beyond 2^24 count as that, since no register holds more.

    Exact: a size is a product of 25 by 24 bits over a power of two, a dither has 24 bits at most after the point, and
    where the dither's last place is the lower one, 24 bits before it are all that is left of a size.
    """
    return (maximum(minimum(size, _MOST), -_MOST) + dither).floor()


class IntegerTandem(LocalTandem):
    """What rule local_tandem is where the circuit's arithmetic is that of integers. Pulses are increments."""

    name = "local_tandem in integers"
    in_integers = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field("comparator_offset", "added to target count - spike count, in whole units of a target word", "counts"),
        Field("boxcar_low", "lower edge of the boxcar gate", "th", padding=np.inf),
        Field("boxcar_high", "upper edge of the boxcar gate", "th", padding=-np.inf),
        Field("linear", "1 where the gate passes an error's size, 0 where its sign", per="layer"),
        Field("dead_zone", "errors of at most this size pass nothing", "counts", per="layer"),
        Field("target_words", "units of a target word in a count", per="layer"),
        Field("step_word_unit", "what a step word's last place is worth", per="layer"),
        Field("dither_levels", "how many values a dither has", per="layer"),
        Field("dither_unit", "of one of them", per="layer"),
        Field("largest_increment", "at which increments saturate", per="layer"),
        Field("target_word", "of the window, in units of 2^-F spikes per step", lasts="step", shown_as="integer"),
        Field("error", "what the error gate lets through", lasts="step"),
        Field("boxcar", "1 where the boxcar gate is open", lasts="step", shown_as="wire"),
        Field("open", "1 where an increment is written", lasts="step", shown_as="wire"),
        Field("step_word", "K of this step", lasts="step", shown_as="integer"),
        Field("dither", "that rounds this step's increment", lasts="step", shown_as="integer"),
        Field("increment", "of the update accumulators; 0 unless open", lasts="step", shown_as="integer"),
        Field("saturated", "1 where the increment met its limit", lasts="step", shown_as="wire"),
    )

    class Settings(LocalTandem.Settings):
        """Shared with the circuit's settings and the chip's, where they are described."""

        target_bits: int
        step_word_fraction_bits: int
        dither_bits: int
        increment_bits: int

    def fabricate(self, settings: Any, errors: Any, fires: bool) -> Mapping[str, Any]:
        analog = super().fabricate(settings, errors, fires)
        units = 2.0 ** (settings.target_bits - 1)
        offset = np.clip(np.rint(analog["comparator_offset"] * units), -_LARGEST_OFFSET, _LARGEST_OFFSET)
        return {
            "comparator_offset": offset / units,
            "boxcar_low": analog["boxcar_low"],
            "boxcar_high": analog["boxcar_high"],
            "linear": float(settings.error_gate == "linear"),
            "dead_zone": np.floor(analog["dead_zone"] * units) / units,
            "target_words": units,
            "step_word_unit": 2.0**-settings.step_word_fraction_bits,
            "dither_levels": 2.0**settings.dither_bits,
            "dither_unit": 2.0**-settings.dither_bits,
            "largest_increment": 2.0 ** (settings.increment_bits - 1) - 1,
        }

    def pulses(self, own: Any, state: Any, seen: Seen, moment: Moment) -> list[Number]:
        difference = (seen.target_count - seen.count).in_double() + own.comparator_offset.in_double()
        sign = difference.broadcast_like(1.0).with_sign_of(difference)
        size = (own.linear > 0.5).where(difference, sign)
        is_outside = abs(difference) > own.dead_zone.in_double()
        state.boxcar = self.near_threshold(own, seen)
        state.open = is_outside & state.boxcar & moment.warm_up_is_over
        state.error = is_outside.where(size, 0.0).in_single()
        state.target_word = seen.target * own.target_words
        state.step_word = moment.step_word
        state.dither = (seen.dither * own.dither_levels).floor()
        # 2^-F of the linear gate is in the difference, which is in counts.
        scaled = size * moment.step_word.in_double() * own.step_word_unit.in_double()
        wanted = whole_increment(scaled, (state.dither * own.dither_unit).in_double())
        held = held_within(wanted, own.largest_increment.in_double())
        state.saturated = state.open & held.not_equal(wanted)
        state.increment = state.open.where(held.in_single(), 0.0)
        return [state.increment]
