"""Design rules: what will sink a chip, said before it is built.

Read `finding`, `design`, `registry`, then the rules: `counting`, `membrane`, `weights`, `learning`, `resources`.
"""

from chipsim.check import counting, learning, membrane, resources, weights  # noqa: F401  registers the rules
from chipsim.check.design import Design
from chipsim.check.finding import Finding, Limits
from chipsim.check.registry import RULES, Rule

__all__ = ["RULES", "Design", "Finding", "Limits", "Rule", "check"]


def check(design: Design) -> list[Finding]:
    """What every rule that applies to `design` finds, rules that are kept included, in the order of the registry."""
    findings = (rule.check(design) for rule in RULES.values())
    return [finding for finding in findings if finding is not None]
