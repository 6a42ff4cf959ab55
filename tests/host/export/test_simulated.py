"""The bench, the RTL and the tools: what is right passes, what is wrong fails and says where."""

import json
import re

import pytest
from small_exports import LINEAR, TERNARY, needs, parameters

from host.export import write_design
from host.export.cosim import CELLS, CHECKS, Asked, cosim
from host.export.cosim.workplace import workplace

FEW = Asked(flips=2, mutants=0, seed=1, workers=1, cells=CELLS)


@pytest.fixture(scope="module")
def placed(tmp_path_factory):
    """An export in a folder with a space in its name, to play with."""
    export = tmp_path_factory.mktemp("ex ports") / "out"
    write_design(export, parameters(), None)
    return workplace(export, tmp_path_factory.mktemp("work place"))


@pytest.fixture(scope="module")
def compiled(placed):
    assert placed.compile("directed1", out="tb.vvp").said == ""
    return placed


@needs("iverilog", "vvp")
def test_directed_vectors_pass_and_a_flipped_bit_is_named(compiled):
    assert re.fullmatch(
        r"PASS \d+ steps, \d+ words compared, \d+ cycles", compiled.play("directed1", "tb.vvp").said.strip()
    )
    path = compiled.folder / "vectors/directed1/expected.hex"
    words = path.read_text().split()
    right, place = path.read_text(), words.index("00000000", len(words) // 4)
    try:
        path.write_text("\n".join([*words[:place], "00000040", *words[place + 1 :]]))
        ended = compiled.play("directed1", "tb.vvp", "+nochecksum")
        assert ended.status not in (0, None)
        assert re.search(r"FAIL case \d+, step \d+, cycle \d+: .* expected 00000040, actual 00000000", ended.said)
    finally:
        path.write_text(right)


@needs("iverilog", "vvp")
@pytest.mark.parametrize("damage", ["words", "checksum", "none"])
def test_a_manifest_that_is_another_ones_fails(compiled, damage):
    path = compiled.folder / "vectors/directed1/manifest.json"
    right = path.read_text()
    said = json.loads(right)["expected"]
    wrong = {
        "words": right.replace(f'"words": {said["words"]}', f'"words": {said["words"] + 1}'),
        "checksum": right.replace(said["fnv1a"], "00000000"),
        "none": "",
    }
    try:
        path.write_text(wrong[damage])
        ended = compiled.play("directed1", "tb.vvp")
        assert ended.status not in (0, None) and "manifest.json" in ended.said
    finally:
        path.write_text(right)


@needs("verilator", "iverilog")
@pytest.mark.parametrize("circuit", [LINEAR, TERNARY], ids=["linear in SRAM", "ternary in flip-flops"])
def test_linters_say_nothing(circuit, tmp_path):
    write_design(tmp_path / "out", parameters(circuit), 200.0)
    outcomes = list(cosim(tmp_path / "out", ["lint"], FEW))
    assert [(each.passed, each.details) for each in outcomes] == [(True, ()), (True, ())]


@needs("iverilog", "vvp")
def test_a_circuit_with_a_fault_fails(tmp_path):
    write_design(tmp_path / "out", parameters(TERNARY), None)
    path = tmp_path / "out/rtl/ltl_neuron.sv"
    path.write_text(path.read_text().replace("fired && !(&count)", "fired"))
    wiring, outcome = cosim(tmp_path / "out", ["simulate"], FEW)
    assert wiring.passed
    assert outcome.passed is False and "count of column" in outcome.told


def test_without_tools_nothing_is_said_to_have_passed(tmp_path, monkeypatch, chipsim):
    write_design(tmp_path / "out", parameters(), None)
    monkeypatch.setattr("host.export.cosim.tools.shutil.which", lambda name: None)
    outcomes = list(cosim(tmp_path / "out", list(CHECKS), FEW))
    assert outcomes and all(each.passed is None and "apt-get install" in each.told for each in outcomes)
    done = chipsim("cosim", tmp_path / "out", "--json")
    assert done.status == 1 and json.loads(done.out)["ok"] is False


def test_what_is_no_export_is_told_in_a_line(chipsim, tmp_path):
    done = chipsim("cosim", tmp_path)
    assert done.status == 2 and "no export of chipsim's" in done.err and len(done.err.splitlines()) == 1
    (tmp_path / "chipsim-export.json").write_text('{"format": "chipsim export 1", "files": {"../../etc/passwd": ""}}')
    done = chipsim("cosim", tmp_path)
    assert done.status == 2 and "which is not in it" in done.err
