"""Whether two methods differ in accuracy, by the answers of the same dies to the same test images.

What a die lacks and what an image is hard by are both drawn: other dies and other images would give another difference.
With D[i, j] the difference of the two answers (1 right, 0 wrong) of die i to image j, the variance of its mean over I
dies and J images is that of a two-way layout with both factors random (Scheffe 1959, The Analysis of Variance, 7.4),

    (MS_dies + MS_images - MS_rest) / (I J),   at least what either factor has alone,

with degrees of freedom after Satterthwaite 1946.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.studies import CONFIDENCE


@dataclass(frozen=True)
class Difference:
    """Mean of one method less that of another, as fractions of the test images."""

    mean: float
    error: float  # its standard error; no number with a single die or image
    freedom: float  # degrees of freedom of that
    dies: int
    images: int
    alike: bool  # not one answer differs in being right

    @staticmethod
    def of(mine: NDArray[np.bool_], other: NDArray[np.bool_]) -> Difference:
        """mine, other: (dies, images), which answers are right."""
        d = mine.astype(np.float64) - other
        dies, images = d.shape
        alike = not d.any()
        if min(dies, images) < 2:
            return Difference(float(d.mean()), float("nan"), float("nan"), dies, images, alike)
        rows, columns = d.mean(axis=1), d.mean(axis=0)
        rest = d - rows[:, None] - columns + d.mean()
        freedoms = np.array([dies - 1, images - 1, (dies - 1) * (images - 1)])
        squares = np.array(
            [images * rows.var(ddof=1), dies * columns.var(ddof=1), (rest**2).sum() / freedoms[2]], np.float64
        )
        variance = max(squares[0] + squares[1] - squares[2], squares[0], squares[1])
        spread, freedom = float((squares**2 / freedoms).sum()), float(freedoms[:2].min())
        if spread and dies > 2:  # two dies say too little of how dies differ: of equal methods 9 % were told apart
            freedom = max(variance**2 / spread, freedom)
        # No measurement is finer than one image.
        error = max(float(np.sqrt(variance / (dies * images))), 1 / images)
        return Difference(float(d.mean()), error, freedom, dies, images, alike)

    @property
    def claims(self) -> bool:
        """Whether it says anything of other dies and images: of one alone it does not."""
        return self.dies > 1 and self.images > 1

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Both ends, by Student's t."""
        from scipy.stats import t

        half = float(t.ppf(0.5 + confidence / 2, self.freedom)) * self.error
        return self.mean - half, self.mean + half

    def equivalent(self, margin: float) -> bool:
        """Whether it is proven to lie within `margin` of 0: two one-sided tests (Schuirmann 1987)."""
        low, high = self.interval(2 * CONFIDENCE - 1)
        return -margin < low and high < margin

    def to_json(self) -> dict[str, Any]:
        return {
            "mean": self.mean,
            "standard_error": self.error if self.claims else None,
            "interval": self.interval() if self.claims else None,
            "confidence": CONFIDENCE,
            "dies": self.dies,
            "test_images": self.images,
        }
