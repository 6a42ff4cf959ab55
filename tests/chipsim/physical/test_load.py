"""Chips from presets and files: what is wrong is one line with the file's line number."""

import json
import string
from pathlib import Path
from typing import Literal, get_origin

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from physical_chips import chip, tables

from chipsim import ChipError
from chipsim.physical import DIGITAL, PRESETS, PhysicalSpec, derive, load, settings_of
from chipsim.physical.loading import preset_text
from chipsim.physical.toml_lines import key_lines


@pytest.fixture
def edited(tmp_path):
    """A preset with one piece of text replaced: the file, and the line where the replacement stands."""

    def edit(old: str, new: str, preset: str = "cmos-180nm") -> tuple[Path, int]:
        text = preset_text(preset)
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        path = tmp_path / "my.toml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path, text[: text.index(old)].count("\n") + 1

    return edit


WRONG = [
    # A unit forgotten, a wrong unit, a misspelling, an unknown table.
    ("threshold_v = 0.8", "threshold = 0.8", 0, "its unit is missing; did you mean 'threshold_v'"),
    ("threshold_v = 0.8", "threshold_mv = 800", 0, "did you mean 'threshold_v'"),
    ("membrane_capacitance_ff", "membrane_capacitance", 0, "did you mean 'membrane_capacitance_ff'"),
    ("membrane_capacitance_ff", "membrane_capacitance_pf", 0, "did you mean 'membrane_capacitance_ff'"),
    ("clock_mhz", "clock", 0, "did you mean 'clock_mhz'"),
    ("[timing]", "[timings]", 0, "did you mean 'timing'"),
    # Values that cannot be.
    ("7700.0", "-7700.0", 0, "neuron.membrane_capacitance_ff = -7700.0: input should be greater than 0"),
    ("7700.0", "nan", 0, "neuron.membrane_capacitance_ff = nan"),
    ("7700.0", "'7700.0'", 0, "neuron.membrane_capacitance_ff = '7700.0': input should be a valid number"),
    ("7700.0", "true", 0, "neuron.membrane_capacitance_ff = True: input should be a valid number"),
    ("7700.0", "1e400", 0, "neuron.membrane_capacitance_ff = inf: input should be a finite number"),
    ("core_rows = 256", "core_rows = 1" + 400 * "0", 0, "array.core_rows = 10000"),
    ("columns_chain = true", "columns_chain = 1", 0, "array.columns_chain = 1: input should be a valid boolean"),
    ("[link]", "[[link]]", 0, "is not a table: write [link], once"),
    ('"cmos-180nm"', '""', 0, "name = ''"),
    ('"cmos-180nm"', '"two\\nlines"', 0, "name = 'two\\nlines'"),
    ("weight_bits = 6 ", "weight_bits = 0 ", 0, "synapse.weight_bits = 0"),
    ("weight_bits = 6 ", "weight_bits = 'exact' ", 0, "synapse.weight_bits = 'exact'"),
    ("cores = 16", "cores = 1.5", 0, "array.cores = 1.5"),
    ('bias = "row"', 'bias = "column"', 0, "array.bias = 'column': input should be 'row' or 'neuron'"),
    ("[2.5, 23.6]", "[23.6, 2.5]", 0, "the smaller figure first"),
    ("[2.5, 23.6]", "[2.5]", 0, "energy.synaptic_event_pj"),
    ("[2.5, 23.6]", "2.5", 0, "energy.synaptic_event_pj"),
    # Figures that contradict each other.
    ("threshold_v = 0.8", "threshold_v = 2.0", 0, "threshold_v = 2 lies outside the rails, low_rail_v = 0.4 to"),
    ("threshold_v = 0.8", "threshold_v = 0.3", 0, "threshold_v = 0.3 must lie above resting_v = 0.4"),
    ("resting_v = 0.4", "resting_v = 0.1", 0, "resting_v = 0.1 lies outside the rails"),
    ("leak_conductance_ns", "membrane_time_constant_us = 9.0\nleak_conductance_ns", 0, "twice (tau = C / g): keep one"),
    ("weight_bits = 6 ", "conductance_levels = 4\nweight_bits = 6 ", 1, "say the same thing twice: keep one"),
    ("pulse_width_ns = 800.0", "unit_synaptic_charge_fc = 1.0", -1, "unit_synapse_current_na and unit_synaptic_charge"),
    ("pulse_width_ns = 800.0", "pulse_width_ns = 8000.0", 0, "longer than a step"),
    ("high_rail_v = 1.8", "high_rail_v = 1.81", 0, "high_rail_v = 1.81 lies above the supply, supply_v = 1.8, and no"),
    ("boxcar_low_v = 0.2", "boxcar_low_v = 0.9", 0, "must hold threshold_v = 0.8"),
    ("boxcar_high_v = 1.4", "boxcar_high_v = 0.1", 0, "must lie above boxcar_low_v = 0.2"),
    ("update_pulse_fc = 6.16", "update_pulse_fc = 6.16\nupdate_pulse_lsb = 1", 1, "keep one"),
    # What differs by layer, and the converters that set it.
    ("[timing]", "[bias]\nlayer_threshold_v = [0.8, 0.3]\n[timing]", 1, "= 0.3 must lie above resting_v = 0.4"),
    ("[timing]", "[bias]\nlayer_threshold_v = [0.8, 1.9]\n[timing]", 1, "not above high_rail_v = 1.8"),
    ("[timing]", "[bias]\nlayer_threshold_v = []\n[timing]", 1, "bias.layer_threshold_v = []: tuple should have"),
    ("[timing]", "[bias]\nlayer_threshold = [0.8]\n[timing]", 1, "did you mean 'layer_threshold_v'"),
    (
        "[timing]",
        "[bias]\nlayer_membrane_time_constant_us = [9.0]\n[timing]",
        1,
        "needs membrane_time_constant_us, the nominal one: add it to [neuron]",
    ),
    ("[timing]", "[bias]\nleak_dac_bits = 4\n[timing]", 1, "leak_dac_low_ns is missing: a converter needs"),
    (
        "[timing]",
        "[bias]\nleak_dac_low_ns = 100.0\nleak_dac_bits = 4\nleak_dac_high_ns = 200.0\n[timing]",
        1,
        "a leak of 77 nS lies outside the range of its converter, leak_dac_low_ns = 100 to leak_dac_high_ns = 200",
    ),
    (
        "[timing]",
        "[bias]\nthreshold_dac_high_v = 0.5\nthreshold_dac_bits = 4\nthreshold_dac_low_v = 0.6\n[timing]",
        1,
        "threshold_dac_high_v = 0.5 must lie above threshold_dac_low_v = 0.6",
    ),
    (
        "[timing]",
        "[bias]\nthreshold_dac_low_v = 0.3\nthreshold_dac_bits = 4\nthreshold_dac_high_v = 0.9\n[timing]",
        1,
        "threshold_dac_low_v = 0.3 must lie above resting_v = 0.4",
    ),
    # What is missing is looked for in its table.
    ("threshold_v = 0.8 ", "#", -3, "neuron.threshold_v is missing"),
    ("update_pulse_fc = 6.16", "#", -7, "the size of an update pulse is missing: give one of update_pulse_fc"),
    ("weight_bits = 6 ", "#", -1, "how weights are stored is missing: give weight_bits"),
    ("unit_synapse_current_na = 125.0 ", "#", -3, "unit_synapse_current_na is missing: a charge given as current"),
    # Not TOML.
    ("[timing]", "[timing", None, "is not TOML"),
    ("threshold_v = 0.8 ", "threshold_v = 0.8\nthreshold_v = 0.9 ", None, "is not TOML"),
]


