"""The bound against exact counting, and the bytes of a chunk against the bound."""

from math import comb, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from chipsim import wire
from chipsim.wire.packing.bound import event_bits, learning_bound, log2_patterns
from host.data import Encoder


def exact(k, m, steps):
    """Patterns of m spikes in k rows of T steps, none of them silent, by inclusion and exclusion."""
    return sum((-1) ** j * comb(k, j) * comb(steps * (k - j), m) for j in range(k + 1))


@given(st.integers(1, 40), st.sampled_from([1, 2, 5, 16, 100]), st.floats(0, 1))
def test_patterns_are_counted(k, steps, share):
    m = k + round(share * k * (steps - 1))
    [bits] = log2_patterns(np.array([k]), np.array([m]), steps)
    assert bits == pytest.approx(log2(exact(k, m, steps)), abs=0.2)


def test_exact_where_there_is_one_spike_each_or_all():
    k = np.array([0, 3, 3, 1])
    m = np.array([0, 3, 48, 1])
    assert log2_patterns(k, m, 16) == pytest.approx([0.0, 12.0, 0.0, 4.0])


@pytest.mark.parametrize("encoding", ["rate", "bernoulli", "latency", "log-latency", "current"])
def test_digits_take_little_more_than_they_must(encoding):
    values = (load_digits().data / 16).astype(np.float32)
    n = len(values)
    events = Encoder(encoding, 64, 16, n, 1).encode(values, np.arange(n))
    targets = [np.random.default_rng(1).random((n, size)).astype(np.float32) for size in (128, 10)]
    learn = wire.Learn(
        np.arange(n), wire.pack_events(events, 64), wire.pack_targets(targets, 16), np.ones(n, np.float32)
    )
    bound = learning_bound(events, 64, (128, 10), 16, amplitude_levels=16)
    spikes = len(learn.events.data) + 4 * len(learn.events.ends)
    assert spikes <= 1.2 * event_bits(events, 64, 16).sum() / 8
    # Less than the bound is possible: images are not arbitrary sets of pixels, which is all that the bound knows.
    assert 0.97 * bound.bytes <= len(wire.encode(learn)) <= 1.03 * bound.bytes
