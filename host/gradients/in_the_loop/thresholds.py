"""Each neuron's own threshold, as far as what is read back gives it away.

A comparator that fires at membranes from th on shows it: th lies above every membrane that stayed silent, and not above
any that fired. The host takes the threshold that was set, moved into the bracket between the highest silent and the
lowest firing membrane it has read. A neuron that never fired is bounded from below only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsim.design import Adc
from chipsim.layout import padded_width, spikes_of

_SAMPLES = 16  # of a batch that are looked at: brackets close within a few batches


class Thresholds:
    """The brackets of a layer of n neurons. Membrane noise is read with the membranes, and widens none.

    set_th: the layer's threshold as designed, in nominal thresholds.
    bracket: (2, n) uint8, the highest code that stayed silent and the lowest that fired.
    """

    def __init__(self, n: int, converter: Adc, set_th: float = 1.0) -> None:
        self._converter = converter
        self._set_th = set_th
        self._columns = np.arange(n)
        self.bracket = np.repeat(np.array([[0], [255]], np.uint8), n, axis=1)

    def see(self, codes: NDArray[np.uint8], spike_bits: NDArray[np.uint16]) -> None:
        """Narrow the brackets. codes: (S, T, columns); fired: the spikes as bits, see `chipsim.layout.spike_bits`."""
        silent, firing = self.bracket
        spikes = spikes_of(spike_bits[:, :_SAMPLES], self._columns).astype(bool)
        read = codes[:_SAMPLES, :, : len(self._columns)]
        np.maximum(silent, np.where(spikes, 0, read).max(axis=(0, 1)), out=silent)
        np.minimum(firing, np.where(spikes, read, 255).min(axis=(0, 1)), out=firing)

    def estimate(self) -> NDArray[np.float32]:
        """(columns in whole vectors,) in nominal thresholds."""
        n = len(self._columns)
        estimates = np.full(padded_width(n), self._set_th, np.float32)
        estimates[:n] = np.clip(estimates[:n], *self._converter.membrane(self.bracket))
        return estimates
