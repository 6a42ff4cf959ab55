"""Design rules: what will sink a chip, said before it is built.

Read `finding` (what a rule says), `design` (what a rule may look at), `registry` (the rules by name), then the rules:
`counting`, `membrane`, `weights`, `learning`, `integers`, `resources`, `noises`. Importing a file of rules registers
them, in the order of the imports here, which is that of the report. `try_plugins` finds what is wrong with a neuron or
learning rule of another package, `try_effects` with its effects, `idle` which noise hits nothing on a chip
(`tests/chipsim/design_rules/test_idle.py` tries every site).

May know: `cost`, `design`, `die` (for the levels of a design's errors), `physical`, `nonideality`. Never a run: a rule
is arithmetic on a design, and answers at once.

To add a rule: a function under `@rule` in the file of its subject, with its limits, why it matters and what to change.
In `tests/chipsim/design_rules/test_check_rules.py` goes a design that keeps it and some that break it, each as badly as
it should; in `tests/host/cli/test_check_hurts.py` a simulated claim, that who breaks it loses accuracy.
"""

from chipsim.design_rules import (  # noqa: F401 (their rules register)
    counting,
    integers,
    learning,
    membrane,
    noises,
    resources,
    weights,
)
from chipsim.design_rules.design import Design
from chipsim.design_rules.finding import Finding, RuleLimits
from chipsim.design_rules.idle import IdleNoise, Use, idle_noises
from chipsim.design_rules.registry import RULES, Rule
from chipsim.die import try_effects, try_plugins

__all__ = [
    "RULES",
    "Design",
    "Finding",
    "IdleNoise",
    "Rule",
    "RuleLimits",
    "Use",
    "check",
    "idle_noises",
    "try_effects",
    "try_plugins",
]


def check(design: Design) -> list[Finding]:
    """What every rule that applies to `design` finds, rules that are kept included, in the order of the registry."""
    findings = (rule.check(design) for rule in RULES.values())
    return [finding for finding in findings if finding is not None]
