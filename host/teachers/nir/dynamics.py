"""From the differential equations of NIR to the chip's difference equations and back.

NIR says tau dv/dt = v_leak - v + R I, and nothing of steps. Over a step of length dt, either way of integrating gives
v[t] = a v[t-1] + (1 - a) R I[t] for v_leak = 0, with another a.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Integration = Literal["euler", "exponential"]
INTEGRATIONS = {
    "euler": "a = 1 - dt / tau, as snnTorch has it",
    "exponential": "a = exp(-dt / tau), exact for currents that are constant during a step",
}
_FORGOTTEN = 1e-3  # steps: e^-1000 is 0 in any float


def decay(tau_s: NDArray[np.float64], step_s: float, integration: Integration) -> NDArray[np.float64]:
    """a for time constants in seconds; 1 where they are infinite."""
    return 1 - step_s / tau_s if integration == "euler" else np.exp(-step_s / tau_s)


def tau_s(decay: NDArray[np.float64], step_s: float, integration: Integration) -> NDArray[np.float64]:
    """The time constant whose `decay` is a, 0 < a < 1."""
    return step_s / (1 - decay) if integration == "euler" else -step_s / np.log(decay)


def tau_steps(decay: float) -> float:
    """The chip's time constant in steps: a = exp(-1 / tau)."""
    return float(-1 / np.log(decay)) if decay > 0 else _FORGOTTEN
