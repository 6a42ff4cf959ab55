"""What a kernel is compiled for. What a plan does not need is neither typed nor compiled.

`plan_of` is the one place that chooses. A chip may ask for any mix of effects; so that not every mix has a kernel of
its own, `settled` finds the narrowest of a few that covers it, in which what is left open is asked at run time.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import product
from typing import Any, NamedTuple

from chipsim.layout import ColumnBlock, Record
from learning_circuit import Rows


class When(StrEnum):
    """How often something happens in the windows that a kernel runs."""

    NEVER = "never"
    ALWAYS = "always"
    ASK = "ask"  # a branch at run time


class Order(StrEnum):
    """In which order steps and columns follow each other."""

    WINDOW = "window"  # some columns take a whole window before the next ones: weights rest and nothing disturbs
    STEP = "step"  # all columns of a block take each step; positions that share a crossbar take it in turn
    COMPETE = "compete"  # columns see each other within a step: the whole layer, on one thread


class Plan(NamedTuple):
    """All that a kernel is compiled for, besides the types of its arguments."""

    order: Order
    image: bool  # positions see parts of an image
    learns: bool
    neuron: str  # names in their registries
    rule: str  # empty where weights rest
    rows: tuple[Rows, ...]  # of each of the rule's updates
    current: str  # "spikes", "constant", "either"
    exponential: When  # column currents decay from step to step
    scaled: When  # charge from shared synapses moves membranes unlike
    noise: When
    missed: When
    probed: When
    write: str  # "direct": ideal analog synapses, whole rows; of open columns alone, "codes" or "devices"; "any"
    continues: bool = False  # presentations of several windows: counters begin anew within them


_ONLY_SPIKES = {
    "exponential": When.NEVER,
    "scaled": When.NEVER,
    "noise": When.NEVER,
    "missed": When.NEVER,
    "probed": When.NEVER,
}
_ANYTHING = dict.fromkeys(_ONLY_SPIKES, When.ASK)
# What most runs need, by what it fixes; asked in this order. Whatever is not named is as the chip has it.
_COMPILED: tuple[dict[str, Any], ...] = (
    {"order": Order.WINDOW, "image": False, "learns": False, "neuron": "lif", "current": "spikes", **_ONLY_SPIKES},
    {"order": Order.WINDOW, "image": False, "learns": False, "neuron": "lif", "current": "spikes", **_ONLY_SPIKES}
    | {"exponential": When.ALWAYS},
    {"order": Order.WINDOW, "image": False, "learns": False, "neuron": "readout", "current": "spikes", **_ONLY_SPIKES}
    | {"exponential": When.ASK},
    {"order": Order.WINDOW, "image": True, "learns": False, "neuron": "lif", "current": "spikes", **_ONLY_SPIKES},
    {"order": Order.WINDOW, "image": True, "learns": False, "neuron": "lif", "current": "constant", **_ONLY_SPIKES},
    {"order": Order.STEP, "image": False, "learns": False, "neuron": "lif", "current": "spikes", **_ONLY_SPIKES}
    | {"noise": When.ASK, "missed": When.ASK},
    *(
        {"order": Order.STEP, "image": image, "learns": True, "neuron": "lif", "rows": (Rows.SPIKES,)}
        | {"current": current, "write": write, **_ONLY_SPIKES, **open_}
        for image, current, write, open_ in (
            (False, "spikes", "direct", {}),
            (False, "spikes", "direct", {"noise": When.ALWAYS}),
            (False, "spikes", "direct", {"noise": When.ASK, "missed": When.ALWAYS}),
            (False, "spikes", "codes", {"noise": When.ASK, "missed": When.ASK}),
            (False, "spikes", "devices", {"noise": When.ASK, "missed": When.ASK}),
            (True, "spikes", "direct", {}),
            (True, "constant", "direct", {}),
        )
    ),
)
_WRITES = ("direct", "codes", "devices")
_THE_REST: dict[str, Any] = {"order": Order.STEP, "current": "either", "write": "any", **_ANYTHING}


def plan_of(
    block: ColumnBlock,
    neuron: str,
    rule: str,
    rows: tuple[Rows, ...],
    *,
    competes: bool,
    image: bool,
    constant_current: bool,
    probed: bool,
    learns: bool,
    continues: bool,
) -> Plan:
    """The kernel that runs a block. neuron, rule: the names of their formulas; competes: its columns
    see each other; probed: somebody looks on; continues: presentations have several windows.
    """

    def when(happens: Any) -> When:
        return When.ALWAYS if happens else When.NEVER

    circuit = block.circuit
    write = "codes" if block.synapses.coded else "devices" if circuit.update.imperfect else "direct"
    return settled(
        Plan(
            order=Order.COMPETE if competes else Order.STEP,
            image=image,
            learns=learns,
            neuron=neuron,
            rule=rule if learns else "",
            rows=rows if learns else (),
            current="constant" if constant_current else "spikes",
            exponential=when(circuit.exponential),
            scaled=when(circuit.scales),
            noise=when(circuit.noisy),
            missed=when(circuit.has_misses),
            probed=when(probed),
            write=write if learns else "direct",
            continues=continues,
        )
    )


def settled(plan: Plan) -> Plan:
    """The narrowest kernel there is for what `plan` asks. Presentations of several windows are taken step by step."""
    if plan.order is Order.COMPETE:
        return plan._replace(noise=When.ASK, missed=When.ASK, probed=When.ASK)
    for fixed in _COMPILED:
        if plan.continues and fixed["order"] is Order.WINDOW:
            continue
        if all(_covers(value, getattr(plan, name)) for name, value in fixed.items() if name != "order"):
            return plan._replace(**fixed)
    return plan._replace(**_THE_REST)


def _covers(fixed: Any, asked: Any) -> bool:
    return fixed == asked or fixed is When.ASK


def settled_plans(neurons: tuple[str, ...], rule: str, rows: tuple[tuple[Rows, ...], ...]) -> Iterator[Plan]:
    """Every kernel that these neurons and this rule can need, each once. rows: what the rule may ask for."""
    plans: dict[Plan, None] = {}
    effects = product((When.NEVER, When.ALWAYS), repeat=4)
    taught = [(False, (), "direct"), *((True, each, write) for each, write in product(rows, _WRITES))]
    for image, neuron, current, (exponential, noise, missed, probed), (learns, of, write) in product(
        (False, True), neurons, ("spikes", "constant"), list(effects), taught
    ):
        if image and any(each.needs_traces for each in of):
            continue  # refused by the design
        asked = Plan(
            order=Order.STEP,
            image=image,
            learns=learns,
            neuron=neuron,
            rule=rule if learns else "",
            rows=of,
            current=current,
            exponential=exponential,
            scaled=When.NEVER,
            noise=noise,
            missed=missed,
            probed=probed,
            write=write,
        )
        plans[settled(asked)] = None
    return iter(plans)


def looks_on(record: Record) -> bool:
    """Whether anything is noted of the windows besides what a host always gets."""
    return len(record.probed.neurons) > 0 or len(record.reading.codes) > 0
