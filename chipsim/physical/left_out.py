"""What a chip has and a run leaves out, in sentences that name its fields: nothing is dropped in silence.

A field changes a run if a setting, a noise, or a cost in time, energy, area or bytes follows from it; that some derived
number changes is no effect. `tests/chipsim/physical/test_left_out.py` changes every field and looks.
"""

from __future__ import annotations

from collections.abc import Iterator

from chipsim.physical.derive import boxcar_shift_th, charge_window, reset_window, signed_bits, tau_steps, top_code
from chipsim.physical.settings import MOST_BITS, simulated_target_bits
from chipsim.physical.spec import PhysicalSpec


def not_modelled(spec: PhysicalSpec) -> list[str]:
    """One sentence each: what is done otherwise than the chip does it, then the fields that change nothing."""
    return [*_done_otherwise(spec), *_inert_always(), *_inert_here(spec)]


def _done_otherwise(spec: PhysicalSpec) -> Iterator[str]:
    bits, top = signed_bits(spec), top_code(spec)
    stored = "weight_bits" if spec.synapse.weight_bits is not None else "conductance_levels"
    if bits is not None and bits > MOST_BITS:
        yield f"{stored}, weights of {bits} bits, sign included: above {MOST_BITS} bits they are analog and unbounded"
    elif bits is not None:
        used = 2 ** (bits - 1) - 1
        if used != top:
            yield f"{stored}, {top} levels of either sign: {used}, of {bits} bits, share the same full scale"
        if spec.array.bias == "neuron":
            yield "what a bias of the neuron's own can deliver: its full scale fits each layer best"
    if boxcar_shift_th(spec):
        yield (
            "boxcar_low_v and boxcar_high_v as they lie: the boxcar's middle is"
            f" {boxcar_shift_th(spec):+.4g} th from the threshold, the simulated one is centred"
        )
    if spec.bias.layer_threshold_v is not None:
        yield "boxcar edges at fixed voltages: in each layer they lie as far from its own threshold as from threshold_v"
    sent, simulated = spec.link.bits_per_target, simulated_target_bits(spec)
    if sent != simulated:
        yield f"bits_per_target, target rates in words of {sent} bits: {simulated} bits are simulated"
    if spec.learning_circuit.error_gate == "linear":
        counted = spec.area.of_cells and spec.energy.learning_step_pj is None
        yield (
            "the division by the steps that a linear error gate takes: its cycles do not count"
            f"{'' if counted else ', and neither do its energy and area but in figures of cells'}"
        )
    yield "low_rail_v as a clamp of its own: whatever pulls, the membrane stops there"
    yield "the fixed size of an update pulse: it is the learning rate at the first sample, and falls linearly to zero"


def _inert_always() -> Iterator[str]:
    yield "feature_size_nm: nothing scales with it"
    yield "supply_v: it bounds the rails, and nothing else depends on it"
    yield "temperature_k but for kT/C noise: leaks, currents, offsets and matching are taken as they are given"
    yield "columns_chain and rows_shared: they say where a network stands (chipsim map and check), not what it does"
    yield "latency_us of the link: samples follow each other without waiting for it, but for --impose-link"


def _inert_here(spec: PhysicalSpec) -> Iterator[str]:
    """What this chip's other figures make meaningless."""
    neuron, synapse, array, area = spec.neuron, spec.synapse, spec.array, spec.area
    analog = top_code(spec) is None
    yield from _phases(spec)
    given = [name for name in ("early_voltage_v", "headroom_v") if getattr(synapse, name) is not None]
    if given:
        yield (
            f"{' and '.join(given)}: synapses are ideal current sources in a run; chipsim check says whether they may"
            " be, chipsim export spice shows what they do"
        )
    if tau_steps(spec) is None:
        yield "time_constant_sigma_relative: these neurons do not leak"
    for name in ("leak_conductance_ns", "membrane_time_constant_us"):
        if getattr(spec.bias, f"layer_{name}") is not None:
            yield f"{name} of the neuron: each layer has its own, as [bias] says"
    if spec.process.pelgrom_a_vt_mv_um == 0:
        yield "neuron_device_area_um2: with pelgrom_a_vt_mv_um = 0 no comparator differs from another"
    wires = array.row_wire_resistance_ohm > 0 or array.column_wire_resistance_ohm > 0
    if wires and synapse.conductance_max_us is None:
        yield (
            "row_wire_resistance_ohm and column_wire_resistance_ohm, wire resistance: without a conductance range no"
            " voltage is lost along rows and columns"
        )
    circuit = spec.learning_circuit
    if analog and circuit.update_pulse_lsb is None:
        yield (
            "the charge of one LSB (unit_synaptic_charge_fc, or unit_synapse_current_na and pulse_width_ns): weights"
            " are analog"
        )
    if spec.bias.leak_dac_ns is None and spec.bias.threshold_dac_v is None:
        given = [name for name in ("dac_power_uw", "dac_area_um2") if getattr(spec.bias, name) is not None]
        if given:
            yield f"{' and '.join(given)}: no converter sets anything"
    free_area = not (area.synapse_um2 or area.neuron_um2 or area.learning_circuit_um2 or area.of_cells)
    free_rows = not (spec.timing.row_event_cycles or spec.timing.row_write_cycles)
    if free_area:
        yield "cores and core_columns: nothing of this chip has an area"
    if free_area and free_rows:
        yield "core_rows: no row takes cycles, and nothing has an area"
        if analog:
            yield "weight_sign and bias: analog weights are unbounded, and no row or column costs anything"
    unused = analog and circuit.update_pulse_v is not None and neuron.leak_conductance_ns is None
    if unused and spec.process.temperature_k == 0:
        yield "membrane_capacitance_ff: without a leak, an LSB or kT/C noise it scales nothing"


def _phases(spec: PhysicalSpec) -> Iterator[str]:
    """Of a step's analog phases those whose length or place changes nothing."""
    timing = spec.timing
    places = ("reset_start_ns", "reset_width_ns", "pulse_start_ns", "comparator_ns")
    given = [name for name in places if getattr(timing, name) is not None]
    leaks = tau_steps(spec) is not None
    if leaks and charge_window(spec) is not None:
        given = [name for name in given if name not in ("pulse_start_ns", "comparator_ns")]
    if leaks and reset_window(spec) is not None:
        given = [name for name in given if name not in ("reset_start_ns", "reset_width_ns", "comparator_ns")]
    if given:
        yield f"{', '.join(given)}: no charge depends on them here; chipsim check and export spice look at them"
