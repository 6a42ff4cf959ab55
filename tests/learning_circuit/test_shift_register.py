"""Shift registers against single steps, and against the order that a primitive polynomial has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_circuit import TAPS, start_states, state_after

PRIME_FACTORS = {16: (3, 5, 17, 257), 24: (3, 5, 7, 13, 17, 241), 32: (3, 5, 17, 257, 65537)}  # of 2^L - 1


def stepped(states, bits, steps):
    for _ in range(steps):
        states = (states >> np.uint32(1)) ^ np.where(states & np.uint32(1), np.uint32(TAPS[bits]), np.uint32(0))
    return states


@pytest.mark.parametrize("bits", TAPS)
def test_a_jump_is_as_many_steps(bits):
    """A million steps in a row: a hundred jumps, from each of which 10,000 steps lead to where the next one does."""
    start = start_states(bits, 5, 1, 1)
    jumps = np.concatenate([state_after(start, bits, 10_000 * k) for k in range(101)])
    assert jumps[0] == start[0]
    assert stepped(jumps[:-1], bits, 10_000).tolist() == jumps[1:].tolist()
    for steps in (1, 2, 7, 90):
        assert state_after(jumps, bits, steps).tolist() == stepped(jumps, bits, steps).tolist()


@pytest.mark.parametrize("bits", TAPS)
def test_all_states_but_one_are_visited(bits):
    """The order of the step is 2^L - 1, and no divisor of that."""
    one, period = np.array([1], np.uint32), 2**bits - 1
    assert state_after(one, bits, period).tolist() == [1]
    for prime in PRIME_FACTORS[bits]:
        assert state_after(one, bits, period // prime).tolist() != [1], prime


@given(bits=st.sampled_from(sorted(TAPS)), seed=st.integers(1, 2**70), layer=st.integers(1, 255))
def test_registers_start_unlike_and_none_at_0(bits, seed, layer):
    states = start_states(bits, seed, layer, 64)
    assert (states > 0).all() and (states.astype(np.int64) < 2**bits).all()
    assert len(set(states.tolist())) > 60


def test_start_states_by_hand():
    """Of 16 bits the two halves of a word are folded; 0 becomes 1."""
    word = (3 * 0x9E3779B1 + 2 * 0x85EBCA6B + 1 * 0xC2B2AE35) % 2**32
    assert start_states(16, 3, 2, 2)[1] == (word >> 16) ^ (word & 0xFFFF)
    assert start_states(32, 3, 2, 2)[1] == word
    zero = -2 * 0x85EBCA6B * pow(0x9E3779B1, -1, 2**32) % 2**32  # the seed of which column 0 of layer 2 has word 0
    assert start_states(32, zero, 2, 1).tolist() == [1]
