"""The learning rule of a chip, and the settings that a chip gives its rule and its neurons."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from chipsim.design.errors import ChipError
from chipsim.design.plugins import LEARNING_RULES
from chipsim.design.spec import ChipSpec
from learning_circuit import Brings, IntegerTandem, LearningCircuitSpec, LearningRule, LocalTandem, Stdp, TripletStdp

LEARNING_RULES.provide(LearningRule, ("summary", "source", "fields", "brings"), (LocalTandem, Stdp, TripletStdp))


# What a rule is where the circuit's arithmetic is that of integers; nobody chooses it by its name.
_IN_INTEGERS = {LocalTandem.name: IntegerTandem.name}


@lru_cache
def rule_named(name: str) -> LearningRule:
    """Raises ChipError with the valid names, or if it cannot be loaded."""
    if name == IntegerTandem.name:
        return IntegerTandem()
    rule: LearningRule = LEARNING_RULES.make(name)
    return rule


def rule_of(circuit: LearningCircuitSpec) -> LearningRule:
    """Of a chip."""
    return rule_named(_IN_INTEGERS[circuit.rule] if circuit.arithmetic == "integer" else circuit.rule)


def told_targets(spec: ChipSpec) -> list[bool]:
    """Whether the host brings each layer targets, which its neurons follow."""
    brings = Brings.TARGET in rule_of(spec.learning_circuit).brings
    return [brings and shape.learns for shape in spec.shapes]


def told_broadcast(spec: ChipSpec) -> bool:
    """Whether the host brings one number per window for all neurons."""
    return Brings.BROADCAST in rule_of(spec.learning_circuit).brings


def settings_of(of: Any, shared: Any, own: dict[str, Any]) -> Any:
    """The settings of a rule or a neuron: those that it shares with `shared`, a spec, and those given to it alone.

    Raises ChipError of one line that names the setting.
    """
    fields = type(shared).model_fields
    given = {name: getattr(shared, name) for name in of.Settings.model_fields if name in fields}
    try:
        return of.Settings.model_validate({**given, **own})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        known = [each for each in of.Settings.model_fields if each not in fields]
        choose = f"choose from {', '.join(known)}" if known else "it has none of its own"
        raise ChipError(f"settings of {of.name!r}: {name}: {first['msg']}; {choose}") from None
