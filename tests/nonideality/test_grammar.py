"""KIND:LEVEL[@SITE][,key=value...]: what is written is what is meant, and nonsense is only ever a NoiseError."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nonideality import NoiseError, catalogue, parse
from nonideality.grammar import parse_all

FORM = "KIND:LEVEL[@SITE][,key=value...], for example mismatch:0.2@threshold"
LEVELS = {
    "mismatch": st.floats(0, 10),
    "quantization": st.integers(2, 15),
    "thermal": st.floats(0, 1e6),
    "silencing": st.floats(0, 1),
}


@st.composite
def noises(draw):
    """(kind, level, site or None, layer or None)"""
    kind = draw(st.sampled_from(sorted(LEVELS)))
    site = draw(st.sampled_from([None, *catalogue()[kind].sites]))
    return kind, draw(LEVELS[kind]), site, draw(st.none() | st.integers(1, 10**6))


@given(noise=noises(), padding=st.sampled_from(["", " ", "\n"]))
def test_round_trip(noise, padding):
    kind, level, site, layer = noise
    text = f"{kind}:{level!r}"
    text += "" if site is None else f"@{site}"
    text += "" if layer is None else f",layer={layer}"
    read = parse(padding + text + padding)
    assert (read.effect.name, read.effect.level, read.layer) == (kind, level, layer)
    assert type(read.effect) is catalogue()[kind]
    assert read.sites == ((site,) if site else catalogue()[kind].default_sites())
    assert read.effect.option_values == {}
    assert len(read.describe()) == len(read.sites)


def test_sites_by_default():
    assert parse("mismatch:0.2").sites == ("weight", "threshold", "leak", "synapse_tau", "boxcar")
    assert parse("silencing:0.2").sites == ("hidden",)
    assert parse("silencing:0.2@output").sites == ("output",)


def read_or_noise_error(text):
    try:
        parse(text)
    except NoiseError as error:
        assert str(error)


@settings(max_examples=300)
@given(text=st.text())
@example("")
@example(":")
@example("mismatch:0.2@")
@example("mismatch:0.2,")
@example("mismatch:0.2,layer=")
@example("mismatch:0.2,layer=1,layer=1")
@example("mismatch:1e999")
@example("quantization:nan")
@example("silencing:٣")  # a digit, for float() too
def test_garbage(text):
    read_or_noise_error(text)


tokens = st.sampled_from(
    ["mismatch", "quantization", "Thermal", "drift", ":", "@", ",", "=", "layer", "weight", "hidden", "0.2", "-1", "4"]
    + ["1e400", "0x1", "", " ", "\t", "{}", "layer=2", "seed=3", "\x00", "@weight", ",layer=0"]
)


@settings(max_examples=300)
@given(text=st.lists(tokens, max_size=8).map("".join))
def test_garbage_that_looks_like_a_noise(text):
    read_or_noise_error(text)


def kinds():
    return ", ".join(catalogue())


WRONG = {
    "mismatch": f"noise 'mismatch' cannot be read: write {FORM}",
    "mismatch:": f"noise 'mismatch:' cannot be read: write {FORM}",
    "mismatch 0.2": f"noise 'mismatch 0.2' cannot be read: write {FORM}",
    "mismatch:0.2@a@b": f"noise 'mismatch:0.2@a@b' cannot be read: write {FORM}",
    "mismatch:much": f"noise 'mismatch:much': level 'much' is not a number; write {FORM}",
    "mismatch:0.2@axon": "mismatch has no site 'axon': choose from weight, threshold, leak, synapse_tau, boxcar",
    "mismatch:-0.1": "mismatch: level -0.1 is not a number of at least 0"
    " (sigma of the relative error at ONE standard deviation)",
    "mismatch:inf": "mismatch: level inf is not a number of at least 0"
    " (sigma of the relative error at ONE standard deviation)",
    "thermal:nan": "thermal: level nan is not a number of at least 0 (sigma of the charge added per step)",
    "silencing:1.5": "silencing: level 1.5 is not a number from 0 to 1 (probability that a neuron is dead)",
    "quantization:1": "quantization: level 1 is not a whole number from 2 to 15"
    " (bits of a stored weight, sign included; leave the noise out for ideal analog weights)",
    "quantization:16": "quantization: level 16 is not a whole number from 2 to 15"
    " (bits of a stored weight, sign included; leave the noise out for ideal analog weights)",
    "quantization:4.5": "quantization: level 4.5 is not a whole number from 2 to 15"
    " (bits of a stored weight, sign included; leave the noise out for ideal analog weights)",
    "thermal:1,seed=3": "noise 'thermal:1,seed=3': 'seed=3' is not key=value with a key from layer, each once",
    "thermal:1,layer": "noise 'thermal:1,layer': 'layer' is not key=value with a key from layer, each once",
    "thermal:1,": "noise 'thermal:1,': '' is not key=value with a key from layer, each once",
    "thermal:1,layer=1,layer=2": "noise 'thermal:1,layer=1,layer=2': 'layer=2' is not key=value with a key from layer,"
    " each once",
    "thermal:1,layer=one": f"noise 'thermal:1,layer=one': layer 'one' is not a number; write {FORM}",
    "thermal:1,layer=0": "noise 'thermal:1,layer=0': layer 0 is not a whole number from 1 (the first layer)",
    "thermal:1,layer=1.5": "noise 'thermal:1,layer=1.5': layer 1.5 is not a whole number from 1 (the first layer)",
    "thermal:1,layer=\r1.5": r"noise 'thermal:1,layer=\r1.5': layer 1.5 is not a whole number from 1 (the first layer)",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items(), ids=WRONG)
def test_messages(text, message):
    with pytest.raises(NoiseError, match=f"^{re.escape(message)}$"):
        parse(text)


def test_an_unknown_kind_lists_the_known_ones():
    message = f"unknown noise 'mismatc': did you mean 'mismatch'? choose from {kinds()} (see 'chipsim noise')"
    with pytest.raises(NoiseError, match=f"^{re.escape(message)}$"):
        parse("mismatc:0.2")


@pytest.mark.parametrize(
    ("texts", "where"),
    [
        (["thermal:0.1", "thermal:0.2"], "thermal@membrane"),
        (["mismatch:0.1", "mismatch:0.2@leak"], "mismatch@leak"),
        (["mismatch:0.1@weight", "mismatch:0.2@weight"], "mismatch@weight"),
        (["thermal:0.1,layer=2", "thermal:0.2,layer=2"], "thermal@membrane"),
        (["thermal:0.1,layer=2", "thermal:0.2"], "thermal@membrane"),
        (["thermal:0.1", "thermal:0.2,layer=2"], "thermal@membrane"),
    ],
)
def test_the_same_errors_cannot_be_drawn_twice(texts, where):
    message = f"{where} is given twice: keep one, or name different sites"
    with pytest.raises(NoiseError, match=f"^{re.escape(message)}$"):
        parse_all(texts)


def test_noises_side_by_side():
    texts = ["mismatch:0.1@weight", "mismatch:0.2@leak", "thermal:1,layer=1", "thermal:2,layer=2", "silencing:0.1"]
    assert [noise.effect.level for noise in parse_all(texts)] == [0.1, 0.2, 1, 2, 0.1]
    assert parse_all([]) == ()
