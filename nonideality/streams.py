"""Where randomness comes from: one independent stream per (die, effect, site, layer)."""

from __future__ import annotations

import hashlib

import numpy as np


def stream_words(*labels: str | int) -> list[int]:
    """Four 32-bit words that name a stream, from readable labels."""
    digest = hashlib.sha256("\x1f".join(str(label) for label in labels).encode()).digest()
    return [int.from_bytes(digest[4 * i : 4 * i + 4], "little") for i in range(4)]


def stream(*labels: str | int) -> np.random.Generator:
    """A generator of its own for these labels; different labels, independent streams."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(stream_words(*labels))))


def stream_key(*labels: str | int) -> tuple[np.uint64, np.uint64]:
    """The two 32-bit key words of a counter-based stream (see chipsim.random)."""
    words = stream_words(*labels)
    return np.uint64(words[0]), np.uint64(words[1])
