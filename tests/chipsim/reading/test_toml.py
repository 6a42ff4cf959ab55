"""TOML as tomllib reads it, but never nested so deep that whoever walks down falls."""

import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from chipsim.reading import MAX_DEPTH, TomlError, parse_toml

values = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(table=st.dictionaries(st.text(), values, max_size=4))
def test_what_is_written_comes_back(table):
    assert parse_toml(tomli_w.dumps(table)) == table


DEEP = {
    "arrays": lambda n: "a = " + "[" * n + "]" * n,
    "inline tables": lambda n: "a = " + "{a = " * n + "1" + "}" * n,
    "a dotted key": lambda n: ".".join(["a"] * (n + 1)) + " = 1",
    "spaces and quotes in a dotted key": lambda n: ' . "b" .'.join(["a"] * (n + 1)) + " = 1",
    "a dotted key in an inline table": lambda n: "a = {" + ".".join(["a"] * n) + " = 1}",
    "a header": lambda n: "[" + ".".join(["a"] * n) + "]\nb = 1",
    "tables of arrays": lambda n: "[[" + ".".join(["a"] * n) + "]]\nb = 1",
}


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 3_000, 100_000])
@pytest.mark.parametrize("kind", DEEP)
def test_too_deep(kind, depth):
    """Also where tomllib itself would take hours: the time for a dotted key grows with its square."""
    with pytest.raises(TomlError, match=f"is nested more than {MAX_DEPTH} deep"):
        parse_toml(DEEP[kind](depth))


@pytest.mark.parametrize("kind", DEEP)
def test_deep_enough(kind):
    text = DEEP[kind](20)
    assert parse_toml(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text", ["# " + "." * 500, "# " + "-. " * 30, "a = [" + "1.5," * 500 + "]", "a = '" + ". " * 99 + "'"]
)
def test_dots_that_are_no_keys(text):
    assert parse_toml(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text", ["a = ", "a = 1\na = 2", f"a = {'1' * 5000}", "a = 2020-13-40", '"\\uD800" = 1', "\x00"]
)
def test_no_toml(text):
    with pytest.raises(TomlError, match="is not TOML: "):
        parse_toml(text)


@given(text=st.text(st.sampled_from("a.=[]{}\n\"'# 1-,T:\\u"), max_size=60))
def test_any_text_is_a_table_or_named(text):
    try:
        assert isinstance(parse_toml(text), dict)
    except TomlError as error:
        assert str(error)
