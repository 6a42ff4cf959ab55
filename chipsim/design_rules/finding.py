"""What a design rule finds: a figure, the limit it was held against, why it matters and what to change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "note", "warning", "error"]
Bound = Literal["at most", "at least"]


@dataclass(frozen=True)
class Finding:
    """One rule's judgement of one design."""

    rule: str
    severity: Severity
    value: float
    bound: Bound
    limit: float  # the one that was broken; of those that hold, the first that would break
    unit: str
    quantity: str  # what `value` is
    why: str
    change: str


@dataclass(frozen=True)
class RuleLimits:
    """From where on a figure is worth a note, a warning, an error; from the mildest to the worst. None: never."""

    bound: Bound
    note: float | None = None
    warning: float | None = None
    error: float | None = None

    def judge(self, value: float) -> tuple[Severity, float]:
        """The severity of `value`, and the limit it broke or would break first. NaN breaks every limit."""
        first: float | None = None
        for severity, limit in (("error", self.error), ("warning", self.warning), ("note", self.note)):
            if limit is None:
                continue
            within = value <= limit if self.bound == "at most" else value >= limit
            if not within:
                return severity, limit  # type: ignore[return-value]
            first = limit
        assert first is not None, "limits without a limit"
        return "ok", first
