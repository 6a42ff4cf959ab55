"""Columns that compete and learn into few-bit synapses, by triplets of spikes, or compete no more: see LONG."""

import pytest
from competing_chips import competing_spec, unipolar_lesson
from triplet_formula import TRIPLET
from witnessed import assert_learns_as_its_witness

ALL = ("stuck:0.1@high", "mismatch:0.2", "cycle:0.3", "ir:0.01", "pelgrom:0.02", "ktc:0.05", "missed:0.2", "trace:0.4")
FREE = {"kind": "adaptive", "kind_settings": {"theta_step": 0.1}}
CASES = {
    "three bits, all of silicon": {"n": 40, "noise": ("quantization:3", *ALL)},
    "two bits, direct writes": {
        "noise": ("quantization:2", "asymmetry:0.6,spread=0.3"),
        "circuit": {"update_accumulator_bits": 0},
    },
    "no competition": {"neuron": FREE, "noise": ("mismatch:0.2", "homeostasis:0.5", "competition:0.5")},
}


@pytest.mark.parametrize("case", CASES)
def test_equals_the_reference_model(case):
    learned = assert_learns_as_its_witness(unipolar_lesson(competing_spec(**CASES[case])))
    assert learned.activity["weight_updates"].sum() > 0
    assert "quantization" not in str(CASES[case]) or learned.activity["code_writes"].sum() > 0


TRIPLETS = {"pair": 0.5, "tau_slow_steps": 20.0, "w_max_th": 0.5}
OF_TRIPLETS = {
    "ideal": {},
    "devices": {"n": 40, "noise": ("mismatch:0.3@weight", "stuck:0.1", "asymmetry:0.6", "cycle:0.3", "trace:0.3@tau")},
    "few bits": {"noise": ("quantization:3", "asymmetry:0.6")},
}


@pytest.mark.parametrize("case", OF_TRIPLETS)
def test_triplets_equal_the_reference_model(case):
    circuit = {"rule": "stdp_triplet", "rule_settings": TRIPLETS}
    spec = competing_spec(**OF_TRIPLETS[case] | {"circuit": circuit, "steps": 24})
    learned = assert_learns_as_its_witness(unipolar_lesson(spec), rule=TRIPLET)
    assert learned.activity["weight_updates"].sum() > spec.layer_sizes[0] * learned.activity["spikes"].sum()
