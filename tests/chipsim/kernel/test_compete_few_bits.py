"""Columns that compete and learn into few-bit synapses; and without competition: kernels of their own, see LONG."""

import pytest
from competing_chips import competing_spec, unipolar_lesson
from witnessed import assert_learns_as_its_witness

ALL = ("stuck:0.1@high", "mismatch:0.2", "cycle:0.3", "ir:0.01", "pelgrom:0.02", "ktc:0.05", "missed:0.2")
FREE = {"kind": "adaptive", "kind_settings": {"theta_step": 0.1}}
CASES = {
    "three bits, all of silicon": {"n": 40, "noise": ("quantization:3", *ALL)},
    "two bits, direct writes": {
        "noise": ("quantization:2", "asymmetry:0.6,spread=0.3"),
        "circuit": {"update_accumulator_bits": 0},
    },
    "no competition": {"neuron": FREE, "noise": ("mismatch:0.2",)},
}


@pytest.mark.parametrize("case", CASES)
def test_equals_the_reference_model(case):
    learned = assert_learns_as_its_witness(unipolar_lesson(competing_spec(**CASES[case])))
    assert learned.activity["weight_updates"].sum() > 0
    assert "quantization" not in str(CASES[case]) or learned.activity["code_writes"].sum() > 0
