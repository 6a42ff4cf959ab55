"""The numbers of the model by hand, from round physical figures."""

import math

import pytest
from physical_chips import chip

from chipsim import ChipError
from chipsim.physical import PRESETS, QUANTITIES, derive, load, noise_of, not_modelled, settings_of
from nonideality import parse, parse_all


def test_membrane_and_rails_in_thresholds():
    # Rest 0.2 V, threshold 0.7 V: one threshold is 0.5 V.
    values = derive(chip(resting_v=0.2, threshold_v=0.7, low_rail_v=0.1, high_rail_v=1.2))
    assert values["swing_v"] == pytest.approx(0.5)
    assert values["low_rail_th"] == pytest.approx(-0.2)
    assert values["high_rail_th"] == pytest.approx(2.0)


def test_a_leak_is_a_time_constant():
    # 1 pF / 100 nS = 10 us, which is 20 steps of 500 ns.
    leak = chip(membrane_capacitance_ff=1000.0, leak_conductance_ns=100.0, step_period_ns=500.0)
    constant = chip(membrane_time_constant_us=10.0, step_period_ns=500.0)
    for spec in (leak, constant):
        values = derive(spec)
        assert values["tau_us"] == pytest.approx(10)
        assert values["tau_steps"] == pytest.approx(20)
        assert values["leak_per_step"] == pytest.approx(math.exp(-0.05))
        assert settings_of(spec)["neuron.kind"] == "lif"
        assert settings_of(spec)["neuron.tau_steps"] == pytest.approx(20)


LAYERS = {"membrane_capacitance_ff": 1000.0, "resting_v": 0.2, "threshold_v": 0.7, "step_period_ns": 500.0}


def test_leaks_and_thresholds_of_each_layer():
    # 1 pF / 100 nS = 10 us = 20 steps, 1 pF / 400 nS = 5 steps; 0.45 V above 0.2 V is half of 0.5 V.
    conductances = {"leak_conductance_ns": 100.0, "layer_leak_conductance_ns": (100.0, 400.0)}
    constants = {"membrane_time_constant_us": 10.0, "layer_membrane_time_constant_us": (10.0, 2.5)}
    for leaks in (conductances, constants):
        settings = settings_of(chip(**LAYERS, **leaks, layer_threshold_v=(0.7, 0.45)))
        assert settings["neuron.tau_steps"] == pytest.approx([20, 5])
        assert settings["neuron.threshold_th"] == pytest.approx([1, 0.5])
    assert "neuron.threshold_th" not in settings_of(chip(**LAYERS))


def test_converters_of_leaks_and_thresholds():
    # 500 ns at 50 nS and 1 pF: 0.5 us / 20 us = 0.025 per step; 0.45 to 0.95 V is 0.5 to 1.5 times 0.5 V above 0.2 V.
    figures = {"leak_dac_bits": 5, "leak_dac_low_ns": 0.0, "leak_dac_high_ns": 50.0}
    figures |= {"threshold_dac_bits": 6, "threshold_dac_low_v": 0.45, "threshold_dac_high_v": 0.95}
    settings = settings_of(chip(**LAYERS, leak_conductance_ns=50.0, **figures))
    assert settings["neuron.leak_dac.bits"] == 5 and settings["neuron.threshold_dac.bits"] == 6
    assert settings["neuron.leak_dac.low_per_step"] == 0
    assert settings["neuron.leak_dac.high_per_step"] == pytest.approx(0.025)
    assert settings["neuron.threshold_dac.low_th"] == pytest.approx(0.5)
    assert settings["neuron.threshold_dac.high_th"] == pytest.approx(1.5)


def test_noise_that_depends_on_a_layers_threshold_or_leak():
    spec = chip(
        **LAYERS,
        temperature_k=300.0,
        pelgrom_a_vt_mv_um=4.0,
        neuron_device_area_um2=16.0,
        membrane_time_constant_us=10.0,
        layer_membrane_time_constant_us=(10.0, 2.5),
        layer_threshold_v=(0.7, 0.45),
    )
    stationary = derive(spec)["ktc_sigma_th"]
    noise = noise_of(spec)
    assert noise[:3] == ["mismatch:0.002@threshold,layer=1", "mismatch:0.004@threshold,layer=2", "boxcar:0.002"]
    thermal = [
        f"thermal:{stationary * math.sqrt(1 - math.exp(-2 / tau)):.6g},layer={n}" for n, tau in ((1, 20), (2, 5))
    ]
    assert noise[3:5] == thermal
    parse_all(noise)
    assert any("boxcar edges at fixed voltages" in sentence for sentence in not_modelled(spec))


def test_without_leak_it_integrates():
    values = derive(chip())
    assert (values["tau_us"], values["tau_steps"], values["leak_per_step"]) == (None, None, 1.0)
    assert settings_of(chip())["neuron.kind"] == "if"
    assert "neuron.tau_steps" not in settings_of(chip())


