"""What flows between the stages of a step while its code is generated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chipsim.kernel.columns import Columns, OwnState
from chipsim.kernel.crossbar import ActiveRows, Crossbar, SpikeMasks
from chipsim.kernel.plan import Plan, When
from chipsim.neurons import NeuronModel
from chipsim.simd import LANES, Lanes, Register, Sum, Vectors, first_lanes, index, none_chosen
from learning_circuit import LearningRule, Moment, Rows


class Step:
    """One step of some vectors of columns: what its stages find, and what each leaves for the next ones."""

    crossbar: Crossbar
    active: ActiveRows  # what the columns see
    is_stale: Any = None  # a bit: a constant current has to be delivered anew
    noise_row: Vectors
    dither_row: Vectors  # of a rule in integers
    # Of a step that learns:
    rule: LearningRule
    moment: Moment
    targets: Vectors
    written_rows: dict[Rows, ActiveRows]
    gain: tuple[Any, Any]  # (kind, value)
    writes_directly: Any  # a bit: ideal analog synapses
    warm_up_is_over: Any  # a bit
    watched: Any  # a bit: somebody looks on
    above: Sum  # of a step whose columns compete: membranes above their thresholds
    n_columns: Any = None  # int64, of the block; vectors may have more
    guards_neurons: bool = False  # another package's neuron may fire, its rule may open, where there is no column
    guards_pulses: bool = False
    is_learning: Lanes | None = None  # whether the warm-up is over; None: the gate is only reached then

    def __init__(
        self, builder: Any, plan: Plan, neuron: NeuronModel, columns: Columns, vectors: int, masks: SpikeMasks | None
    ) -> None:
        """masks: where spikes are read and kept; None where they are found for all columns of a layer at once."""
        self.builder, self.plan, self.neuron, self.columns, self.masks = builder, plan, neuron, columns, masks
        self.vectors = range(vectors)
        self.low_hits, self.high_hits, self.missed, self.saturated = (Sum(builder) for _ in range(4))
        self.n_open = [Sum(builder) for _ in plan.rows]
        self._fired_before: list[Register] = []
        self.circuit: Any = None

    def begin(self, t: Any) -> None:
        """Step t, from 0: nothing is on the wires yet."""
        self.t = t
        self.currents: list[Lanes] = []
        self.quiet_currents: list[Lanes] = []
        self.spiked: list[Lanes] = []
        self.states: list[OwnState] = []
        self.pulses: list[list[Lanes]] = []
        masks = self.masks
        if masks is not None and self.neuron.fires and not self.in_window:
            # Ahead of the loop over rows: bits that are unpacked where they are used are unpacked one by one.
            self._masks_before = [masks.load_before(v, t) for v in self.vectors]

    def hold_spikes(self) -> None:
        """The loop over steps is part of this code: spikes stay in registers for the next step."""
        self._fired_before = [none_chosen(self.builder) for _ in self.vectors]

    @property
    def in_window(self) -> bool:
        return bool(self._fired_before)

    def spiked_before(self, v: int) -> Lanes:
        """Which fired at the step before."""
        return self._fired_before[v].lanes if self.in_window else self._masks_before[v]

    def fired(self, v: int, spiked: Lanes) -> None:
        self.spiked.append(spiked)
        assert self.masks is not None
        self.masks.store(v, self.t, spiked)
        if self.in_window:
            self._fired_before[v].lanes = spiked

    def changed(
        self, when: When, asked: str, values: list[Lanes], change: Callable[[int, Lanes], Lanes]
    ) -> list[Lanes]:
        """The values of every v, changed always, never, or where a bit of the layer's circuit says so."""
        if when is When.NEVER:
            return values
        if when is When.ALWAYS:
            return [change(v, value) for v, value in enumerate(values)]
        registers = [Register(self.builder, value.value) for value in values]
        with self.builder.if_then(getattr(self.circuit, asked)[1]):
            for v, (register, value) in enumerate(zip(registers, values, strict=True)):
                register.lanes = change(v, value)
        return [register.lanes for register in registers]

    def noise(self, v: int) -> Lanes:
        return Lanes(self.builder, self.noise_row.load(v))

    def dither(self, v: int) -> Lanes:
        return Lanes(self.builder, self.dither_row.load(v))

    def there(self, v: int) -> Lanes:
        """A comparison: which of a vector's columns exist."""
        return first_lanes(self.builder, self.builder.sub(self.n_columns, index(LANES * v)))

    def target(self, v: int) -> Lanes:
        return Lanes(self.builder, self.targets.load(v))
