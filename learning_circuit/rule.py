"""What a learning rule is to a chip: rank-one updates of a crossbar, since a crossbar can do nothing else cheaply.

At each step a rule sees its neuron and says by which pulse the neuron's column moves, in the rows that it names:

    w_ij += gain_ij pulse_i x_j

x_j is the spike of row j in this step, the trace that its spikes have left, that trace less an offset, or 1. Formulas
are written over a `Number`, so one text serves a kernel (sixteen neurons at once) and the reference model (one).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from learning_circuit.field import Field
from learning_circuit.number import Number


class Rows(StrEnum):
    """Which rows an update moves, and by what its pulse is multiplied there. The bias is a row whose x is always 1."""

    SPIKES = "spikes"  # those that are active in this step: 1, or a constant current's amplitude
    # Those that have been active in this window: what is left of their spikes. A trace is one of a row, common to all
    # of its synapses; rows leave some where the circuit's trace_tau_steps is set, which layers on images refuse.
    TRACES = "traces"
    # Every one: its trace less the rule's `trace_offset`, below 0 where a row was not active. Needs traces, too.
    OFFSET_TRACES = "offset traces"
    ALL = "all"  # every one: 1

    @property
    def needs_traces(self) -> bool:
        return self in (Rows.TRACES, Rows.OFFSET_TRACES)


class UnipolarSynapses(NamedTuple):
    """Synapses that hold from 0 to a largest weight, in crossbars without a bias.

    A synapse moves by its pulse times a relative step, which depends on where in its range it is. It is read from a
    table by straight lines, as that of a measured device (see `pulse_curve`).
    """

    full_scale_th: float  # the largest weight, in thresholds
    steps_up: Any  # (k,) float64, of pulses up, at k even places from 0 to the largest weight
    steps_down: Any  # the same of pulses down


class Brings(Enum):
    """What a rule needs from the host."""

    TARGET = "target"  # a target rate per neuron and window, in spikes per step
    # One number per window for all neurons: a reward, a third factor. It comes with the window, so what a host knows
    # only afterwards belongs to the next showing.
    BROADCAST = "broadcast"


class Seen(NamedTuple):
    """What a learning circuit sees of its neuron at a step, each a `Number`."""

    membrane: Any  # in thresholds, before reset
    spiked: Any  # a comparison: whether the neuron fires in this step; as a number: spiked.where(a, b)
    count: Any  # of the spike accumulator, this step included
    target_count: Any  # target charge so far, this step included, in counts; None if the host brings no targets
    target: Any  # target rate, spikes per step; None if the host brings none
    dither: Any = None  # uniform on [0, 1), this neuron's own of this step; of a rule `in_integers`


class Moment(NamedTuple):
    """When it is, each a `Number`."""

    rate: Any  # eta, the learning rate of this window
    per_step: Any  # 1 / t, t being the number of this step in its window, from 1
    broadcast: Any  # the host's number for this window; None if it brings none
    # Of a rule `in_integers`:
    step_word: Any = None  # K of this step, see `step_words`
    warm_up_is_over: Any = True  # a comparison, where somebody looks on before it is


class LearningRule(ABC):
    """A learning circuit. Subclasses are found by the entry point group ``chipsim.learning_rules``."""

    name: ClassVar[str]
    summary: ClassVar[str]  # one line
    source: ClassVar[str]  # paper and equation
    fields: ClassVar[tuple[Field, ...]] = ()
    brings: ClassVar[frozenset[Brings]] = frozenset()
    unipolar: ClassVar[bool] = False  # whether its synapses are `UnipolarSynapses`
    # Whether nothing of it happens in a neuron that does not fire: it observes nothing then and writes nothing.
    waits_for_spikes: ClassVar[bool] = False
    # Whether its pulses are whole units of the update accumulators of few-bit synapses, the same in all rows; it is
    # told step word and dither, and has a state `saturated` that lasts a step. See `integer_tandem`.
    in_integers: ClassVar[bool] = False

    class Settings(BaseModel):
        """What can be set of a rule. Fields that the circuit's own settings have are taken from there."""

        model_config = ConfigDict(frozen=True, extra="forbid")

    def fingerprint(self) -> str:
        """Of the data that it reads, such as a digest of a file; empty: it reads none. A run is known by it, too."""
        return ""

    @abstractmethod
    def rows(self, circuit: Any) -> tuple[Rows, ...]:
        """Of each update that a step makes, one to four. circuit: `LearningCircuitSpec`.

        Known before any pulse is, since it says what a kernel has to keep and to write. Updates are written one after
        the other; where writes are random, those of a step share their random numbers.
        """

    def synapses(self, settings: Any) -> UnipolarSynapses:
        """Of a rule that is `unipolar`."""
        raise NotImplementedError(f"learning rule {self.name!r} has synapses of either sign")

    def trace_offset(self, settings: Any) -> float:
        """Of OFFSET_TRACES."""
        return 0.0

    def fabricate(self, settings: Any, errors: Any, fires: bool) -> Mapping[str, Any]:
        """Values of the fabricated fields: (n,) arrays of float64, or numbers for those per layer.

        errors: what the fab got wrong of this layer, by the attributes of `nonideality.LayerErrors`; fires: whether its
        neurons have a threshold, or are readouts that only integrate.
        """
        return {}

    def observe(self, own: Any, state: Any, seen: Seen, moment: Moment) -> None:
        """At every step, the warm-up included: what the rule keeps in its state, by assigning to `state`.

        Ahead of `pulses`, which finds the state as this leaves it. While weights rest nothing is observed.
        """
        return

    @abstractmethod
    def pulses(self, own: Any, state: Any, seen: Seen, moment: Moment) -> list[Number]:
        """At every step after the warm-up: a pulse for each of `rows`, in thresholds, 0 where nothing is written.

        own: the rule's fabricated fields by name; state: its other fields. A field that lasts a step is assigned here,
        and is what probes show of it.
        """
