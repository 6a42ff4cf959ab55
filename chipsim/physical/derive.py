"""From volts, farads and bits to the dimensionless numbers of the model: the one place where this is done.

Each function is one number; its formula, in the file's field names, stands in QUANTITIES and is what
``chipsim spec FILE --derived`` prints. `th` is the swing from rest to threshold, the model's unit of membrane and
weight. What becomes of them in a run is in `chipsim.physical.settings`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from chipsim.design import ChipError, Dac, Window, left_of_charge
from chipsim.physical.spec import PhysicalSpec

BOLTZMANN_J_PER_K = 1.380649e-23  # exact, SI 2019


def swing_v(spec: PhysicalSpec) -> float:
    return spec.neuron.threshold_v - spec.neuron.resting_v


def low_rail_th(spec: PhysicalSpec) -> float:
    return (spec.neuron.low_rail_v - spec.neuron.resting_v) / swing_v(spec)


def high_rail_th(spec: PhysicalSpec) -> float:
    return (spec.neuron.high_rail_v - spec.neuron.resting_v) / swing_v(spec)


def tau_us(spec: PhysicalSpec) -> float | None:
    """None: the neuron does not leak."""
    if spec.neuron.leak_conductance_ns is not None:
        return spec.neuron.membrane_capacitance_ff / spec.neuron.leak_conductance_ns  # fF / nS = us
    return spec.neuron.membrane_time_constant_us


def tau_steps(spec: PhysicalSpec) -> float | None:
    tau = tau_us(spec)
    return None if tau is None else 1000 * tau / spec.timing.step_period_ns


def layer_tau_steps(spec: PhysicalSpec) -> tuple[float, ...] | None:
    """Of each layer. None: layers do not differ."""
    if spec.bias.layer_leak_conductance_ns is None and spec.bias.layer_membrane_time_constant_us is None:
        return None
    assert spec.leaks_ns is not None, "the spec's validation asks for the nominal leak"
    return tuple(1 / (_leak_of_1_ns(spec) * g) for g in spec.leaks_ns)


def layer_threshold_th(spec: PhysicalSpec) -> tuple[float, ...] | None:
    """Of each layer, over the nominal threshold. None: layers do not differ."""
    volts = spec.bias.layer_threshold_v
    return None if volts is None else tuple(_above_rest_th(spec, threshold_v) for threshold_v in volts)


def leak_dac_per_step(spec: PhysicalSpec) -> Dac | None:
    """The converter of leaks, in 1 / steps. None: ideal."""
    dac, factor = spec.bias.leak_dac_ns, _leak_of_1_ns(spec)
    return None if dac is None else dac._replace(low=dac.low * factor, high=dac.high * factor)


def threshold_dac_th(spec: PhysicalSpec) -> Dac | None:
    """The converter of thresholds, over the nominal threshold. None: ideal."""
    dac = spec.bias.threshold_dac_v
    return None if dac is None else dac._replace(low=_above_rest_th(spec, dac.low), high=_above_rest_th(spec, dac.high))


def _leak_of_1_ns(spec: PhysicalSpec) -> float:
    """1 / tau_steps of a leak of 1 nS."""
    return spec.timing.step_period_ns / (1000 * spec.neuron.membrane_capacitance_ff)  # nS / fF = 1 / us


def _above_rest_th(spec: PhysicalSpec, volts: float) -> float:
    return (volts - spec.neuron.resting_v) / swing_v(spec)


def leak_per_step(spec: PhysicalSpec) -> float:
    """a of Eq. 1."""
    tau = tau_steps(spec)
    return 1.0 if tau is None else math.exp(-1 / tau)


def threshold_charge_fc(spec: PhysicalSpec) -> float:
    return spec.neuron.membrane_capacitance_ff * swing_v(spec)  # fF V = fC


def lsb_charge_fc(spec: PhysicalSpec) -> float:
    synapse = spec.synapse
    if synapse.unit_synaptic_charge_fc is not None:
        return synapse.unit_synaptic_charge_fc
    assert synapse.pulse_width_ns is not None, "the spec's validation asks for it"
    if synapse.unit_synapse_current_na is not None:
        return synapse.unit_synapse_current_na * synapse.pulse_width_ns / 1000  # nA ns = aC
    assert synapse.conductance_max_us is not None and synapse.conductance_min_us is not None
    assert synapse.conductance_levels is not None and synapse.read_voltage_v is not None
    step_us = (synapse.conductance_max_us - synapse.conductance_min_us) / (synapse.conductance_levels - 1)
    return step_us * synapse.read_voltage_v * synapse.pulse_width_ns  # uS V ns = fC


def lsb_th(spec: PhysicalSpec) -> float:
    return lsb_charge_fc(spec) / threshold_charge_fc(spec)


def top_code(spec: PhysicalSpec) -> int | None:
    """Largest magnitude of a signed weight in LSB. None: analog."""
    synapse = spec.synapse
    if synapse.conductance_levels is not None:
        levels = synapse.conductance_levels
    elif isinstance(synapse.weight_bits, int):
        levels = 2**synapse.weight_bits
    else:
        return None
    return (levels - 1) // 2 if synapse.weight_sign == "signed_column" else levels - 1


def synapse_tau_steps(spec: PhysicalSpec) -> float | None:
    """None: a spike's whole charge arrives within its step."""
    tau = spec.synapse.synaptic_time_constant_us
    return None if tau is None else 1000 * tau / spec.timing.step_period_ns


