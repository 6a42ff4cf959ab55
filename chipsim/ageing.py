"""A die's age, and what it does to the synapses: power-law drift between windows, one trajectory per die.

Weights change at fixed ages only: after every AGEING_WINDOWS windows that the die has learned from, counted from
programming, and after every rest. So neither chunks nor threads change a bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.tables import Block

AGEING_WINDOWS = 256
_OLDEST = 1e30  # in t0: beyond all use, and finite


class Drift(NamedTuple):
    """How a layer's synapses drift: by (1 + age / t0)^-exponent, age being the seconds since programming."""

    exponent: NDArray[np.float64]  # (1, n_out) or (n_in + 1, n_out)
    t0_s: float
    window_s: float  # by which a window that is learned from ages them

    @property
    def drifts(self) -> bool:
        return bool(np.any(self.exponent))


class Age(NamedTuple):
    """What a die has lived through since it was programmed."""

    windows: int = 0  # learned from
    rested_s: float = 0.0
    drifted_windows: int = 0  # of `windows`, those that the weights have drifted for

    def relative(self, drift: Drift) -> float:
        """t / t0 of the weights, as far as they have drifted."""
        return 1 + min((self.drifted_windows * drift.window_s + self.rested_s) / drift.t0_s, _OLDEST)

    def to_array(self) -> NDArray[np.float64]:
        return np.array(self, np.float64)

    @staticmethod
    def from_array(values: NDArray[np.generic]) -> Age:
        windows, rested_s, drifted_windows = values.tolist()
        return Age(int(windows), float(rested_s), int(drifted_windows))

    def spans(self, n_windows: int) -> Iterator[tuple[int, int]]:
        """Cut the next `n_windows` windows, numbered from 0, where the weights change."""
        start = 0
        while start < n_windows:
            stop = min(n_windows, start + AGEING_WINDOWS - (self.windows + start) % AGEING_WINDOWS)
            yield start, stop
            start = stop

    def after_windows(self, n_windows: int) -> Age:
        """This many windows on, at most up to the next change of weights."""
        windows = self.windows + n_windows
        return self._replace(
            windows=windows, drifted_windows=self.drifted_windows if windows % AGEING_WINDOWS else windows
        )

    def after_rest(self, seconds: float) -> Age:
        return self._replace(rested_s=self.rested_s + seconds, drifted_windows=self.windows)


def drift_block(block: Block, drift: Drift, fresh_gain: NDArray[np.float32], before: Age, after: Age) -> None:
    """Let a block's synapses get older in place: all that they hold, and their gain for what is written later.

    fresh_gain: the layer's gain when it was programmed, of the shape of drift.exponent. A gain of zero is a stuck
    synapse, which stays as it is.
    """
    n, columns = block.n_columns, block.columns
    synapses, coded = block.synapses, block.state.coded
    weight, gain = block.state.weight[..., :n], synapses.gain[..., :n]
    gain[...] = gain_at(fresh_gain, drift, after)[..., columns]
    if synapses.coded:
        lsb = np.full((weight.shape[-2], 1), synapses.lsb, np.float32)
        lsb[-1] = synapses.bias_lsb
        older = gain * (coded.code[..., :n].astype(np.float32) * lsb)
    else:
        factor = (after.relative(drift) / before.relative(drift)) ** -drift.exponent
        older = weight * factor[..., columns].astype(np.float32)
    weight[...] = np.where(fresh_gain[..., columns] == 0, weight, older)


def gain_at(fresh_gain: NDArray[np.float32], drift: Drift, age: Age) -> NDArray[np.float32]:
    """The gain of a layer's synapses at `age`."""
    return (fresh_gain * age.relative(drift) ** -drift.exponent).astype(np.float32)
