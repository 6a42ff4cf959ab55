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
    fires(own, membrane): whether it fires, once its membrane is within the rails.
    starts: its state at the start of a window, but for the membrane.
    """

    integrate: Callable
    fires: Callable
    starts: dict = field(default_factory=dict)


@dataclass(frozen=True)
class RuleFormula:
    """A learning rule with one update, of the rows that spike.

    pulse(own, state, seen, t, rate): at every step t, from 1, the warm-up included, after which pulses count. state:
    dict of what it keeps or shows, which it may change; seen: membrane, spiked, count, target_count, target.
    starts: its state at the start of a window.
    """

    pulse: Callable
    starts: dict = field(default_factory=dict)


def own_of(tables, i):
    """The fabricated figures of neuron i by name."""
    return SimpleNamespace(**{name: table[i] if table.ndim else table[()] for name, table in tables._asdict().items()})
