"""Sequence numbers of requests: 1 to 2^32 - 1, then 1 again. Of two, the later one is less than half a round ahead."""

from __future__ import annotations

ROUND = (1 << 32) - 1  # numbers there are; 0 is none of them


def following(number: int) -> int:
    """The next number; 1 after 0, before any request was numbered."""
    return number % ROUND + 1


def steps(earlier: int, later: int) -> int:
    """How many numbers on `later` is, up to a round less one."""
    return (later - earlier) % ROUND


def is_later(number: int, than: int) -> bool:
    return 0 < steps(than, number) <= ROUND // 2
