"""chipsim spec, chipsim map, and run --chip: a chip in physical units sets what a run simulates."""

import json

import pytest
import tomli_w
from every_setting import leaves, value_of
from physical_chips import tables
from small_runs import SMALL, write_npz

from chipsim import ChipError
from chipsim.physical import PRESETS, PhysicalSpec, load, noise_of, preset_text, settings_of
from host.errors import SettingError
from host.run.die_run import run
from host.run.resolution import resolve


@pytest.fixture
def my_chip(tmp_path):
    """The plain chip of the tests as a file, its array large enough for the small problem."""

    def write(**figures):
        path = tmp_path / "my.toml"
        path.write_text(tomli_w.dumps(tables(core_rows=32, core_columns=32, **figures)))
        return path

    return write


# How a chip becomes settings.


@pytest.mark.parametrize("preset", PRESETS)
def test_every_setting_of_a_chip_is_a_runs(preset):
    spec = resolve(None, {"chip": preset})
    assert spec.chip == load(preset)
    settings = settings_of(load(preset))
    for name, value in settings.items():
        assert value_of(spec, name) == value, name
    plain = resolve(None, {})
    for name in set(leaves()) - set(settings) - {"chip", "learning_circuit.warm_up_steps"}:
        assert value_of(spec, name) == value_of(plain, name), name


def test_flags_and_file_override_the_chip_and_the_chip_the_data_set(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('steps = 12\nnoise = ["silencing:0.1"]\n[neuron]\ntau_steps = 3.0\n')
    overrides = {"dataset": "yinyang", "chip": "brainscales2", "learning_circuit.boxcar_width_th": 1.5}
    chip = settings_of(load("brainscales2"))
    assert resolve(None, overrides).steps == chip["steps"] == 20  # yinyang's own is 32
    spec = resolve(config, overrides)
    assert spec.steps == 12
    assert spec.noise == ("silencing:0.1",)
    assert spec.neuron.tau_steps == 3
    assert spec.learning_circuit.boxcar_width_th == 1.5
    assert spec.neuron.high_rail_th == chip["neuron.high_rail_th"]
    assert resolve(None, overrides | {"noise": []}).noise == ()


def test_a_run_with_a_chip_is_runnable_again_from_its_own_spec(tmp_path):
    spec = resolve(None, {"chip": "cmos-180nm"})
    path = tmp_path / "spec.toml"
    path.write_text(spec.to_toml())
    assert resolve(path, {}) == spec
    assert resolve(path, {}).hash() == spec.hash()


def test_the_hash_covers_every_figure_of_the_chip():
    spec = resolve(None, {"chip": "cmos-180nm"})
    other = resolve(None, {"chip": "cmos-180nm", "chip.array.cores": 17})
    assert other.hash() != spec.hash()


def test_single_figures_of_a_chip_are_settings():
    spec = resolve(None, {"chip": "cmos-180nm", "chip.neuron.threshold_v": 1.2, "chip.process.temperature_k": 0.0})
    assert spec.chip.neuron.threshold_v == 1.2
    assert spec.neuron.high_rail_th == pytest.approx((1.8 - 0.4) / (1.2 - 0.4))
    assert not any(noise.startswith("thermal") for noise in spec.noise)


def test_what_followed_from_a_recorded_chip_follows_the_changed_one(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(resolve(None, {"chip": "cmos-180nm", "neuron.high_rail_th": 5.0}).to_toml())
    spec = resolve(path, {"chip.neuron.threshold_v": 1.2, "chip.synapse.weight_bits": 4})
    assert spec.neuron.high_rail_th == 5.0  # said otherwise when it was recorded
    assert spec.learning_circuit.boxcar_width_th == pytest.approx(1.2 / 0.8)
    assert list(spec.noise) == noise_of(spec.chip)
    assert resolve(path, {"chip": "rram"}).neuron.kind == "if"


LAYERED = {
    "chip": "cmos-180nm",
    "chip.bias.layer_leak_conductance_ns": [77.0, 154.0, 77.0],
    "chip.bias.layer_threshold_v": [0.8, 0.6, 0.8],
    "chip.bias.leak_dac_bits": 6,
    "chip.bias.leak_dac_low_ns": 0.0,
    "chip.bias.leak_dac_high_ns": 200.0,
}


def test_a_chips_layers_are_a_runs(tmp_path):
    spec = resolve(None, LAYERED)
    assert spec.neuron.tau_steps == pytest.approx((100, 50, 100))
    assert spec.neuron.threshold_th == pytest.approx((1, 0.5, 1))
    assert spec.neuron.leak_dac.bits == 6
    assert spec.neuron.leak_dac.high_per_step == pytest.approx(200 / 7700)
    path = tmp_path / "spec.toml"
    path.write_text(spec.to_toml())
    assert resolve(path, {}) == spec
    assert resolve(None, LAYERED | {"neuron.tau_steps": 60}).neuron.tau_steps == 60
    # A converter's range is the chip's, unless it is said otherwise, too.
    assert resolve(None, LAYERED | {"neuron.leak_dac.bits": 4}).neuron.leak_dac.high_per_step == pytest.approx(2 / 77)
    plain = resolve(path, {"chip": "rram"})
    assert plain.neuron == resolve(None, {"chip": "rram"}).neuron
    with pytest.raises(SettingError, match=r"neuron\.tau_steps has 3 values, and this network 2 layers"):
        resolve(None, LAYERED | {"hidden": [5]})


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"chip": "cmos-18nm"}, "did you mean 'cmos-180nm'"),
        ({"chip": "rram", "chip.neuron.threshold_v": 9.0}, "rram with chip.neuron.threshold_v = 9.0: threshold_v = 9"),
        ({"chip": "rram", "chip.neuron.threshold": 0.4}, "did you mean 'threshold_v'"),
        ({"chip.neuron.threshold_v": 0.4}, "is missing"),
    ],
)
def test_a_chip_that_cannot_be(overrides, words):
    with pytest.raises(ChipError) as error:
        resolve(None, overrides)
    assert words in str(error.value)


