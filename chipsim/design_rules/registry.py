"""The rules by name, in the order of their report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chipsim.design_rules.design import Design
from chipsim.design_rules.finding import Finding, RuleLimits


@dataclass(frozen=True)
class Verdict:
    """What a rule measures of a design, and what it says if that is not within its limits."""

    value: float
    why: str
    change: str


@dataclass(frozen=True)
class Rule:
    """One design rule: `measure` gives None for a design to which the rule does not apply."""

    name: str
    quantity: str
    unit: str
    limits: RuleLimits
    applies_to: str  # which designs
    measure: Callable[[Design], Verdict | None]

    def check(self, design: Design) -> Finding | None:
        verdict = self.measure(design)
        if verdict is None:
            return None
        severity, limit = self.limits.judge(verdict.value)
        return Finding(
            rule=self.name,
            severity=severity,
            value=verdict.value,
            bound=self.limits.bound,
            limit=limit,
            unit=self.unit,
            quantity=self.quantity,
            why=verdict.why,
            change=verdict.change,
        )


RULES: dict[str, Rule] = {}


def rule(
    name: str, quantity: str, unit: str, limits: RuleLimits, applies_to: str = "every design"
) -> Callable[[Callable[[Design], Verdict | None]], Rule]:
    """Register the decorated function as a rule."""

    def register(measure: Callable[[Design], Verdict | None]) -> Rule:
        if name in RULES:
            raise ValueError(f"there are two rules named {name!r}")
        RULES[name] = Rule(name, quantity, unit, limits, applies_to, measure)
        return RULES[name]

    return register
