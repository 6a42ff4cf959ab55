"""Digital parts from the widths of registers: near what synthesis made of a column in RTL, growing with every width.

Measured: a parametrised SystemVerilog column by yosys 0.23 with abc, cells osu018 (180 nm), um2 without wiring.
"""

from dataclasses import replace

import pytest
from small_chips import spec_of

from chipsim.cost import phase_cost, synapse_um2
from chipsim.cost.area import chip_area, network_area
from chipsim.cost.digital import Cells, Widths, column, dither_source, learning_circuit, synapse, update_unit, widths_of
from chipsim.physical import load

CHIP = load("cmos-180nm")
WITHIN = 0.25


def widths(**others):
    """The prototype's: ternary, 8-bit counters and targets, step words of 15 bits, 8 bits of dither."""
    plain = Widths(
        counter=8,
        target_fraction=7,
        error_gate="ternary",
        multiplies=False,
        step_word=15,
        dither=8,
        lfsr=16,
        increment=10,
        code=6,
        residue=9,
        unit_per_synapse=True,
        error=16,
    )
    return plain._replace(**others)


LINEAR = {"error_gate": "linear", "multiplies": True}
CIRCUITS = {
    8_567: {"counter": 5, "target_fraction": 4, "step_word": 7, "dither": 0},
    12_507: {"counter": 5},
    15_284: {},
    18_814: {"counter": 12},
    46_053: {**LINEAR, "counter": 5, "target_fraction": 4, "error": 10, "step_word": 9, "dither": 0},
    61_829: {**LINEAR, "error": 10, "step_word": 13},
    91_627: {**LINEAR, "step_word": 13},
    162_769: {**LINEAR, "step_word": 30, "dither": 24},
    19_298: {"error_gate": "linear"},
    18_029: {"error_gate": "linear", "error": 10},
}
# Code bits, bits of the update accumulator without its sign, bits of an increment.
SYNAPSES = {
    6_647: (6, 8, 10),
    5_547: (6, 6, 10),
    5_799: (6, 4, 10),
    5_415: (6, 2, 10),
    5_793: (4, 8, 10),
    7_626: (8, 8, 10),
    6_206: (6, 8, 2),
    4_868: (6, 4, 2),
    4_132: (6, 2, 2),
}


@pytest.mark.parametrize("measured", CIRCUITS)
def test_a_learning_circuit_is_as_large_as_synthesis_makes_it(measured):
    assert learning_circuit(widths(**CIRCUITS[measured])).um2(CHIP) == pytest.approx(measured, rel=WITHIN)


@pytest.mark.parametrize("measured", SYNAPSES)
def test_so_is_a_synapse_in_flip_flops(measured):
    code, accumulator, increment = SYNAPSES[measured]
    own = synapse(widths(code=code, residue=accumulator + 1, increment=increment))
    assert own.um2(CHIP) == pytest.approx(measured, rel=WITHIN)


@pytest.mark.parametrize(("measured", "accumulator"), [(3_720, 8), (3_528, 4)])
def test_so_are_a_column_s_update_unit_and_the_source_of_its_dither(measured, accumulator):
    assert update_unit(widths(residue=accumulator + 1)).um2(CHIP) == pytest.approx(measured, rel=WITHIN)
    assert dither_source(widths()).um2(CHIP) == pytest.approx(4_329, rel=WITHIN)


# The same of the RTL that `chipsim export rtl` writes, whose increments saturate.
# um2, gate, bits of counters, of a target's fraction, of step words, of dither, of increments
EXPORTED_CIRCUITS = [
    (9925, "ternary", 5, 4, 7, 0, 8),
    (15198, "ternary", 5, 7, 15, 8, 10),
    (17088, "ternary", 8, 7, 15, 8, 10),
    (21544, "ternary", 12, 7, 15, 8, 10),
    (18318, "ternary", 8, 7, 16, 8, 10),
    (17088, "sign", 8, 7, 15, 8, 10),
    (23283, "ternary", 8, 15, 15, 8, 10),
    (66732, "linear", 8, 7, 13, 8, 10),
    (70227, "linear", 8, 7, 16, 8, 10),
    (99588, "linear", 8, 7, 24, 24, 10),
    (31275, "linear", 5, 4, 9, 8, 10),
]
# um2, bits of a code, of an update accumulator without its sign, of increments
EXPORTED_SYNAPSES = [
    (7269, 6, 8, 8),
    (5853, 6, 6, 8),
    (6085, 6, 4, 8),
    (5368, 6, 2, 8),
    (6005, 4, 8, 8),
    (7749, 8, 8, 8),
    (6923, 6, 8, 10),
    (6678, 6, 8, 2),
]
# likewise
EXPORTED_UNITS = [
    (4082, 6, 8, 8),
    (3219, 6, 4, 8),
    (3646, 6, 8, 10),
    (3167, 4, 8, 10),
]
# um2, bits, steps at once
EXPORTED_REGISTERS = [
    (4541, 16, 8),
    (4056, 16, 4),
    (6097, 24, 8),
    (10705, 32, 24),
]


