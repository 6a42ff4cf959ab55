"""Which fields the state of a layer has, and which of them a kernel keeps room for."""

from __future__ import annotations

from dataclasses import replace

from chipsim.kernel.plan import Order, Plan, When
from chipsim.neurons import (
    BEFORE_MISS,
    COUNT,
    CURRENT,
    DRIVE,
    KEPT,
    MARGIN,
    MEMBRANE,
    NOISE,
    SPIKE,
    SYNAPTIC,
    TARGET_COUNT,
    NeuronModel,
    pulse_field,
)
from learning_circuit import Brings, Field, LearningRule


def kept_fields(plan: Plan, neuron: NeuronModel, rule: LearningRule | None) -> tuple[Field, ...]:
    """The rows of the state that a kernel works in, what it keeps from step to step first.

    rule: None where weights rest.
    """
    count = replace(COUNT, start=neuron.first_count)
    kept = [MEMBRANE, count, *_lasting("window", neuron)]
    if plan.order is Order.WINDOW:
        return (*kept, SYNAPTIC) if plan.exponential is not When.NEVER else tuple(kept)
    if rule is not None:
        kept += [TARGET_COUNT] if Brings.TARGET in rule.brings else []
        kept += _lasting("window", rule)
    kept += [DRIVE] if plan.current != "spikes" else []
    kept += [SYNAPTIC] if plan.exponential is not When.NEVER else []
    kept += [BEFORE_MISS] if plan.missed is not When.NEVER else []
    kept += [MARGIN] if plan.order is Order.COMPETE else []
    pulses = [pulse_field(number) for number in range(len(plan.rows))]
    kept += pulses if plan.write != "direct" or plan.probed is not When.NEVER else []
    if plan.probed is not When.NEVER:
        kept += [CURRENT, NOISE, KEPT, SPIKE, *_lasting("step", neuron)]
        kept += [] if rule is None else _lasting("step", rule)
    return tuple(kept)


def shown_fields(neuron: NeuronModel, rule: LearningRule | None, updates: int) -> tuple[Field, ...]:
    """What probes show of a layer's neurons, in the order of the hardware. rule: None where weights rest."""
    shown = [CURRENT, NOISE, MEMBRANE, *_state(neuron), KEPT, COUNT]
    if rule is not None:
        shown += [TARGET_COUNT] if Brings.TARGET in rule.brings else []
        shown += [*_state(rule), *(pulse_field(number) for number in range(updates))]
    return tuple(field for field in shown if field.probed)


def _state(of: NeuronModel | LearningRule) -> list[Field]:
    return [field for field in of.fields if field.lasts != "fabricated"]


def _lasting(lasts: str, of: NeuronModel | LearningRule) -> list[Field]:
    return [field for field in of.fields if field.lasts == lasts]
