"""A neuron of one's own: the adaptive exponential integrate-and-fire neuron (AdEx) of Brette and Gerstner (2005).

Install it beside chipsim with ``pip install ./examples/adaptive_exponential``; then ``chipsim plugins`` lists it and
``chipsim run --neuron adaptive_exponential`` uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import pydantic

from chipsim.neurons import NeuronModel
from learning_circuit import Field, Number, exponential

Positive = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]


class AdaptiveExponential(NeuronModel):
    """Eqs. 1 to 3 of the paper, forward Euler, a step at a time.

    u, the paper's (V - E_L) / (V_T - E_L), is the membrane in thresholds; w, its w / (g_L (V_T - E_L)), the adaptation;
    I, the charge of a step over C (V_T - E_L), what synapses deliver:

        u += (D exp((u - th) / D) - u - w) / tau_m + I
        w += (a u - w) / tau_w
        where it fired at the step before, ahead of these: u = reset, w = w + b
    """

    name = "adaptive_exponential"
    summary = "exponential onset of spikes, and a current that adapts"
    source = "Brette and Gerstner 2005, J. Neurophysiol. 94:3637-3642, Eqs. 1 to 3"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("leak", "1 / tau_m", "1/step"),
        Field("threshold", "where the exponential takes over, V_T", "th"),
        Field("peak", "where a spike is told; infinite where a neuron never fires", "th", padding=np.inf),
        Field("sharpness", "D, how sharply a spike sets in", "th", per="layer"),
        Field("coupling", "a, of membrane to adaptation, over g_L", per="layer"),
        Field("jump", "b, what a spike adds to the adaptation", "th", per="layer"),
        Field("adaptation_leak", "1 / tau_w", "1/step", per="layer"),
        Field("reset", "membrane after a spike", "th", per="layer"),
        Field("adaptation", "w", "th", lasts="window"),
        Field("spike_current", "D exp((u - th) / D), of this step", "th", lasts="step"),
    )

    class Settings(pydantic.BaseModel):
        """Those of the paper at 1 ms a step: g_L 30 nS, C 281 pF, E_L -70.6 mV, V_T -50.4 mV, D 2 mV, tau_w 144 ms,
        a 4 nS, b 80.5 pA, reset to E_L. A spike is told earlier than at its 20 mV, since chips have rails.
        """

        model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

        membrane_tau_steps: Positive = 9.37
        slope_th: Positive = 0.099
        peak_th: Positive = 2.0
        adaptation_tau_steps: Positive = 144.0
        coupling: float = 0.133
        jump_th: float = 0.133
        reset_th: float = 0.0

    def fabricate(self, settings: Any, errors: Any) -> Mapping[str, Any]:
        """errors.threshold_gain is the threshold itself, in nominal ones: set for the layer, and as the die has it."""
        return {
            "leak": 1 / (settings.membrane_tau_steps * errors.time_constant_gain),
            "threshold": errors.threshold_gain,
            "peak": np.where(errors.enabled, settings.peak_th * errors.threshold_gain, np.inf),
            "sharpness": settings.slope_th,
            "coupling": settings.coupling,
            "jump": settings.jump_th,
            "adaptation_leak": 1 / settings.adaptation_tau_steps,
            "reset": settings.reset_th,
        }

    def left_after_step(self, own: Mapping[str, Any]) -> Any:
        return 1 - own["leak"]

    def integrate(self, own: Any, state: Any, spiked: Any, current: Number) -> None:
        u = spiked.where(own.reset, state.membrane)
        w = spiked.where(state.adaptation + own.jump, state.adaptation)
        state.spike_current = own.sharpness * exponential((u - own.threshold) / own.sharpness)
        state.membrane = u + ((state.spike_current - u - w) * own.leak + current)
        state.adaptation = w + (own.coupling * u - w) * own.adaptation_leak

    def fire(self, own: Any, state: Any) -> Any:
        return state.membrane >= own.peak