def test_a_wrong_figure_in_a_runs_spec_has_its_line(tmp_path):
    text = resolve(None, {"chip": "rram"}).to_toml().replace("threshold_v = 0.5", "threshold_v = 5.5")
    path = tmp_path / "spec.toml"
    path.write_text(text)
    line = text[: text.index("threshold_v")].count("\n") + 1
    with pytest.raises(ChipError, match=rf"spec\.toml:{line}: threshold_v = 5\.5 lies outside"):
        resolve(path, {})


# What runs.


def test_the_ideal_chip_is_what_runs_without_a_chip(tmp_path):
    settings = SMALL | {"dataset": str(write_npz(tmp_path / "small.npz")), "noise": [], "training.learning_rate": 0.002}
    plain, ideal = (run(resolve(None, settings | extra)) for extra in ({}, {"chip": "ideal"}))
    assert plain.summary["accuracy"] == ideal.summary["accuracy"]
    for name, array in plain.progress.current.items():
        assert array.tobytes() == ideal.progress.current[name].tobytes()
    assert plain.summary["chip"] is None
    assert ideal.summary["chip"]["name"] == "ideal"


def test_weights_beyond_the_synapses_full_scale_are_clipped(tmp_path):
    settings = SMALL | {"dataset": str(write_npz(tmp_path / "small.npz")), "chip": "cmos-180nm", "training.epochs": 0}
    strong, weak = (
        run(resolve(None, settings | {"noise": ["quantization:6"]} | more))
        for more in ({}, {"chip.synapse.unit_synapse_current_na": 12.5})
    )
    [(weights, _), *_], [(clipped, _), *_] = strong.start, weak.start
    full_scale = 31 * 12.5 * 0.8 / (7700 * 0.4)  # LSB x nA x us / (fF x V), in thresholds
    assert abs(weights).max() > full_scale
    assert abs(clipped).max() == pytest.approx(full_scale)


def test_a_run_is_recorded_with_its_chip(chipsim, here, data_file, my_chip):
    flags = ("--dataset", data_file, "--hidden", "7", "--epochs", "1", "--set", "teacher.epochs=20")
    ended = chipsim("run", "--chip", my_chip(temperature_k=300.0), "--out", "first", "--json", *flags)
    assert ended.status == 0, ended.err
    summary = json.loads(ended.out)
    assert summary["chip"]["name"] == "plain"
    assert any("update pulse" in sentence for sentence in summary["chip"]["not_modelled"])
    my_chip().unlink()
    again = chipsim("run", "--config", "first/spec.toml", "--out", "second", "--json")
    assert again.status == 0, again.err
    assert json.loads(again.out)["accuracy"] == summary["accuracy"]
    assert json.loads(again.out)["spec_hash"] == summary["spec_hash"]
    text = chipsim("run", "--config", "first/spec.toml", "--out", "third", "-v").out
    assert "chip plain: see chip in the run folder's spec.toml; not modelled:" in text


