"""What the rules look at: the chip's dimensionless numbers, its physical spec if there is one, how it is to be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chipsim.design import ChipSpec, plugins_of
from chipsim.die import draw_errors
from chipsim.physical import PhysicalSpec
from nonideality import EFFECTS, LayerErrors

# Between the mean intensity of scikit-learn's digits (0.31) and MNIST's (0.13), both measured.
USUAL_ROW_RATE = 0.2


def where(values: Sequence[float], value: float) -> str:
    """Words for the layer in which a figure that each layer has is `value`; none if all have the same."""
    return f" in layer {values.index(value) + 1}" if len(set(values)) > 1 else ""


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
    def highest_threshold_th(self) -> float:
        """Of all layers, in nominal thresholds."""
        return max(self.chip.thresholds_th)

    @property
    def boxcar_low_th(self) -> float:
        """Lower edge of the boxcar, in the layer where it lies highest."""
        return self.highest_threshold_th - self.chip.learning_circuit.boxcar_width_th / 2

    @property
    def membrane_noise_th(self) -> float:
        """Sigma added per step in the noisiest layer: a level, the same on every die."""
        return max(self._noise_of_layers())

    @property
    def membrane_noise_of_threshold(self) -> float:
        """The same over the layer's own threshold, in the layer where that is largest."""
        return max(noise / th for noise, th in zip(self._noise_of_layers(), self.chip.thresholds_th, strict=True))

    def _noise_of_layers(self) -> list[float]:
        """Of noise that a membrane holds, what a step renews: see `nonideality.ktc`."""
        leaky = self.chip.neuron.kind == "lif"
        renewed = [-np.expm1(-2 / tau) if leaky else 0.0 for tau in self.chip.tau_steps]
        return [
            float(np.max(np.hypot(errors.membrane_noise, errors.held_noise * np.sqrt(part))))
            for errors, part in zip(self._errors(), renewed, strict=True)
        ]

    @property
    def weight_bits(self) -> int | None:
        """Of the layer with the fewest, sign included; None: analog."""
        bits = [errors.weight_bits for errors in self._errors()]
        return min((b for b in bits if b is not None), default=None)

    def _errors(self) -> list[LayerErrors]:
        """What is the same for all neurons and synapses of a layer, so that one of each shows it.

        An effect of another package may know the chip's own layers alone, as one that reads measured errors does.
        """
        if any(plugin.group == EFFECTS.group for plugin in plugins_of(self.chip)):
            return draw_errors(self.chip, die_seed=0)
        one_each = {"layer_sizes": (1,) * len(self.chip.layer_sizes), "input_shape": None, "layers": ()}
        return draw_errors(self.chip.model_copy(update=one_each), die_seed=0)

    @property
    def lsb_th(self) -> float | None:
        """One LSB of a weight; None: analog. A full scale chosen when weights are programmed is taken as one threshold

        of charge (the highest, where layers differ), which is about the largest weight of a teacher whose activations
        were normalised.
        """
        bits = self.weight_bits
        usual = self.chip.neuron.charge_per_step * self.highest_threshold_th
        full_scale = self.chip.synapse.full_scale_th or usual
        return None if bits is None else full_scale / (2 ** (bits - 1) - 1)
