"""Thresholds that adapt: intrinsic plasticity keeps every neuron firing about as often as the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import pydantic

from chipsim.neurons.lif import LeakyIntegrateAndFire
from learning_circuit import Field, Number, maximum, minimum

_MOST_COUNTS = float(2**24)  # which a float32 holds one by one


class AdaptiveThreshold(LeakyIntegrateAndFire):
    """Each spike raises the neuron's threshold by a step; between windows the rise leaks away (Diehl & Cook 2015).

        th (1 + step theta),   theta += 1 at a spike,   theta *= 1 - 1 / leak_windows as a window begins

    theta is kept from window to window, and changes only while the chip learns. With bits it is a counter that stops at
    its top and loses so many counts, one at a time, that a full one is empty after leak_windows. The rise is relative:
    a comparator's error is that of its whole reference.
    """

    name = "adaptive"
    summary = "leaky integrate-and-fire with a threshold that rises at spikes and leaks"
    source = "Diehl & Cook 2015, Front. Comput. Neurosci. 9:99, section 2.5"
    rests = True
    fields: ClassVar[tuple[Field, ...]] = (
        *LeakyIntegrateAndFire.fields,
        Field("theta_step", "by which a spike raises the threshold, over it"),
        Field("theta_kept", "what is left of theta when a window begins"),
        Field("theta_counted_down", "counts of theta that a window loses", "counts"),
        Field("theta_full", "the largest theta", "counts", per="layer"),
        Field("theta", "rise of the threshold, in steps", "counts", lasts="life"),
        Field("theta_phase", "part of the next count that is lost", "counts", lasts="life", probed=False),
    )

    class Settings(LeakyIntegrateAndFire.Settings):
        """The leak and the reset are those of all neurons."""

        theta_step: Annotated[float, pydantic.Field(ge=0, le=1e6, allow_inf_nan=False)] = 0.03
        theta_leak_windows: Annotated[float, pydantic.Field(ge=1, le=1e12, allow_inf_nan=False)] = 20_000.0
        theta_bits: Annotated[int, pydantic.Field(ge=1, le=24)] | None = None

    def fabricate(self, settings: Any, errors: Any) -> Mapping[str, Any]:
        like = np.ones_like(errors.threshold_gain)
        leak, bits = 1 / settings.theta_leak_windows, settings.theta_bits
        full = _MOST_COUNTS if bits is None else 2.0**bits - 1
        return {
            **super().fabricate(settings, errors),
            "theta_step": settings.theta_step * like,
            "theta_kept": (1 - leak if bits is None else 1) * like,
            "theta_counted_down": (0 if bits is None else leak * full) * like,
            "theta_full": full,
        }

    def fire(self, own: Any, state: Any) -> Any:
        return state.membrane >= self._threshold(own, state)

    def margin(self, own: Any, state: Any) -> Number:
        margin: Number = state.membrane - self._threshold(own, state)
        return margin

    def adapt(self, own: Any, state: Any, spiked: Any, begins: Any) -> None:
        phase = begins.where(state.theta_phase + own.theta_counted_down, state.theta_phase)
        lost = phase.floor()
        state.theta_phase = phase - lost
        left = maximum(begins.where(state.theta * own.theta_kept, state.theta) - lost, 0.0)
        state.theta = minimum(spiked.where(left + 1.0, left), own.theta_full)

    def _threshold(self, own: Any, state: Any) -> Any:
        return own.threshold * (own.theta_step * state.theta + 1.0)


class WinnerTakeAll(AdaptiveThreshold):
    """Of all neurons of a layer the one that is farthest above its own threshold fires, the first of equal ones.

    Its spike empties all membranes and holds them empty for so many steps: the layer's inhibition.
    """

    name = "winner_take_all"
    summary = "of a layer one neuron at most fires in a step, and inhibits all; thresholds adapt"
    competes = True
    fields: ClassVar[tuple[Field, ...]] = (
        *AdaptiveThreshold.fields,
        Field("inhibited_steps", "for which a spike holds all membranes empty", "steps", per="layer"),
    )

    class Settings(AdaptiveThreshold.Settings):
        """Those of adaptive thresholds, and the inhibition."""

        inhibited_steps: Annotated[int, pydantic.Field(ge=0, le=4096)] = 2

    def fabricate(self, settings: Any, errors: Any) -> Mapping[str, Any]:
        return {**super().fabricate(settings, errors), "inhibited_steps": float(settings.inhibited_steps)}