def charge_per_step(spec: PhysicalSpec) -> float:
    """Part of a spike's charge that arrives within its own step; an exponential current delivers the rest later."""
    tau = synapse_tau_steps(spec)
    return 1.0 if tau is None else -math.expm1(-1 / tau)


def charge_window(spec: PhysicalSpec) -> Window | None:
    """When pulses arrive, in steps before the comparison. None: in its moment."""
    start_ns, width_ns = spec.timing.pulse_start_ns, spec.synapse.pulse_width_ns
    return None if start_ns is None or width_ns is None else _window(spec, start_ns, width_ns)


def reset_window(spec: PhysicalSpec) -> Window | None:
    """The same of the charge that a subtractive reset takes. One to zero takes what there is."""
    width_ns = spec.timing.reset_width_ns
    if width_ns is None or spec.neuron.reset != "subtract":
        return None
    return _window(spec, spec.timing.reset_start_ns or 0.0, width_ns)


def _window(spec: PhysicalSpec, start_ns: float, width_ns: float) -> Window:
    step_ns = spec.timing.step_period_ns
    before_ns = step_ns - (spec.timing.comparator_ns or 0.0) - start_ns
    return before_ns / step_ns, max(0.0, before_ns - width_ns) / step_ns


def charge_left(spec: PhysicalSpec) -> float:
    """Part of a pulse's charge that is left at the comparison."""
    return float(left_of_charge(leak_per_step(spec), charge_window(spec)))


def reset_left(spec: PhysicalSpec) -> float:
    """The same of what a subtractive reset takes: of a threshold, what the next comparison sees."""
    return float(left_of_charge(leak_per_step(spec), reset_window(spec)))


def phases_ns(spec: PhysicalSpec) -> float:
    """Time that reset, pulse and comparison take of a step, as far as they are stated."""
    timing = spec.timing
    return (timing.reset_width_ns or 0.0) + (spec.synapse.pulse_width_ns or 0.0) + (timing.comparator_ns or 0.0)


def full_scale_th(spec: PhysicalSpec) -> float | None:
    top = top_code(spec)
    return None if top is None else top * lsb_th(spec) * charge_per_step(spec)


def signed_bits(spec: PhysicalSpec) -> int | None:
    """Bits of a weight, sign included, whose codes the synapse can all hold. None: analog."""
    top = top_code(spec)
    return None if top is None else (top + 1).bit_length()


def boxcar_width_th(spec: PhysicalSpec) -> float:
    return (spec.learning_circuit.boxcar_high_v - spec.learning_circuit.boxcar_low_v) / swing_v(spec)


def boxcar_shift_th(spec: PhysicalSpec) -> float:
    """0 where no more than rounding tells the boxcar's middle from the threshold."""
    circuit = spec.learning_circuit
    shift_v = (circuit.boxcar_high_v + circuit.boxcar_low_v) / 2 - spec.neuron.threshold_v
    return shift_v / swing_v(spec) if abs(shift_v) > 1e-9 * swing_v(spec) else 0.0


def learning_rate(spec: PhysicalSpec) -> float:
    """Weight change of one update pulse, in thresholds: eta of Eq. 10."""
    return _update_pulse_th(spec) * charge_per_step(spec)


