"""The exponential against mathematics."""

import numpy as np
from numba import njit

from chipsim.random.exponential import natural_exp


@njit
def _exps(out, x):
    for i in range(len(x)):
        out[i] = natural_exp(x[i])


def exps(x):
    out = np.zeros_like(x)
    _exps(out, x)
    return out


def test_relative_error(rng):
    x = np.concatenate([rng.uniform(-87, 88, 200000), rng.uniform(-1, 1, 50000)]).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    assert np.max(np.abs(exps(x) / exact - 1)) < 2e-7


def test_the_ends():
    x = np.array([0, -0.0, -87, -87.5, -1e30, -np.inf], np.float32)
    assert exps(x).tolist() == [1, 1, float(exps(x)[2]), 0, 0, 0]
    assert natural_exp(np.float32(-87)) > 0


def test_it_never_falls(rng):
    """Where the whole number changes the two series' ends must meet."""
    x = np.sort(rng.uniform(-3, 3, 200000)).astype(np.float32)
    out = exps(x)
    assert (np.diff(out) >= -1.2e-7 * out[1:]).all()
