"""Field by field: what a chip's file says changes what a run reads of it, or is listed as not modelled.

What a run reads are settings, noise, and costs per sample: times, energies, areas, bytes. Derived numbers are none.
"""

import re
from typing import Any, get_args

import pytest
from physical_chips import chip
from pydantic import ValidationError

from chipsim import ChipSpec
from chipsim.cost import area_json, phase_cost
from chipsim.physical import PRESETS, PhysicalSpec, load, noise_of, not_modelled, settings_of

LEAKY = {"membrane_capacitance_ff": 1000.0, "leak_conductance_ns": 50.0}
LEAK_DAC = {"leak_dac_bits": 6, "leak_dac_low_ns": 0.0, "leak_dac_high_ns": 200.0}
THRESHOLD_DAC = {"threshold_dac_bits": 6, "threshold_dac_low_v": 0.3, "threshold_dac_high_v": 1.1}
POWER = {"dac_power_uw": (0.1, 1.0), "dac_area_um2": 400.0}
CURRENT = {"weight_bits": 5, "unit_synapse_current_na": 50.0, "pulse_width_ns": 100.0}
DIGITAL = {
    "arithmetic": "integer",
    "error_scale": "shift",
    "error_shift": 4,
    "rate_format": "fixed",
    "step_word_bits": 16,
    "step_word_fraction_bits": 8,
    "dither": "lfsr",
    "dither_bits": 8,
    "lfsr_bits": 16,
    "lfsr_seed": 1,
    "increment_bits": 10,
    "comparison": "digital",
    "update_unit": "sram",
}
# Together with the presets they have every field.
CHIPS = {
    **{preset: load(preset) for preset in PRESETS},
    "plain": chip(),
    "layers and converters": chip(
        **LEAKY, **LEAK_DAC, **THRESHOLD_DAC, **POWER, layer_leak_conductance_ns=(50.0, 20.0)
    ),
    "thresholds of layers": chip(layer_threshold_v=(0.7, 0.5), **THRESHOLD_DAC),
    "time constants of layers": chip(
        membrane_time_constant_us=10.0, layer_membrane_time_constant_us=(10.0, 5.0), time_constant_sigma_relative=0.1
    ),
    "power of converters that are not there": chip(**POWER),
    "current and time": chip(synapse=CURRENT, pulse={"update_pulse_fc": 1.0}, bias="neuron"),
    "pulses in LSB, fine weights": chip(
        synapse={"weight_bits": 16, "unit_synaptic_charge_fc": 5.0}, pulse={"update_pulse_lsb": 0.2}
    ),
    "wires beside charges": chip(row_wire_resistance_ohm=1.0, column_wire_resistance_ohm=1.0),
    "exponential currents": chip(synapse=CURRENT | {"synaptic_time_constant_us": 5.0}),
    "windows as on the chip": chip(steps_per_window=16, warm_up_steps=8),
    "a boxcar off the threshold": chip(boxcar_low_v=0.2),
    "a digital circuit": chip(synapse=CURRENT, **DIGITAL),
    "words beyond the model": chip(bits_per_target=24),
}
ALWAYS_INERT = {
    "process.feature_size_nm",
    "process.supply_v",
    "array.columns_chain",
    "array.rows_shared",
    "link.latency_us",
}


def read_by_a_run(spec: PhysicalSpec) -> dict[str, Any]:
    """Everything but the names of things, of a network that is wider than a core."""
    settings = settings_of(spec)
    dacs = {
        dac: {"bits": settings[f"neuron.{dac}.bits"]}
        for dac in ("leak_dac", "threshold_dac")
        if f"neuron.{dac}.bits" in settings
    }
    design = ChipSpec(  # what costs depend on
        layer_sizes=(300, 40, 10),
        steps=settings.get("steps", 16),
        target_bits=settings["target_bits"],
        neuron={"kind": settings["neuron.kind"], **dacs},
        learning_circuit={"accumulator_bits": settings["learning_circuit.accumulator_bits"]},
    )
    activity = {
        "synaptic_events": [40_000, 5_000],
        "spikes": [300, 20],
        "weight_updates": [900, 100],
        "code_writes": [50, 5],
        "ties": [0, 3],
    }
    costs = {
        phase: phase_cost(design, spec, phase, activity, 2, constant_current=False).to_json()
        for phase in ("inference", "learning")
    }
    for cost in costs.values():
        cost["energy_nj"] = [cost["energy_nj"]["low"], cost["energy_nj"]["high"]]
    return {"settings": settings, "noise": noise_of(spec), "costs": costs, "area": area_json(design, spec)}