def _update_pulse_th(spec: PhysicalSpec) -> float:
    """By how much a pulse changes the whole charge of a spike."""
    circuit = spec.learning_circuit
    if circuit.update_pulse_fc is not None:
        return circuit.update_pulse_fc / threshold_charge_fc(spec)
    if circuit.update_pulse_v is not None:
        return circuit.update_pulse_v / swing_v(spec)
    assert circuit.update_pulse_lsb is not None, "the spec's validation asks for one of the three"
    return circuit.update_pulse_lsb * lsb_th(spec)


def update_pulse_lsb(spec: PhysicalSpec) -> float:
    return _update_pulse_th(spec) / lsb_th(spec)


def ktc_sigma_th(spec: PhysicalSpec) -> float:
    """Thermal noise of the membrane's capacitance, held still: the stationary sigma."""
    farads = 1e-15 * spec.neuron.membrane_capacitance_ff
    return math.sqrt(BOLTZMANN_J_PER_K * spec.process.temperature_k / farads) / swing_v(spec)


def thermal_sigma_th(spec: PhysicalSpec) -> float:
    """Noise added per step: what keeps a leaky membrane at kT/C; none where nothing leaks, see `nonideality.ktc`."""
    return thermal_sigma_th_of(spec, tau_steps(spec))


def thermal_sigma_th_of(spec: PhysicalSpec, tau: float | None) -> float:
    """The same of a layer with this time constant in steps."""
    return 0.0 if tau is None else ktc_sigma_th(spec) * math.sqrt(-math.expm1(-2 / tau))


def pelgrom_sigma_v(spec: PhysicalSpec) -> float:
    return 1e-3 * spec.process.pelgrom_a_vt_mv_um / math.sqrt(spec.process.neuron_device_area_um2)


def threshold_sigma(spec: PhysicalSpec) -> float:
    """Of a comparator's threshold and of a boxcar edge, relative to the swing."""
    return pelgrom_sigma_v(spec) / swing_v(spec)


def rows_per_input(spec: PhysicalSpec) -> int:
    return 2 if spec.synapse.weight_sign == "paired_rows" else 1


def columns_per_neuron(spec: PhysicalSpec) -> int:
    return 2 if spec.synapse.weight_sign == "differential_pair" else 1


def window_us(spec: PhysicalSpec, steps: int) -> float:
    """Time that a window of `steps` steps takes, without the pipeline's start."""
    return steps * spec.timing.step_period_ns / 1000 + spec.timing.window_overhead_us


@dataclass(frozen=True)
class Quantity:
    """One number of the model: what `compute` returns, None where the chip has no such thing."""

    name: str
    unit: str  # empty: a pure number
    formula: str
    compute: Callable[[PhysicalSpec], float | None]
    meaning: str


