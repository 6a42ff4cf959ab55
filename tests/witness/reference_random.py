"""Philox4x32-10 in plain Python integers, after Salmon et al. (SC 2011), and the draws the chip makes of its words."""

import numpy as np

from chipsim.random import natural_log

MASK = 0xFFFFFFFF
F = np.float32


def philox_words(counter, key):
    """Four 32-bit words from four counter words and two key words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        a = 0xD2511F53 * c0
        b = 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & MASK, (a >> 32) ^ c3 ^ k1, a & MASK
        k0 = (k0 + 0x9E3779B9) & MASK
        k1 = (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def words_of(key, window, layer, step, neuron):
    """The four words drawn for the four steps around `step` of one neuron in one window."""
    window = int(window)
    counter = (int(neuron), int(step) // 4, window & MASK, (window >> 32) << 16 | int(layer))
    return philox_words(counter, (int(key[0]), int(key[1])))


def uniform_of(key, window, layer, step, neuron):
    """float32 on [0, 1): the 24 highest bits of the step's word."""
    word = words_of(key, window, layer, step, neuron)[step % 4]
    return np.float32((word >> 8) / 2**24)


def gaussian_pair(word_a, word_b):
    """Two float32, N(0, 1), of two words (Box and Muller 1958): the angle turns clockwise with the second word."""
    word_a, word_b = int(word_a), int(word_b)
    radius = np.sqrt(F(-2) * F(natural_log(F(((word_a >> 8) + 1) / 2**24))))
    angle = F((word_b >> 6 & 0xFFFFFF) - 2**23) * F(np.pi / 2 / 2**24)
    square = angle * angle
    sine = angle + angle * square * (F(-1 / 6) + square * (F(1 / 120) + square * F(-1 / 5040)))
    cosine = F(1) + square * (F(-1 / 2) + square * (F(1 / 24) + square * (F(-1 / 720) + square * F(1 / 40320))))
    first, second = [(cosine, sine), (sine, -cosine), (-cosine, -sine), (-sine, cosine)][word_b >> 30]
    return radius * first, radius * second


def gaussian_of(key, window, layer, step, neuron):
    """float32, N(0, 1): Box-Muller turns the words of steps 0 and 1 (2 and 3) of a quarter into their two values.

    The logarithm is the package's own; test_gaussian.py holds it against mathematics.
    """
    words = words_of(key, window, layer, step, neuron)
    even = step % 4 // 2 * 2
    return gaussian_pair(words[even], words[even + 1])[step % 2]


def normal_of_write(key, window, layer, step, row, column):
    """float32, N(0, 1), of one write: the four bytes of a hashed word, summed and bent."""
    window = int(window)
    counter = (int(column), 0, window & MASK, (window >> 32) << 16 | int(layer))
    word_a, word_b = philox_words(counter, (int(key[0]), int(key[1])))[:2]
    x = (int(row) << 12) + int(step) + word_a & MASK
    x = (x ^ x >> 16) * 0x7FEB352D & MASK
    x = (x ^ x >> 15 ^ word_b) * 0x846CA68B & MASK
    x = x ^ x >> 16
    total = sum(x.to_bytes(4, "little")) - 510
    x = np.float32(total) * np.float32(1 / np.sqrt(4 * (256**2 - 1) / 12))
    bent = np.float32(0)
    for coefficient in (3.71116987e-05, -0.000346646302, 0.00171453665, 0.00940497735, 0.962292231):
        bent = bent * (x * x) + np.float32(coefficient)
    return x * bent
