"""A trace of a chip in physical units: its own step period, volts, nanoamperes and femtocoulombs, or thresholds."""

import json

import numpy as np
import pytest
from physical_chips import tables
from small_runs import QUIET_FLAGS, SMALL, write_npz
from vcd_reader import VCDVCD

from chipsim.physical import load
from host.errors import TraceError
from host.plots import waveform_plot
from host.run import resolve
from host.trace import shown_in, units_of
from host.trace.gtkw import gtkw_text
from host.trace.probe_run import trace
from host.trace.text import bias_lines, error_lines, facts, summary
from host.trace.units import THRESHOLDS, Unit
from host.trace.vcd import vcd_text
from host.trace.waveform import STAGES, waves

# 1 pF and 0.5 V from 0.2 V: 500 fC a threshold. Steps of 2 us: a threshold in a step is 250 nA.
CHIP = tables(step_period_ns=2000.0)
SWING_V, REST_V, CHARGE_FC, CURRENT_NA = 0.5, 0.2, 500.0, 250.0


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    data = write_npz(tmp_path_factory.mktemp("data") / "small.npz")
    noise = [*SMALL["noise"], "quantization:4"]
    spec = resolve(None, {**SMALL, "dataset": str(data), "chip": CHIP, "noise": noise})
    return trace(spec, [(1, 2), (2, 1)], samples=(3, 0))


@pytest.fixture(scope="module")
def units(seen):
    return units_of(seen.spec.chip)


def test_a_threshold_in_the_chips_units(units):
    assert units.voltage == Unit("V", pytest.approx(SWING_V), REST_V)
    assert units.charge == Unit("fC", pytest.approx(CHARGE_FC))
    assert units.current == Unit("nA", pytest.approx(CURRENT_NA))
    assert units.step_s == pytest.approx(2e-6)
    rram = units_of(load("rram"))  # 100 fF, 0.2 to 0.5 V, 2 us
    assert (rram.voltage.factor, rram.charge.factor, rram.current.factor) == pytest.approx((0.3, 30, 15))


def test_signals_of_the_file_carry_their_unit_and_give_the_chips_numbers_back(seen, units, tmp_path):
    (tmp_path / "t.vcd").write_text(vcd_text(seen, units.step_s, units))
    read = VCDVCD(str(tmp_path / "t.vcd"))
    seconds = float(read.timescale["timescale"])
    assert read.endtime * seconds == pytest.approx(2 * (seen.spec.steps + 1) * 2e-6)
    for neuron in seen.neurons:
        name = f"chip.layer{neuron.layer}.neuron{neuron.neuron}"
        for s in range(2):
            for t in range(seen.spec.steps):
                step = s * (seen.spec.steps + 1) + neuron.layer - 1 + t
                at = round((step + STAGES.index("write") / 6) * 2e-6 / seconds)

                def shown(signal, at=at, name=name):
                    return float(read[f"{name}.{signal}"][at])

                assert np.float32((shown("membrane_V") - REST_V) / SWING_V) == pytest.approx(
                    neuron.membrane[s, t], 1e-6
                )
                assert shown("current_nA") == pytest.approx(CURRENT_NA * float(neuron.current[s, t]))
                assert shown("noise_nA") == pytest.approx(CURRENT_NA * float(neuron.noise[s, t]))
                assert shown("pulse_fC") == pytest.approx(CHARGE_FC * float(neuron.pulse[s, t]))
                assert shown("weight_bias_fC") == pytest.approx(CHARGE_FC * float(neuron.weight[s, t, -1]))
                assert int(read[f"{name}.count"][at], 2) == neuron.count[s, t]
        made = REST_V + SWING_V * neuron.fabricated["threshold"]
        assert float(read[f"{name}.die.threshold_V"][0]) == pytest.approx(made)
        assert float(read[f"{name}.die.high_rail_V"][0]) == pytest.approx(1.2)
        assert f"{name}.die.accumulator_full" in read.signals
    assert not any(name.endswith((".membrane", ".current", ".pulse", ".threshold")) for name in read.signals)
    assert f"one threshold is 0.5 V above rest at 0.2 V, and {CHARGE_FC:g} fC" in (tmp_path / "t.vcd").read_text()


def test_a_resting_membrane_rests_at_its_voltage(seen, units):
    [membrane, *_] = [units.shown(wave) for wave in waves(seen) if wave.name == "membrane"]
    assert membrane.name == "membrane_V" and membrane.values[0] == REST_V


def test_the_layout_names_signals_of_the_file(seen, units, tmp_path):
    (tmp_path / "t.vcd").write_text(vcd_text(seen, units.step_s, units))
    layout = gtkw_text(seen, units.step_s, units)
    named = {line for line in layout.splitlines() if line.startswith("chip.")}
    assert named <= set(VCDVCD(str(tmp_path / "t.vcd")).signals)
    assert {"chip.layer1.neuron2.membrane_V", "chip.layer1.neuron2.weight_bias_fC"} <= named
    old = gtkw_text(seen, units.step_s)
    assert len(old.splitlines()) <= len(layout.splitlines()), "curves are as high as in thresholds"


def test_words_are_in_the_chips_units(seen, units):
    neuron = seen.neurons[0]
    made, meant = REST_V + SWING_V * neuron.fabricated["threshold"], REST_V + SWING_V
    [line] = [line for line in error_lines(neuron, units) if line.startswith("threshold ")]
    assert line == f"threshold {made:.4g} V (designed {meant:g})"
    assert any(
        line.startswith("membrane noise sigma ") and " nA (designed 0)" in line for line in error_lines(neuron, units)
    )
    assert not any(" th" in line.replace("threshold", "") for line in error_lines(neuron, units))
    text = summary(seen, units.step_s, {}, units)
    assert "6 steps of 2 µs" in text and "one threshold is 0.5 V above rest at 0.2 V" in text
    assert "threshold" in error_lines(neuron)[0] and " th (designed 1)" in error_lines(neuron)[0]