CHARGES = [
    # 1 pF and 0.5 V: 500 fC a threshold. 5 fC is a hundredth of it, however it is delivered:
    ({"weight_bits": 4, "unit_synaptic_charge_fc": 5.0}),
    ({"weight_bits": 4, "unit_synapse_current_na": 50.0, "pulse_width_ns": 100.0}),  # 50 nA x 100 ns = 5 fC
    # (1.5 - 0.5) uS / 10 steps x 0.5 V x 100 ns = 5 fC
    (
        {
            "conductance_min_us": 0.5,
            "conductance_max_us": 1.5,
            "conductance_levels": 11,
            "read_voltage_v": 0.5,
            "pulse_width_ns": 100.0,
        }
    ),
]


@pytest.mark.parametrize("charge", CHARGES, ids=["charge", "current and time", "conductance"])
def test_an_lsb_in_thresholds(charge):
    values = derive(chip(synapse=charge, membrane_capacitance_ff=1000.0, resting_v=0.2, threshold_v=0.7))
    assert values["threshold_charge_fc"] == pytest.approx(500)
    assert values["lsb_charge_fc"] == pytest.approx(5)
    assert values["lsb_th"] == pytest.approx(0.01)


CODES = [
    # weight_bits or levels, sign scheme -> largest code, bits with sign
    ({"weight_bits": 6}, "paired_rows", 63, 7),
    ({"weight_bits": 6}, "differential_pair", 63, 7),
    ({"weight_bits": 6}, "signed_column", 31, 6),
    ({"weight_bits": 1}, "differential_pair", 1, 2),
    ({"weight_bits": 2}, "signed_column", 1, 2),
    ({"conductance_levels": 16}, "differential_pair", 15, 5),
    ({"conductance_levels": 16}, "signed_column", 7, 4),
    ({"conductance_levels": 97}, "differential_pair", 96, 7),  # codes to 63 of 96
    ({"conductance_levels": 3}, "signed_column", 1, 2),
]


@pytest.mark.parametrize(("storage", "sign", "top", "bits"), CODES)
def test_codes_of_a_signed_weight(storage, sign, top, bits):
    charge = CHARGES[2] if "conductance_levels" in storage else {"unit_synaptic_charge_fc": 5.0}
    storage = charge | storage
    spec = chip(synapse=storage | {"weight_sign": sign})
    assert (derive(spec)["top_code"], derive(spec)["signed_bits"]) == (top, bits)
    assert derive(spec)["full_scale_th"] == pytest.approx(top * derive(spec)["lsb_th"])
    assert f"quantization:{bits}" in noise_of(spec)
    assert any("share the same full scale" in sentence for sentence in not_modelled(spec)) == (
        top != 2 ** (bits - 1) - 1
    )


def test_the_full_scale_of_a_weight_and_of_a_bias():
    # 15 LSB of 5 fC on 500 fC are 0.15 th; a bias that takes a row has the same, one of the neuron's own any.
    settings = settings_of(chip())
    assert settings["synapse.full_scale_th"] == settings["synapse.bias_full_scale_th"] == pytest.approx(0.15)
    own = chip(bias="neuron")
    assert "synapse.bias_full_scale_th" not in settings_of(own)
    assert any("bias of the neuron's own" in sentence for sentence in not_modelled(own))


def test_analog_weights_have_no_codes_and_no_quantization():
    spec = chip(synapse={"weight_bits": "ideal", "unit_synaptic_charge_fc": 5.0})
    assert (derive(spec)["top_code"], derive(spec)["full_scale_th"], derive(spec)["signed_bits"]) == (None, None, None)
    assert noise_of(spec) == []
    assert not any("full_scale" in name for name in settings_of(spec))


def test_weights_finer_than_the_model_stores_are_analog_and_it_says_so():
    spec = chip(synapse={"weight_bits": 16, "unit_synaptic_charge_fc": 5.0})
    assert noise_of(spec) == []
    assert any("weights of 17 bits" in sentence for sentence in not_modelled(spec))


# 1 pF, 0.5 V, an LSB of 5 fC: a pulse of 1 fC, of 1 mV, of a fifth of an LSB are all 0.002 th.
@pytest.mark.parametrize("pulse", [{"update_pulse_fc": 1.0}, {"update_pulse_v": 0.001}, {"update_pulse_lsb": 0.2}])
def test_an_update_pulse_is_the_learning_rate(pulse):
    spec = chip(synapse=CHARGES[0], pulse=pulse, membrane_capacitance_ff=1000.0, resting_v=0.2, threshold_v=0.7)
    assert derive(spec)["learning_rate"] == pytest.approx(0.002)
    assert derive(spec)["update_pulse_lsb"] == pytest.approx(0.2)
    assert settings_of(spec)["training.learning_rate"] == pytest.approx(0.002)


