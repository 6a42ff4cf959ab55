"""PROTOCOL.md says what the code does: its lists, its limits, its examples, and random frames read by its tables."""

import json
import re
from dataclasses import replace

import numpy as np
from decoder_from_document import DOCUMENT, Decoder, examples, kinds, rates_of, section_numbers
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from small_chips import events_of, lesson, programmed, spec_of, taught

from chipsim import ChipSpec, Probe, wire
from chipsim.design import AveragePool, Convolution, Dense, Flatten
from chipsim.execution import ABSTAINED, signal_names
from chipsim.layout import CHIP_EVENTS, SIMULATOR_WORK
from chipsim.wire.messages import replies
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


def rows_below(head, n_cells):
    """Cells of the table whose head begins so, code marks taken off."""
    _, _, below = DOCUMENT.read_text().partition(f"\n| {head} |")
    lines = below.split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip().replace("`", "") for cell in line.strip()[1:-1].split("|")] for line in lines]
    assert cells and all(len(row) == n_cells for row in cells), head
    return cells


def keys_of(model, before=""):
    """Dotted key -> default as JSON, of a settings model and those inside it."""
    keys = {}
    for name, field in model.model_fields.items():
        default = field.get_default()
        if isinstance(default, BaseModel):
            keys |= keys_of(type(default), f"{before}{name}.")
        else:
            keys[f"{before}{name}"] = json.dumps(default)
    return keys


def test_keys_and_defaults_of_the_spec():
    assert {key: default for key, default, _ in rows_below("key | default | meaning", 3)} == keys_of(ChipSpec)


def test_keys_and_defaults_of_the_spec_of_layers():
    said = {(kind, key): default for kind, key, default, _ in rows_below("kind | key | default | meaning", 4)}
    kinds_of_layer = [Dense, Convolution, AveragePool, Flatten]
    assert said == {
        (kind.model_fields["kind"].default, name): "" if field.is_required() else json.dumps(field.default)
        for kind in kinds_of_layer
        for name, field in kind.model_fields.items()
        if name != "kind"
    }
    assert f'`{{"kind": "{Flatten().kind}"}}`' in DOCUMENT.read_text()


def test_a_spec_of_nothing_but_sizes_means_the_defaults_that_are_said():
    command = wire.configure(ChipSpec(layer_sizes=(5, 3)), 1)
    bare = replace(command, spec=b'{"layer_sizes": [5, 3]}')
    assert wire.chip_spec(bare, wire.Limits()) == ChipSpec(layer_sizes=(5, 3))


def test_names_of_tallies():
    assert [name for name, _ in rows_below("activity | counted in a layer", 2)] == list(CHIP_EVENTS)
    assert [name for name, _ in rows_below("work | counted in a layer", 2)] == list(SIMULATOR_WORK)
    task = lesson(spec_of())
    result = programmed(task.spec, task.weights).infer(task.events, task.windows)
    assert (list(result.activity), list(result.work)) == (list(CHIP_EVENTS), list(SIMULATOR_WORK))


def test_names_elements_and_shapes_of_signals():
    task = lesson(spec_of(noise=("quantization:4",)))
    chip = programmed(task.spec, task.weights)
    probe = Probe(2, (1, 4), (0, 3, 9))
    k, r, windows, steps = 2, 3, len(task.windows), task.spec.steps
    sizes = {"k": k, "r": r, "windows": windows, "steps": steps}
    elements = {"f32": np.float32, "i64": np.int64, "i16": np.int16, "u8": np.uint8}
    learned, seen = (taught(task, chip, [probe]), chip.infer(task.events, task.windows, [probe]))
    rows = rows_below("signal | elements | shape | what it shows", 4)
    assert {name for name, *_ in rows} == {"spikes", *learned.signals[2]} == {"spikes", *signal_names(task.spec, 2)}
    for name, element, shape, meaning in rows:
        signal = learned.spikes[2] if name == "spikes" else learned.signals[2][name]
        assert signal.dtype == elements[element], name
        assert signal.shape == tuple(sizes[part] for part in shape.strip("()").split(", ")), name
        only_learning = "while learning" in meaning or ("likewise" in meaning and name == "residue")
        assert (name != "spikes" and len(seen.signals[2][name]) == 0) == only_learning, name


def test_an_answer_that_is_none_is_one_beyond_the_last_class():
    task = lesson(spec_of((7, 4, 256), noise=("silencing:1@output",)))
    result = programmed(task.spec, task.weights).infer(task.events, task.windows)
    assert (result.classes == ABSTAINED).all()
    frame = wire.encode(replies.inferred(result))
    _, _, payload = DECODER.frame(frame)
    [told] = [piece for piece in payload["pieces"] if bytes(piece["name"]) == b"classes"]
    assert told["values"] == [256] * len(task.windows)


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
