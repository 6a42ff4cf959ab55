"""What the rules look at: the chip's dimensionless numbers, its physical spec if there is one, how it is to be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from chipsim.design import ChipSpec
from chipsim.die import draw_errors
from chipsim.physical import PhysicalSpec
from nonideality import LayerErrors

# Between the mean intensity of scikit-learn's digits (0.31) and MNIST's (0.13), both measured.
USUAL_ROW_RATE = 0.2


@dataclass(frozen=True)
class Design:
    """A network on a chip."""

    chip: ChipSpec
    physical: PhysicalSpec | None = None
    learning_rate: float | None = None  # thresholds per update at the first sample; None: not known
    start: Literal["teacher", "random"] = "teacher"
    constant_current: bool = False  # whether inputs are amplitudes rather than spikes
    one_spike: bool = False  # whether an input spikes once in a window at most, as latency codes have it
    row_rate: float = USUAL_ROW_RATE  # spikes per input row and step that are expected

    @property
    def fan_in(self) -> int:
        """Of the layer with the most inputs."""
        return max(shape.rows for shape in self.chip.shapes)

    @property
    def boxcar_low_th(self) -> float:
        return 1 - self.chip.learning_circuit.boxcar_width_th / 2

    @property
    def membrane_noise_th(self) -> float:
        """Sigma added per step in the noisiest layer: a level, the same on every die."""
        return max(float(np.max(errors.membrane_noise)) for errors in self._errors())

    @property
    def weight_bits(self) -> int | None:
        """Of the layer with the fewest, sign included; None: analog."""
        bits = [errors.weight_bits for errors in self._errors()]
        return min((b for b in bits if b is not None), default=None)

    def _errors(self) -> list[LayerErrors]:
        """What is the same for all neurons and synapses of a layer, so that one of each shows it."""
        one_each = {"layer_sizes": (1,) * len(self.chip.layer_sizes), "input_shape": None, "layers": ()}
        return draw_errors(self.chip.model_copy(update=one_each), die_seed=0)

    @property
    def lsb_th(self) -> float | None:
        """One LSB of a weight; None: analog. A full scale chosen when weights are programmed is taken as one threshold

        of charge, which is about the largest weight of a teacher whose activations were normalised.
        """
        bits = self.weight_bits
        full_scale = self.chip.synapse.full_scale_th or self.chip.neuron.charge_per_step
        return None if bits is None else full_scale / (2 ** (bits - 1) - 1)
