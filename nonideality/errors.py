"""The sheet of a layer's errors: what every effect writes on and the chip reads. It starts out ideal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class LayerErrors:
    """All errors of one layer of a die. An effect multiplies, adds to or replaces these arrays.

    Row ``n_in`` of a synapse array belongs to the bias, a synapse whose input spikes at every step. Gains are relative
    (1 is ideal). Arrays keep a single row as long as no effect tells synapses of a column apart, so that an ideal
    crossbar costs neither memory nor time.
    """

    n_in: int
    n_out: int
    role: Literal["hidden", "output"]
    weight_gain: Array = field(init=False)  # (1, n_out) or (n_in + 1, n_out), relative
    threshold_gain: Array = field(init=False)  # (n_out,), relative
    time_constant_gain: Array = field(init=False)  # (n_out,), relative, of the membrane's time constant
    boxcar_low_gain: Array = field(init=False)  # (n_out,), relative, lower edge's distance from the neuron's threshold
    boxcar_high_gain: Array = field(init=False)  # (n_out,), relative, upper edge's distance
    enabled: NDArray[np.bool_] = field(init=False)  # (n_out,), False: the comparator never fires
    membrane_noise: Array = field(init=False)  # (n_out,), sigma per step, in units of the nominal threshold
    charge_gain: Array = field(init=False)  # (n_out,), relative, what a charge does to the membrane: 1 / C
    read_noise: Array = field(init=False)  # (n_out,), sigma of an event's charge, in full-scale weights
    stuck: NDArray[np.int_] = field(init=False)  # (1, n_out) or (n_in + 1, n_out), -1 lowest, 1 highest, 0 not stuck
    drift_exponent: Array = field(init=False)  # (1, n_out) or (n_in + 1, n_out), nu of (t / t0)^-nu
    drift_t0_s: float = 1.0  # age at programming
    window_s: float = 0.0  # by which a window that is learned from ages the synapses
    spike_bit_errors: float = 0.0  # probability per address bit on the host link, of the first layer's input
    target_bit_errors: float = 0.0  # probability per bit of a target word on the host link
    weight_bits: int | None = None  # bits of a stored weight, sign included; None: analog, ideal

    def __post_init__(self) -> None:
        self.weight_gain = np.ones((1, self.n_out))
        self.threshold_gain = np.ones(self.n_out)
        self.time_constant_gain = np.ones(self.n_out)
        self.boxcar_low_gain = np.ones(self.n_out)
        self.boxcar_high_gain = np.ones(self.n_out)
        self.enabled = np.ones(self.n_out, dtype=np.bool_)
        self.membrane_noise = np.zeros(self.n_out)
        self.charge_gain = np.ones(self.n_out)
        self.read_noise = np.zeros(self.n_out)
        self.stuck = np.zeros((1, self.n_out), dtype=np.int_)
        self.drift_exponent = np.zeros((1, self.n_out))
