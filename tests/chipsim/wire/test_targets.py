"""Target rates as words: rounding to the nearest, halves up, and dense packing at every width."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from chipsim import ChipSpec, wire
from chipsim.die import HostLink
from chipsim.wire.packing.targets import rates_of, words_of

RATES = arrays_of.arrays(
    np.float32, st.tuples(st.integers(1, 9), st.integers(0, 7)), elements=st.floats(-3, 3, width=32)
)
BITS = st.integers(2, 16)


def word(rate, bits):
    """The document's rule in exact arithmetic."""
    nearest = math.floor(Fraction(float(rate)) * 2 ** (bits - 1) + Fraction(1, 2))
    return min(max(nearest, 0), 2**bits - 1)


@given(RATES, BITS)
def test_words_are_rounded_as_the_document_says(rates, bits):
    assert words_of(rates, bits).ravel().tolist() == [word(rate, bits) for rate in rates.ravel()]


def test_halves_go_up_and_just_below_a_half_goes_down():
    half = np.float32(2.5 / 8)
    below = np.nextafter(half, np.float32(0))
    assert words_of(np.array([half, below, 1e30, -1e30], np.float32), 4).tolist() == [3, 2, 15, 0]
    assert words_of(np.array([np.nextafter(np.float32(2**-17), np.float32(0))], np.float32), 16).tolist() == [0]


@given(st.lists(RATES, min_size=1, max_size=3), BITS)
def test_round_trip(layers, bits):
    layers = [layer[: min(map(len, layers))] for layer in layers]
    packed = wire.pack_targets(layers, bits)
    assert len(packed.data) == sum(math.ceil(layer.size * bits / 8) for layer in layers)
    for arrived, layer in zip(wire.unpack_targets(packed), layers, strict=True):
        assert arrived.shape == layer.shape and arrived.dtype == np.float32
        assert np.array_equal(arrived, rates_of(words_of(layer, bits), bits))
        once_more = words_of(arrived, bits)
        assert np.array_equal(once_more, words_of(layer, bits))


@given(RATES, BITS)
def test_a_chip_in_this_process_sees_the_same(rates, bits):
    """With the same rounding on either side of the wire, the chip learns from the same numbers."""
    n_windows, n_out = rates.shape
    assume(n_out > 0)  # no chip has a layer of nothing
    shapes = ChipSpec(layer_sizes=(4, n_out)).shapes
    [arrived] = HostLink(1, shapes, bits, 0.0, [0.0]).targets([rates], np.arange(n_windows))
    assert np.array_equal(arrived[:, :n_out], rates_of(words_of(rates, bits), bits))


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(odd):
    with pytest.raises(wire.WireError, match="NaN or infinity"):
        wire.pack_targets([np.array([[0.5, odd]], np.float32)], 16)
