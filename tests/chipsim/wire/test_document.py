"""PROTOCOL.md says what the code does: its lists, its limits, its examples, and random frames read by its tables."""

import re

import numpy as np
from decoder_from_document import DOCUMENT, Decoder, examples, kinds, rates_of, section_numbers
from hypothesis import given
from hypothesis import strategies as st
from small_chips import events_of

from chipsim import wire
from chipsim.wire.messages import run as run_messages

DECODER = Decoder()


def test_kinds_sections_and_errors():
    assert kinds() == {kind: wire.name_of(kind) for kind in wire.KINDS}
    assert section_numbers() == {name: number for number, name in run_messages.SECTIONS.items()}
    errors = re.findall(r"^\| (\d+) \| ([A-Z_]+) \| [a-z]", DOCUMENT.read_text(), re.M)
    codes = {name: int(number) for number, name in errors if name in wire.ErrorCode.__members__}
    assert codes == {code.name: code.value for code in wire.ErrorCode}


def test_limits():
    text = DOCUMENT.read_text()
    limits = wire.Limits()
    for row in (
        f"| payload of a frame | {limits.payload_bytes >> 20} MiB |",
        f"| windows of a chunk | {limits.windows:,} |",
        f"| steps of a window | {limits.steps:,} |",
        f"| rows of the first layer, neurons of a layer | 2^{limits.rows.bit_length() - 1} |",
        f"| layers | {limits.layers} |",
        f"| a chunk's spikes once they are unpacked | {limits.event_bytes >> 20} MiB |",
        f"| a chunk's targets once they are unpacked | {limits.target_bytes >> 20} MiB |",
        f"| arrays of a message, all parts | {limits.array_bytes >> 30} GiB in {limits.arrays:,} arrays |",
        f"| a spec | {limits.recipe_bytes >> 20} MiB, {limits.noises:,} noises, 2^"
        f"{limits.synapses.bit_length() - 1} synapses |",
        f"| plug-ins that a spec needs | {limits.plugins} |",
        f"| lines of a spec's kernels, each counted at every position | 2^{limits.kernel_lines.bit_length() - 1} |",
        f"| neurons and rows that a chunk's probes name | {limits.probed:,} |",
    ):
        assert row in text


def test_examples_are_what_the_code_writes():
    said = []
    for frame in examples():
        envelope, message = wire.decode(frame)
        again = wire.encode(message, session=envelope.session, sequence=envelope.sequence, reply=envelope.reply)
        assert again == frame
        said.append(DECODER.frame(frame)[0])
    assert said == ["HELLO", "ERROR", "LEARN"]


def test_the_example_of_a_chunk_says_what_the_text_says():
    _, _, payload = DECODER.frame(examples()[2])
    assert payload["which"]["first"] == 100
    assert payload["spikes"]["spikes"] == [[[1, 4], [1, 9], [1, 4], []], [[], [], [3], []]]
    assert rates_of(payload["targets"], 2) == [[0.5, 1.0, 0.25, 0.0, 1.875, 0.25], [1.0, 0.0]]


@given(
    st.integers(1, 70),
    st.integers(1, 20),
    st.integers(1, 40),
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
    st.integers(2, 16),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_random_chunks(n_windows, steps, n_rows, sizes, bits, listed, seed):
    rng = np.random.default_rng(seed)
    masks = rng.random((n_windows, steps, n_rows)) < rng.choice([0.02, 0.3, 0.9])
    numbers = rng.integers(-(2**63), 2**63 - 1, n_windows) if listed else np.arange(n_windows) + seed
    targets = [rng.random((n_windows, size)).astype(np.float32) for size in sizes]
    rates = rng.random((n_windows, len(sizes))).astype(np.float32)
    probes = (wire.Watch(1, (0, 5), (n_rows,)),) if seed % 2 else ()
    learn = wire.Learn(
        numbers, wire.pack_events(events_of(masks), n_rows), wire.pack_targets(targets, bits), rates, probes
    )
    name, _, payload = DECODER.frame(wire.encode(learn))
    assert name == "LEARN"
    which = payload["which"]
    assert which.get("numbers", list(range(which.get("first", 0), which.get("first", 0) + n_windows))) == (
        numbers.tolist()
    )
    assert payload["spikes"]["spikes"] == [[np.flatnonzero(step).tolist() for step in mask] for mask in masks]
    unpacked = wire.unpack_targets(learn.targets)
    assert rates_of(payload["targets"], n_windows) == [target.ravel().tolist() for target in unpacked]
    assert payload["rates"]["values"] == rates.ravel().tolist()
    assert ("probes" in payload) == bool(probes)