@pytest.mark.parametrize(("old", "new", "offset", "words"), WRONG, ids=[wrong[1][:40] for wrong in WRONG])
def test_a_mistake_is_one_line_with_its_line_number(old, new, offset, words, edited):
    path, line = edited(old, new)
    with pytest.raises(ChipError) as error:
        load(str(path))
    message = str(error.value)
    assert words in message
    assert len(message) < 400
    assert "\n" not in message
    if offset is None:
        assert "line" in message
        assert str(path) in message
    else:
        assert message.startswith(f"{path}:{line + offset}: ")


def test_a_converter_without_a_leak_is_refused(edited):
    figures = "[bias]\nleak_dac_bits = 4\nleak_dac_low_ns = 0.0\nleak_dac_high_ns = 1.0\n[timing]"
    path, line = edited("[timing]", figures, "rram")
    with pytest.raises(ChipError, match=rf"my\.toml:{line + 1}: leak_dac_bits without a leak to set"):
        load(str(path))


def test_layers_and_converters_survive_their_file(tmp_path):
    spec = chip(
        leak_conductance_ns=50.0,
        layer_leak_conductance_ns=(50.0, 20.0),
        layer_threshold_v=(0.7, 0.5),
        leak_dac_bits=6,
        leak_dac_low_ns=0.0,
        leak_dac_high_ns=64.0,
        threshold_dac_bits=8,
        threshold_dac_low_v=0.3,
        threshold_dac_high_v=1.1,
        dac_power_uw=(0.1, 1.0),
        dac_area_um2=400.0,
    )
    path = tmp_path / "my.toml"
    path.write_text(tomli_w.dumps(spec.to_table()))
    assert load(str(path)) == spec
    assert "bias" not in chip().to_table(), "files and hashes of other chips stay what they were"


