"""Directed vectors reach what they promise, and their files say what they are."""

import hashlib
import json
from dataclasses import replace

import pytest
from small_exports import LINEAR, TERNARY, parameters

from host.export.vectors import directed, set_files
from host.export.vectors.program import fnv1a
from host.export.vectors.twin import TwinColumn

CIRCUITS = {
    "linear": LINEAR,
    "ternary": TERNARY,
    "sign": replace(TERNARY, gate="sign", dead_zone=0),
    "one step": replace(LINEAR, steps=1, warm_up=0),
    "no accumulator": replace(LINEAR, update_bits=0, dither_bits=0),
    "one bit": replace(LINEAR, accumulator_bits=1, fraction_bits=1, dead_zone=1, step_word_bits=2),
    "long": replace(LINEAR, steps=300, warm_up=150),
}


@pytest.mark.parametrize("name", CIRCUITS)
def test_every_end_is_reached(name, monkeypatch):
    circuit, seen = CIRCUITS[name], []
    step = TwinColumn.step

    def watched(column, **what):
        step(column, **what)
        seen.append(
            (column.count, column.target_count, column.increment, column.open, set(column.codes), set(column.residues))
        )

    monkeypatch.setattr(TwinColumn, "step", watched)
    asked = parameters(circuit)
    directed(asked, asked.layers[0])
    full, residue = 2**circuit.accumulator_bits - 1, 2**circuit.update_bits - 1
    assert max(count for count, *_ in seen) == full
    assert max(target for _, target, *_ in seen) == full << circuit.fraction_bits
    assert {-7, 7} <= set.union(*(each[4] for each in seen)) <= set(range(-7, 8))
    assert {-residue, residue} <= set.union(*(each[5] for each in seen)) <= set(range(-residue, residue + 1))
    most = 2 ** (circuit.increment_bits - 1) - 1
    reachable = (2**circuit.step_word_bits >> circuit.step_word_fraction_bits) * (
        full if circuit.gate == "linear" else 1
    )
    if reachable > most:
        assert {-most, most} <= {increment for _, _, increment, *_ in seen}
    assert {True, False} <= {is_open for *_, is_open, _, _ in seen}


def test_files_say_what_they_are():
    asked = parameters()
    program = directed(asked, asked.layers[0])
    files = set_files(program, "all ends")
    said = json.loads(files["manifest.json"])
    assert said["spec_hash"] == asked.hash and said["about"] == "all ends" and said["layer"]["rows"] == 5
    for name in ("stimulus", "expected"):
        text = files[f"{name}.hex"]
        words = [int(word, 16) for word in text.split()]
        assert said[name] == {
            "words": len(words),
            "fnv1a": f"{fnv1a(words):08x}",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
    assert set_files(directed(asked, asked.layers[0]), "all ends") == files


def test_a_checksum_is_another_one_for_any_single_bit():
    words = [0x12345678, 0, 0xFFFFFFFF, 7]
    for place in range(4):
        for bit in range(32):
            assert fnv1a([*words[:place], words[place] ^ 1 << bit, *words[place + 1 :]]) != fnv1a(words)
    assert fnv1a([]) == 0x811C9DC5
