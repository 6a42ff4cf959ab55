"""Words of up to 16 bits, one after another without a gap, the lowest bit of each first. Compiled."""

from __future__ import annotations

import numpy as np

from chipsim.simd import inlined, kernel

SLACK = 8  # bytes that may be read behind the last word: whole registers are loaded
MOST_BITS = 16


def bytes_of_words(n: int, bits: int) -> int:
    """What n words take, rounded up to whole bytes."""
    return (n * bits + 7) // 8


@inlined
def load_word(data, at):
    """Eight bytes from `at` on as a uint64, the first one lowest."""
    word = np.uint64(0)
    for i in range(8):
        word |= np.uint64(data[np.uint64(at) + np.uint64(i)]) << np.uint64(8 * i)
    return word


@inlined
def store_half(data, at, word):
    """The low four bytes of a uint64, the lowest first."""
    for i in range(4):
        data[np.uint64(at) + np.uint64(i)] = np.uint8(word >> np.uint64(8 * i))


@inlined
def put_words(data, at, words, n, bits):
    """Write n of words (n,), unsigned, to data[at:]; returns the place after. Spoils up to SLACK bytes more."""
    if bits == MOST_BITS:
        for j in range(np.uint64(n)):
            place = np.uint64(at) + np.uint64(2) * j
            data[place] = np.uint8(words[j])
            data[place + np.uint64(1)] = np.uint8(words[j] >> np.uint16(8))
        return np.int64(at) + np.int64(2) * np.int64(n)
    held = np.uint64(0)
    n_held = np.uint64(0)
    for j in range(np.uint64(n)):
        held |= np.uint64(words[j]) << n_held
        n_held += np.uint64(bits)
        if n_held >= np.uint64(32):
            store_half(data, at, held)
            at += np.int64(4)
            held >>= np.uint64(32)
            n_held -= np.uint64(32)
    store_half(data, at, held)
    return np.int64(at) + np.int64((n_held + np.uint64(7)) >> np.uint64(3))


@inlined
def get_words(data, at, words, n, bits):
    """Read n words from data[at:] into words (n,), uint16; returns the place after. Reads up to SLACK bytes more."""
    if bits == MOST_BITS:
        for j in range(np.uint64(n)):
            place = np.uint64(at) + np.uint64(2) * j
            words[j] = np.uint16(data[place]) | np.uint16(data[place + np.uint64(1)]) << np.uint16(8)
        return np.int64(at) + np.int64(2) * np.int64(n)
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    bit = np.uint64(0)
    for j in range(np.uint64(n)):
        words[j] = (load_word(data, np.uint64(at) + (bit >> np.uint64(3))) >> (bit & np.uint64(7))) & mask
        bit += np.uint64(bits)
    return np.int64(at) + np.int64((bit + np.uint64(7)) >> np.uint64(3))


@kernel
def pack_words(data, words, bits):
    """`put_words` of all of words (n,), into data of their size and SLACK bytes more."""
    put_words(data, np.int64(0), words, np.int64(len(words)), bits)


@kernel
def unpack_words(data, words, bits):
    """`get_words` of all of words (n,), from data with SLACK bytes behind the last one."""
    get_words(data, np.int64(0), words, np.int64(len(words)), bits)