@pytest.mark.parametrize("row", EXPORTED_CIRCUITS)
def test_so_is_the_learning_circuit_of_an_export(row):
    measured, gate, counter, fraction, step_word, dither, increment = row
    own = widths(error_gate=gate, multiplies=gate == "linear", counter=counter, target_fraction=fraction)
    own = own._replace(step_word=step_word, dither=dither, increment=increment, error=counter + fraction + 1)
    assert learning_circuit(own).um2(CHIP) == pytest.approx(measured, rel=WITHIN)
    assert learning_circuit(own).flip_flops == pytest.approx(2 * counter + fraction + increment, abs=4)


@pytest.mark.parametrize("block", ["synapse", "update unit"])
def test_so_are_its_synapses(block):
    for measured, code, accumulator, increment in EXPORTED_SYNAPSES if block == "synapse" else EXPORTED_UNITS:
        own = widths(code=code, residue=accumulator + 1, increment=increment)
        cells = synapse(own) if block == "synapse" else update_unit(own)
        assert cells.um2(CHIP) == pytest.approx(measured, rel=WITHIN)


@pytest.mark.parametrize(("measured", "bits", "steps"), EXPORTED_REGISTERS)
def test_so_is_its_dither(measured, bits, steps):
    assert dither_source(widths(lfsr=bits, dither=steps)).um2(CHIP) == pytest.approx(measured, rel=WITHIN)


def test_memory_holds_the_bits_and_a_column_shares_its_unit():
    shared = widths(unit_per_synapse=False)
    assert synapse(shared) == Cells(sram_bits=15)
    assert column(shared) == update_unit(shared) and column(widths()) == Cells()
    assert synapse(widths(unit_per_synapse=False, code=0, residue=0)) == Cells()
    assert update_unit(widths(code=0, residue=0)) == Cells()


def test_widths_are_those_of_the_design():
    spec = spec_of(
        sizes=(20, 10, 4),
        target_bits=8,
        circuit={"accumulator_bits": 5, "update_accumulator_bits": 6, "error_gate": "sign"},
        noise=("quantization:4,layer=2",),
    )
    first, second = (widths_of(spec, CHIP, layer) for layer in (0, 1))
    assert (first.counter, first.target_fraction, first.error) == (5, 7, 13)
    assert (first.code, second.code, first.residue) == (6, 4, 7)  # the chip's own bits where nothing else is said
    analog = load("ideal")
    assert widths_of(spec, analog, 0)[8:10] == (0, 0) and widths_of(spec, analog, 1)[8:10] == (4, 7)
    devices = widths_of(spec, load("rram"), 1)
    assert (devices.code, devices.residue) == (0, 7)  # a device holds its code itself


WIDER = {
    "counters": {"accumulator_bits": 12},
    "update accumulators": {"update_accumulator_bits": 12},
    "step words": {"step_word_bits": 20},
    "a unit per synapse": {"update_unit": "flops"},
}


@pytest.mark.parametrize("what", WIDER)
def test_what_is_wider_costs_area_and_energy(what):
    activity = {name: [100, 20] for name in ("synaptic_events", "spikes", "weight_updates", "code_writes")}
    found = []
    for circuit in ({}, WIDER[what]):
        spec = spec_of(sizes=(20, 10, 4), circuit={"accumulator_bits": 8, **circuit})
        cost = phase_cost(spec, CHIP, "learning", activity | {"ties": [0, 0]}, 1, constant_current=False)
        assert cost.on_chip is not None
        energy = {part.name: part.high_nj for part in cost.on_chip.energy.parts}
        found.append((network_area(spec, CHIP).total_mm2, chip_area(spec, CHIP).total_mm2, energy))
    (area, chip, before), (wider, wider_chip, after) = found
    assert area < wider and chip < wider_chip
    touched = {name for name in before if before[name] != after[name]}
    assert touched == ({"learning circuits"} if what in ("counters", "step words") else {"writes"})
    assert sum(after.values()) > sum(before.values()) or what == "a unit per synapse"  # which reads no memory


def test_a_linear_gate_with_a_power_of_two_needs_no_multiplier():
    def circuit(**settings):
        spec = spec_of(circuit={"error_gate": "linear", **settings})
        return learning_circuit(widths_of(spec, CHIP, 0)).um2(CHIP)

    shifts = circuit(error_scale="shift", rate_format="power_of_two")
    assert shifts < circuit(error_scale="shift") / 2
    assert circuit(error_scale="per_step", rate_format="power_of_two") == circuit()


def test_one_figure_for_all_widths_stays_one():
    tables = CHIP.to_table()
    tables["area"] = {"synapse_um2": 400.0, "neuron_um2": 10_000.0, "learning_circuit_um2": 5_000.0}
    stated = type(CHIP).model_validate(tables)
    areas = {network_area(spec_of(circuit={"accumulator_bits": bits}), stated).total_mm2 for bits in (2, 12)}
    assert len(areas) == 1
    assert synapse_um2(spec_of(), stated, 0) == 400.0


def test_cells_add_up():
    assert Cells(1, 2, 3) + Cells(4, 5, 6) == Cells(5, 7, 9)
    assert replace(Cells(), gates=10).um2(CHIP) == 240.0
