"""The chip against `from_the_paper`: what it runs is what the paper prints, but for what METHODS.md lists."""

import numpy as np
import pytest
from from_the_paper import Layer
from paper_cases import RATE, SETTINGS, SIZES, STEPS, P, PaperCase, assert_learns_alike

# The chip's pulse is eta (y - C / t) box with a box of height 1: without the 2 / t of Eq. 11 and the 1 / p of Eq. 8.
UNDONE = RATE * P * np.arange(1, STEPS + 1) / 2


@pytest.mark.parametrize("name", SETTINGS)
def test_counts_are_equal(name):
    case = PaperCase(SETTINGS[name])
    total = np.zeros(sum(SIZES[1:]))
    for window in range(120):
        found, expected = case.counts(window, case.sample()[0])
        assert np.array_equal(found, expected), f"sample {window}"
        total += expected
    per_layer = [part.sum() / part.size / 120 / STEPS for part in np.split(total, np.cumsum(SIZES[1:])[:-1])]
    assert all(0.02 < rate < 0.8 for rate in per_layer), f"worth comparing: {per_layer}"


@pytest.mark.parametrize("name", SETTINGS)
def test_weights_are_equal(name):
    assert_learns_alike(PaperCase(SETTINGS[name]), RATE, UNDONE)


# What is printed, otherwise: each must be noticed, or nothing above says anything.
WRONG = {
    "Eq. 1 without its reset": ("membrane", lambda self, u, i, s: np.exp(-1 / self.tau_m) * u + i),
    "Eq. 1 with twice the leak": ("membrane", lambda self, u, i, s: np.exp(-2 / self.tau_m) * u + i - self.theta * s),
    "Eq. 2 without the bias": ("current", lambda self, before, s: s @ self.w),
    "Eq. 3 with half the threshold": ("spike", lambda self, u: np.where(u >= self.theta / 2, 1.0, 0.0)),
    "Eq. 8 with another width": (
        "surrogate",
        lambda self, u: np.where(np.abs(u - self.theta) < self.p, 1 / self.p, 0.0),
    ),
    "Eq. 8 on one side": ("surrogate", lambda self, u: np.where(u - self.theta < self.p / 2, 1 / self.p, 0.0)),
    "Eq. 11 with the count a step ahead": ("zeta", lambda self, y, c, t: 2 / t * (y - c / (t + 1))),
    "Eq. 11 without 2 / t": ("zeta", lambda self, y, c, t: y - c / t),
    "Eq. 10 with the sign turned": ("zeta", lambda self, y, c, t: -2 / t * (y - c / t)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_formula_is_noticed(name, monkeypatch):
    method, formula = WRONG[name]
    monkeypatch.setattr(Layer, method, formula)
    with pytest.raises(AssertionError, match="after sample"):
        assert_learns_alike(PaperCase(SETTINGS["LIF"]), RATE, UNDONE, samples=3)
