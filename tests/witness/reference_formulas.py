"""What stands in for Eqs. 1 and 3, or for Eqs. 8 to 11, on a chip with another neuron or another learning rule.

Both are plain functions over np.float32, for one neuron at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace


@dataclass(frozen=True)
class NeuronFormula:
    """A neuron.

    integrate(own, state, spiked, charge): one step; gives the new state. own: its fabricated figures by name; state:
    dict of its membrane and all else that it keeps or shows; spiked: whether it fired at the step before.
    fires(own, state): whether it fires, once its membrane is within the rails.
    starts: its state at the start of a window, but for the membrane; life: state that goes on from window to window.
    """

    integrate: Callable
    fires: Callable
    starts: dict = field(default_factory=dict)
    life: dict = field(default_factory=dict)


def nothing(own, state, seen):
    """A rule that keeps nothing from step to step."""


@dataclass(frozen=True)
class RuleFormula:
    """A learning rule.

    pulses(own, state, seen): of each of `updates`, at a step after the warm-up. state: dict of what it keeps or shows,
    which it may change; seen: membrane, spiked, count, target_count, target, rate, broadcast, and t, from 1.
    updates: the rows that each moves: "spikes", "traces" or "all".
    observe(own, state, seen): at every step, ahead of `pulses`.
    starts, life: as a neuron's. shows: those of `starts` that last a step, which are shown of the warm-up, too.
    """

    pulses: Callable
    starts: dict = field(default_factory=dict)
    life: dict = field(default_factory=dict)
    updates: tuple = ("spikes",)
    observe: Callable = nothing
    shows: tuple = ()
    follows_targets: bool = True


def state_of(formula, n, before):
    """Of n neurons at the start of a window. before: theirs at the end of the last one, empty at first."""
    lives = [{name: one[name] for name in formula.life} for one in before] or [formula.life] * n
    return [formula.starts | life for life in lives]


def own_of(tables, i):
    """The fabricated figures of neuron i by name."""
    return SimpleNamespace(**{name: table[i] if table.ndim else table[()] for name, table in tables._asdict().items()})
