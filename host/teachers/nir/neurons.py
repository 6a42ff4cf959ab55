"""One node of neurons as difference equations: what its input is multiplied by, what is kept from step to step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.errors import TeacherError
from host.teachers.nir.dynamics import Integration, decay, tau_steps

Array = NDArray[np.float64]
_PARAMETERS = ("r", "v_leak", "v_threshold", "v_reset", "tau", "tau_mem", "tau_syn", "w_in")
_MAY_BE_INFINITE = ("v_threshold", "tau", "tau_mem", "r")


@dataclass(frozen=True)
class Neurons:
    """What one node says of all its neurons."""

    name: str
    gain: Array  # charge that an input of 1 brings in its own step, in thresholds
    tau_steps: float | None  # None: no leak
    synapse_tau_steps: float | None  # None: no synaptic current
    threshold_th: float
    fires: bool  # else its membranes are read
    without_leak: bool = False  # by an infinite time constant


def neurons_of(
    nir: Any, node: Any, name: str, step_s: float, integration: Integration, nominal: float | None
) -> Neurons:
    """nominal: the threshold in whose units a layer's own is given; None: thresholds become part of the gains.

    Raises TeacherError if the chip's neurons are none like these.
    """
    values = {what: _numbers(getattr(node, what), what, name) for what in _PARAMETERS if hasattr(node, what)}
    for what, array in values.items():
        if np.isnan(array).any() or (what not in _MAY_BE_INFINITE and np.isinf(array).any()):
            raise TeacherError(f"{name}: {what} holds NaN or infinity")
    rest = values.get("v_leak", np.zeros(()))
    threshold, threshold_th, fires = np.ones(()), 1.0, "v_threshold" in values
    if fires:
        threshold, threshold_th = _threshold(node, values, rest, nominal, name)
    elif rest.any():
        raise TeacherError(f"{name}: rests at a v_leak of its own, which shifts its outputs: make it 0")
    steps = _Steps(name, step_s, integration)
    leak = "tau_mem" if "tau_mem" in values else "tau"
    tau: float | None = None
    synapse_tau: float | None = None
    endless = leak in values and bool(np.isposinf(values[leak]).any())
    if endless:
        gain = _endless(values["r"], values[leak], leak, name)
    elif leak in values:
        a = steps.decay(values[leak], leak)
        gain, tau = _finite(values["r"], name) * (1 - a), tau_steps(a)
    else:
        gain = _finite(values["r"], name) * step_s
    if "tau_syn" in values:
        b = steps.decay(values["tau_syn"], "tau_syn")
        gain, synapse_tau = gain * values["w_in"] * (1 - b), tau_steps(b)
    return Neurons(name, gain / threshold, tau, synapse_tau, threshold_th, fires, endless)


def threshold_of(node: Any) -> float | None:
    """What all of a node's neurons that can fire have as threshold above rest; None: they differ, or cannot be."""
    if not hasattr(node, "v_threshold"):
        return None
    try:
        above = np.asarray(node.v_threshold, np.float64) - np.asarray(getattr(node, "v_leak", 0.0), np.float64)
    except (TypeError, ValueError):
        return None  # refused when it is read
    finite = above[np.isfinite(above)]
    return float(finite[0]) if finite.size and finite[0] > 0 and (finite == finite[0]).all() else None


def _threshold(
    node: Any, values: Mapping[str, Array], rest: Array, nominal: float | None, name: str
) -> tuple[Array, float]:
    """In the unit of the gains, and the layer's own in nominal ones."""
    if (values["v_reset"] != rest).any():
        raise TeacherError(
            f"{name}: v_reset differs from {'v_leak' if 'v_leak' in values else '0'}, but membranes here start,"
            " rest and are reset at one potential: make them equal"
        )
    if (values["v_threshold"] <= rest).any():
        raise TeacherError(f"{name}: a threshold is not above the resting potential; such neurons always fire")
    threshold, its_own = values["v_threshold"] - rest, threshold_of(node)
    if nominal is None or its_own is None:
        return threshold, 1.0
    return np.where(np.isfinite(threshold), nominal, threshold), its_own / nominal


def _endless(r: Array, tau: Array, leak: str, name: str) -> Array:
    """The gain of neurons without a leak: R dt / tau, of which exporters write 1 as infinity over infinity."""
    if not np.isposinf(tau).all():
        raise TeacherError(f"{name}: {leak} is infinite for some neurons only; those of a layer are alike")
    if not np.isposinf(r).all():
        raise TeacherError(
            f"{name}: {leak} is infinite and r is not, so that no input moves the membrane: write an IF node, or an"
            " infinite r for a gain of 1 per step"
        )
    return np.ones(r.shape)


def _finite(r: Array, name: str) -> Array:
    if np.isinf(r).any():
        raise TeacherError(f"{name}: r holds infinity where the time constant is finite")
    return r


def _numbers(values: Any, what: str, name: str) -> Array:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TeacherError(f"{name}: {what} is of type {array.dtype}; it must be real numbers")
    if not array.size:
        raise TeacherError(f"{name}: {what} is empty")
    return array.astype(np.float64)


@dataclass(frozen=True)
class _Steps:
    name: str
    step_s: float
    integration: Integration

    def decay(self, tau: Array, what: str) -> float:
        """Of the membranes or currents of all of the node's neurons."""
        if not np.allclose(tau, tau.flat[0], rtol=1e-6, atol=0):
            raise TeacherError(
                f"{self.name}: {what} goes from {tau.min():g} to {tau.max():g} s; all neurons of a layer are designed"
                " alike"
            )
        a = float(decay(tau, self.step_s, self.integration).flat[0])
        if abs(a) < 1e-6:  # a time constant of a step, rounded
            a = 0.0
        if not (tau.flat[0] > 0 and 0 <= a < 1):
            raise TeacherError(
                f"{self.name}: {what} is {tau.flat[0]:g} s, which steps of {self.step_s:g} s cannot follow: choose"
                " shorter steps"
            )
        return a
