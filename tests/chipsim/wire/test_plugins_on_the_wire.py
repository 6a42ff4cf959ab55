"""What CONFIGURE says of plug-ins: it arrives whole and within limits, and a server that has others refuses."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from plug_ins import EFFECT, write_all, write_package
from small_chips import spec_of
from wire_messages import PLUGINS, tiny_spec

from chipsim import wire
from chipsim.design import plugins_of
from chipsim.execution import ProbeSignals
from chipsim.wire.messages import probe_signals
from nonideality import Plugin

LIMITS = wire.Limits()
DROOP = Plugin("chipsim.nonidealities", "droop", "acme", "1.2")


def arrived(command, limits=LIMITS):
    return wire.chip_spec(wire.decode(wire.encode(command), limits)[1], limits)


def refused(command):
    with pytest.raises(wire.WireError) as caught:
        arrived(command)
    assert caught.value.code == wire.ErrorCode.REFUSED and "\n" not in str(caught.value)
    return str(caught.value)


def command(noise="droop:0.5", **changes):
    return replace(wire.configure(spec_of(noise=(noise,) if noise else ()), 1), **changes)


def test_a_spec_of_ours_alone_names_none():
    assert wire.configure(tiny_spec(), 7).plugins == ()


def test_what_a_spec_needs_is_told_and_checked(site):
    write_all(site)
    spec = spec_of(noise=("droop:0.5,layer=1", "mismatch:0.2", "droop:0.1,layer=2"))
    assert plugins_of(spec) == wire.configure(spec, 1).plugins == (DROOP,)
    assert arrived(wire.configure(spec, 1)) == spec


def test_a_server_without_it_names_it():
    """The host's spec, as a server sees it that has no such effect."""
    sent = command(None, plugins=(DROOP,))
    settings = json.loads(sent.spec) | {"noise": ["droop:0.5"]}
    line = refused(replace(sent, spec=json.dumps(settings).encode()))
    assert line.startswith("noise 'droop' is of acme 1.2 at the host, and this server lacks it: install it")
    assert "pip install 'acme==1.2'" in line


@pytest.mark.parametrize(("package", "version"), [("acme", "1.3"), ("other", "1.2")])
def test_a_server_with_another_one_names_both(site, package, version):
    write_package(site, package, version, {"nonidealities:droop": "acme:Droop"}, {"acme.py": EFFECT})
    line = refused(command(plugins=(DROOP,)))
    assert (
        f"is of acme 1.2 at the host, and this server has it of {package} {version}: have one version on both" in line
    )


def test_a_plug_in_that_is_ours_there_is_another_one():
    line = refused(command("mismatch:0.2", plugins=(DROOP._replace(name="mismatch"),)))
    assert re.search(r"'mismatch' is of acme 1\.2 at the host, and this server has it of chipsim \S+:", line)


def test_what_the_host_does_not_announce_is_refused(site):
    write_all(site)
    line = refused(command(plugins=()))
    assert line.startswith("noise 'droop' is of acme 1.2 at this server, and of no such package at the host")


def test_a_broken_one_is_named(site):
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": "import no_such_module"})
    sent = command(None, plugins=(DROOP,))
    settings = json.loads(sent.spec) | {"noise": ["droop:0.5"]}
    line = refused(replace(sent, spec=json.dumps(settings).encode()))
    assert "noise 'droop' of acme 1.2 (acme:Droop) cannot be loaded: ModuleNotFoundError" in line


def test_a_group_that_no_chip_has():
    line = refused(command(None, plugins=(DROOP._replace(group="chipsim.encoders"),)))
    assert line.startswith("plug-in 'droop' is of chipsim.encoders, which no chip has: choose from chipsim.nonideal")


def test_they_are_counted_before_they_are_read():
    with pytest.raises(wire.WireError, match="65 plug-ins, at most 64 are allowed") as caught:
        wire.decode(wire.encode(command(None, plugins=(DROOP,) * 65)))
    assert caught.value.code == wire.ErrorCode.TOO_LARGE


@pytest.mark.parametrize("field", Plugin._fields)
@pytest.mark.parametrize("text", ["", "two\nlines", "x" * 129, "\x1b[2J", "\ud800"])
def test_names_that_are_none_are_not_sent(field, text):
    with pytest.raises(wire.WireError, match="a name has 1 to 128 printable bytes"):
        wire.encode(command(None, plugins=(DROOP._replace(**{field: text}),)))


@pytest.mark.parametrize("text", [b"", b"two\nlines", b"x" * 129, b"\xff"])
def test_names_that_are_none_are_not_taken(text):
    frame = wire.encode(command(None, plugins=(DROOP,)))
    was = len(DROOP.package).to_bytes(2, "little") + DROOP.package.encode()
    payload = frame[wire.HEADER_BYTES :].replace(was, len(text).to_bytes(2, "little") + text)
    with pytest.raises(wire.WireError, match="CONFIGURE"):
        wire.decode(wire.frame.seal(wire.Envelope(wire.Configure.KIND), [payload]))


def test_a_name_goes_as_far_as_it_may():
    plugins = tuple(Plugin(*("n" * 128 for _ in Plugin._fields)) for _ in range(64))
    assert wire.decode(wire.encode(command(None, plugins=plugins)))[1].plugins == plugins
    assert wire.decode(wire.encode(command(None, plugins=PLUGINS)))[1].plugins == PLUGINS


def signals(**changes):
    arrays = {name: np.zeros((2, 3, 1), np.float32) for name in ("input", "membrane", "count", "calcium")}
    arrays |= {"neurons": np.array([4]), "rows": np.array([], np.int64)}
    return {name: array for name, array in (arrays | changes).items() if array is not None}


def test_signals_come_out_as_they_went_in():
    """Whatever they are called: the wire has no list of them."""
    arrays = signals()
    seen = probe_signals.from_arrays(arrays, arrays)
    assert isinstance(seen, ProbeSignals) and seen.calcium is arrays["calcium"]
    assert probe_signals.to_arrays(seen).keys() == arrays.keys()
    assert all(probe_signals.to_arrays(seen)[name] is array for name, array in arrays.items())


def test_signals_of_a_layer_are_found_by_its_number():
    arrays = {f"layer{n}.count": np.array([n]) for n in (1, 11, 2)}
    assert probe_signals.of_layer(arrays, 1)["count"].tolist() == [1]
    assert probe_signals.of_layer(arrays, 11).keys() == {"count"}
    assert probe_signals.of_layer(arrays, 3) == {}


@pytest.mark.parametrize("name", ["neurons", "membrane", "calcium", "zinc"])
def test_a_signal_that_is_missing_or_unknown_is_named(name):
    other = signals(**{name: None if name in signals() else np.zeros(1)})
    with pytest.raises(wire.WireError, match=f"signals that are missing or unknown: {name}"):
        probe_signals.from_arrays(other, signals())


def test_parts_follow_each_other_whatever_they_are_called():
    spikes = np.ones((2, 3, 1), np.uint8)
    part = {"neurons": np.array([4]), "calcium": np.arange(6, dtype=np.int8).reshape(2, 3, 1), "spikes": spikes}
    whole = probe_signals.joined([part, part])
    assert whole["neurons"].tolist() == [4]
    assert whole["calcium"].shape == (4, 3, 1) and whole["calcium"].dtype == np.int8
    for other in ({**part, "more": spikes}, {**part, "calcium": np.zeros((2, 4, 1), np.int8)}):
        with pytest.raises(wire.WireError):
            probe_signals.joined([part, other])
    with pytest.raises(wire.WireError, match="no spikes"):
        probe_signals.joined([{"neurons": np.array([4])}])