def test_figures_that_come_out_beyond_reason_are_refused_when_read(edited):
    path, _ = edited("7700.0", "1e-300")
    with pytest.raises(ChipError, match=r"my\.toml: .* comes out beyond 1e30: correct"):
        load(str(path))


def test_a_missing_table_and_an_empty_file(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text("")
    with pytest.raises(ChipError, match=r"my\.toml: name is missing"):
        load(str(path))


@pytest.mark.parametrize(
    ("source", "words"), [("nowhere.toml", "No such file"), (".", "directory"), ("rrram", "'rram'")]
)
def test_a_chip_that_cannot_be_read(source, words):
    with pytest.raises(ChipError, match=f"{words}.*one of ideal, brainscales2, rram, cmos-180nm"):
        load(source)


def test_what_windows_editors_leave_in_a_file_is_no_mistake(tmp_path):
    path = tmp_path / "my.toml"
    path.write_bytes(b"\xef\xbb\xbf" + preset_text("rram").replace("\n", "\r\n").encode())
    assert load(str(path)) == load("rram")


@pytest.mark.parametrize("content", [b"name = '\xff'", b"\x00"])
def test_a_chip_that_is_no_text(content, tmp_path):
    path = tmp_path / "my.toml"
    path.write_bytes(content)
    with pytest.raises(ChipError, match="not a text file|not TOML"):
        load(str(path))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_named_as_it_is_asked_for_and_survives_its_dump(preset, tmp_path):
    spec = load(preset)
    assert spec.name == preset
    path = tmp_path / "my.toml"
    path.write_text(tomli_w.dumps(spec.to_table()))
    assert load(str(path)) == spec
    assert PhysicalSpec.model_validate_json(json.dumps(spec.to_table())) == spec


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "ideal"])
def test_each_figure_of_a_preset_names_its_source(preset):
    """On its line, or for the whole table on the table's line."""
    whole_table = False
    for line in preset_text(preset).splitlines():
        figure, _, comment = line.partition("#")
        sourced = any(mark in comment for mark in ("[1]", "[2]", "[3]", "MC", "contained", "lower:", "does not leak"))
        if figure.startswith("["):
            whole_table = sourced
        elif "=" in figure and not figure.startswith("name"):
            assert sourced or whole_table, line


def test_units_stand_in_every_name_of_a_figure():
    units = ("_ff", "_v", "_ns", "_us", "_fc", "_na", "_lsb", "_counts", "_bits", "_cycles", "_mhz", "_ohm", "_pj")
    units += (
        "_mw",
        "_uw",
        "_um2",
        "_nm",
        "_k",
        "_um",
        "_relative",
        "_per_s",
        "_per_spike_event",
        "_per_target",
        "_levels",
    )
    units += ("_rows", "_columns", "cores", "_per_window", "warm_up_steps")
    for table in PhysicalSpec.model_fields.values():
        for name, field in getattr(table.annotation, "model_fields", {}).items():
            if get_origin(field.annotation) is not Literal and field.annotation is not bool:
                assert name.endswith(units) or name in DIGITAL, name


def test_the_schema_accepts_what_we_write():
    schema = PhysicalSpec.model_json_schema()
    assert set(schema["required"]) == set(tables())
    assert schema["additionalProperties"] is False