def test_a_network_that_does_not_fit_leaves_nothing_behind(chipsim, here, data_file, my_chip):
    flags = ("--dataset", data_file, "--hidden", "200")
    ended = chipsim("run", "--chip", my_chip(), *flags)
    mapped = chipsim("map", "--chip", my_chip(), "--network", "6,200,3")
    assert ended.status == mapped.status == 2
    assert ended.err == mapped.err
    assert "network 6-200-3 does not fit plain" in ended.err
    assert ended.err.count("\n") == 1
    assert list(here.iterdir()) == []


# The commands.


@pytest.mark.parametrize("preset", PRESETS)
def test_spec_prints_a_preset_that_can_be_edited_and_checked(preset, chipsim, here):
    printed = chipsim("spec", preset)
    assert printed.out == preset_text(preset)
    (here / "my.toml").write_text(printed.out)
    checked = chipsim("spec", "my.toml")
    assert checked.status == 0
    assert f"my.toml is a chip, {preset}" in checked.out
    assert json.loads(chipsim("spec", "my.toml", "--json").out)["chip"] == load(preset).to_table()


def test_spec_lists_the_presets(chipsim):
    assert all(name in chipsim("spec").out for name in PRESETS)
    assert set(json.loads(chipsim("spec", "--json").out)["presets"]) == set(PRESETS)


def test_spec_shows_every_derived_number_with_its_formula(chipsim):
    text = chipsim("spec", "brainscales2", "--derived").out
    entry = json.loads(chipsim("spec", "brainscales2", "--derived", "--json").out)
    for name, quantity in entry["derived"].items():
        assert f"  {name} " in text
        assert f"= {quantity['formula']}" in text
    assert "= (low_rail_v - resting_v) / swing_v" in text
    assert "the boxcar's middle" not in text.partition("not modelled")[2]
    assert entry["settings"] == settings_of(load("brainscales2"))
    assert all(f"--noise={noise}" in text for noise in entry["settings"]["noise"])


def test_spec_prints_the_schema(chipsim):
    assert json.loads(chipsim("spec", "--schema").out) == PhysicalSpec.model_json_schema()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("spec", "nowhere.toml"), "No such file"),
        (("spec", "--derived"), "needs a CHIP"),
        (("spec", "rram", "--schema"), "leave out CHIP"),
        (("map", "--chip", "rram"), "name one network: --network 784,256,10, or --teacher"),
        (("map", "--chip", "rram", "--network", "3,4", "--teacher", "t.onnx"), "name one network"),
        (("map", "--network", "3,4"), "Missing option '--chip'"),
        (("map", "--chip", "rram", "--network", "784"), "write for example 784,256,10"),
        (("map", "--chip", "rram", "--network", "784,x"), "write for example 784,256,10"),
        (("map", "--chip", "rram", "--network", "784,0,10"), "write for example 784,256,10"),
        (("run", "--chip", "nowhere.toml"), "No such file"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, words, chipsim, here):
    ended = chipsim(*arguments)
    assert ended.status == 2
    assert words in ended.err
    assert ended.err.count("\n") == 1
    assert ended.out == ""


def test_a_bad_file_is_named_with_its_line(chipsim, here):
    text = preset_text("rram").replace("membrane_capacitance_ff = 100.0", "membrane_capacitance_ff = -100.0")
    (here / "my.toml").write_text(text)
    line = text[: text.index("-100.0")].count("\n") + 1
    for command in (
        ("spec", "my.toml"),
        ("run", "--chip", "my.toml"),
        ("map", "--chip", "my.toml", "--network", "2,2"),
    ):
        ended = chipsim(*command)
        assert (ended.status, ended.out) == (2, "")
        assert ended.err == (
            f"chipsim: my.toml:{line}: neuron.membrane_capacitance_ff = -100.0: input should be greater than 0\n"
        )


def test_map_shows_where_a_network_stands(chipsim):
    text = chipsim("map", "--chip", "brainscales2", "--network", "256,246,10").out
    assert "4 of 4 cores of 256 rows x 128 columns" in text
    assert "100.0%  of the chip" in text
    entry = json.loads(chipsim("map", "--chip", "brainscales2", "--network", "256,246,10", "--json").out)
    assert entry["column_use"] == 1
    assert len(entry["tiles"]) == text.count("%") - 2 == 6