QUANTITIES: tuple[Quantity, ...] = (
    Quantity("swing_v", "V", "threshold_v - resting_v", swing_v, "one th, the unit of membranes and weights"),
    Quantity("low_rail_th", "th", "(low_rail_v - resting_v) / swing_v", low_rail_th, "lowest membrane"),
    Quantity("high_rail_th", "th", "(high_rail_v - resting_v) / swing_v", high_rail_th, "highest membrane"),
    Quantity(
        "tau_us",
        "us",
        "membrane_time_constant_us, or membrane_capacitance_ff / leak_conductance_ns",
        tau_us,
        "membrane time constant; none: an integrator without leak",
    ),
    Quantity("tau_steps", "steps", "1000 tau_us / step_period_ns", tau_steps, "the same in steps"),
    Quantity("leak_per_step", "", "exp(-1 / tau_steps), 1 without leak", leak_per_step, "a of Eq. 1"),
    Quantity(
        "threshold_charge_fc",
        "fC",
        "membrane_capacitance_ff swing_v",
        threshold_charge_fc,
        "charge that lifts a membrane from rest to threshold",
    ),
    Quantity(
        "lsb_charge_fc",
        "fC",
        "unit_synaptic_charge_fc, or unit_synapse_current_na pulse_width_ns / 1000, or (conductance_max_us -"
        " conductance_min_us) / (conductance_levels - 1) read_voltage_v pulse_width_ns",
        lsb_charge_fc,
        "charge of one spike through a weight of one LSB",
    ),
    Quantity("lsb_th", "th", "lsb_charge_fc / threshold_charge_fc", lsb_th, "one LSB of a weight"),
    Quantity(
        "top_code",
        "LSB",
        "levels - 1, or (levels - 1) // 2 for signed_column; levels = 2^weight_bits or conductance_levels",
        top_code,
        "largest magnitude of a weight; none: analog",
    ),
    Quantity(
        "synapse_tau_steps",
        "steps",
        "1000 synaptic_time_constant_us / step_period_ns",
        synapse_tau_steps,
        "of an exponential synaptic current; none: charge arrives within the step",
    ),
    Quantity(
        "charge_per_step",
        "",
        "1 - exp(-1 / synapse_tau_steps), 1 without",
        charge_per_step,
        "part of a spike's charge that arrives within its own step",
    ),
    Quantity(
        "charge_left",
        "",
        "(a^to - a^from) / ((from - to) ln(1 / a)), a = leak_per_step; to and from are the pulse's end and"
        " pulse_start_ns, before the comparison at step_period_ns - comparator_ns, over step_period_ns; 1 without"
        " pulse_start_ns",
        charge_left,
        "part of a pulse's charge that has not leaked at the comparison",
    ),
    Quantity(
        "reset_left",
        "",
        "the same from reset_start_ns for reset_width_ns; 1 without",
        reset_left,
        "of the charge that a subtractive reset takes",
    ),
    Quantity(
        "phases_ns",
        "ns",
        "reset_width_ns + pulse_width_ns + comparator_ns",
        phases_ns,
        "what the analog phases take of a step, as far as they are stated",
    ),
    Quantity(
        "full_scale_th", "th", "top_code lsb_th charge_per_step", full_scale_th, "largest weight, as charge in a step"
    ),
    Quantity("signed_bits", "bits", "floor(log2(top_code + 1)) + 1", signed_bits, "of a weight, sign included"),
    Quantity("boxcar_width_th", "th", "(boxcar_high_v - boxcar_low_v) / swing_v", boxcar_width_th, "p of Eq. 8"),
    Quantity(
        "boxcar_shift_th",
        "th",
        "((boxcar_high_v + boxcar_low_v) / 2 - threshold_v) / swing_v",
        boxcar_shift_th,
        "boxcar's middle above the threshold",
    ),
    Quantity(
        "learning_rate",
        "th",
        "charge_per_step times update_pulse_fc / threshold_charge_fc, or update_pulse_v / swing_v, or update_pulse_lsb"
        " lsb_th",
        learning_rate,
        "one update pulse: eta of Eq. 10, at the first sample",
    ),
    Quantity(
        "update_pulse_lsb", "LSB", "learning_rate / (lsb_th charge_per_step)", update_pulse_lsb, "the same in LSB"
    ),
    Quantity(
        "ktc_sigma_th",
        "th",
        "sqrt(k temperature_k / membrane_capacitance_ff) / swing_v",
        ktc_sigma_th,
        "stationary thermal noise of the membrane",
    ),
    Quantity(
        "thermal_sigma_th",
        "th",
        "ktc_sigma_th sqrt(1 - leak_per_step^2)",
        thermal_sigma_th,
        "thermal noise added in each step",
    ),
    Quantity(
        "pelgrom_sigma_v",
        "V",
        "pelgrom_a_vt_mv_um / sqrt(neuron_device_area_um2) / 1000",
        pelgrom_sigma_v,
        "a comparator's threshold from neuron to neuron",
    ),
    Quantity("threshold_sigma", "", "pelgrom_sigma_v / swing_v", threshold_sigma, "the same relative to the swing"),
    Quantity("rows_per_input", "rows", "2 for paired_rows, else 1", rows_per_input, "of a core"),
    Quantity("columns_per_neuron", "columns", "2 for differential_pair, else 1", columns_per_neuron, "of a core"),
)


def derive(spec: PhysicalSpec) -> dict[str, float | None]:
    """Every quantity by name. Raises ChipError if one lies outside all reason, so that no infinity goes further."""
    values = {}
    for quantity in QUANTITIES:
        try:
            value = quantity.compute(spec)
        except (OverflowError, ZeroDivisionError):
            value = math.inf
        if value is not None and not (math.isfinite(value) and abs(value) < _LARGEST):
            raise ChipError(
                f"{quantity.name} = {quantity.formula} comes out beyond 1e30: correct the figures that it is made of"
            )
        values[quantity.name] = value
    return values


_LARGEST = 1e30  # far below what a float32 holds