def test_what_is_set_in_each_layer(tmp_path):
    chip = tables(
        membrane_time_constant_us=10.0, layer_membrane_time_constant_us=(10.0, 5.0), layer_threshold_v=(0.7, 0.45)
    )
    data = write_npz(tmp_path / "small.npz")
    seen = trace(resolve(None, {**SMALL, "dataset": str(data), "chip": chip}), [(1, 0), (2, 0)])
    assert bias_lines(seen, units_of(seen.spec.chip)) == [
        "layer 1: threshold 0.7 V, time constant 10 µs",
        "layer 2: threshold 0.45 V, time constant 5 µs",
    ]
    assert bias_lines(seen) == [
        "layer 1: threshold 1 th, time constant 10 steps",
        "layer 2: threshold 0.5 th, time constant 5 steps",
    ]


def test_facts_say_their_units(seen, units):
    told = facts(seen, units.step_s, {}, units)
    assert told["units"] == {
        "name": "chip",
        "voltage": "V",
        "current": "nA",
        "charge": "fC",
        "resting_v": REST_V,
        "swing_v": pytest.approx(SWING_V),
        "threshold_charge_fc": pytest.approx(CHARGE_FC),
    }
    [first, _] = told["neurons"]
    assert first["made"]["threshold"] == pytest.approx(REST_V + SWING_V * seen.neurons[0].fabricated["threshold"])
    assert first["made_units"]["threshold"] == "V" and first["made_units"]["accumulator_full"] == "counts"
    wanted = {"membrane_V": "V", "current_nA": "nA", "pulse_fC": "fC", "count": "spikes", "weight_bias_fC": "fC"}
    assert wanted.items() <= first["signals"].items()
    assert first["signals"]["code_bias"] == "LSB" and first["signals"]["residue_bias"] == "LSB/256"
    old = facts(seen, 1e-6, {})
    assert old["units"] == {"name": "th", "voltage": "th", "current": "th per step", "charge": "th"}
    assert old["neurons"][0]["signals"]["membrane"] == "th" and old["neurons"][0]["made_units"]["threshold"] == "th"
    assert json.dumps(told) and json.dumps(old)


def test_the_picture_is_in_the_chips_units(seen, units):
    figure = waveform_plot(seen, units.step_s, units)
    column = figure.axes[::2]
    labels = " ".join(axes.get_ylabel() for axes in column)
    for label in ("column current\n(nA)", "membrane (V)", "update pulse\n(fC)", "weight change\n(LSB)"):
        assert label in labels
    assert "th)" not in labels and column[-1].get_xlabel() == "time (µs), 2 µs per step"
    levels = {line.get_ydata()[0] for line in column[2].lines if len(set(line.get_ydata())) == 1}
    made = seen.neurons[0].fabricated
    assert {units.voltage.of(made[name]) for name in ("threshold", "boxcar_low", "boxcar_high", "low_rail")} <= levels
    legend = [text.get_text() for text in column[2].get_legend().get_texts()]
    assert (
        "rail 0 V" in legend
        and "rail 1.2 V out of sight" in legend
        and f"threshold {units.level(made['threshold'])} V" in legend
    )
    drawn = max(column[2].lines, key=lambda line: len(line.get_xdata())).get_ydata()
    assert set(units.voltage.of(seen.neurons[0].membrane).ravel().tolist()) <= set(drawn)


def test_whose_units_are_taken():
    chip = load("rram")
    assert shown_in(None, None, None) == THRESHOLDS and shown_in(chip, None, None) == units_of(chip)
    assert shown_in(chip, "chip", 2e-6) == units_of(chip)
    th = shown_in(chip, "th", None)
    assert (th.name, th.step_s) == ("th", pytest.approx(2e-6))
    assert shown_in(chip, "th", 3e-6).step_s == shown_in(None, "th", 3e-6).step_s == 3e-6
    with pytest.raises(TraceError, match="--units chip: no chip says what a threshold is in volts; add --chip, or"):
        shown_in(None, "chip", None)
    with pytest.raises(
        TraceError, match=r"^--step-us 1: a step of this chip takes 2 us, .*step_period_ns=1000, or take"
    ):
        shown_in(chip, None, 1e-6)


def test_the_command(chipsim, here, data_file):
    flags = ("--dataset", data_file, *QUIET_FLAGS, "--neurons", "1:2", "--chip", "rram", "--set", "teacher.epochs=20")
    ended = chipsim("trace", *flags, "--json")
    assert (ended.status, ended.err) == (0, "")
    told = json.loads(ended.out)
    assert (told["step_s"], told["units"]["name"]) == (pytest.approx(2e-6), "chip")
    assert "chip.layer1.neuron2.membrane_V" in VCDVCD("trace.vcd").signals
    assert "chip.layer1.neuron2.weight_bias_fC\n" in (here / "trace.gtkw").read_text()
    plain = chipsim("trace", *flags, "--units", "th", "--step-us", "1", "--out", "th.vcd", "--json")
    assert json.loads(plain.out)["units"]["name"] == "th"
    assert "chip.layer1.neuron2.membrane" in VCDVCD("th.vcd").signals
    refused = chipsim("trace", *flags, "--step-us", "1")
    assert (refused.status, refused.out, refused.err.count("\n")) == (2, "", 1)
