"""The sheet of a layer's errors: what every effect writes on and the chip reads. It starts out ideal."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, get_type_hints

import numpy as np
from numpy.typing import NDArray

from nonideality.near import did_you_mean
from nonideality.sheet_entry import LEAST, MOST, Curve, Figure, PerNeuron, PerRow, PerSynapse, SheetEntry

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Which part of which die a sheet is about.

    A dense layer has one sheet, of everything. A layer on an image has one of all its neurons, and one for each
    crossbar with the drivers of its columns: only what a sheet holds is read from it.
    """

    die: int = 0  # its seed
    layer: int = 1  # from 1, as in ``layer=``
    holds: Literal["everything", "neurons", "synapses"] = "everything"
    # Positions of the layer's output image; neurons are numbered (y width + x) columns + column.
    height: int = 1
    width: int = 1
    crossbar: int | None = None  # number y width + x of the position whose own it is; None: one for the whole layer

    @property
    def positions(self) -> int:
        """At which the sheet has a neuron for each column of a crossbar: all of an image, or one."""
        return self.height * self.width if self.holds == "neurons" else 1

    def __str__(self) -> str:
        if self.crossbar is None:
            return f"layer {self.layer}"
        y, x = divmod(self.crossbar, self.width)
        return f"layer {self.layer}, crossbar {self.crossbar} at y {y}, x {x}"


@dataclass
class LayerErrors:
    """All errors of one layer of a die. An effect multiplies, adds to or replaces these arrays, and nothing else.

    Row ``n_in`` of a synapse array belongs to the bias, a synapse whose input spikes at every step. Gains are relative
    (1 is ideal). Arrays keep a single row as long as no effect tells synapses of a column apart, so that an ideal
    crossbar costs neither memory nor time. Shape, ideal value and range of each stand beside it: `problem_with` checks
    them.
    """

    n_in: int
    n_out: int
    role: Literal["hidden", "output"]
    place: Place = Place()
    weight_gain: Annotated[Array, PerSynapse(1)] = field(init=False)  # relative
    threshold_gain: Annotated[Array, PerNeuron(1, low=0)] = field(init=False)  # relative
    time_constant_gain: Annotated[Array, PerNeuron(1, low=0)] = field(init=False)  # relative, of the membrane's
    synapse_time_constant_gain: Annotated[Array, PerNeuron(1, low=0)] = field(init=False)  # of a column's current
    boxcar_low_gain: Annotated[Array, PerNeuron(1)] = field(init=False)  # lower edge's distance from the threshold
    boxcar_high_gain: Annotated[Array, PerNeuron(1)] = field(init=False)  # upper edge's distance
    enabled: Annotated[NDArray[np.bool_], PerNeuron(True)] = field(init=False)  # False: the comparator never fires
    membrane_noise: Annotated[Array, PerNeuron(0, low=0)] = field(init=False)  # sigma per step, nominal thresholds
    held_noise: Annotated[Array, PerNeuron(0, low=0)] = field(init=False)  # sigma held whatever the leak, likewise
    comparator_offset: Annotated[Array, PerNeuron(0)] = field(init=False)  # counts, added to target - spike count
    boxcar_low_offset: Annotated[Array, PerNeuron(0)] = field(init=False)  # nominal thresholds, added to the lower edge
    boxcar_high_offset: Annotated[Array, PerNeuron(0)] = field(init=False)  # nominal thresholds, to the upper edge
    missed_counts: Annotated[Array, PerNeuron(0, low=0, high=1)] = field(init=False)  # probability of a missed spike
    pulse_gain: Annotated[Array, PerSynapse(1)] = field(init=False)  # relative, of a synapse's update pulse
    pulse_up_gain: Annotated[Array, PerNeuron(1)] = field(init=False)  # relative, of pulses that raise a weight
    pulse_down_gain: Annotated[Array, PerNeuron(1)] = field(init=False)  # relative, of pulses that lower it
    cycle_noise: Annotated[Array, PerNeuron(0, low=0)] = field(init=False)  # sigma of a write's relative size
    write_noise: Annotated[Array, PerNeuron(0, low=0)] = field(init=False)  # sigma of what a write adds, full scales
    step_up: Annotated[Array | None, Curve()] = None  # (k,) relative step up at k even places of a device's range
    step_down: Annotated[Array | None, Curve()] = None  # (k,) relative step down; None: no limited range
    trace_time_constant_gain: Annotated[Array, PerRow(1, low=0)] = field(init=False)  # relative, of a row's trace
    trace_offset_gain: Annotated[Array, PerRow(1)] = field(init=False)  # relative, of what is taken off that trace
    theta_step_gain: Annotated[Array, PerNeuron(1, low=0)] = field(init=False)  # relative, of an adapting threshold
    theta_leak_gain: Annotated[Array, PerNeuron(1, low=0)] = field(init=False)  # relative, of the time of its leak
    margin_offset: Annotated[Array, PerNeuron(0)] = field(init=False)  # nominal thresholds, off a competing margin
    charge_gain: Annotated[Array, PerNeuron(1, low=0)] = field(init=False)  # what a charge does to the membrane: 1 / C
    read_noise: Annotated[Array, PerNeuron(0, low=0)] = field(init=False)  # sigma of an event's charge, full scales
    stuck: Annotated[NDArray[np.int_], PerSynapse(0, low=-1, high=1, whole=True)] = field(init=False)  # -1 low, 1 high
    drift_exponent: Annotated[Array, PerSynapse(0, low=0)] = field(init=False)  # nu of (t / t0)^-nu
    drift_t0_s: Annotated[float, Figure(low=LEAST, high=MOST)] = 1.0  # age at programming
    window_s: Annotated[float, Figure(low=0, high=MOST)] = 0.0  # a window learned from ages synapses by it
    spike_bit_errors: Annotated[float, Figure(low=0, high=0.5)] = 0.0  # probability per bit of an input's address
    target_bit_errors: Annotated[float, Figure(low=0, high=0.5)] = 0.0  # probability per bit of a target word
    weight_bits: Annotated[int | None, Figure(low=2, high=15, whole=True, optional=True)] = None  # None: analog, ideal

    def __post_init__(self) -> None:
        for name, entry in _ARRAYS.items():  # the others have their ideal values already
            self.__dict__[name] = entry.ideal_array(self.n_out)

    def __setattr__(self, name: str, value: Any) -> None:
        """Raises AttributeError for what no chip would read: a name that is none, and what the sheet itself is."""
        if name not in _NAMES or (name not in SHEET and name in self.__dict__):
            hint = did_you_mean(name, SHEET)
            raise AttributeError(f"a sheet has no {name!r} to write on: {hint}choose from {', '.join(SHEET)}")
        super().__setattr__(name, value)

    def problem_with(self, name: str) -> str | None:
        """Why the chip cannot use what stands under `name`, in words; None if it can."""
        found = SHEET[name].problem_with(getattr(self, name), self.n_in, self.n_out)
        return None if found is None else f"{name} {found}"


_NAMES = frozenset(each.name for each in fields(LayerErrors))
SHEET: dict[str, SheetEntry] = {  # what effects write on
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(LayerErrors, include_extras=True).items()
    if hasattr(hint, "__metadata__")
}
_ARRAYS = {name: entry for name, entry in SHEET.items() if isinstance(entry, PerNeuron | PerRow | PerSynapse)}
