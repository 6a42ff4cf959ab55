"""A learning rule that differs from a built-in one in one factor: Local Tandem Learning with another power of 1 / t.

Install it beside chipsim with ``pip install ./examples/tandem_powers``; `examples/rule_as_it_runs.py` measures with it
what the factor does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from learning_circuit import Field, LocalTandem, Moment, Number, Seen


class TandemPowers(LocalTandem):
    """The linear gate passes d / t^power, d = target count - spike count: 1 as built in, 2 as Eqs. 10 and 11 have it.

    Those have 2 d / t^2; the 2 is part of the learning rate. 0 is what a circuit gives that compares two counters and
    knows no time. The other gates pass a sign, which no power changes.
    """

    name = "tandem_powers"
    summary = "Local Tandem Learning whose error is d / t^power"
    source = "Yang et al. 2022, arXiv 2210.04532, Eqs. 8 to 11"
    fields: ClassVar[tuple[Field, ...]] = (
        *LocalTandem.fields,
        *(
            Field(f"times_t_to_minus_{power}", "1 if the error is d over that power of t", per="layer")
            for power in range(3)
        ),
    )

    class Settings(LocalTandem.Settings):
        """Those of the built-in rule, and one more."""

        power: Literal[0, 1, 2] = 2

    def fabricate(self, settings: Any, errors: Any, fires: bool) -> Mapping[str, Any]:
        chosen = {f"times_t_to_minus_{power}": float(power == settings.power) for power in range(3)}
        return {**super().fabricate(settings, errors, fires), **chosen}

    def pulses(self, own: Any, state: Any, seen: Seen, moment: Moment) -> list[Number]:
        first = moment.per_step
        factor = own.times_t_to_minus_0 + own.times_t_to_minus_1 * first + own.times_t_to_minus_2 * (first * first)
        return super().pulses(own, state, seen, moment._replace(per_step=factor))
