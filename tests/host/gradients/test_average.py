"""The mean of weights over the last steps, and its way onto the die."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_chips import random_weights, spec_of

from chipsim import Chip
from host.gradients.in_the_loop.average import WeightAverage
from host.gradients.in_the_loop.loop import InTheLoop
from host.settings import LoopSpec


def walk(seed, steps):
    """Weights of a small network that drift."""
    rng = np.random.default_rng(seed)
    shapes = [((4, 3), 3), ((3, 2), 2)]
    return [
        [(rng.normal(k, 1, w).astype(np.float32), rng.normal(0, 1, b).astype(np.float32)) for w, b in shapes]
        for k in range(steps)
    ]


@given(st.integers(0, 1000), st.integers(1, 40))
def test_is_the_mean_of_all_steps(seed, steps):
    seen = walk(seed, steps)
    average = WeightAverage()
    for weights in seen:
        average.add(weights)
    for layer, (w, b) in enumerate(average.layers()):
        assert w.dtype == b.dtype == np.float32
        np.testing.assert_allclose(w, np.mean([weights[layer][0] for weights in seen], axis=0), atol=1e-5)
        np.testing.assert_allclose(b, np.mean([weights[layer][1] for weights in seen], axis=0), atol=1e-5)
    assert average.steps == steps


def test_neither_moves_what_it_was_shown_nor_is_moved_by_it():
    [weights] = walk(1, 1)
    kept = [(w.copy(), b.copy()) for w, b in weights]
    average = WeightAverage()
    average.add(weights)
    for w, _ in weights:
        w += 1
    average.add(kept)
    for (w, b), (mean_w, mean_b) in zip(kept, average.layers(), strict=True):
        np.testing.assert_array_equal(w, mean_w)
        np.testing.assert_array_equal(b, mean_b)


def test_no_weights_have_no_mean():
    with pytest.raises(ValueError, match="an average of no weights: add some first"):
        WeightAverage().layers()


def test_a_die_goes_on_from_other_weights_as_if_it_had_begun_with_them():
    design = spec_of((20, 12, 4), steps=8, noise=("mismatch:0.3", "quantization:5"))
    begun, other = (random_weights(design, np.random.default_rng(seed)) for seed in (1, 2))
    moved, fresh = Chip(design, 3, 1), Chip(design, 3, 1)
    loop = InTheLoop(moved, begun, LoopSpec())
    loop.go_on_from(other)
    InTheLoop(fresh, other, LoopSpec())
    for mine, theirs in zip(moved.weights(), fresh.weights(), strict=True):
        np.testing.assert_array_equal(mine[0], theirs[0])
    for (w, b), (wanted_w, wanted_b) in zip(loop.weights, other, strict=True):
        np.testing.assert_array_equal(w, wanted_w)
        np.testing.assert_array_equal(b, wanted_b)