def other_values(value: Any, annotation: Any) -> list[Any]:
    """Values near `value`, and what else a field of words may be."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):
        words = [word for word in _words(annotation) if word != value]
        return [*words, 6] if value == "ideal" else words
    if isinstance(value, int):
        return [value + 1, value - 1, 2 * value]
    if isinstance(value, float):
        return [1.25 * value, 0.8 * value, 1.01 * value, 0.99 * value, value + 0.1, value - 0.1]
    return [(*value[:-1], each) for each in other_values(value[-1], None)]


def _words(annotation: Any) -> list[str]:
    if isinstance(annotation, str):
        return [annotation]
    return [word for part in get_args(annotation) for word in _words(part)]


def fields_of(spec: PhysicalSpec) -> dict[str, Any]:
    """Dotted name -> value, of those that are there."""
    tables = {name: getattr(spec, name) for name in PhysicalSpec.model_fields if name != "name"}
    return {
        f"{table}.{name}": getattr(part, name)
        for table, part in tables.items()
        for name in type(part).model_fields
        if getattr(part, name) is not None
    }


def changes_of(spec: PhysicalSpec, field: str, value: Any) -> list[PhysicalSpec]:
    """The same chip with other values of one field, those that make a chip."""
    table, name = field.split(".")
    annotation = type(getattr(spec, table)).model_fields[name].annotation
    found = []
    for other in other_values(value, annotation):
        tables = spec.model_dump(exclude_none=True)
        tables[table][name] = other
        try:
            found.append(PhysicalSpec.model_validate(tables))
        except ValidationError:
            continue
    return found


def is_listed(field: str, *specs: PhysicalSpec) -> bool:
    name = field.partition(".")[2]
    return any(re.search(rf"\b{name}\b", sentence) for spec in specs for sentence in not_modelled(spec))


@pytest.mark.parametrize("name", CHIPS)
def test_every_field_has_an_effect_or_is_listed(name):
    spec = CHIPS[name]
    before = read_by_a_run(spec)
    for field, value in fields_of(spec).items():
        changes = changes_of(spec, field, value)
        assert changes, f"{field} = {value} cannot be changed"
        acts = any(read_by_a_run(changed) != before for changed in changes)
        assert acts or is_listed(field, spec, *changes), f"{field} changes nothing and is not listed"
        assert not acts or field not in ALWAYS_INERT
        assert field not in ALWAYS_INERT or is_listed(field, spec)


def test_all_fields_were_looked_at():
    seen = {field for spec in CHIPS.values() for field in fields_of(spec)}
    everything = {
        f"{table}.{name}"
        for table, field in PhysicalSpec.model_fields.items()
        if table != "name"
        for name in field.annotation.model_fields
    }
    assert seen == everything


def test_an_effect_is_seen_and_so_is_its_absence():
    assert read_by_a_run(chip()) == read_by_a_run(chip(feature_size_nm=28.0))
    assert read_by_a_run(chip()) != read_by_a_run(chip(clock_mhz=101.0))


@pytest.mark.parametrize("preset", PRESETS)
def test_temperature_is_that_of_thermal_noise_alone(preset):
    spec = load(preset)
    hot = changes_of(spec, "process.temperature_k", spec.process.temperature_k + 100.0)[0]
    one, two = read_by_a_run(spec), read_by_a_run(hot)
    noises = [{text for text in each["noise"] if not text.startswith(("thermal:", "ktc:"))} for each in (one, two)]
    assert one["noise"] != two["noise"] and noises[0] == noises[1]
    for each in (one, two):
        del each["noise"], each["settings"]["noise"]
    assert one == two
    assert "temperature_k but for kT/C noise" in " ".join(not_modelled(spec))


@pytest.mark.parametrize(
    ("figures", "rail"),
    [
        ({"high_rail_v": 1.9, "supply_v": 1.8}, "high_rail_v = 1.9"),
        ({"low_rail_v": 0.15, "supply_v": 0.1}, "low_rail_v = 0.15"),
    ],
)
def test_a_rail_above_the_supply_is_refused(figures, rail):
    with pytest.raises(ValidationError, match=rf"{rail} lies above the supply, supply_v = {figures['supply_v']:g}"):
        chip(**figures)
    assert chip(high_rail_v=1.8, supply_v=1.8)
