"""Frames of every kind, as they were when they were first right.

`PYTHONPATH=.:tests/support:tests/witness python tests/chipsim/wire/test_golden.py` writes them anew, for another
version of the protocol.
"""

from pathlib import Path

import pytest
from decoder_from_document import Decoder
from wire_messages import (
    PLUGINS,
    REPLIES,
    SESSION,
    assert_same_content,
    frames,
    image_spec,
    one_of_every_kind,
    tiny_events,
    tiny_spec,
)

from chipsim import AdcSpec, wire

GOLDEN = Path(__file__).parent / "golden"
ORIGIN = "# made by tests/chipsim/wire/test_golden.py from wire_messages.py, protocol 2"
NAMES = sorted(one_of_every_kind())


def file_of(what):
    return GOLDEN / f"{what.lower().replace(' ', '_')}.hex"


def golden(what):
    origin, *lines = file_of(what).read_text().splitlines()
    assert origin == ORIGIN
    return bytes.fromhex(" ".join(lines))


def test_there_is_one_for_every_kind():
    assert {what.split()[0] for what in NAMES} == {wire.name_of(kind) for kind in wire.KINDS}
    assert {path.name for path in GOLDEN.iterdir()} == {file_of(what).name for what in NAMES}


@pytest.mark.parametrize("what", NAMES)
def test_frames_are_what_they_were(what):
    assert frames()[what] == golden(what)


@pytest.mark.parametrize("what", NAMES)
def test_frames_are_read_as_they_were_written(what):
    envelope, message = wire.decode(golden(what))
    assert wire.name_of(envelope.kind) == what.split()[0]
    assert (envelope.session, envelope.sequence, envelope.part, envelope.parts) == (SESSION, 3, 0, 1)
    assert envelope.reply == (envelope.kind in REPLIES)
    assert wire.encode(message, session=SESSION, sequence=3, reply=envelope.reply) == golden(what)


@pytest.mark.parametrize("what", NAMES)
def test_the_document_reads_them(what):
    name, header, _ = Decoder().frame(golden(what))
    assert name == what.split()[0] and header["session"] == SESSION and header["sequence"] == 3


def test_what_is_inside():
    _, learn = wire.decode(golden("LEARN"))
    assert_same_content(wire.unpack_events(learn.events, wire.Limits()), tiny_events())
    _, configure = wire.decode(golden("CONFIGURE"))
    assert wire.chip_spec(configure, wire.Limits()) == tiny_spec() and configure.die_seed == 7
    _, configure = wire.decode(golden("CONFIGURE network"))
    assert wire.chip_spec(configure, wire.Limits()) == image_spec()
    _, configure = wire.decode(golden("CONFIGURE plug-ins"))
    assert configure.plugins == PLUGINS
    _, read_back = wire.decode(golden("READ_BACK"))
    assert read_back.converters.spec() == AdcSpec(bits=6, low_th=-0.5, readout_high_th=3.0)


def test_the_document_says_which_plug_ins_a_spec_needs():
    _, _, payload = Decoder().frame(golden("CONFIGURE plug-ins"))
    assert [tuple(each.values()) for each in payload["plugins"]] == list(PLUGINS)


def test_the_document_says_what_an_images_layers_are():
    _, _, payload = Decoder().frame(golden("CONFIGURE network"))
    convolution, pooling, dense = (layer["fields"] for layer in payload["layers"])
    assert list(convolution.values())[:12] == [2, 6, 4, 3, 3, 3, 2, 1, 1, 1, 0, 0] and convolution["unrolled"] == 0
    assert list(pooling.values()) == [3, 3, 3, 3, 1, 3, 1]
    assert (dense["n_in"], dense["n_out"]) == (9, 2)
    _, _, payload = Decoder().frame(golden("LEARN image"))
    assert payload["targets"]["neurons"] == [27, 0, 2]


if __name__ == "__main__":
    for what, frame in frames().items():
        text = frame.hex(" ")
        lines = [text[start : start + 3 * 40].rstrip() for start in range(0, len(text), 3 * 40)]
        file_of(what).write_text("\n".join([ORIGIN, *lines]) + "\n")
