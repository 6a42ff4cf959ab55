"""Streams of randomness, named by readable labels."""

import hashlib

import numpy as np
import pytest
from scipy import stats

from nonideality.streams import stream, stream_key, stream_words


def test_the_same_labels_the_same_stream():
    assert np.array_equal(stream("die", 3, "mismatch").random(5), stream("die", 3, "mismatch").random(5))
    assert stream_key("die", 3) == stream_key("die", 3)


def test_words_are_the_sha256_of_the_labels():
    """Another derivation would silently make every published die another one."""
    digest = hashlib.sha256(b"die\x1f3\x1fmismatch\x1fweight\x1f0").digest()
    expected = list(np.frombuffer(digest[:16], "<u4"))
    assert stream_words("die", 3, "mismatch", "weight", 0) == expected
    assert stream_key("die", 3, "mismatch", "weight", 0) == tuple(expected[:2])


@pytest.mark.parametrize(
    "other", [("die", 4, "a", 0), ("die", 3, "a", 1), ("die", 3, "b", 0), ("die", 3, 0, "a"), ("die", "3a", 0)]
)
def test_other_labels_another_stream(other):
    labels = ("die", 3, "a", 0)
    a, b = stream(*labels).random(20000), stream(*other).random(20000)
    assert stream_key(*labels) != stream_key(*other)
    assert stats.pearsonr(a, b).pvalue > 1e-4


def test_labels_do_not_run_together():
    assert stream_words("ab", "c") != stream_words("a", "bc")
    assert stream_words("die", 11, 1) != stream_words("die", 1, 11)


def test_key_words_fit_32_bits():
    for seed in range(50):
        assert all(isinstance(word, np.uint64) and word < 2**32 for word in stream_key("x", seed))
