"""A learning rule and a neuron of another package, with fields of their own; and what is wrong with others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from plug_ins import write_package

RULE = '''
from pydantic import BaseModel
from learning_circuit import Brings, Field, LearningRule, Rows

class Hungry(LearningRule):
    """Learns faster the more it has fired in its life."""

    name = "hungry"
    summary = "pulses grow with the spikes of a life"
    source = "made up"
    brings = frozenset({Brings.TARGET})
    fields = (
        Field("skew", "added to the error", "counts"),
        Field("greed", "times the error", per="layer"),
        Field("meals", "spikes since the die was programmed", "counts", lasts="life", shown_as="integer"),
        Field("hunger", "fading sum of the target", lasts="window", start=2.0),
        Field("craving", "what the pulse is made of", lasts="step"),
        Field("eats", "1 where the neuron fires", lasts="step", shown_as="wire"),
        Field("hidden", "nobody sees it", lasts="window", probed=False),
    )

    class Settings(BaseModel, extra="forbid"):
        greed: float = 0.5
        dead_zone_counts: float

    def rows(self, circuit):
        return (Rows.SPIKES,)

    def fabricate(self, settings, errors, fires):
        return {"skew": errors.comparator_offset, "greed": settings.greed}

    def observe(self, own, state, seen, moment):
        state.meals = seen.spiked.where(state.meals + 1.0, state.meals)
        state.hunger = state.hunger * 0.5 + seen.target

    def pulses(self, own, state, seen, moment):
        state.hidden = state.hidden + 1.0
        state.eats = seen.spiked
        state.craving = (seen.target_count - seen.count + own.skew) * own.greed + state.meals * 0.01 + state.hidden
        return [moment.rate * state.craving]
'''

NEURON = '''
import numpy as np
from chipsim.neurons import NeuronModel
from learning_circuit import Field

class Weary(NeuronModel):
    """Leaks, and has a threshold that rises with every spike of its life."""

    name = "weary"
    summary = "a threshold that rises for good"
    source = "made up"
    fields = (
        Field("limit", "of the membrane", "th", padding=np.inf),
        Field("weariness", "what spikes have added to the limit", "th", lasts="life"),
    )

    def fabricate(self, settings, errors):
        return {"limit": np.where(errors.enabled, errors.threshold_gain, np.inf)}

    def integrate(self, own, state, spiked, current):
        state.membrane = spiked.where(current, state.membrane + current)
        state.weariness = spiked.where(state.weariness + 0.125, state.weariness)

    def fire(self, own, state):
        return state.membrane >= own.limit + state.weariness
'''

ENTRIES = {"learning_rules:hungry": "acme_chip:Hungry", "neurons:weary": "acme_chip:Weary"}


def write_chip_parts(
    site: Path, version: str = "1.2", changes: Mapping[str, str] | None = None, package: str = "acme-chip"
) -> Path:
    """A package with both. changes: what of its source reads otherwise."""
    source = RULE + NEURON
    for was, now in (changes or {}).items():
        assert was in source, was
        source = source.replace(was, now)
    return write_package(site, package, version, ENTRIES, {"acme_chip.py": source})


# What of the source reads otherwise, which of the two is then named, and what is said.
WRONG: dict[str, tuple[str, str, str, str]] = {
    "a field twice": (
        'Field("hunger", "fading sum of the target"',
        'Field("skew", "again"',
        "hungry",
        "declares the field skew twice",
    ),
    "a field that the chip has": (
        '"craving", "what',
        '"count", "what',
        "hungry",
        "declares the field count, which every chip",
    ),
    "a number that the chip has": (
        '"greed", "times',
        '"low_rail", "times',
        "hungry",
        "declares the field low_rail, which",
    ),
    "a signal that the chip has": (
        '"eats", "1',
        '"weight", "1',
        "hungry",
        "declares the field weight, which every chip",
    ),
    "a name of the formulas' state": (
        '"hidden", "nob',
        '"keep", "nob',
        "hungry",
        "declares the field keep, which every chip",
    ),
    "a field of neuron and rule": ('"limit", "of', '"skew", "of', "weary", "both declare the field skew"),
    "a field of another kind": (
        'fields = (\n        Field("skew',
        'fields = (5,\n        Field("skew',
        "hungry",
        "but int",
    ),
    "an undeclared field assigned to": (
        "state.eats = seen",
        "state.sleeps = seen",
        "hungry",
        "assigns to 'sleeps', which",
    ),
    "a neuron's undeclared field assigned to": (
        "state.weariness = spiked",
        "state.joy = spiked",
        "weary",
        "assigns to 'joy', which",
    ),
    "a fabricated field assigned to": ("state.eats = seen", "own.skew = seen", "hungry", "assigns to 'skew', which"),
    "an undeclared field read": ("* own.greed", "* own.grief", "hungry", "reads the field 'grief'"),
    "a neuron's undeclared field read": ("own.limit +", "own.border +", "weary", "reads the field 'border'"),
    "no update": ("return (Rows.SPIKES,)", "return ()", "hungry", "makes no update"),
    "too many updates": ("return (Rows.SPIKES,)", "return (Rows.ALL,) * 5", "hungry", "makes 5 updates in a step"),
    "rows that are no tuple": (
        "return (Rows.SPIKES,)",
        "return [Rows.SPIKES]",
        "hungry",
        "give a tuple of learning_ci",
    ),
    "rows that are no Rows": ("return (Rows.SPIKES,)", "return ('spikes',)", "hungry", "give a tuple of learning_circ"),
    "traces that no row leaves": (
        "return (Rows.SPIKES,)",
        "return (Rows.TRACES,)",
        "hungry",
        "set learning_circuit.trace_tau_steps",
    ),
    "a neuron that never fires": (
        'summary = "a threshold that',
        'fires = False\n    summary = "a threshold that',
        "weary",
        "never fires, and a kind of neuron has to",
    ),
    "no pulse": ("return [moment.rate * state.craving]", "return []", "hungry", "returns 0 pulses for the 1"),
    "too few pulses": ("(Rows.SPIKES,)", "(Rows.SPIKES, Rows.ALL)", "hungry", "returns 1 pulses for the 2"),
    "a pulse that is no list": (
        "[moment.rate * state.craving]",
        "moment.rate",
        "hungry",
        "a number and no list for the 1 updates",
    ),
    "a comparison for a pulse": ("[moment.rate * state.craving]", "[seen.spiked]", "hungry", "gives a comparison"),
    "a plain number for a pulse": ("[moment.rate * state.craving]", "[0.5]", "hungry", "pulses() gives float"),
    "a wrong shape": ('"skew": errors.comparator_offset', '"skew": 1.0', "hungry", "field 'skew' is of shape ()"),
    "a row for a number": ("settings.greed}", "errors.comparator_offset}", "hungry", "field 'greed' is of shape ("),
    "a missing value": ('"skew": errors.comparator_offset, ', "", "hungry", "its fields differ in skew"),
    "a value too many": ('"skew": errors', '"more": 1, "skew": errors', "hungry", "its fields differ in more"),
    "no values": ('return {"skew": errors.comparator_offset, "greed": settings.greed}', "pass", "hungry", "NoneType"),
    "values that are no numbers": ("settings.greed}", "'much'}", "hungry", "field 'greed' is of no numbers"),
    "a neuron's wrong shape": (
        '"limit": np.where(errors.enabled, errors.threshold_gain, np.inf)',
        '"limit": 1',
        "weary",
        "limit",
    ),
    "targets that it does not ask for": ("frozenset({Brings.TARGET})", "frozenset()", "hungry", "put Brings.TARGET"),
    "an error of its own": (
        "state.eats = seen.spiked",
        "raise OSError('spilled\\nmilk')",
        "hungry",
        "OSError: spilled milk",
    ),
    "a neuron's error of its own": (
        "state.membrane = spiked",
        "1 / 0; state.membrane = spiked",
        "weary",
        "ZeroDivision",
    ),
    "a choice by if": (
        "state.eats = seen.spiked",
        "state.eats = seen.spiked if seen.spiked else 0",
        "hungry",
        "where()",
    ),
    "a function of math": ("* 0.01", "* __import__('math').exp(own.skew)", "hungry", "float()"),
    "formulas of another with fields of its own": (
        'summary = "a threshold that',
        'formulas = "lif"\n    summary = "a threshold that',
        "weary",
        "has the formulas of 'lif', but not its fields",
    ),
    "a neuron that fires a number": (
        "return state.membrane >= own.limit + state.weariness",
        "return state.membrane",
        "weary",
        "fire() gives a number",
    ),
}
