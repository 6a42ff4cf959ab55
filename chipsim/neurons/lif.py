"""Integrate-and-fire neurons, leaky or not (Eqs. 1 and 3 of Yang et al. 2022, arXiv 2210.04532)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from chipsim.design import Window, left_of_charge
from chipsim.neurons.model import NeuronModel
from learning_circuit import Field, Number


def integrated(
    membrane: Number, spiked: Any, current: Number, decay: Number, reset_charge: Number, zero_reset: Any
) -> Number:
    """Eq. 1: U[t] = a U[t-1] + I[t] - th S[t-1]; if the reset is to zero, U[t] = a U[t-1] (1 - S[t-1]) + I[t].

    Where the threshold is taken off before the leak, a (U - th S) = a U - (a th) S: the same with a smaller charge.
    spiked, zero_reset: comparisons.
    """
    kept = (spiked & zero_reset).where(membrane.broadcast_like(0.0), membrane)
    charged = decay * kept + current
    return spiked.where(charged - reset_charge, charged)  # type: ignore[no-any-return]


def fire(membrane: Number, threshold: Number) -> Any:
    """Eq. 3: a comparison."""
    return membrane >= threshold


class LeakyIntegrateAndFire(NeuronModel):
    """With a leak: a = exp(-1 / tau)."""

    name = "lif"
    summary = "leaky integrate-and-fire"
    source = "Yang et al. 2022, arXiv 2210.04532, Eqs. 1 and 3"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("decay", "a of Eq. 1: what is left of the membrane after one step"),
        Field("threshold", "infinite where a neuron never fires", "th", padding=np.inf),
        Field("reset_charge", "what a subtractive reset removes; 0 if the reset is to zero", "th"),
        Field("zero_reset", "1 if a spike empties the membrane, else 0", per="layer"),
    )

    class Settings(NeuronModel.Settings):
        """Shared with the neurons' settings, where they are described."""

        tau_steps: float
        reset: str
        reset_window: Window | None = None

    def fabricate(self, settings: Any, errors: Any) -> Mapping[str, Any]:
        decay, to_zero = self._decay(settings, errors), settings.reset == "zero"
        reset_charge = errors.threshold_gain * errors.charge_gain
        if settings.reset == "subtract-before-leak":
            reset_charge = decay * reset_charge
        elif settings.reset == "subtract":
            reset_charge = left_of_charge(decay, settings.reset_window) * reset_charge
        return {
            "decay": decay,
            "threshold": np.where(errors.enabled, errors.threshold_gain, np.inf),
            "reset_charge": np.where(errors.enabled & (not to_zero), reset_charge, 0),
            "zero_reset": float(to_zero),
        }

    def _decay(self, settings: Any, errors: Any) -> Any:
        return np.exp(-1 / (settings.tau_steps * errors.time_constant_gain))

    def left_after_step(self, own: Mapping[str, Any]) -> Any:
        return own["decay"]

    def integrate(self, own: Any, state: Any, spiked: Any, current: Number) -> None:
        zero_reset = own.zero_reset.not_equal(0)
        state.membrane = integrated(state.membrane, spiked, current, own.decay, own.reset_charge, zero_reset)

    def fire(self, own: Any, state: Any) -> Any:
        return fire(state.membrane, own.threshold)


class IntegrateAndFire(LeakyIntegrateAndFire):
    """Without a leak, a = 1: the same circuit, so the same kernels."""

    name = "if"
    formulas = "lif"
    summary = "integrate-and-fire"

    def _decay(self, settings: Any, errors: Any) -> Any:
        return np.ones_like(errors.threshold_gain)
