"""Target rates as fixed-point words of 2 to 16 bits, packed without gaps: 0 to 2 spikes per step.

Of a word of b bits, b - 1 stand after the point: a rate x is sent as floor(x 2^(b-1) + 1/2), computed exactly and
clipped to 0 .. 2^b - 1, and word w means w 2^(1-b).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chipsim.simd import kernel
from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.packing.byte_views import bytes_view
from chipsim.wire.packing.words import SLACK, bytes_of_words, pack_words, unpack_words

FEWEST_BITS, MOST_BITS = 2, 16


@kernel
def _to_words(values, bits, words):
    """Fill words (n,) uint16 from rates (n,) float32. Returns whether all were finite."""
    one = np.float32(np.int64(1) << (bits - 1))
    top = np.float32((np.int64(1) << bits) - 1)
    odd = np.int32(0)
    for i in range(len(values)):
        x = values[i]
        odd += np.int32(not np.isfinite(x))
        scaled = min(max(x * one, np.float32(0)), top)  # a power of two: exact
        whole = np.int32(scaled)
        words[i] = np.uint16(min(whole + np.int32(scaled - np.float32(whole) >= np.float32(0.5)), np.int32(top)))
    return odd == 0


@kernel
def _to_rates(words, bits, values):
    """Fill values (n,) float32 from words (n,) uint16."""
    unit = np.float32(1) / np.float32(np.int64(1) << (bits - 1))
    for i in range(len(words)):
        values[i] = np.float32(words[i]) * unit


def words_of(rates: NDArray[np.float32], bits: int) -> NDArray[np.uint16]:
    """Words of rates, of the same shape. Raises WireError if one is not finite."""
    flat = np.ascontiguousarray(rates, np.float32).reshape(-1)
    words = np.empty(len(flat), np.uint16)
    if not _to_words(flat, bits, words):
        raise WireError(ErrorCode.REFUSED, "targets contain NaN or infinity: every one must be a finite number")
    return words.reshape(rates.shape)


def rates_of(words: NDArray[np.uint16], bits: int) -> NDArray[np.float32]:
    """What words mean, in spikes per step."""
    flat = np.ascontiguousarray(words, np.uint16).reshape(-1)
    rates = np.empty(len(flat), np.float32)
    _to_rates(flat, bits, rates)
    return rates.reshape(words.shape)


@dataclass(frozen=True, eq=False)
class PackedTargets:
    """Target rates of a chunk of windows as they travel."""

    bits: int
    n_windows: int
    sizes: tuple[int, ...]  # neurons of each layer
    data: memoryview  # per layer the words of all windows, padded to whole bytes

    def bytes_of_layers(self) -> list[int]:
        return [bytes_of_words(self.n_windows * n, self.bits) for n in self.sizes]


def pack_targets(targets: Sequence[NDArray[np.float32]], bits: int) -> PackedTargets:
    """Targets (S, n_out) of every layer. Raises WireError if a rate is not finite."""
    layers = []
    for target in targets:
        words = words_of(target, bits).reshape(-1)
        if bits == MOST_BITS:
            layers.append(words.astype("<u2", copy=False).tobytes())
            continue
        packed = np.zeros(bytes_of_words(len(words), bits) + SLACK, np.uint8)
        pack_words(packed, words, bits)
        layers.append(packed[:-SLACK].tobytes())
    return PackedTargets(bits, len(targets[0]), tuple(t.shape[1] for t in targets), memoryview(b"".join(layers)))


def measured_targets(targets: Sequence[NDArray[np.float32]], bits: int) -> PackedTargets:
    """As `pack_targets`, in as many bytes, but without what is in them."""
    packed = PackedTargets(bits, len(targets[0]), tuple(t.shape[1] for t in targets), memoryview(b""))
    return replace(packed, data=bytes_view(np.empty(sum(packed.bytes_of_layers()), np.uint8)))


def unpack_targets(packed: PackedTargets) -> list[NDArray[np.float32]]:
    """Per layer (S, n_out) rates in spikes per step."""
    targets = []
    at = 0
    for n, n_bytes in zip(packed.sizes, packed.bytes_of_layers(), strict=True):
        n_words = packed.n_windows * n
        part = packed.data[at : at + n_bytes]
        at += n_bytes
        if packed.bits == MOST_BITS:
            words = np.frombuffer(part, "<u2").astype(np.uint16)
        else:
            padded = np.zeros(n_bytes + SLACK, np.uint8)
            padded[:n_bytes] = np.frombuffer(part, np.uint8)
            words = np.empty(n_words, np.uint16)
            unpack_words(padded, words, packed.bits)
        targets.append(rates_of(words, packed.bits).reshape(packed.n_windows, n))
    return targets
