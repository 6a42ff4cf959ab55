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
    synapse_time_constant_gain: Array = field(init=False)  # (n_out,), relative, of a column's exponential current
    boxcar_low_gain: Array = field(init=False)  # (n_out,), relative, lower edge's distance from the neuron's threshold
    boxcar_high_gain: Array = field(init=False)  # (n_out,), relative, upper edge's distance
    enabled: NDArray[np.bool_] = field(init=False)  # (n_out,), False: the comparator never fires
    membrane_noise: Array = field(init=False)  # (n_out,), sigma per step, in units of the nominal threshold
    held_noise: Array = field(init=False)  # (n_out,), sigma of what a membrane holds whatever its leak, likewise
    comparator_offset: Array = field(init=False)  # (n_out,), counts, added to target count - spike count
    boxcar_low_offset: Array = field(init=False)  # (n_out,), nominal thresholds, added to the lower edge
    boxcar_high_offset: Array = field(init=False)  # (n_out,), nominal thresholds, added to the upper edge
    missed_counts: Array = field(init=False)  # (n_out,), probability that the spike accumulator misses a spike
    pulse_gain: Array = field(init=False)  # (1, n_out) or (n_in + 1, n_out), relative, of a synapse's update pulse
    pulse_up_gain: Array = field(init=False)  # (n_out,), relative, of pulses that raise a weight
    pulse_down_gain: Array = field(init=False)  # (n_out,), relative, of pulses that lower it
    cycle_noise: Array = field(init=False)  # (n_out,), sigma of a write's relative size
    write_noise: Array = field(init=False)  # (n_out,), sigma of what a write adds, in full scales of the weight
    step_up: Array | None = None  # (k,) relative step up at k even places of a device's range; None: no limited range
    step_down: Array | None = None  # (k,) relative step down
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
        self.synapse_time_constant_gain = np.ones(self.n_out)
        self.boxcar_low_gain = np.ones(self.n_out)
        self.boxcar_high_gain = np.ones(self.n_out)
        self.enabled = np.ones(self.n_out, dtype=np.bool_)
        self.membrane_noise = np.zeros(self.n_out)
        self.held_noise = np.zeros(self.n_out)
        self.comparator_offset = np.zeros(self.n_out)
        self.boxcar_low_offset = np.zeros(self.n_out)
        self.boxcar_high_offset = np.zeros(self.n_out)
        self.missed_counts = np.zeros(self.n_out)
        self.pulse_gain = np.ones((1, self.n_out))
        self.pulse_up_gain = np.ones(self.n_out)
        self.pulse_down_gain = np.ones(self.n_out)
        self.cycle_noise = np.zeros(self.n_out)
        self.write_noise = np.zeros(self.n_out)
        self.charge_gain = np.ones(self.n_out)
        self.read_noise = np.zeros(self.n_out)
        self.stuck = np.zeros((1, self.n_out), dtype=np.int_)
        self.drift_exponent = np.zeros((1, self.n_out))
