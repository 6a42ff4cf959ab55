"""Each encoding against a slow plain reference, and against what its description promises."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference_random import uniform_of
from scipy.stats import binom, chi2

from host.data.encoders import Encoder, encoding_named
from host.settings import ENCODERS, ENCODINGS
from nonideality import stream_key

NAMES = tuple(ENCODINGS)


def encoded(encoding, values, steps, windows=None, seed=1, chunk=None):
    """(S, T, n_in) amplitudes at each step of values (S, n_in): 1 for a spike."""
    values = np.asarray(values, np.float32)
    windows = np.arange(len(values)) if windows is None else np.asarray(windows)
    encoder = Encoder(encoding, values.shape[1], steps, chunk or len(values), seed)
    return dense(encoder.encode(values, windows.astype(np.int64)), values.shape[1])


def dense(events, n_in):
    """Events as amplitudes (S, T, n_in); checks that rows ascend within a step and lie inside."""
    n_windows, steps = events.begin.shape
    out = np.zeros((n_windows, steps, n_in), np.float32)
    for s in range(n_windows):
        for t in range(steps):
            begin, end = events.begin[s, t], events.end[s, t]
            assert 0 <= begin <= end <= events.rows.shape[1]
            rows = events.rows[s, begin:end]
            assert np.all(np.diff(rows) > 0)
            assert np.all((rows >= 0) & (rows < n_in))
            out[s, t, rows] = events.amplitude[s, begin:end] if len(events.amplitude) else 1
    return out


def rate_reference(x, steps):
    """A phase accumulator of 16 binary digits that starts half full and spikes at each overflow."""
    increment = math.floor(float(np.float32(x)) * 65536 + 0.5)
    phase, spikes = 32768, []
    for _ in range(steps):
        phase += increment
        spikes.append(phase >= 65536)
        phase %= 65536
    return spikes


def latency_reference(x, steps):
    x = np.float32(x)
    at = math.floor((np.float32(1) - x) * np.float32(steps - 1) + np.float32(0.5))
    return [x > 0 and step == at for step in range(steps)]


def log_latency_reference(x, steps):
    """Cramer et al. 2022: t = 8 us ln(x / (x - 0.2)), from that of x = 1 on, in T parts of 34 us."""
    if x <= 0.2:
        return [False] * steps
    late_us = 8 * (math.log(x / (x - 0.2)) - math.log(1 / 0.8))
    return [step == math.floor(late_us / (34 / steps)) for step in range(steps)]


def bernoulli_reference(x, steps, window, neuron, seed):
    key = stream_key("bernoulli encoder", seed)
    return [uniform_of(key, window, 0, step, neuron) < np.float32(x) for step in range(steps)]


unit = st.floats(0, 1, width=32)
samples = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=unit | st.sampled_from([0.0, 1.0])
)
windows_of = st.lists(st.integers(0, 2**41), min_size=6, max_size=6, unique=True)


@given(values=samples, steps=st.integers(2, 20))
def test_rate_equals_its_reference(values, steps):
    spikes = encoded("rate", values, steps)
    for s, i in np.ndindex(values.shape):
        assert spikes[s, :, i].tolist() == rate_reference(values[s, i], steps)


@given(values=samples, steps=st.integers(2, 20))
def test_latency_equals_its_reference(values, steps):
    spikes = encoded("latency", values, steps)
    for s, i in np.ndindex(values.shape):
        assert spikes[s, :, i].tolist() == latency_reference(values[s, i], steps)


@given(steps=st.integers(2, 40), seed=st.integers(0, 2**32 - 1))
def test_log_latency_equals_its_reference(steps, seed):
    """For bytes, as images have; none of them is so near the edge of a step that float32 would decide."""
    values = (np.random.default_rng(seed).integers(0, 256, (3, 40)) / 255).astype(np.float32)
    spikes = encoded("log-latency", values, steps)
    for s, i in np.ndindex(values.shape):
        assert spikes[s, :, i].tolist() == log_latency_reference(float(values[s, i]), steps)


@given(values=samples, steps=st.integers(2, 20))
def test_current_is_the_value_at_every_step(values, steps):
    current = encoded("current", values, steps)
    assert np.array_equal(current, np.broadcast_to(values[:, None, :], current.shape))


@given(values=samples, steps=st.integers(2, 9), windows=windows_of, seed=st.integers(0, 2**32 - 1))
def test_bernoulli_equals_its_reference(values, steps, windows, seed):
    spikes = encoded("bernoulli", values, steps, windows[: len(values)], seed)
    for s, i in np.ndindex(values.shape):
        assert spikes[s, :, i].tolist() == bernoulli_reference(values[s, i], steps, windows[s], i, seed)


@pytest.mark.parametrize("steps", [2, 3, 16, 100])
def test_rate_spikes_x_times_the_steps_and_evenly(steps):
    values = np.concatenate([np.linspace(0, 1, 257), np.random.default_rng(3).random(300)]).astype(np.float32)
    spikes = encoded("rate", values[:, None], steps)[:, :, 0]
    # At any moment as many as there should be by then: no bursts, no gaps. The value is held to 16 binary digits.
    should_be = values[:, None].astype(np.float64) * np.arange(1, steps + 1)
    assert np.abs(np.cumsum(spikes, axis=1) - should_be).max() <= 0.5 + steps / 2**17
    for train in spikes:
        gaps = np.diff(np.flatnonzero(train))
        assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1


@pytest.mark.parametrize("steps", [2, 5, 4096])
def test_the_ends_of_the_range(steps):
    values = [[0.0, 1.0]]
    silent, busy = encoded("rate", values, steps)[0].T
    assert not silent.any()
    assert busy.all()
    silent, busy = encoded("bernoulli", values, steps)[0].T
    assert not silent.any()
    assert busy.all()
    silent, first = encoded("latency", values, steps)[0].T
    assert not silent.any()
    assert first.tolist() == [1] + [0] * (steps - 1)
    silent, full = encoded("current", values, steps)[0].T
    assert not silent.any()
    assert (full == 1).all()


@pytest.mark.parametrize("encoding", NAMES)
def test_silence_is_no_event_at_all(encoding):
    events = Encoder(encoding, 5, 4, 3, 1).encode(np.zeros((3, 5), np.float32), np.arange(3))
    assert not events.end.any()
    assert not events.begin.any()


@given(steps=st.integers(2, 64), pair=st.tuples(unit, unit))
def test_log_latency_is_at_most_one_spike_and_more_is_never_later(steps, pair):
    dim, bright, white, black = encoded("log-latency", [[*sorted(pair), 1.0, 0.2]], steps)[0].T
    assert dim.sum() <= bright.sum() <= 1
    if dim.any():
        assert np.argmax(bright) <= np.argmax(dim)
    assert white.tolist() == [1] + [0] * (steps - 1)
    assert not black.any()


@given(steps=st.integers(2, 64), pair=st.tuples(unit, unit))
def test_latency_is_one_spike_and_more_is_never_later(steps, pair):
    low, high = sorted(pair)
    spikes = encoded("latency", [[low, high]], steps)[0].T
    assert spikes.sum(axis=1).tolist() == [float(np.float32(low) > 0), float(np.float32(high) > 0)]
    if low > 0:
        assert np.argmax(spikes[1]) <= np.argmax(spikes[0])


def test_latency_reaches_the_last_step():
    assert encoded("latency", [[1e-6, 0.5]], 5)[0].T.tolist() == [[0, 0, 0, 0, 1], [0, 0, 1, 0, 0]]


def test_bernoulli_counts_are_binomial():
    steps, n = 32, 4000
    for x in (0.02, 0.3, 0.5, 0.9):
        counts = encoded("bernoulli", np.full((n // 40, 40), x), steps).sum(axis=1).ravel()
        expected = n * binom.pmf(np.arange(steps + 1), steps, x)
        common = expected > 5
        seen = np.bincount(counts.astype(int), minlength=steps + 1)
        seen, expected = (np.append(v[common], v[~common].sum()) for v in (seen, expected))
        statistic = np.sum((seen - expected) ** 2 / np.maximum(expected, 1e-9))
        assert chi2.sf(statistic, common.sum()) > 1e-3, x


def test_bernoulli_draws_are_compared_strictly():
    """At x a spike comes with probability x, to the last bit: a draw of x itself is none, the next x above is one."""
    key = stream_key("bernoulli encoder", 1)
    draws = np.array([uniform_of(key, 5, 0, 0, neuron) for neuron in range(40)])
    above = np.nextafter(draws, np.float32(1))
    assert not encoded("bernoulli", [draws], 2, [5])[0, 0].any()
    assert encoded("bernoulli", [above], 2, [5])[0, 0].all()


def test_bernoulli_spikes_are_independent_across_steps_inputs_and_windows():
    spikes = encoded("bernoulli", np.full((300, 20), 0.5), 16) - 0.5
    n = spikes.size
    for shifted in (
        spikes[:, 1:] * spikes[:, :-1],
        spikes[:, 4:] * spikes[:, :-4],
        spikes[:, :, 1:] * spikes[:, :, :-1],
        spikes[1:] * spikes[:-1],
    ):
        assert abs(shifted.sum()) < 4 * 0.25 * math.sqrt(n)


@given(
    windows=st.lists(st.integers(0, 2**41), min_size=5, max_size=5, unique=True), cut=st.integers(1, 4), data=st.data()
)
def test_a_window_is_encoded_alike_in_any_company(windows, cut, data):
    encoding = data.draw(st.sampled_from(NAMES))
    values = data.draw(hnp.arrays(np.float32, (5, 3), elements=unit))
    together = encoded(encoding, values, 6, windows)
    order = np.array(data.draw(st.permutations(range(5))))
    assert np.array_equal(encoded(encoding, values[order], 6, np.array(windows)[order]), together[order])
    parts = [encoded(encoding, values[part], 6, windows[part], chunk=9) for part in (slice(cut), slice(cut, 5))]
    assert np.array_equal(np.concatenate(parts), together)


def test_bernoulli_depends_on_window_and_seed_the_others_on_neither():
    values = np.random.default_rng(5).random((2, 30))
    for encoding in NAMES:
        first = encoded(encoding, values, 16, [1, 2], seed=1)
        random = encoding == "bernoulli"
        assert np.array_equal(first, encoded(encoding, values, 16, [1, 2], seed=1))
        assert np.array_equal(first, encoded(encoding, values, 16, [1, 3], seed=1)) != random
        assert np.array_equal(first, encoded(encoding, values, 16, [1, 2], seed=2)) != random
        assert np.array_equal(first[0], encoded(encoding, values, 16, [1, 3], seed=1)[0])


@pytest.mark.parametrize("encoding", NAMES)
@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_as_many_results_stay_valid_as_there_are_buffers(encoding, buffers):
    rng = np.random.default_rng(8)
    encoder = Encoder(encoding, 4, 5, 3, 1, buffers)
    chunks = [rng.random((rng.integers(1, 4), 4)).astype(np.float32) for _ in range(7)]
    alone = [encoded(encoding, values, 5, np.arange(len(values)) + 10 * k) for k, values in enumerate(chunks)]
    results = []
    for k, values in enumerate(chunks):
        results.append(encoder.encode(values, np.arange(len(values)) + 10 * k))
        for back in range(min(buffers, k + 1)):
            assert np.array_equal(dense(results[k - back], 4), alone[k - back]), (k, back)


@pytest.mark.parametrize("encoding", NAMES)
def test_the_fullest_input_fits(encoding):
    """Every input at its maximum, in a buffer that is used again and again."""
    encoder = Encoder(encoding, 3, 4, 2, 1)
    for _ in range(2):
        full = dense(encoder.encode(np.ones((2, 3), np.float32), np.arange(2)), 3)
        assert full.sum() == (2 * 3 if encoding in ("latency", "log-latency") else 2 * 3 * 4)


def test_every_encoding_is_explained():
    assert ENCODERS.built_in == NAMES
    for name in NAMES:
        assert encoding_named(name).meaning == ENCODINGS[name]


def test_what_is_a_latency_code_and_what_spikes_once():
    assert [name for name in NAMES if encoding_named(name).latency] == ["latency", "log-latency"]
    assert [name for name in NAMES if encoding_named(name).one_spike] == ["latency", "log-latency"]
