"""The counter-based generator against published vectors and plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_random import philox_words, words_of
from scipy import stats

from chipsim.random.counter_based import philox, uniform, words_of_four_steps
from nonideality import stream_key

# Random123 1.14, examples/kat_vectors, philox4x32 with 10 rounds (Salmon et al. 2011): counter, key, words
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]
word = st.integers(0, 2**32 - 1)


def numbers(text):
    return tuple(int(part, 16) for part in text.split())


def compiled(counter, key):
    return tuple(map(int, philox(*map(np.uint64, counter), *map(np.uint64, key))))


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_known_answers(counter, key, words):
    assert compiled(numbers(counter), numbers(key)) == numbers(words)
    assert philox_words(numbers(counter), numbers(key)) == numbers(words)


@given(counter=st.tuples(word, word, word, word), key=st.tuples(word, word))
def test_compiled_is_python(counter, key):
    assert compiled(counter, key) == philox_words(counter, key)


def four_steps(key, window, layer, quarter, first, n):
    words = np.zeros((4, n), np.uint32)
    words_of_four_steps(words, key, window, layer, quarter, first)
    return words


@settings(max_examples=30)
@given(
    window=st.integers(0, 2**48 - 1),
    layer=st.integers(0, 100),
    quarter=st.integers(0, 1024),
    first=st.integers(0, 5000),
    n=st.integers(1, 40),
    seed=st.integers(0, 100),
)
def test_a_word_depends_on_key_window_layer_step_and_neuron_alone(window, layer, quarter, first, n, seed):
    """Not on which block of columns it is drawn for."""
    key = stream_key("test", seed)
    words = four_steps(key, window, layer, quarter, first, n)
    for i in (0, n - 1):
        assert tuple(map(int, words[:, i])) == words_of(key, window, layer, 4 * quarter, first + i)
    whole = four_steps(key, window, layer, quarter, 0, first + n)
    assert np.array_equal(words, whole[:, first:])


def test_no_two_places_share_a_counter():
    """Neighbours in every coordinate, and windows that differ only above 2^32, all draw differently."""
    key = stream_key("test", 1)
    drawn = [
        tuple(four_steps(key, window, layer, quarter, 0, 3).ravel())
        for window in (0, 1, 2**16, 2**32, 2**33, 2**47)
        for layer in (0, 1, 2, 255)
        for quarter in (0, 1, 2)
    ]
    flat = [word for words in drawn for word in words]
    assert len(set(flat)) == len(flat) == 6 * 4 * 3 * 12


def test_uniform_is_the_24_highest_bits():
    assert uniform(np.uint32(0)) == 0
    assert uniform(np.uint32(255)) == 0
    assert uniform(np.uint32(256)) == 2.0**-24
    assert uniform(np.uint32(2**31)) == 0.5
    assert uniform(np.uint32(2**32 - 1)) == 1 - 2.0**-24  # a float32 below 1


def test_words_are_uniform():
    """Kolmogorov-Smirnov, and every one of the 32 bits is set half of the time."""
    words = four_steps(stream_key("test", 2), 7, 1, 3, 0, 20000).ravel()
    assert stats.kstest(words / 2**32, "uniform").pvalue > 1e-3
    set_bits = [int(np.count_nonzero(words >> np.uint32(bit) & np.uint32(1))) for bit in range(32)]
    assert all(stats.binomtest(n, len(words)).pvalue > 1e-4 for n in set_bits)
