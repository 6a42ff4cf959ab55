"""A die's age, and what it does to the synapses: power-law drift between windows, one trajectory per die.

Weights change at fixed ages only: after every AGEING_WINDOWS windows that the die has learned from, counted from
programming, and after every rest. So neither chunks nor threads change a bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipError
from chipsim.layout import ColumnBlock
from chipsim.random import natural_exp
from chipsim.simd import aligned, kernel

AGEING_WINDOWS = 256
_OLDEST = 1e30  # in t0: beyond all use, and finite
_MOST_WINDOWS = 2**53  # whose numbers an age holds exactly


class Drift(NamedTuple):
    """How a layer's synapses drift: by (1 + age / t0)^-exponent, age being the seconds since programming."""

    exponent: NDArray[np.float64]  # (1, n_out) or (n_in + 1, n_out)
    t0_s: float
    window_s: float  # by which a presentation that is learned from ages them, all its windows together

    @property
    def drifts(self) -> bool:
        return bool(np.any(self.exponent))


class DieAge(NamedTuple):
    """What a die has lived through since it was programmed."""

    windows: int = 0  # learned from
    rested_s: float = 0.0
    drifted_windows: int = 0  # of `windows`, those that the weights have drifted for

    def log(self, drift: Drift) -> float:
        """ln(t / t0) of the weights, as far as they have drifted."""
        return math.log1p(min((self.drifted_windows * drift.window_s + self.rested_s) / drift.t0_s, _OLDEST))

    @property
    def drifted(self) -> tuple[int, float]:
        """What the weights have drifted for: windows, and seconds of rest."""
        return self.drifted_windows, self.rested_s

    def joined(self, other: DieAge) -> DieAge:
        """Of a die that has lived through both: a clock is never put back."""
        windows = max(self.windows, other.windows)
        return DieAge(windows, max(self.rested_s, other.rested_s), max(self.drifted_windows, other.drifted_windows))

    def to_array(self) -> NDArray[np.float64]:
        return np.array(self, np.float64)

    @staticmethod
    def from_array(values: NDArray[np.generic]) -> DieAge:
        """Raises ChipError if no die can be so old."""
        windows, rested_s, drifted_windows = values.tolist()
        ok = np.isfinite(values).all() and rested_s >= 0 and 0 <= drifted_windows <= windows < _MOST_WINDOWS
        if not ok or windows % 1 or drifted_windows % 1:
            raise ChipError(
                f"the snapshot's age {values.tolist()} is no die's: windows learned from, seconds rested, and of the"
                " windows those that the weights have drifted for"
            )
        return DieAge(int(windows), float(rested_s), int(drifted_windows))

    def learning_from(self, n_windows: int) -> Iterator[tuple[int, DieAge]]:
        """Its ages within the next `n_windows` windows, each with the number of windows until then.

        Weights drift at all of them but the last, and there if it is such an age, too.
        """
        age, start = self, 0
        while start < n_windows:
            stop = min(n_windows, start + AGEING_WINDOWS - (self.windows + start) % AGEING_WINDOWS)
            age = age.after_windows(stop - start)
            yield stop, age
            start = stop

    def after_windows(self, n_windows: int) -> DieAge:
        """This many windows on, at most up to the next change of weights."""
        windows = self.windows + n_windows
        return self._replace(
            windows=windows, drifted_windows=self.drifted_windows if windows % AGEING_WINDOWS else windows
        )

    def after_rest(self, seconds: float) -> DieAge:
        return self._replace(rested_s=self.rested_s + seconds, drifted_windows=self.windows)


class DriftTables(NamedTuple):
    """How the synapses of a block drift: tables beside its weights, and beside its gains as they are stored."""

    exponent: NDArray[np.float32]  # 0 where a synapse is stuck
    gain_exponent: NDArray[np.float32]
    fresh_gain: NDArray[np.float32]  # when the layer was programmed
    room: NDArray[np.float32]  # (n,), for gains on their way into `devices`


def drift_tables(block: ColumnBlock, drift: Drift, fresh_gain: NDArray[np.float32]) -> DriftTables:
    """Cut for a block. fresh_gain: the layer's, of the shape of drift.exponent; 0 is a stuck synapse, which stays."""
    moving = np.where(fresh_gain == 0, 0, drift.exponent)[..., block.columns]
    exponent = aligned(block.state.weight.shape, np.float32)
    exponent[..., : block.n_columns] = moving
    devices: NDArray[np.float32] = block.synapses.devices
    gain, gain_exponent, room = block.synapses.gain, exponent, np.zeros(devices.size // 2, np.float32)
    if devices.size:
        gain = devices[..., 0]
        gain_exponent = np.ascontiguousarray(np.swapaxes(moving, -1, -2), np.float32)
    return DriftTables(exponent, gain_exponent, gain.copy(), room)


def drift_block(block: ColumnBlock, tables: DriftTables, drift: Drift, before: DieAge, after: DieAge) -> None:
    """Let a block's synapses get older in place: all that they hold, and their gain for what is written later."""
    set_gain(block, tables, drift, after)
    if before.drifted == after.drifted:
        return
    synapses, weight, coded = block.synapses, block.state.weight, block.state.coded
    if synapses.coded:
        lsb = np.full((weight.shape[-2], 1), synapses.lsb, np.float32)
        lsb[-1] = synapses.bias_lsb
        older = synapses.gain * (coded.code.astype(np.float32) * lsb)
        weight[...] = np.where(tables.fresh_gain == 0, weight, older)
    else:
        _fade_in_place(weight.ravel(), tables.exponent.ravel(), np.float32(after.log(drift) - before.log(drift)))


def set_gain(block: ColumnBlock, tables: DriftTables, drift: Drift, age: DieAge) -> None:
    """Give a block's synapses the gain that they have at `age`."""
    devices = block.synapses.devices
    gain = tables.room if devices.size else block.synapses.gain.ravel()
    _fade(gain, tables.fresh_gain.ravel(), tables.gain_exponent.ravel(), np.float32(age.log(drift)))
    if devices.size:
        devices[..., 0] = gain.reshape(devices.shape[:-1])


@kernel
def _fade(faded, values, exponent, log_ratio):
    """faded = values exp(-exponent log_ratio), all (n,) float32; where arrays overlap it is ten times slower."""
    for i in range(len(values)):
        faded[i] = values[i] * natural_exp(-(exponent[i] * log_ratio))


@kernel
def _fade_in_place(values, exponent, log_ratio):
    """values *= exp(-exponent log_ratio), all (n,) float32."""
    for i in range(len(values)):
        values[i] *= natural_exp(-(exponent[i] * log_ratio))
