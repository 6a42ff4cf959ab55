"""Local Tandem Learning: each neuron follows the activation of its twin in a trained network (Yang et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from learning_circuit.boxcar import inside_boxcar
from learning_circuit.error_gate import SLOPE_AND_STEP, gated_error
from learning_circuit.field import Field
from learning_circuit.number import Number
from learning_circuit.rule import Brings, LearningRule, Moment, Rows, Seen
from learning_circuit.spec import ErrorGate, LearningCircuitSpec
from learning_circuit.update_pulse import gated_pulse


class LocalTandem(LearningRule):
    """Eqs. 8 to 11: the error of a neuron's firing rate, if its membrane is near the threshold, moves active rows."""

    name = "local_tandem"
    summary = "follows target rates: error of the spike count, gated by the membrane"
    source = "Yang et al. 2022, arXiv 2210.04532, Eqs. 8 to 11"
    brings = frozenset({Brings.TARGET})
    fields: ClassVar[tuple[Field, ...]] = (
        Field("comparator_offset", "added to target count - spike count", "counts"),
        Field("boxcar_low", "lower edge of the boxcar gate", "th", padding=np.inf),
        Field("boxcar_high", "upper edge of the boxcar gate", "th", padding=-np.inf),
        Field("slope", "of the error gate, see `error_gate`", per="layer"),
        Field("step_size", "of the error gate, see there, too", per="layer"),
        Field("dead_zone", "errors of at most this size pass nothing", "counts", per="layer"),
        Field("error", "what the error gate lets through", lasts="step"),
        Field("boxcar", "1 where the boxcar gate is open", lasts="step", shown_as="wire"),
    )

    class Settings(LearningRule.Settings):
        """Shared with the circuit's settings, where they are described."""

        error_gate: ErrorGate
        dead_zone_counts: float
        boxcar_width_th: float

    def rows(self, circuit: LearningCircuitSpec) -> tuple[Rows, ...]:
        """Traces take the spikes' place where rows leave them."""
        return (Rows.SPIKES if circuit.trace_tau_steps is None else Rows.TRACES,)

    def fabricate(self, settings: Any, errors: Any, fires: bool) -> Mapping[str, Any]:
        slope, step_size = SLOPE_AND_STEP[settings.error_gate]
        # Eq. 8 with the neuron's own threshold: the gate's two comparators take their references from it.
        half = settings.boxcar_width_th / 2
        low = errors.threshold_gain - half * errors.boxcar_low_gain + errors.boxcar_low_offset
        high = errors.threshold_gain + half * errors.boxcar_high_gain + errors.boxcar_high_offset
        if not fires:  # a readout without a threshold has nothing for the boxcar to be near
            low, high = np.full_like(low, -np.inf), np.full_like(high, np.inf)
        return {
            "comparator_offset": errors.comparator_offset,
            "boxcar_low": low,
            "boxcar_high": high,
            "slope": slope,
            "step_size": step_size,
            "dead_zone": 0 if settings.error_gate == "sign" else settings.dead_zone_counts,
        }

    def near_threshold(self, own: Any, seen: Seen) -> Any:
        """A comparison: whether the boxcar is open."""
        return inside_boxcar(seen.membrane, own.boxcar_low, own.boxcar_high)

    def pulses(self, own: Any, state: Any, seen: Seen, moment: Moment) -> list[Number]:
        difference = (seen.target_count - seen.count) + own.comparator_offset
        state.error = gated_error(difference, moment.per_step, own.slope, own.step_size, own.dead_zone)
        state.boxcar = self.near_threshold(own, seen)
        return [gated_pulse(state.error, state.boxcar, moment.rate)]
