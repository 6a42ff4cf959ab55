"""What a plan names, found: the formulas of its neuron and its rule, and the fields of both."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from chipsim.design import LEARNING_RULES, NEURONS, rule_named
from chipsim.kernel.plan import Order, Plan
from chipsim.kernel.state_fields import kept_fields
from chipsim.layout import FieldPlaces, NeuronState, new_neuron_state
from chipsim.neurons import NeuronModel, formulas_named, places_in
from chipsim.simd import plugin_sources_key
from learning_circuit import Field, LearningRule, Rows


class Parts(NamedTuple):
    """What a kernel is composed of."""

    plan: Plan
    neuron: NeuronModel
    rule: LearningRule | None  # None where weights rest
    places: FieldPlaces
    kept: tuple[Field, ...]  # rows of the state that it works in

    @property
    def called(self) -> str:
        """All that tells its kernel from others: the plan, and the sources of what in it comes from other packages."""
        foreign = [group.get(name) for group, name in self._named if group.plugin(name) is not None]
        return f"{self.plan!r} {plugin_sources_key(foreign) if foreign else ''}"

    @property
    def has_foreign_neuron(self) -> bool:
        return self.neuron.name in NEURONS.names() and NEURONS.plugin(self.neuron.name) is not None

    @property
    def has_foreign_rule(self) -> bool:
        return any(group is LEARNING_RULES and group.plugin(name) is not None for group, name in self._named)

    @property
    def _named(self) -> list[tuple[Any, str]]:
        """Those that have a name which a user may write."""
        named: list[tuple[Any, str]] = [(NEURONS, self.neuron.name)]
        named += [] if self.rule is None else [(LEARNING_RULES, self.rule.name)]
        return [(group, name) for group, name in named if name in group.names()]

    @property
    def neuron_tables(self) -> tuple[Field, ...]:
        return tuple(field for field in self.neuron.fields if field.is_table)


@lru_cache
def parts_of(plan: Plan) -> Parts:
    """Raises ValueError if its neuron and its rule do not fit each other."""
    neuron = formulas_named(plan.neuron)
    rule = rule_named(plan.rule) if plan.learns else None
    return Parts(plan, neuron, rule, places_in(neuron, rule), kept_fields(plan, neuron, rule))


def new_state(plan: Plan, shown: tuple[Field, ...], n_positions: int, n: int, n_in: int, steps: int) -> NeuronState:
    """Room for a kernel to work in.

    shown: what probes show of the layer; n: columns of the block; n_in: rows; steps: of a window.
    """
    parts = parts_of(plan)
    at_once = 2 if plan.order is Order.WINDOW else n_positions  # of a constant current, two positions at once
    names = [field.name for field in (*parts.kept, *parts.places.lasting)]
    rows = [names.index(field.name) if field.name in names else -1 for field in shown]
    lists_rows = any(rows != Rows.SPIKES for rows in plan.rows)
    return new_neuron_state(parts.kept, rows, at_once, n, n_in, steps if lists_rows else 0)
