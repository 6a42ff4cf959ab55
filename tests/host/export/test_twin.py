"""The learning circuit in plain integers, against its definition in fractions."""

from dataclasses import replace
from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_exports import LINEAR, TERNARY

from host.export.parameters import Layer
from host.export.vectors.twin import TwinColumn, lfsr_advanced, lfsr_start, updated
from learning_circuit import start_states, state_after

LAYER = Layer(1, 3, 2, 4)
NOTHING = {
    "rows": [],
    "spike": False,
    "above_low": True,
    "below_high": True,
    "dead_zone": 0,
    "learns": True,
    "warm": True,
}


@pytest.mark.parametrize(
    ("residue", "increment", "carry", "left"),
    [
        (15, 1, 1, 0),
        (-15, -1, -1, 0),
        (15, 0, 0, 15),
        (-8, 7, 0, -1),
        (-15, -15, -1, -14),
        (3, -20, -1, -1),
        (0, 63, 3, 15),
    ],
)
def test_a_carry_is_truncated_toward_zero(residue, increment, carry, left):
    after = updated(0, residue, increment, code_bits=6, update_bits=4)
    assert (after.code, after.residue, after.saturated) == (carry, left, False)


@given(st.integers(-7, 7), st.integers(-15, 15), st.integers(-63, 63))
def test_nothing_is_lost_but_at_a_codes_ends(code, residue, increment):
    after = updated(code, residue, increment, code_bits=4, update_bits=4)
    assert -7 <= after.code <= 7 and -15 <= after.residue <= 15
    if after.saturated:
        assert abs(after.code) == 7
    else:
        assert 16 * after.code + after.residue == 16 * code + residue + increment


def test_without_an_update_accumulator_increments_are_codes():
    assert updated(2, 0, -5, code_bits=4, update_bits=0) == (-3, 0, False)


@pytest.mark.parametrize("circuit", [LINEAR, TERNARY, replace(LINEAR, dither_bits=0), replace(TERNARY, dither_bits=16)])
@given(data=st.data())
def test_an_increment_is_the_floor_of_product_and_dither(circuit, data):
    column = TwinColumn(circuit, LAYER, 1)
    full = 2**circuit.accumulator_bits - 1
    column.count = data.draw(st.integers(0, full))
    column.target_count = data.draw(st.integers(0, full << circuit.fraction_bits))
    word = data.draw(st.integers(0, 2**circuit.step_word_bits - 1))
    dither = Fraction(lfsr_advanced(circuit, column.lfsr) % 2**circuit.dither_bits, 2**circuit.dither_bits)
    error = Fraction(column.target_count, 2**circuit.fraction_bits) - column.count
    column.step(**NOTHING, step_word=word)
    scale = error if circuit.gate == "linear" else (error > 0) - (error < 0)
    wanted = floor(scale * Fraction(word, 2**circuit.step_word_fraction_bits) + dither)
    most = 2 ** (circuit.increment_bits - 1) - 1
    assert column.open == (error != 0)
    assert column.increment == (max(-most, min(most, wanted)) if error else 0)
    assert column.increment_saturated == (bool(error) and abs(wanted) > most)


def test_shift_registers_are_those_of_the_chip():
    for bits in (16, 24, 32):
        circuit = replace(LINEAR, lfsr_bits=bits, lfsr_seed=77, dither_bits=5)
        starts = start_states(bits, 77, 3, 4)
        mine = [lfsr_start(circuit, 3, column) for column in range(4)]
        assert mine == starts.tolist()
        for _ in range(10):
            mine = [lfsr_advanced(circuit, state) for state in mine]
        assert mine == state_after(starts, bits, 50).astype(np.int64).tolist()


def test_shut_gates_write_nothing_and_clock_the_register_while_it_learns():
    for shut in ({"above_low": False}, {"below_high": False}, {"warm": False}, {"dead_zone": 32}, {"learns": False}):
        column = TwinColumn(LINEAR, LAYER, 0, target=16)
        column.count, before = 3, column.lfsr
        column.step(**NOTHING | {"rows": [0, 3]} | shut, step_word=511)
        assert not column.open and column.increment == 0 and column.codes == [0] * 4 and column.residues == [0] * 4
        assert (column.lfsr == before) == ("learns" in shut)
