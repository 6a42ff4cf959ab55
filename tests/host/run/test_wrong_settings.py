"""Settings that cannot be: refused by name, with the rule and what would be valid."""

from pathlib import Path

import pytest
from every_setting import as_toml, leaves

from host.errors import SettingError
from host.run.resolution import resolve
from host.settings import RunSpec


def write(folder: Path, text: str) -> Path:
    path = folder / "spec.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("stepps", "'steps'"),
        ("neuron.kin", "'kind'"),
        ("learning_circuit.warmup_steps", "'warm_up_steps'"),
        ("teacher.epoch", "'epochs'"),
        ("training.learningrate", "'learning_rate'"),
        ("nueron.kind", "'neuron'"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(name, hint, tmp_path):
    for config, overrides in ((None, {name: 1}), (write(tmp_path, as_toml(name, 1)), {})):
        with pytest.raises(SettingError) as error:
            resolve(config, overrides)
        text = str(error.value)
        unknown = name if name != "nueron.kind" else "nueron"
        assert f"unknown setting {unknown!r}" in text
        assert f"did you mean {hint}?" in text
        assert "choose from" in text
        assert (config is None) or str(config) in text


def test_an_unknown_key_lists_the_keys_of_its_own_table():
    with pytest.raises(
        SettingError,
        match=r"choose from file, digest, step_s, integration, epochs, shift_px, method, norm, norm_percentile$",
    ):
        resolve(None, {"teacher.zzz": 1})
    with pytest.raises(SettingError, match=", ".join(RunSpec.model_fields) + "$"):
        resolve(None, {"zzz": 1})


WRONG = [
    ("dataset", 5),
    ("data_dir", 5),
    ("scale", "loud"),
    ("scale", [2, 1]),
    ("hidden", 5),
    ("hidden", [0]),
    ("hidden", ["a"]),
    ("hidden", [1] * 65),
    ("steps", 1),
    ("steps", 4097),
    ("steps", 2.5),
    ("encoding", "morse"),
    ("noise", "mismatch:0.2"),
    ("noise", [0.2]),
    ("die", -1),
    ("die", 2**32),
    ("die", "one"),
    ("seed", -1),
    ("seed", float("nan")),
    ("neuron", 1),
    ("neuron.kind", "alif"),
    ("neuron.tau_steps", 0),
    ("neuron.tau_steps", float("inf")),
    ("neuron.synapse_tau_steps", 0),
    ("neuron.synapse_tau_steps", float("nan")),
    ("neuron.reset", "half"),
    ("neuron.low_rail_th", 0.1),
    ("neuron.high_rail_th", 0.9),
    ("neuron.high_rail_th", float("nan")),
    ("neuron.readout", True),
    ("chip", 5),
    ("synapse.full_scale_th", 0),
    ("synapse.full_scale_th", float("nan")),
    ("synapse.bias_full_scale_th", 1e7),
    ("learning_circuit.accumulator_bits", 0),
    ("learning_circuit.accumulator_bits", 25),
    ("learning_circuit.error_gate", "loud"),
    ("learning_circuit.dead_zone_counts", -1),
    ("learning_circuit.boxcar_width_th", 0),
    ("learning_circuit.warm_up_steps", -1),
    ("learning_circuit.pulse_steps", 1),
    ("learning_circuit.pulse_steps", [[1, 1]]),
    ("learning_circuit.pulse_steps", [[1, 1], [1]]),
    ("learning_circuit.pulse_steps", [[1, 1], [1, -1]]),
    ("learning_circuit.pulse_steps", [[1, 1], [1, "inf"]]),
    ("learning_circuit.trace_tau_steps", -1.0),
    ("learning_circuit.update_accumulator_bits", 15),
    ("teacher.epochs", 0),
    ("teacher.shift_px", -1),
    ("teacher.norm", "both"),
    ("neuron.tau_steps", [3.0, -1.0]),
    ("neuron.tau_steps", []),
    ("neuron.tau_steps", "ten"),
    ("neuron.threshold_th", 0),
    ("neuron.threshold_th", float("inf")),
    ("neuron.leak_dac.bits", 17),
    ("neuron.leak_dac.low_per_step", -0.1),
    ("neuron.leak_dac.high_per_step", float("inf")),
    ("neuron.threshold_dac.bits", 0),
    ("neuron.threshold_dac.low_th", 0),
    ("neuron.threshold_dac.high_th", float("nan")),
    ("teacher.norm_percentile", 100.5),
    ("teacher.norm_percentile", float("nan")),
    ("training.method", "on-chip"),
    ("training.start", "zero"),
    ("training.output_target", "rates"),
    ("training.epochs", -1),
    ("training.learning_rate", 0),
    ("training.learning_rate", float("nan")),
    ("training.validation_fraction", 0),
    ("training.validation_fraction", 0.6),
    ("training.validation_samples", 0),
    ("training.validation_samples", 2.5),
    ("training.checked_samples", 0),
    ("training.learned_samples", 0),
    ("training.window_steps", 1),
    ("training.shift_px", -1),
    ("training.flip", "perhaps"),
    ("training.chunk", 0),
    ("training.chunk", 65537),
    ("training.rest_before_s", -1),
    ("training.rest_after_s", float("nan")),
    ("conversion.balancing", "threshold"),
    ("conversion.bias_correction", "perhaps"),
    ("conversion.initial_membrane_th", 1.5),
    ("conversion.samples", 0),
    ("target_bits", 1),
    ("target_bits", 17),
    ("in_the_loop.batch", 0),
    ("in_the_loop.steepness", 0),
    ("in_the_loop.surrogate", "triangle"),
    ("in_the_loop.bound", "tight"),
    ("in_the_loop.thresholds", "guessed"),
    ("in_the_loop.biases", "perhaps"),
    ("in_the_loop.rotation_deg", -1),
    ("in_the_loop.loss.scale", 0),
    ("in_the_loop.loss.activity_penalty", -1),
    ("in_the_loop.loss.weight_penalty", float("inf")),
    ("in_the_loop.converter.bits", 9),
    ("in_the_loop.converter.low_th", float("nan")),
    ("in_the_loop.converter.high_th", float("inf")),
    ("in_the_loop.converter.readout_low_th", float("inf")),
    ("in_the_loop.converter.readout_high_th", float("nan")),
    ("offline.batch", 0),
    ("offline.boxcar_width_th", float("inf")),
    ("teacher.method", "spiking"),
    ("through_time.surrogate", "fast-sigmoid"),
    ("through_time.surrogate_height", 0),
    ("through_time.surrogate_steepness", float("inf")),
    ("through_time.teacher_start", "teacher"),
    ("through_time.teacher_epochs", 0),
    ("through_time.teacher_learning_rate", 0),
    ("through_time.batch", 0),
    ("through_time.learn_leak", "perhaps"),
    ("through_time.learn_threshold", "perhaps"),
    ("through_time.leak_rate", -1),
    ("through_time.threshold_rate", float("nan")),
    ("through_time.start_leak", -0.01),
    ("through_time.start_leak", 1.01),
    ("through_time.scale", 0),
    ("through_time.activity_penalty", -1),
    ("stdp.max_rate", 0),
    ("stdp.max_rate", float("nan")),
    ("stdp.label_by", "vote"),
    ("stdp.label_samples", 0),
    ("stdp.adapt_samples", -1),
    ("stdp.prune.below", 1.5),
    ("stdp.prune.below", -0.1),
    ("stdp.prune.every", 0),
    ("stdp.prune.after", -1),
    ("stdp.round.levels", 0),
    ("stdp.round.every", 0),
    ("stdp.round.every", "write"),
    ("stdp.round.after", -1),
    ("windows", 0),
    ("windows", 2.5),
    ("sequence_answer", "first"),
    ("neuron.charge_window", 2),
    ("neuron.reset_window", [-1, 2]),
    ("synapse.weight_bits", 1),
    ("synapse.weight_bits", 17),
    ("learning_circuit.arithmetic", "whole"),
    ("learning_circuit.error_scale", "shifted"),
    ("learning_circuit.error_shift", 16),
    ("learning_circuit.rate_format", "float"),
    ("learning_circuit.step_word_bits", 1),
    ("learning_circuit.step_word_fraction_bits", 25),
    ("learning_circuit.dither", "random"),
    ("learning_circuit.dither_bits", 25),
    ("learning_circuit.lfsr_bits", 17),
    ("learning_circuit.lfsr_seed", 0),
    ("learning_circuit.increment_bits", 1),
    ("learning_circuit.comparison", "none"),
    ("learning_circuit.update_unit", "rom"),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name}={value}"[:60] for name, value in WRONG])
def test_a_wrong_value_is_refused_by_name(name, value, tmp_path):
    for config, overrides in ((None, {name: value}), (write(tmp_path, as_toml(name, value)), {})):
        with pytest.raises(SettingError) as error:
            resolve(config, overrides)
        text = str(error.value)
        assert text.startswith(f"{name} = ")
        assert "\n" not in text
        assert config is None or str(config) in text


def test_every_setting_has_a_wrong_value():
    assert {name for name, _ in WRONG} >= set(leaves())


@pytest.mark.parametrize("warm_up", [6, 7])
def test_a_warm_up_of_the_whole_window_is_refused(warm_up):
    with pytest.raises(SettingError, match=rf"warm_up_steps {warm_up} .* below steps \(6\)"):
        resolve(None, {"steps": 6, "learning_circuit.warm_up_steps": warm_up})
    assert resolve(None, {"steps": 6, "learning_circuit.warm_up_steps": 5}).steps == 6


def test_a_noise_in_a_layer_that_is_not_there_is_refused():
    noisy = {"hidden": [4], "noise": ["mismatch:0.1,layer=3"]}
    with pytest.raises(SettingError, match="no layer 3; this network has 1 to 2"):
        resolve(None, noisy)
    assert resolve(None, noisy | {"noise": ["mismatch:0.1,layer=2"]}).noise


def test_a_value_for_each_layer_of_another_network_is_refused():
    taus = {"hidden": [4], "neuron.tau_steps": [3.0, 2.0, 1.0]}
    with pytest.raises(SettingError, match=r"neuron\.tau_steps has 3 values, and this network 2 layers of neurons"):
        resolve(None, taus)
    assert resolve(None, taus | {"hidden": [4, 4]}).neuron.tau_steps == (3, 2, 1)


@pytest.mark.parametrize(
    ("text", "part"),
    [("steps = ", "is not TOML"), ("steps = 4\nsteps = 5", "is not TOML"), (b"\xff = 1", "is not TOML")],
)
def test_a_file_that_is_not_toml_is_refused(text, part, tmp_path):
    path = tmp_path / "broken.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingError, match=part) as error:
        resolve(path, {})
    assert str(path) in str(error.value)


def test_a_file_value_where_a_table_belongs_is_refused(tmp_path):
    with pytest.raises(SettingError, match=r"neuron is not a table"):
        resolve(write(tmp_path, "neuron = 3\n"), {"neuron.kind": "lif"})
