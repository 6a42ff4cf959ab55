"""A plain chip in physical units whose figures tests change by name, whichever table they stand in."""

from copy import deepcopy
from typing import Any

from chipsim.physical import DIGITAL, PhysicalSpec

# 0.5 V from rest to threshold, 1 pF, 4 bits and a sign, nothing that goes wrong.
_TABLES: dict[str, Any] = {
    "name": "plain",
    "neuron": {
        "membrane_capacitance_ff": 1000.0,
        "resting_v": 0.2,
        "threshold_v": 0.7,
        "low_rail_v": 0.0,
        "high_rail_v": 1.2,
        "reset": "subtract",
        "readout": "spiking",
        "time_constant_sigma_relative": 0.0,
    },
    "synapse": {
        "weight_bits": 4,
        "weight_sign": "differential_pair",
        "unit_synaptic_charge_fc": 5.0,
        "weight_sigma_relative": 0.0,
    },
    "learning_circuit": {
        "accumulator_bits": 8,
        "error_gate": "linear",
        "dead_zone_counts": 1.0,
        "comparator_offset_counts": 0.0,
        "boxcar_low_v": 0.0,
        "boxcar_high_v": 1.4,
        "update_pulse_v": 0.001,
        "update_accumulator_bits": 8,
    },
    "timing": {
        "step_period_ns": 1000.0,
        "clock_mhz": 100.0,
        "stage_cycles": 8,
        "row_event_cycles": 1,
        "row_write_cycles": 1,
        "window_overhead_us": 0.0,
    },
    "array": {
        "core_rows": 8,
        "core_columns": 8,
        "cores": 4,
        "columns_chain": True,
        "rows_shared": False,
        "bias": "row",
        "row_wire_resistance_ohm": 0.0,
        "column_wire_resistance_ohm": 0.0,
    },
    "link": {"bandwidth_mbit_per_s": 100.0, "bits_per_spike_event": 16, "bits_per_target": 8},
    "energy": {
        "synaptic_event_pj": [1.0, 2.0],
        "spike_pj": [1.0, 2.0],
        "weight_write_pj": [1.0, 2.0],
        "neuron_step_pj": [1.0, 2.0],
        "learning_step_pj": [1.0, 2.0],
        "link_byte_pj": [1.0, 2.0],
        "static_power_mw": [1.0, 2.0],
    },
    "area": {"synapse_um2": 1.0, "neuron_um2": 2.0, "learning_circuit_um2": 3.0},
    "process": {
        "feature_size_nm": 180.0,
        "supply_v": 5.0,
        "temperature_k": 0.0,
        "neuron_device_area_um2": 1.0,
        "pelgrom_a_vt_mv_um": 0.0,
    },
}
_OPTIONAL = {
    **dict.fromkeys(type(PhysicalSpec.model_fields["bias"].default).model_fields, "bias"),
    **dict.fromkeys(DIGITAL, "learning_circuit"),
    "leak_conductance_ns": "neuron",
    "membrane_time_constant_us": "neuron",
    "synaptic_time_constant_us": "synapse",
    "steps_per_window": "timing",
    "warm_up_steps": "learning_circuit",
    "latency_us": "link",
}


def tables(
    synapse: dict[str, Any] | None = None, pulse: dict[str, Any] | None = None, **figures: Any
) -> dict[str, Any]:
    """The chip's tables. synapse: how weights are stored and what they deliver; pulse: the update pulse's size."""
    changed = deepcopy(_TABLES)
    if synapse is not None:
        kept = {name: changed["synapse"][name] for name in ("weight_sign", "weight_sigma_relative")}
        changed["synapse"] = kept | synapse
    if pulse is not None:
        del changed["learning_circuit"]["update_pulse_v"]
        changed["learning_circuit"] |= pulse
    for name, value in figures.items():
        owner = next((table for table, fields in _TABLES.items() if name in fields and table != "name"), None)
        changed.setdefault(owner or _OPTIONAL[name], {})[name] = value
    return changed


def chip(**figures: Any) -> PhysicalSpec:
    """The plain chip with some figures changed; see `tables`."""
    return PhysicalSpec.model_validate(tables(**figures))
