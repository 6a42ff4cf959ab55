"""What takes minutes: windows by the hundred at every step, a hundred mutants, netlists, proofs."""

import json
from dataclasses import replace
from random import Random

import pytest
from rtl_areas import BLOCKS, RECORD, measure
from small_exports import LINEAR, TERNARY, needs, parameters

from host.export import write_design
from host.export.bundle import add_set
from host.export.cosim import CELLS, Asked, cosim
from host.export.cosim.tools import missing_cells
from host.export.vectors import set_files
from host.export.vectors.program import STEP_WORD, TARGET, StepInput, VectorProgram

TOOLS = ("iverilog", "vvp", "verilator", "yosys", "yosys-smtbmc", "z3")
FULL = Asked(flips=100, mutants=100, seed=1, workers=1, cells=CELLS)
# Name -> widths, bits of a code.
WIDTHS = {
    "default": (
        {"accumulator_bits": 8, "fraction_bits": 7, "update_bits": 8, "increment_bits": 10, "dead_zone": 128},
        6,
    ),
    "narrow": ({}, 4),
    "wide": (
        {
            "accumulator_bits": 12,
            "fraction_bits": 11,
            "update_bits": 12,
            "increment_bits": 16,
            "dead_zone": 2048,
            "step_word_bits": 20,
            "step_word_fraction_bits": 16,
            "dither_bits": 16,
            "lfsr_bits": 32,
            "sram": False,
            "error_scale": "none",
        },
        8,
    ),
    "coarse": (
        {
            "accumulator_bits": 4,
            "fraction_bits": 7,
            "update_bits": 2,
            "dead_zone": 0,
            "warm_up": 0,
            "step_word_fraction_bits": 2,
            "dither_bits": 0,
            "error_scale": "shift",
            "lfsr_bits": 24,
        },
        3,
    ),
}


def drawn_windows(asked, windows):
    """Windows as a run brings them: sparse rows, rates below one, step words of all sizes."""
    circuit, [layer], random = asked.circuit, asked.layers, Random(7)
    program = VectorProgram(asked, layer)
    program.case("drawn windows")
    program.reset()
    top, residue = 2 ** (layer.code_bits - 1) - 1, 2**circuit.update_bits - 1
    for row in range(layer.rows + 1):
        program.load(
            row, [(random.randint(-top, top), random.randint(-residue, residue)) for _ in range(layer.columns)]
        )
    opened = 0
    for window in range(windows):
        for place in range(circuit.step_words):
            word = random.getrandbits(circuit.step_word_bits) >> (0 if window % 5 == 0 else 3)
            program.write(STEP_WORD, place, word // (place + 1))
        for column in range(layer.columns):
            program.write(TARGET, column, int(random.random() * 2**circuit.fraction_bits))
        program.window(learn=window % 7 != 6)
        for _ in range(circuit.steps):
            rows = [row for row in range(layer.rows) if random.random() < 0.3]
            spikes = sum((random.random() < 0.3) << column for column in range(layer.columns))
            shut = [7 & ~(1 << random.randint(0, 5)) for _ in range(2)]
            program.step(StepInput(rows, spikes, *shut))
            opened += sum(column.open for column in program.columns)
        program.dump()
    program.end()
    assert opened > windows
    return program


@needs("iverilog", "vvp")
@pytest.mark.parametrize("gate", ["linear", "sign", "ternary"])
@pytest.mark.parametrize("widths", WIDTHS)
def test_rtl_and_integers_agree_at_every_step(gate, widths, tmp_path):
    changes, code_bits = WIDTHS[widths]
    circuit = replace(LINEAR, gate=gate, **changes)
    asked = parameters(replace(circuit, dead_zone=0) if gate == "sign" else circuit, code_bits)
    write_design(tmp_path / "out", asked, None)
    add_set(tmp_path / "out", asked, None, "drawn", set_files(drawn_windows(asked, 100), "drawn windows"))
    assert [each.passed for each in cosim(tmp_path / "out", ["simulate"], FULL)] == [True] * 3


@needs(*TOOLS)
@pytest.mark.skipif(missing_cells(CELLS) is not None, reason="needs qflow-tech-osu018")
@pytest.mark.parametrize("circuit", [LINEAR, TERNARY], ids=["linear in SRAM", "ternary in flip-flops"])
def test_everything_passes(circuit, tmp_path):
    """Lint, simulation, a hundred bits turned over, all mutants with a name, 95 of 100 drawn ones, netlist, proofs."""
    write_design(tmp_path / "out", parameters(circuit), None)
    outcomes = list(cosim(tmp_path / "out", ["lint", "simulate", "altered", "mutate", "synthesise", "prove"], FULL))
    assert len(outcomes) >= 14
    assert [each for each in outcomes if not each.passed] == []
    [with_names] = [each for each in outcomes if each.check == "mutants with a name"]
    assert int(with_names.told.split()[0]) >= 20


@needs("yosys")
@pytest.mark.skipif(missing_cells(CELLS) is not None, reason="needs qflow-tech-osu018")
@pytest.mark.parametrize("place", [1, 10, 18], ids=lambda place: BLOCKS[place][0])
def test_areas_are_those_on_record(place):
    recorded = json.loads(RECORD.read_text())["areas"][place]
    found = measure(*BLOCKS[place])
    assert recorded["parameters"] == found["parameters"] and recorded["flops"] == found["flops"]
    assert found["area_um2"] == pytest.approx(recorded["area_um2"], rel=0.05)