def test_thermal_noise_of_a_picofarad_is_64_microvolt():
    # sqrt(1.380649e-23 J/K x 300 K / 1 pF) = 64.36 uV
    spec = chip(membrane_capacitance_ff=1000.0, temperature_k=300.0, resting_v=0.2, threshold_v=0.7)
    assert derive(spec)["ktc_sigma_th"] == pytest.approx(64.36e-6 / 0.5, rel=1e-4)
    # It does not leak, so nothing is added in a step: it holds the one sample that a window begins with.
    assert derive(spec)["thermal_sigma_th"] == 0
    [ktc] = [text for text in noise_of(spec) if text.startswith(("ktc", "thermal"))]
    assert ktc == "ktc:1000,temperature=300,threshold=0.5"
    assert parse(ktc).effect.sigma == pytest.approx(derive(spec)["ktc_sigma_th"])
    quarter = chip(membrane_capacitance_ff=4000.0, temperature_k=300.0, resting_v=0.2, threshold_v=0.7)
    assert derive(quarter)["ktc_sigma_th"] == pytest.approx(derive(spec)["ktc_sigma_th"] / 2)


def test_noise_per_step_keeps_a_leaky_membrane_at_ktc():
    values = derive(chip(temperature_k=300.0, membrane_time_constant_us=10.0, step_period_ns=500.0))
    variance = 0.0
    for _ in range(1000):  # U = a U + noise
        variance = values["leak_per_step"] ** 2 * variance + values["thermal_sigma_th"] ** 2
    assert math.sqrt(variance) == pytest.approx(values["ktc_sigma_th"])


def test_pelgroms_law():
    # 4 mV um over 16 um2: 1 mV, which is 0.2 % of 0.5 V; half the boxcar of 1.5 V is 0.75 V, so 0.133 % of that
    spec = chip(
        pelgrom_a_vt_mv_um=4.0,
        neuron_device_area_um2=16.0,
        resting_v=0.2,
        threshold_v=0.7,
        high_rail_v=2.0,
        boxcar_low_v=-0.05,
        boxcar_high_v=1.45,
    )
    values = derive(spec)
    assert values["pelgrom_sigma_v"] == pytest.approx(0.001)
    assert values["threshold_sigma"] == pytest.approx(0.002)
    assert values["boxcar_width_th"] == pytest.approx(3)
    assert noise_of(spec) == ["mismatch:0.002@threshold", "boxcar:0.002", "quantization:5"]


def test_a_boxcar_off_the_threshold_is_not_silently_centred():
    spec = chip(resting_v=0.0, threshold_v=1.0, high_rail_v=2.0, boxcar_low_v=0.5, boxcar_high_v=2.5)
    assert derive(spec)["boxcar_width_th"] == 2
    assert derive(spec)["boxcar_shift_th"] == 0.5
    assert any("+0.5 th" in sentence for sentence in not_modelled(spec))


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"row_wire_resistance_ohm": 1.0}, "wire resistance"),
        ({"column_wire_resistance_ohm": 1.0}, "wire resistance"),
    ],
)
def test_what_is_left_out_is_said(figures, words):
    assert not any(words in sentence for sentence in not_modelled(chip()))
    assert any(words in sentence for sentence in not_modelled(chip(**figures)))


@pytest.mark.parametrize("figures", [{"membrane_capacitance_ff": 1e-200}, {"membrane_capacitance_ff": 1e200}])
def test_what_comes_out_beyond_reason_is_refused(figures):
    with pytest.raises(ChipError, match=r"comes out beyond 1e30: correct"):
        settings_of(chip(**figures))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_derives_every_number(preset):
    values = derive(load(preset))
    assert list(values) == [quantity.name for quantity in QUANTITIES]
    parse_all(noise_of(load(preset)))  # what a run would refuse is refused here


def test_the_published_brainscales2_weight_scale():
    # 240 LSB add one threshold per 1.7 us to a current of 6 us: 1 / (1 - exp(-1.7 / 6)) thresholds in all.
    assert 240 * derive(load("brainscales2"))["lsb_th"] == pytest.approx(1 / (1 - math.exp(-1.7 / 6)), rel=0.01)


def test_a_comparators_offset_and_resistive_wires_become_noise():
    assert "comparator:0.5" in noise_of(chip(comparator_offset_counts=0.5))
    rram = load("rram")
    on = f"on={1e6 / rram.synapse.conductance_max_us:.6g}"
    assert {f"ir:2@row,{on}", f"ir:2@column,{on}"} <= set(noise_of(rram))
    assert not any("wire" in sentence for sentence in not_modelled(rram))
