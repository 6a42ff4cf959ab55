"""Where reset, pulse and comparison stand in a step: what leaks meanwhile, by hand, and what is refused."""

import re
from math import exp

import pytest
from physical_chips import chip
from pydantic import ValidationError

from chipsim.physical import derive, load, settings_of

CURRENT = {"weight_bits": 4, "unit_synapse_current_na": 50.0, "pulse_width_ns": 100.0}


def test_charges_leak_from_when_they_flow_until_the_comparison():
    """A time constant of four steps, so that it matters: a pulse of half a step, a reset of a fifth, by hand."""
    phases = {"reset_width_ns": 200.0, "pulse_start_ns": 250.0, "comparator_ns": 100.0}
    current = {"weight_bits": 4, "unit_synapse_current_na": 50.0, "pulse_width_ns": 500.0}
    spec = chip(synapse=current, membrane_time_constant_us=4.0, **phases)
    # From 250 to 750 ns, and from 0 to 200 ns; the comparison is at 900 ns.
    values, left = derive(spec), lambda since, until: 4 / (since - until) * (exp(-until / 4) - exp(-since / 4))
    assert values["charge_left"] == pytest.approx(left(0.65, 0.15))
    assert values["reset_left"] == pytest.approx(left(0.9, 0.7))
    assert values["phases_ns"] == 800.0
    settings = settings_of(spec)
    assert settings["neuron.charge_window"] == pytest.approx([0.65, 0.15])
    assert settings["neuron.reset_window"] == pytest.approx([0.9, 0.7])


def test_what_states_no_phases_is_what_it_was():
    for spec in (chip(membrane_time_constant_us=4.0), chip(reset_width_ns=100.0, comparator_ns=5.0)):
        assert not [name for name in settings_of(spec) if name.endswith("_window")]
    values = derive(chip(membrane_time_constant_us=4.0))
    assert (values["charge_left"], values["reset_left"]) == (1.0, 1.0)
    written = chip().to_table()["timing"] | chip().model_dump(mode="json")["timing"]
    assert not {"reset_width_ns", "comparator_ns"} & set(written)


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"reset_start_ns": 100.0}, "reset_start_ns without reset_width_ns"),
        ({"reset_width_ns": 100.0, "reset": "subtract-before-leak"}, 'write reset = "subtract"'),
        ({"pulse_start_ns": 100.0}, "pulse_width_ns is missing"),
        ({"comparator_ns": 1200.0}, "comparator_ns = 1200 is longer than a step"),
        ({"reset_width_ns": 600.0, "comparator_ns": 500.0}, "reset_width_ns = 600: it ends at 600 ns of a step, after"),
        (
            {"synapse": CURRENT, "pulse_start_ns": 950.0},
            "pulse_start_ns = 950: it ends at 1050 ns of a step, after the comparison at 1000 ns",
        ),
        (
            {"synapse": CURRENT | {"synaptic_time_constant_us": 2.0}, "pulse_start_ns": 0.0},
            "exponential currents have none",
        ),
    ],
)
def test_phases_that_do_not_fit_together_are_refused(figures, told):
    with pytest.raises(ValidationError, match=re.escape(told)):
        chip(**figures)


CELLS = {"flip_flop_um2": 195.0, "gate_um2": 24.0, "sram_bit_um2": 10.0, "comparator_um2": 500.0}


@pytest.mark.parametrize(
    ("table", "figures", "dropped", "told"),
    [
        (
            "area",
            {"learning_circuit_um2": 5000.0},
            (),
            "learning_circuit_um2 and flip_flop_um2 say the same thing twice",
        ),
        ("area", {}, tuple(CELLS), "learning_circuit_um2 is missing: give it, or flip_flop_um2, gate_um2"),
        ("area", {}, ("gate_um2",), "gate_um2 is missing: areas of cells are"),
        ("energy", {"learning_step_pj": [1.0, 2.0]}, (), "learning_step_pj and flip_flop_pj say the same thing twice"),
        ("energy", {"weight_write_pj": [1.0, 2.0]}, (), "weight_write_pj and sram_bit_pj say the same thing twice"),
        ("energy", {}, ("sram_bit_pj",), "weight_write_pj is missing: give it, or sram_bit_pj"),
        ("energy", {}, ("gate_pj",), "flip_flop_pj and gate_pj go together"),
        (
            "energy",
            {"learning_step_pj": [1.0, 2.0]},
            ("gate_pj", "flip_flop_pj"),
            "sram_bit_pj needs flip_flop_pj and gate_pj",
        ),
        ("synapse", {"weight_bits": "ideal"}, (), "sram_bit_pj is what writes into memory take"),
    ],
)
def test_digital_parts_are_said_once(table, figures, dropped, told):
    tables = load("cmos-180nm").to_table()
    tables[table] |= figures
    for name in dropped:
        del tables[table][name]
    with pytest.raises(ValidationError, match=re.escape(told)):
        type(load("ideal")).model_validate(tables)
