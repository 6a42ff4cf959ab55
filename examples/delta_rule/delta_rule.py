"""A learning rule of one's own: Widrow and Hoff's delta rule on firing rates, without any gate.

Install it beside chipsim with ``pip install ./examples/delta_rule``; then ``chipsim plugins`` lists it and
``chipsim run --set learning_circuit.rule=delta_rule`` uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from learning_circuit import Brings, Field, LearningRule, Moment, Number, Rows, Seen


class DeltaRule(LearningRule):
    """Every active row moves by eta e, where e = (target count - spike count + offset) / t."""

    name = "delta_rule"
    summary = "error of the firing rate times the input, no gates"
    source = "Widrow and Hoff 1960, Adaptive switching circuits, IRE WESCON Convention Record 4, pp. 96-104"
    brings = frozenset({Brings.TARGET})
    fields: ClassVar[tuple[Field, ...]] = (
        Field("comparator_offset", "added to target count - spike count", "counts"),
        Field("mean_error", "mean of the error over the window so far", "1/step", lasts="window"),
        Field("error", "of the rate, which the pulse is made of", "1/step", lasts="step"),
    )

    def rows(self, circuit: Any) -> tuple[Rows, ...]:
        return (Rows.SPIKES,)

    def fabricate(self, settings: Any, errors: Any, fires: bool) -> Mapping[str, Any]:
        return {"comparator_offset": errors.comparator_offset}

    def observe(self, own: Any, state: Any, seen: Seen, moment: Moment) -> None:
        """The mean of t values from that of t - 1."""
        state.mean_error = state.mean_error + (self._error(own, seen, moment) - state.mean_error) * moment.per_step

    def pulses(self, own: Any, state: Any, seen: Seen, moment: Moment) -> list[Number]:
        state.error = self._error(own, seen, moment)
        return [moment.rate * state.error]

    def _error(self, own: Any, seen: Seen, moment: Moment) -> Any:
        return ((seen.target_count - seen.count) + own.comparator_offset) * moment.per_step
