"""What may be claimed of a yield from the dies that were looked at, and how many it takes.

Two claims, of a probability p that a die is good, each wrong in at most 1 - CONFIDENCE of all studies, at any p:

    fixed plan   the number of dies was settled beforehand: the exact one-sided bound (Clopper and Pearson 1934)
    any time     whoever looks, asks for more dies, and stops when it looks good: a confidence sequence, which holds at
                 all numbers of dies at once (Robbins 1970, Lai 1976; Howard, Ramdas, McAuliffe and Sekhon 2021)

Both hold for the test images that the dies were tested with; others are another question.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95  # of each claim, on its own
_SHAPE = 0.5  # of the mixture, see `evidence`: towards designs without a bad die; 1 would be the uniform one
_MOST_DIES = 2**40


def interval(good: int, dies: int) -> tuple[float, float] | None:
    """Both ends for p at CONFIDENCE, exact, for a fixed plan; None without dies."""
    from scipy.stats import binomtest

    if not dies:
        return None
    ends = binomtest(good, dies).proportion_ci(CONFIDENCE, "exact")
    return float(ends.low), float(ends.high)


def proven_by_plan(good: int, dies: int) -> float:
    """The yield that `good` of `dies` prove where their number was fixed beforehand; 0 if they prove none."""
    from scipy.stats import beta

    return float(beta.ppf(1 - CONFIDENCE, good, dies - good + 1)) if good else 0.0


def proven_any_time(good: int, dies: int) -> float:
    """The yield that `good` of `dies` prove whenever one stops; 0 if they prove none."""
    from scipy.optimize import brentq

    if not good:
        return 0.0

    def missing(yield_: float) -> float:
        return float(_log_evidence(good, dies - good, yield_) + np.log(1 - CONFIDENCE))

    # The evidence falls as the yield in question rises, is 1 or less from about good / dies on, and endless at 0.
    low, high = 1e-9, 1 - 1e-12
    return float(brentq(missing, low, high, xtol=1e-12)) if missing(low) > 0 else 0.0


def evidence(good: ArrayLike, bad: ArrayLike, wanted: float) -> NDArray[np.float64]:
    """Against "the yield is at most `wanted`", after so many good and bad dies: a bet's wealth, which begins at 1.

    The likelihood of p over that of `wanted`, averaged over all p above it: (1 - p) / (1 - wanted) = u has the density
    b u^(b - 1), b = _SHAPE. If the yield is at most `wanted`, each ratio shrinks or stays in the mean with every die,
    so that the wealth ever reaches 1 / a with a probability of at most a, however often one looks (Ville 1939). With F
    bad and S good dies, B the beta function and I its regularised incomplete one, the average is

        b (1 - wanted)^-(b + F) wanted^-S B(S + 1, F + b) I(1 - wanted; F + b, S + 1)
    """
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(_log_evidence(good, bad, wanted)))


def _log_evidence(good: ArrayLike, bad: ArrayLike, wanted: float) -> NDArray[np.float64]:
    from scipy.special import betainc, betaln

    s, f = np.asarray(good, np.float64), np.asarray(bad, np.float64)
    with np.errstate(divide="ignore"):  # beyond the smallest number there is no evidence at all
        inside = np.log(betainc(f + _SHAPE, s + 1, 1 - wanted))
    return np.asarray(
        np.log(_SHAPE) - (_SHAPE + f) * np.log1p(-wanted) - s * np.log(wanted) + betaln(s + 1, f + _SHAPE) + inside
    )


def proves(good: ArrayLike, bad: ArrayLike, wanted: float) -> NDArray[np.bool_]:
    """Whether these dies prove, at any time, that the yield is above `wanted`, which lies between 0 and 1."""
    return np.asarray(_log_evidence(good, bad, wanted) >= -np.log(1 - CONFIDENCE))


def disproves(good: ArrayLike, bad: ArrayLike, wanted: float) -> NDArray[np.bool_]:
    """Whether they prove that it is below: the same of bad dies, of which more than 1 - wanted are then expected."""
    return proves(bad, good, 1 - wanted)


def dies_to_plan(wanted: float) -> int:
    """How many dies, all of them good, prove a yield of `wanted` if their number is fixed beforehand.

    `wanted` is above 0 and below 1, which no number of dies proves.
    """
    return _least(lambda dies: proven_by_plan(dies, dies) >= wanted)


def dies_to_prove(wanted: float) -> int:
    """How many dies, all of them good, prove it at any time."""
    return _least(lambda dies: bool(proves(dies, 0, wanted)))


def _least(enough: Callable[[int], bool]) -> int:
    """The smallest number for which `enough` holds, if it holds for all larger ones."""
    high = 1
    while not enough(high) and high < _MOST_DIES:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def claims_json(good: int, dies: int) -> dict[str, Any]:
    """What `good` of `dies` prove, as a program reads it."""
    return {
        "confidence": CONFIDENCE,
        "fixed_plan": {"at_least": proven_by_plan(good, dies), "method": "Clopper-Pearson, one-sided"},
        "any_time": {"at_least": proven_any_time(good, dies), "method": "beta-binomial mixture, one-sided"},
    }
