"""A chip as its designer draws it: volts, farads, amperes, bits. The unit of every figure is in its name.

No figure has a default: what is left out is absent from the chip, and what must be there is asked for. The presets
(`chipsim/physical/presets`) are complete and name the source of each figure. What the model makes of all this is in
`chipsim.physical.derive`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    model_serializer,
    model_validator,
)

from chipsim.design import Dac
from chipsim.physical.digital import DigitalCircuit
from chipsim.physical.figures import Area, Energy
from chipsim.physical.table import (
    Count,
    DacBits,
    Finite,
    LowHigh,
    NotNegative,
    Positive,
    PositivePerLayer,
    Table,
    contradiction,
)
from learning_circuit import ErrorGate


class Neuron(Table):
    """The analog neuron. With neither a leak nor a time constant it integrates without loss."""

    membrane_capacitance_ff: Positive
    resting_v: Finite  # where a membrane starts, and where a full reset leaves it
    threshold_v: Finite
    low_rail_v: Finite
    high_rail_v: Finite
    leak_conductance_ns: Positive | None = None
    membrane_time_constant_us: Positive | None = None
    reset: Literal["subtract", "subtract-before-leak", "zero"]
    readout: Literal["spiking", "integrating", "integrating-max"]  # of the output layer
    time_constant_sigma_relative: NotNegative  # from neuron to neuron, at one standard deviation

    @model_validator(mode="after")
    def _makes_sense(self) -> Neuron:
        if self.leak_conductance_ns is not None and self.membrane_time_constant_us is not None:
            raise contradiction(
                "membrane_time_constant_us",
                "leak_conductance_ns and membrane_time_constant_us say the same thing twice (tau = C / g): keep one",
            )
        if self.threshold_v <= self.resting_v:
            raise contradiction(
                "threshold_v",
                f"threshold_v = {self.threshold_v:g} must lie above resting_v = {self.resting_v:g}: raise it",
            )
        for name in ("resting_v", "threshold_v"):
            value = getattr(self, name)
            if not self.low_rail_v <= value <= self.high_rail_v:
                raise contradiction(
                    name,
                    f"{name} = {value:g} lies outside the rails, low_rail_v = {self.low_rail_v:g} to high_rail_v ="
                    f" {self.high_rail_v:g}: no membrane gets there; move it or a rail",
                )
        return self


class Synapse(Table):
    """One synapse, and what a spike delivers through it.

    The charge of one LSB is unit_synaptic_charge_fc, or unit_synapse_current_na for pulse_width_ns, or, for devices
    with a conductance, one conductance level read at read_voltage_v for pulse_width_ns.
    """

    weight_bits: Annotated[int, Field(strict=True, ge=1, le=24)] | Literal["ideal"] | None = (
        None  # per device; ideal: analog
    )
    conductance_min_us: NotNegative | None = None
    conductance_max_us: Positive | None = None
    conductance_levels: Annotated[int, Field(strict=True, ge=2, le=2**24)] | None = None
    # differential_pair: two devices on two columns, their currents subtracted; paired_rows: two rows per input, one
    # adds and one subtracts; signed_column: each device adds or subtracts by a sign of its own, part of weight_bits.
    weight_sign: Literal["differential_pair", "paired_rows", "signed_column"]
    unit_synaptic_charge_fc: Positive | None = None
    unit_synapse_current_na: Positive | None = None
    read_voltage_v: Positive | None = None
    pulse_width_ns: Positive | None = None
    synaptic_time_constant_us: Positive | None = None  # of an exponential current; left out: charge within the step
    weight_sigma_relative: NotNegative  # of the delivered charge from device to device, at one standard deviation
    # What makes a current source less than ideal: its current grows by 1 / early_voltage_v per volt across it, and
    # stops where less than headroom_v is left. Design rules look at them; left out: nothing is known.
    early_voltage_v: Positive | None = None
    headroom_v: NotNegative | None = None
    younger = ("early_voltage_v", "headroom_v")

    @model_validator(mode="after")
    def _makes_sense(self) -> Synapse:
        self._hold_a_sign()
        device = ("conductance_min_us", "conductance_max_us", "conductance_levels", "read_voltage_v")
        if self._any(*device):
            self._refuse(("weight_bits", "unit_synaptic_charge_fc", "unit_synapse_current_na"), "a conductance range")
            self._need((*device, "pulse_width_ns"), "a conductance range")
            assert self.conductance_min_us is not None and self.conductance_max_us is not None
            if self.conductance_max_us <= self.conductance_min_us:
                raise contradiction(
                    "conductance_max_us",
                    f"conductance_max_us = {self.conductance_max_us:g} must exceed conductance_min_us ="
                    f" {self.conductance_min_us:g}",
                )
            return self
        if self.weight_bits is None:
            raise contradiction(
                "weight_bits",
                'how weights are stored is missing: give weight_bits (or weight_bits = "ideal" for analog weights), or'
                f" {', '.join(device)}",
            )
        if self.unit_synaptic_charge_fc is not None:
            self._refuse(("unit_synapse_current_na", "pulse_width_ns"), "unit_synaptic_charge_fc")
        elif self._any("unit_synapse_current_na", "pulse_width_ns"):
            self._need(("unit_synapse_current_na", "pulse_width_ns"), "a charge given as current times time")
        else:
            raise contradiction(
                "unit_synaptic_charge_fc",
                "the charge of one LSB is missing: give unit_synaptic_charge_fc, or unit_synapse_current_na and"
                " pulse_width_ns",
            )
        return self

    def _hold_a_sign(self) -> None:
        """Raises if a device that holds a sign of its own has no room for it."""
        if self.weight_sign == "signed_column":
            for name, least in (("weight_bits", 2), ("conductance_levels", 3)):
                value = getattr(self, name)
                if isinstance(value, int) and value < least:
                    raise contradiction(name, f"{name} = {value} leaves no room for a signed_column's sign: {least} up")

    def _any(self, *names: str) -> bool:
        return any(getattr(self, name) is not None for name in names)

    def _refuse(self, names: tuple[str, ...], given: str) -> None:
        for name in names:
            if getattr(self, name) is not None:
                raise contradiction(name, f"{name} and {given} say the same thing twice: keep one")

    def _need(self, names: tuple[str, ...], given: str) -> None:
        for name in names:
            if getattr(self, name) is None:
                raise contradiction(name, f"{name} is missing: {given} needs {', '.join(names)}")


class LearningCircuit(DigitalCircuit, Table):
    """One learning circuit per neuron: counters, error comparator, boxcar comparators, update pulse.

    A linear error gate needs the difference of the counters over t: a multiplication by a word of each step.
    """

    accumulator_bits: Annotated[int, Field(strict=True, ge=1, le=24)]
    error_gate: ErrorGate
    dead_zone_counts: NotNegative
    comparator_offset_counts: NotNegative  # sigma of the error comparator's offset from neuron to neuron
    boxcar_low_v: Finite
    boxcar_high_v: Finite
    # What one update pulse (of an error of one spike per step, if the gate is linear) changes: the charge that a spike
    # delivers, the voltage by which it lifts the membrane, or a fraction of the weight's LSB. One of the three.
    update_pulse_fc: Positive | None = None
    update_pulse_v: Positive | None = None
    update_pulse_lsb: Positive | None = None
    update_accumulator_bits: Annotated[
        int, Field(strict=True, ge=0, le=14)
    ]  # per synapse; 0: pulses are written directly
    warm_up_steps: Annotated[int, Field(strict=True, ge=0)] | None = None  # left out: half the window

    @model_validator(mode="after")
    def _makes_sense(self) -> LearningCircuit:
        if self.boxcar_high_v <= self.boxcar_low_v:
            raise contradiction(
                "boxcar_high_v",
                f"boxcar_high_v = {self.boxcar_high_v:g} must lie above boxcar_low_v = {self.boxcar_low_v:g}",
            )
        sizes = ("update_pulse_fc", "update_pulse_v", "update_pulse_lsb")
        given = [name for name in sizes if getattr(self, name) is not None]
        if len(given) > 1:
            raise contradiction(given[1], f"{' and '.join(given)} say the same thing twice: keep one")
        if not given:
            raise contradiction(sizes[0], f"the size of an update pulse is missing: give one of {', '.join(sizes)}")
        return self


class Timing(Table):
    """How long things take. A step needs cycles for its stages, for each spike it delivers, for each row it writes.

    Of the analog phases: a step begins with the reset, then come the synapses' pulses, and the comparison at its end.
    What is stated leaks until the comparison; what is left out takes no time in the model.
    """

    step_period_ns: Positive
    clock_mhz: Positive
    stage_cycles: NotNegative  # per step: integrate, compare, count, gate
    row_event_cycles: NotNegative  # per input spike delivered to a core
    row_write_cycles: NotNegative  # per row that a core writes
    steps_per_window: Annotated[int, Field(strict=True, ge=2, le=4096)] | None = None  # left out: the host's choice
    window_overhead_us: NotNegative  # per sample, besides its steps
    reset_start_ns: NotNegative | None = None  # in the step after a spike; left out: at its beginning
    reset_width_ns: Positive | None = None  # in which a subtractive reset takes its charge
    pulse_start_ns: NotNegative | None = None  # of the pulse_width_ns of synapses
    comparator_ns: NotNegative | None = None  # before a step's end the comparator looks, and has so long to decide
    younger = ("reset_start_ns", "reset_width_ns", "pulse_start_ns", "comparator_ns")


class Array(Table):
    """Crossbar cores: how many synapses stand where, and the wires between them."""

    core_rows: Count
    core_columns: Count
    cores: Annotated[int, Field(strict=True, ge=1, le=65536)]
    columns_chain: StrictBool  # whether columns of several cores may add up on one neuron
    rows_shared: StrictBool  # whether synapses listen to addresses, so that a row serves several layers
    bias: Literal["row", "neuron"]  # what delivers it: a row of the array that is always on, or the neuron itself
    row_wire_resistance_ohm: NotNegative  # from one synapse to the next
    column_wire_resistance_ohm: NotNegative


class Link(Table):
    """The line between host and chip."""

    bandwidth_mbit_per_s: Positive
    latency_us: NotNegative = 0.0  # from one end to the other
    bits_per_spike_event: Count
    bits_per_target: Count


class Process(Table):
    """Technology, temperature and matching (Pelgrom, Duinmaijer and Welbers 1989: sigma = A / sqrt(area))."""

    feature_size_nm: Positive
    supply_v: Positive  # no rail lies above it
    temperature_k: NotNegative
    neuron_device_area_um2: Positive  # of the transistors that set a comparator's offset
    pelgrom_a_vt_mv_um: NotNegative


class Bias(Table):
    """Leaks and thresholds where layers differ, and the converters that set them. All of it may be left out.

    threshold_v stays the unit, and the boxcar's edges lie as far from each layer's own threshold as from it.
    """

    layer_threshold_v: Annotated[tuple[Finite, ...], Field(min_length=1)] | None = None  # a value for each layer
    layer_leak_conductance_ns: PositivePerLayer | None = None
    layer_membrane_time_constant_us: PositivePerLayer | None = None
    # Codes from low to high, evenly spaced; left out where any value can be set.
    threshold_dac_bits: DacBits | None = None
    threshold_dac_low_v: Finite | None = None
    threshold_dac_high_v: Finite | None = None
    leak_dac_bits: DacBits | None = None
    leak_dac_low_ns: NotNegative | None = None  # 0: code 0 switches the leak off
    leak_dac_high_ns: Positive | None = None
    dac_power_uw: LowHigh | None = None  # of one converter, on top of static_power_mw; a layer has one for each of both
    dac_area_um2: NotNegative | None = None

    @model_validator(mode="after")
    def _converters_are_whole(self) -> Bias:
        for dac, unit in (("threshold_dac", "v"), ("leak_dac", "ns")):
            names = (f"{dac}_bits", f"{dac}_low_{unit}", f"{dac}_high_{unit}")
            given = [name for name in names if getattr(self, name) is not None]
            if given and len(given) < len(names):
                [missing, *_] = [name for name in names if name not in given]
                raise contradiction(given[0], f"{missing} is missing: a converter needs {', '.join(names)}")
            low, high = (getattr(self, name) for name in names[1:])
            if given and low >= high:
                raise contradiction(names[2], f"{names[2]} = {high:g} must lie above {names[1]} = {low:g}")
        return self

    @property
    def threshold_dac_v(self) -> Dac | None:
        return _dac(self.threshold_dac_bits, self.threshold_dac_low_v, self.threshold_dac_high_v)

    @property
    def leak_dac_ns(self) -> Dac | None:
        return _dac(self.leak_dac_bits, self.leak_dac_low_ns, self.leak_dac_high_ns)


def _dac(bits: int | None, low: float | None, high: float | None) -> Dac | None:
    return None if bits is None or low is None or high is None else Dac(bits, low, high)


class PhysicalSpec(Table):
    """A whole chip."""

    name: Annotated[str, Field(pattern=r"^\S(.{0,78}\S)?$")]  # one line
    neuron: Neuron
    synapse: Synapse
    learning_circuit: LearningCircuit
    timing: Timing
    array: Array
    link: Link
    energy: Energy
    area: Area
    process: Process
    bias: Bias = Bias()

    @model_serializer(mode="wrap")
    def _without_a_bias_that_says_nothing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Files and hashes of chips whose layers do not differ are what they were."""
        written: dict[str, Any] = handler(self)
        return {name: table for name, table in written.items() if name != "bias" or self.bias != Bias()}

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        """By name alone: a chip has some seventy figures, which `to_table` gives."""
        yield "name", self.name

    @model_validator(mode="after")
    def _fits_together(self) -> PhysicalSpec:
        circuit, timing = self.learning_circuit, self.timing
        if not circuit.boxcar_low_v < self.neuron.threshold_v < circuit.boxcar_high_v:
            raise contradiction(
                "learning_circuit.boxcar_low_v",
                f"the boxcar, boxcar_low_v = {circuit.boxcar_low_v:g} to boxcar_high_v = {circuit.boxcar_high_v:g},"
                f" must hold threshold_v = {self.neuron.threshold_v:g}: move an edge",
            )
        warm_up, steps = circuit.warm_up_steps, timing.steps_per_window
        if warm_up is not None and steps is not None and warm_up >= steps:
            raise contradiction(
                "learning_circuit.warm_up_steps",
                f"warm_up_steps = {warm_up} leaves no step to learn in: keep it below steps_per_window = {steps}",
            )
        pulse_ns, step_ns = self.synapse.pulse_width_ns, timing.step_period_ns
        if pulse_ns is not None and pulse_ns > step_ns:
            raise contradiction(
                "synapse.pulse_width_ns",
                f"pulse_width_ns = {pulse_ns:g} is longer than a step (step_period_ns = {step_ns:g}): shorten it",
            )
        if self.energy.sram_bit_pj is not None and not isinstance(self.synapse.weight_bits, int):
            raise contradiction(
                "energy.sram_bit_pj",
                "sram_bit_pj is what writes into memory take, and no weight_bits say how many: give weight_write_pj"
                " instead",
            )
        return self

    @model_validator(mode="after")
    def _phases_come_in_order(self) -> PhysicalSpec:
        timing, pulse_ns = self.timing, self.synapse.pulse_width_ns
        if timing.reset_start_ns is not None and timing.reset_width_ns is None:
            raise contradiction(
                "timing.reset_start_ns", "reset_start_ns without reset_width_ns places nothing: give both, or neither"
            )
        if timing.reset_width_ns is not None and self.neuron.reset == "subtract-before-leak":
            raise contradiction(
                "timing.reset_width_ns",
                'reset_width_ns says for how long a reset leaks, reset = "subtract-before-leak" that it does for all of'
                ' a step: write reset = "subtract", or leave reset_width_ns out',
            )
        if timing.pulse_start_ns is not None and (pulse_ns is None or self.synapse.synaptic_time_constant_us):
            why = "exponential currents have none" if pulse_ns else "pulse_width_ns is missing"
            raise contradiction("timing.pulse_start_ns", f"pulse_start_ns places a pulse, and {why}: leave it out")
        compared_ns = timing.step_period_ns - (timing.comparator_ns or 0.0)
        if compared_ns < 0:
            raise contradiction(
                "timing.comparator_ns",
                f"comparator_ns = {timing.comparator_ns:g} is longer than a step (step_period_ns ="
                f" {timing.step_period_ns:g}): shorten it",
            )
        ends = {"reset_width_ns": (timing.reset_start_ns or 0.0) + (timing.reset_width_ns or 0.0)}
        if timing.pulse_start_ns is not None:
            ends["pulse_start_ns"] = timing.pulse_start_ns + (pulse_ns or 0.0)
        for name, end_ns in ends.items():
            if end_ns > compared_ns:
                raise contradiction(
                    f"timing.{name}",
                    f"{name} = {getattr(timing, name):g}: it ends at {end_ns:g} ns of a step, after the comparison at"
                    f" {compared_ns:g} ns (step_period_ns less comparator_ns): begin earlier, shorten it, or make steps"
                    " longer",
                )
        return self

    @model_validator(mode="after")
    def _rails_lie_within_the_supply(self) -> PhysicalSpec:
        supply_v = self.process.supply_v
        for name in ("low_rail_v", "high_rail_v"):
            rail_v = getattr(self.neuron, name)
            if rail_v > supply_v:
                raise contradiction(
                    f"neuron.{name}",
                    f"{name} = {rail_v:g} lies above the supply, supply_v = {supply_v:g}, and no membrane gets there:"
                    " lower the rail, or raise supply_v",
                )
        return self

    @model_validator(mode="after")
    def _biases_can_be_set(self) -> PhysicalSpec:
        neuron, bias, leaks = self.neuron, self.bias, self.leaks_ns
        for value in bias.layer_threshold_v or ():
            if not neuron.resting_v < value <= neuron.high_rail_v:
                raise contradiction(
                    "bias.layer_threshold_v",
                    f"layer_threshold_v = {value:g} must lie above resting_v = {neuron.resting_v:g} and not above"
                    f" high_rail_v = {neuron.high_rail_v:g}: move it",
                )
        for name in ("leak_conductance_ns", "membrane_time_constant_us"):
            if getattr(bias, f"layer_{name}") is not None and getattr(neuron, name) is None:
                raise contradiction(
                    f"bias.layer_{name}",
                    f"layer_{name} needs {name}, the nominal one: add it to [neuron], or leave layer_{name} out",
                )
        if bias.leak_dac_ns is not None and leaks is None:
            raise contradiction(
                "bias.leak_dac_bits",
                "leak_dac_bits without a leak to set: give leak_conductance_ns or membrane_time_constant_us, or leave"
                " it out",
            )
        if bias.threshold_dac_low_v is not None and bias.threshold_dac_low_v <= neuron.resting_v:
            raise contradiction(
                "bias.threshold_dac_low_v",
                f"threshold_dac_low_v = {bias.threshold_dac_low_v:g} must lie above resting_v = {neuron.resting_v:g},"
                " or neurons could always fire: raise it",
            )
        thresholds = bias.layer_threshold_v or (neuron.threshold_v,)
        _check_range(
            bias.threshold_dac_v, thresholds, "a threshold", "V", "threshold_dac_low_v", "threshold_dac_high_v"
        )
        _check_range(bias.leak_dac_ns, leaks or (), "a leak", "nS", "leak_dac_low_ns", "leak_dac_high_ns")
        return self

    @property
    def leaks_ns(self) -> tuple[float, ...] | None:
        """Conductance of each layer's leak, or one for all; None: without leak."""
        neuron, bias = self.neuron, self.bias
        if neuron.leak_conductance_ns is not None:
            return bias.layer_leak_conductance_ns or (neuron.leak_conductance_ns,)
        if neuron.membrane_time_constant_us is None:
            return None
        taus_us = bias.layer_membrane_time_constant_us or (neuron.membrane_time_constant_us,)
        return tuple(neuron.membrane_capacitance_ff / tau_us for tau_us in taus_us)  # fF / us = nS

    def to_table(self) -> dict[str, Any]:
        """The spec as TOML and JSON hold it; what is absent is left out."""
        return self.model_dump(mode="json", exclude_none=True)


def _check_range(dac: Dac | None, values: tuple[float, ...], what: str, unit: str, low: str, high: str) -> None:
    """Raises if a converter cannot set one of the values. low, high: the names of its ends."""
    for value in values:
        if dac is not None and not dac.holds(value):
            raise contradiction(
                f"bias.{low}",
                f"{what} of {value:g} {unit} lies outside the range of its converter, {low} = {dac.low:g} to {high} ="
                f" {dac.high:g}: choose a value in it, or widen it",
            )
