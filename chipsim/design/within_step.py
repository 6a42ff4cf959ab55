"""What a leak leaves of a charge that comes or goes within a step, before the step's comparison."""

from __future__ import annotations

from typing import Any

import numpy as np

# When a charge flows, in steps before the comparison: from the first of both on until the second.
Window = tuple[float, float]


def left_of_charge(left_after_step: Any, window: Window | None) -> Any:
    """Part that is left at the comparison of a charge that flows evenly over `window`; 1 without one.

    left_after_step: a of Eq. 1, an array or a number in [0, 1]. A charge of age s is a^s of itself, so the mean over
    the window is (a^to - a^from) / ((from - to) ln(1 / a)), as the membrane's differential equation has it.
    """
    kept = np.maximum(np.asarray(left_after_step, np.float64), 1e-300)
    if window is None:
        return np.ones_like(kept)
    begins, ends = window
    leak = -np.log(kept)  # per step
    lost = leak * (begins - ends)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(lost > 0, -np.expm1(-lost) / lost, 1.0)
    return np.exp(-leak * ends) * mean
