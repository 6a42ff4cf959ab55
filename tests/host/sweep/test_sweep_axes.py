"""What a sweep varies, as written on the command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import SettingError
from host.sweep.axes import Axis, dies, noise_axis, setting_axis, split_noises
from nonideality import NoiseError


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("mismatch:0,0.1,0.2", "mismatch", (0, 0.1, 0.2)),
        ("mismatch:0.1,0.20@threshold", "mismatch@threshold", (0.1, 0.2)),
        ("mismatch:1,2@weight,layer=1", "mismatch@weight,layer=1", (1, 2)),
        ("mismatch:0.1,0.5,layer=2", "mismatch,layer=2", (0.1, 0.5)),
        ("quantization:3,4.0,6", "quantization", (3, 4, 6)),
        (" thermal: 0.1, 1e-3 ", "thermal", (0.1, 0.001)),
    ],
)
def test_a_list_of_levels_is_an_axis(text, name, values):
    assert noise_axis(text) == Axis(name, "noise", values)


@pytest.mark.parametrize(
    "text", ["mismatch:0.1", "mismatch:0.1,layer=1", "mismatch:0.1@weight,layer=1", "nonsense", ""]
)
def test_one_level_is_none(text):
    assert noise_axis(text) is None
    assert split_noises([text, "thermal:0,1"]) == ([text], [Axis("thermal", "noise", (0, 1))])


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("mismatch:0.1,,0.2", SettingError, "a level is missing"),
        ("mismatch:0.1,", SettingError, "a level is missing"),
        ("mismatch:0.1,0.1", SettingError, "0.1 is given twice"),
        ("mismatch:0,0.0", SettingError, "0 is given twice"),
        ("mismatch:0.1,x", NoiseError, "'x' is not a number"),
        ("mismatch:0.1,nan", NoiseError, "is not a number of at least 0"),
        ("mismatch:0.1,-1", NoiseError, "is not a number of at least 0"),
        ("mismatc:0.1,0.2", NoiseError, "unknown noise 'mismatc': did you mean 'mismatch'"),
        ("mismatch:0.1,0.2@nowhere", NoiseError, "no site 'nowhere': choose from weight"),
    ],
)
def test_levels_that_cannot_be(text, error, says):
    with pytest.raises(error, match=says) as raised:
        noise_axis(text)
    assert "\n" not in str(raised.value)


@given(levels=st.lists(st.floats(0, 1e6), min_size=2, max_size=6, unique=True), rest=st.sampled_from(["", "@weight"]))
def test_levels_survive(levels, rest):
    axis = noise_axis("mismatch:" + ",".join(map(repr, levels)) + rest)
    assert list(axis.values) == levels
    assert [float(axis.noise(v).removeprefix("mismatch:").removesuffix(rest)) for v in axis.values] == levels
    assert Axis.from_json(axis.to_json()) == axis


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("steps=4,8,16", "steps", (4, 8, 16)),
        ("learning_circuit.error_gate=sign,linear", "learning_circuit.error_gate", ("sign", "linear")),
        ("neuron.low_rail_th=-1,0", "neuron.low_rail_th", (-1, 0)),
        ("hidden=[128],[64, 32]", "hidden", ([128], [64, 32])),
        ('encoding="rate"', "encoding", ("rate",)),
    ],
)
def test_values_of_a_setting(text, name, values):
    assert setting_axis(text) == Axis(name, "setting", values)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("steps", "is not KEY=VALUE"),
        ("=4", "is not KEY=VALUE"),
        ("steps=", "axis steps has no value"),
        ("steps=4,,8", "a value is missing"),
        ("steps=4,8,4", "the value 4 is given twice"),
        ("noise=mismatch:0.1", "give the levels to --noise"),
        ("die=1,2", "with --dies"),
        ("training.chunk=1,2", "changes no result"),
    ],
)
def test_axes_that_cannot_be(text, says):
    with pytest.raises(SettingError, match=says):
        setting_axis(text)


def test_dies():
    assert dies("3") == (1, 2, 3)
    assert dies("5-9") == (5, 6, 7, 8, 9)
    assert dies("1,3,8-10") == (1, 3, 8, 9, 10)
    assert dies("0-0") == (0,)
    assert dies("4294967295,0") == (4294967295, 0)
    assert dies("1,3,8-121212") == (1, 3, *range(8, 121213))


@given(st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=8, unique=True))
def test_dies_named_one_by_one(chosen):
    assert dies(",".join(map(str, chosen))) == tuple(chosen)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        "1-",
        "-",
        "a",
        "1,,2",
        "9-5",
        "1,1",
        "1-3,2",
        "4294967296,1",
        "1.5",
        "²",
        "9" * 5000,
        "0-4294967295",
    ],
)
def test_dies_that_cannot_be(text):
    with pytest.raises(SettingError, match="dies?:? ") as raised:
        dies(text)
    assert "\n" not in str(raised.value)


def test_levels_of_many_digits():
    """Python reads no whole number of more than 4,300 digits."""
    assert noise_axis(f"mismatch:{'0' * 5000},0.5,{'0' * 5000}1").values == (0, 0.5, 1)
    assert [type(value) for value in noise_axis("mismatch:2,2.5,3.0").values] == [int, float, int]