positive = st.floats(1e-300, 1e300, allow_nan=False)
any_float = st.floats(-1e300, 1e300, allow_nan=False)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "membrane_capacitance_ff": positive,
            "resting_v": any_float,
            "threshold_v": any_float,
            "low_rail_v": any_float,
            "high_rail_v": any_float,
            "leak_conductance_ns": positive,
            "step_period_ns": positive,
            "boxcar_low_v": any_float,
            "boxcar_high_v": any_float,
            "temperature_k": positive,
            "neuron_device_area_um2": positive,
            "pelgrom_a_vt_mv_um": positive,
            "synapse": st.fixed_dictionaries({"weight_bits": st.integers(1, 24), "unit_synaptic_charge_fc": positive}),
            "pulse": st.dictionaries(
                st.sampled_from(["update_pulse_fc", "update_pulse_v", "update_pulse_lsb"]),
                positive,
                min_size=1,
                max_size=1,
            ),
        },
    )
)
def test_random_chips_derive_finite_numbers_or_are_refused(figures):
    try:
        spec = chip(**figures)
        settings = settings_of(spec)
    except ValueError:  # pydantic's refusals and ChipError
        return
    for value in (*derive(spec).values(), *settings.values()):
        assert not isinstance(value, float) or abs(value) < 1e30


plausible = st.floats(0.1, 10.0)


@given(
    capacitance=st.floats(1, 1e5),
    rest=st.floats(0, 0.5),
    swing=st.floats(0.05, 1),
    below=st.floats(0, 0.5),
    above=st.floats(0, 2),
    tau=st.none() | st.floats(0.1, 1000),
    bits=st.integers(2, 24) | st.just("ideal"),
    sign=st.sampled_from(["differential_pair", "paired_rows", "signed_column"]),
)
def test_plausible_chips_all_derive_and_survive_their_file(
    tmp_path_factory, capacitance, rest, swing, below, above, tau, bits, sign
):
    spec = chip(
        membrane_capacitance_ff=capacitance,
        resting_v=rest,
        threshold_v=rest + swing,
        low_rail_v=rest - below,
        high_rail_v=rest + swing + above,
        boxcar_low_v=rest,
        boxcar_high_v=rest + 2 * swing,
        synapse={"weight_bits": bits, "weight_sign": sign, "unit_synaptic_charge_fc": 1.0},
        **({} if tau is None else {"membrane_time_constant_us": tau}),
    )
    path = tmp_path_factory.mktemp("chip") / "my.toml"
    path.write_text(tomli_w.dumps(spec.to_table()))
    assert load(str(path)) == spec
    settings = settings_of(spec)
    assert settings["neuron.low_rail_th"] <= 0
    assert settings["neuron.high_rail_th"] >= 1


# Lines of keys: what TOML allows between a key and the next.


def test_lines_of_keys_among_strings_comments_and_arrays():
    text = '''# comment = 1
a = """
b = 2
[c]
"""  # three lines
"quoted key" = 'x = 1 # no comment'
[t]  # [not.this]
list = [
  1, # ]
  "]",
]
inner = { x = 1, y = [2] }
[t.u."v w"]
dotted.key = 1
[[arrays]]
first = '''
    text += "'''\n[z]\n'''\n[[arrays]]\nfirst = \"a\\\"b = [\"\nlast = 1"
    assert key_lines(text) == {
        ("a",): 2,
        ("quoted key",): 6,
        ("t",): 7,
        ("t", "list"): 8,
        ("t", "inner"): 12,
        ("t", "u", "v w"): 13,
        ("t", "u", "v w", "dotted", "key"): 14,
        ("arrays",): 15,
        ("arrays", "first"): 16,
        ("arrays", "last"): 21,
    }


@given(
    st.dictionaries(
        st.text(string.ascii_letters + "-_ =#[]\"'", min_size=1, max_size=5),
        st.integers() | st.text(string.printable, max_size=8) | st.lists(st.text("[]#='\"\n", max_size=3), max_size=3),
        max_size=6,
    )
)
def test_every_key_is_found_on_a_line_that_names_it(table):
    text = tomli_w.dumps({**table, "table": {"last": 1}}, multiline_strings=False)
    lines = text.split("\n")
    found = key_lines(text)
    assert lines[found["table", "last"] - 1] == "last = 1"
    for name, value in table.items():
        if name != "table" and '"' not in name:
            assert lines[found[(name,)] - 1].startswith((name, f'"{name}"', f"'{name}'")), (name, value)
