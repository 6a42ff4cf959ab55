"""Leaks and thresholds of each layer, and the converters that set them."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from reference_bias import nearest_code
from small_chips import spec_of

from chipsim import ChipSpec, NeuronSpec
from chipsim.design import Dac, LeakDac, ThresholdDac
from chipsim.die import fabricate

SIZES = (4, 5, 3, 2)


@given(st.integers(1, 16), st.floats(-10, 10), st.floats(1e-3, 20), st.floats(0, 1))
def test_a_value_becomes_the_nearest_code(bits, low, span, part):
    dac = Dac(bits, low, low + span)
    wanted = low + part * span
    assume(dac.holds(wanted))
    code, made = dac.code(wanted), dac.nearest(wanted)
    assert 0 <= code <= dac.top == 2**bits - 1
    assert made == (dac.high if code == dac.top else low + code * dac.lsb)
    assert abs(made - wanted) <= dac.lsb / 2 * (1 + 1e-6) + 1e-12
    assert dac.holds(made) and dac.nearest(made) == made


@given(st.integers(1, 8), st.floats(0, 1), st.floats(0.01, 3), st.floats(0, 1), st.floats(0, 1))
def test_more_is_never_set_to_less(bits, low, span, one, other):
    dac = Dac(bits, low, low + span)
    lower, higher = sorted((low + one * span, low + other * span))
    assert dac.nearest(lower) <= dac.nearest(higher)


@given(st.integers(1, 8), st.floats(0, 1), st.floats(0.01, 3), st.floats(0, 1))
def test_the_codes_are_those_of_the_reference_model(bits, low, span, part):
    dac = Dac(bits, low, low + span)
    wanted = low + part * span
    halfway = (wanted - low) / dac.lsb % 1
    assume(abs(halfway - 0.5) > 1e-6)  # which of two is nearer is then a matter of rounding
    assert (dac.code(wanted), dac.nearest(wanted)) == nearest_code(wanted, bits, low, low + span)


def test_by_hand():
    dac = Dac(2, 0.5, 2.0)  # 0.5, 1, 1.5, 2
    assert [dac.nearest(value) for value in (0.5, 0.74, 0.75, 1.2, 1.76, 2.0)] == [0.5, 0.5, 1.0, 1.0, 2.0, 2.0]
    assert dac.holds(2.0) and not dac.holds(2.01) and not dac.holds(0.49)


def test_what_is_set_in_each_layer():
    neuron = NeuronSpec(kind="lif", tau_steps=(10, 5, 2), threshold_th=(1, 0.6, 1.5))
    spec = spec_of(SIZES, neuron=neuron.model_dump())
    assert spec.tau_steps == (10, 5, 2) and spec.thresholds_th == (1, 0.6, 1.5)
    set_by_dac = neuron.model_copy(update={"leak_dac": LeakDac(bits=2), "threshold_dac": ThresholdDac(bits=2)})
    # Leaks of 0.1, 0.2 and 0.5 with codes at 0, 1/3, 2/3 and 1: off, 1/3 and, halfway, the higher one.
    assert [set_by_dac.tau_steps_of(layer) for layer in range(3)] == pytest.approx([math.inf, 3, 1.5])
    assert [set_by_dac.threshold_th_of(layer) for layer in range(3)] == [1, 0.5, 1.5]
    plain = NeuronSpec(leak_dac=LeakDac(bits=1))
    assert plain.tau_steps_of(0) == 10, "neurons that do not leak have nothing to set"


def test_tables_of_a_die():
    neuron = {"kind": "lif", "tau_steps": (10, 5, 2), "threshold_th": (1, 0.6, 1.5)}
    layers = fabricate(spec_of(SIZES, neuron=neuron), 1)
    for made, tau, threshold in zip(layers, (10, 5, 2), (1, 0.6, 1.5), strict=True):
        assert set(made.tables.decay) == {np.float32(np.exp(-1 / tau))}
        assert set(made.tables.threshold) == set(made.tables.reset_charge) == {np.float32(threshold)}
        assert set(made.tables.boxcar_low) == {np.float32(threshold - 1)}  # a boxcar of 2 th
        assert set(made.tables.boxcar_high) == {np.float32(threshold + 1)}


def test_mismatch_multiplies_what_is_set():
    noise = ("mismatch:0.3@threshold", "mismatch:0.3@leak")
    neuron = {"kind": "lif", "tau_steps": 8.0}
    halved = neuron | {"tau_steps": (4.0, 8.0, 8.0), "threshold_th": (0.5, 1, 2)}
    plain, scaled = (fabricate(spec_of(SIZES, noise=noise, neuron=each), 7) for each in (neuron, halved))
    for a, b, factor in zip(plain, scaled, (0.5, 1, 2), strict=True):
        assert np.array_equal(b.tables.threshold, a.tables.threshold * np.float32(factor))
        assert np.array_equal(b.tables.reset_charge, a.tables.reset_charge * np.float32(factor))
    assert np.allclose(scaled[0].tables.decay, plain[0].tables.decay ** 2)
    assert np.array_equal(scaled[1].tables.decay, plain[1].tables.decay)


def test_what_is_not_set_is_not_written():
    """Files, hashes and frames of designs without these settings are what they were."""
    plain = {"kind", "tau_steps", "synapse_tau_steps", "reset", "low_rail_th", "high_rail_th", "readout"}
    assert NeuronSpec().model_dump().keys() == plain
    assert NeuronSpec(threshold_th=1, leak_dac=LeakDac()).model_dump(mode="json").keys() == plain
    assert NeuronSpec(threshold_th=(1, 1)).model_dump().keys() == plain | {"threshold_th"}
    assert NeuronSpec().settings().keys() == NeuronSpec.model_fields.keys()


def test_it_survives_json():
    neuron = NeuronSpec(kind="lif", tau_steps=(10, 5), threshold_th=0.75, leak_dac=LeakDac(bits=6, low_per_step=0.01))
    spec = ChipSpec(layer_sizes=(3, 4, 2), neuron=neuron)
    assert ChipSpec.model_validate_json(spec.model_dump_json(exclude_none=True)) == spec


WRONG = [
    ({"tau_steps": (10.0, 0.0)}, "greater than 0"),
    ({"tau_steps": ()}, "at least 1 item"),
    ({"threshold_th": (1.0, math.inf)}, "finite"),
    ({"threshold_th": (1.0, 9.0)}, "neuron.threshold_th 9 of layer 2 lies above neuron.high_rail_th 8"),
    ({"threshold_th": 9.0}, "neuron.threshold_th 9 lies above"),
    (
        {"kind": "lif", "tau_steps": (10, 1.5), "leak_dac": {"bits": 6, "low_per_step": 0.02, "high_per_step": 0.5}},
        "neuron.tau_steps 1.5 of layer 2, a leak of 0.6667 per step, is beyond its DAC's range of 0.02 to 0.5 per step:"
        " choose 2 to 50 steps",
    ),
    ({"kind": "lif", "tau_steps": 0.5, "leak_dac": {"bits": 6}}, "choose 1 steps or more"),
    (
        {"threshold_th": (0.4, 1), "threshold_dac": {"bits": 6}},
        "neuron.threshold_th 0.4 of layer 1 is beyond its DAC's range of 0.5 to 2 th",
    ),
    ({"leak_dac": {"bits": 0}}, "greater than or equal to 1"),
    ({"leak_dac": {"bits": 17}}, "less than or equal to 16"),
    ({"leak_dac": {"low_per_step": 1.0}}, "low_per_step 1 must be below high_per_step 1"),
    ({"threshold_dac": {"low_th": 3.0}}, "low_th 3 must be below high_th 2"),
    ({"threshold_dac": {"low_th": 0.0}}, "greater than 0"),
]


@pytest.mark.parametrize(("fields", "words"), WRONG, ids=[words[:40] for _, words in WRONG])
def test_refused_in_one_line(fields, words):
    with pytest.raises(ValidationError) as refusal:
        NeuronSpec(**fields)
    [error] = refusal.value.errors()
    assert words in error["msg"] and "\n" not in error["msg"]


@pytest.mark.parametrize("name", ["tau_steps", "threshold_th"])
def test_there_is_one_value_for_each_layer(name):
    said = rf"neuron\.{name} has 2 values, and this network 3 layers of neurons: give one for each"
    with pytest.raises(ValidationError, match=said):
        spec_of(SIZES, neuron={name: (1.0, 1.0)})


def test_an_end_of_a_range_may_be_met():
    """Whatever computed it from volts and farads."""
    leak = 0.1 + 0.2  # a bit above 0.3
    neuron = NeuronSpec(kind="lif", tau_steps=1 / leak, leak_dac=LeakDac(bits=4, high_per_step=0.3))
    assert neuron.tau_steps_of(0) == pytest.approx(1 / 0.3)
