"""Few-bit weights: pulses are collected, whole LSBs are written, rounding is fair."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chipsim.kernel.write_codes import write_coded_row
from chipsim.layout import CodedSynapses
from chipsim.simd import LANES

ONE = np.float32(1)
LSB = np.float32(0.25)
BELOW_ONE = np.nextafter(ONE, np.float32(0))


class Row:
    """A crossbar of one row (or more) of few-bit synapses, all of gain 1 unless said otherwise."""

    def __init__(self, n_out, bits, top=7, rows=1, gain=None):
        """What is shown are n_out columns of whole vectors, all that follow are closed."""
        self.bits, self.n_out, n = bits, n_out, -(-n_out // LANES) * LANES
        self.gain = np.ones((1 if gain is None else len(gain), n), np.float32)
        self.gain[:, :n_out] = 1 if gain is None else gain
        weight, (code, residue) = np.zeros((rows, n), np.float32), np.zeros((2, rows, n), np.int16)
        self._all = weight, CodedSynapses(code, residue, np.int32(top), np.int32(bits))
        self.weight = weight[:, :n_out]
        self.stored = CodedSynapses(code[:, :n_out], residue[:, :n_out], np.int32(top), np.int32(bits))

    def write(self, pulse, dither, amplitude=ONE, row=0):
        pulses, dithers = np.zeros((2, self.gain.shape[1]), np.float32)
        pulses[: self.n_out], dithers[: self.n_out] = pulse, dither
        weight, stored = self._all
        amplitude = np.float32(amplitude)
        vectors = np.arange(0, len(pulses), LANES, dtype=np.uint64)
        return write_coded_row(
            weight, self.gain, stored, row, LSB, amplitude, vectors, pulses, pulses, dithers, pulses, pulses
        )

    def units(self):
        """What code and residue hold together, in LSB / 2^bits."""
        return (self.stored.code.astype(np.int64) << self.bits) + self.stored.residue


@pytest.mark.parametrize("bits", [0, 1, 4, 8, 14])
@pytest.mark.parametrize("pulse_lsb", [0.01, -0.01, 0.37, -0.37, 1.6, -2.45])
@pytest.mark.parametrize("amplitude", [1.0, 0.3])
def test_stochastic_rounding_is_unbiased(bits, pulse_lsb, amplitude, rng):
    """The mean of n roundings of x is x; one has variance f (1 - f), f the fraction that is rounded away."""
    n = 40000
    row = Row(n, bits)
    row.write(pulse_lsb * LSB, rng.random(n), amplitude)
    wanted = 2.0**bits * amplitude * pulse_lsb
    fraction = wanted - np.floor(wanted)
    sigma = np.sqrt(max(fraction * (1 - fraction), 1e-3) / n)
    assert row.units().mean() == pytest.approx(wanted, abs=4 * sigma + 3e-6 * abs(wanted))
    assert set(np.unique(row.units() - int(np.floor(wanted)))) <= {0, 1}


@pytest.mark.parametrize("bits", [0, 3, 8])
def test_many_small_pulses_add_up(bits, rng):
    """300 pulses of 1/100 LSB make 3 LSB, whatever the accumulator: its bits only say how noisily."""
    n, writes = 4000, 300
    row = Row(n, bits, top=1000)
    for _ in range(writes):
        row.write(LSB / 100, rng.random(n))
    fraction = 2.0**bits / 100 % 1
    sigma = np.sqrt(writes * fraction * (1 - fraction)) / 2**bits  # of one synapse, in LSB
    total = row.units() / 2**bits
    assert total.mean() == pytest.approx(3, abs=4 * sigma / np.sqrt(n))
    assert total.std() == pytest.approx(sigma, rel=4 / np.sqrt(2 * n))


@settings(max_examples=60)
@given(
    bits=st.integers(0, 14),
    top=st.sampled_from([1, 3, 7, 127, 16383]),
    pulses=st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=12),
    seed=st.integers(0, 1000),
)
def test_nothing_is_lost_and_nothing_overflows(bits, top, pulses, seed):
    """After any pulses: |residue| below one LSB, code in range, and code and residue hold exactly what was written."""
    dithers = np.random.default_rng(seed).random((len(pulses), 5)).astype(np.float32)
    row = Row(5, bits, top)
    for pulse, dither in zip(np.array(pulses, np.float32) * LSB, dithers, strict=True):
        code, residue = row.stored.code.astype(int), row.stored.residue.astype(int)
        written, held_back = row.write(pulse, dither)
        rounded = np.floor(np.float32(2.0**bits) * ONE / LSB * pulse + dither).astype(int)
        total = residue[0] + rounded
        whole = np.trunc(total / 2**bits).astype(int)  # LSBs, toward zero
        assert np.array_equal(row.stored.code[0], np.clip(code[0] + whole, -top, top))
        assert np.array_equal(row.stored.residue[0], total - whole * 2**bits)
        assert np.abs(row.stored.residue.astype(int)).max() < 2**bits
        assert np.array_equal(row.weight[0], row.stored.code[0].astype(np.float32) * LSB)
        assert written == np.count_nonzero(row.stored.code[0] != code[0])
        assert held_back == np.count_nonzero(np.abs(code[0] + whole) > top)


def test_no_bits_write_directly():
    """Without an accumulator the pulse itself is rounded to whole LSBs."""
    row = Row(6, bits=0)
    assert row.write(0.3 * LSB, [0, 0.5, 0.69, 0.71, 0.9, BELOW_ONE]) == (3, 0)
    assert row.stored.code[0].tolist() == [0, 0, 0, 1, 1, 1]
    row.write(-2.3 * LSB, [0, 0.2, 0.29, 0.31, 0.9, BELOW_ONE])
    assert row.stored.code[0].tolist() == [-3, -3, -3, -1, -1, -1]
    assert not row.stored.residue.any()


def test_one_lsb_is_written_when_the_residue_reaches_one_lsb():
    """Three-bit accumulator, pulses of a quarter LSB: every fourth pulse moves the code, up as down."""
    row = Row(1, bits=3)
    codes, residues = [], []
    for pulse in [0.25] * 5 + [-0.25] * 10:
        row.write(pulse * LSB, 0)
        codes.append(int(row.stored.code[0, 0]))
        residues.append(int(row.stored.residue[0, 0]))
    assert codes == [0, 0, 0, 1, 1] + [1, 1, 1, 1, 0, 0, 0, 0, -1, -1]
    assert residues == [2, 4, 6, 0, 2] + [0, -2, -4, -6, 0, -2, -4, -6, 0, -2]


def test_a_pulse_to_and_fro_never_flips_a_code():
    row = Row(1, bits=4)
    for _ in range(20):
        assert row.write(0.9 * LSB, 0) == (0, 0)
        assert row.write(-0.9 * LSB, BELOW_ONE) == (0, 0)
    assert row.stored.code[0, 0] == 0


@pytest.mark.parametrize("bits", [0, 8, 14])
def test_no_pulse_no_change(bits):
    """However the dither falls: it is at least 0 and below 1."""
    row = Row(3, bits)
    row.stored.code[0] = [-7, 0, 7]
    row.stored.residue[0] = np.array([-1, 0, 1]) * (2**bits - 1)
    before = row.units()
    for dither in (0, 0.5, BELOW_ONE):
        assert row.write(0, dither) == (0, 0)
        assert row.write(-0.0, dither) == (0, 0)
    assert np.array_equal(row.units(), before)


def test_codes_stop_at_the_ends_of_their_range():
    row = Row(4, bits=2, top=3)
    row.stored.code[0] = [3, -3, 2, 0]
    assert row.write(np.array([1.25, -1.25, 5, -9]) * LSB, 0) == (2, 4)
    assert row.stored.code[0].tolist() == [3, -3, 3, -3]
    assert row.stored.residue[0].tolist() == [1, -1, 0, 0]  # what is below one LSB stays, the rest is held back
    assert row.write(-LSB, 0) == (1, 2)
    assert row.stored.code[0].tolist() == [3, -3, 2, -3]
    assert row.stored.residue[0].tolist() == [-3, -1, 0, 0]


def test_gains_belong_to_their_synapses(rng):
    """What is stored does not know the gain; what is delivered is gain times code times LSB."""
    gain = rng.uniform(0.5, 1.5, (3, 6))
    own, common = Row(6, 4, rows=3, gain=gain), Row(6, 4, rows=3, gain=gain[:1])
    for row in (own, common):
        row.write(np.arange(-3, 3) * LSB, 0, row=1)
        assert row.stored.code[1].tolist() == [-3, -2, -1, 0, 1, 2]
    delivered = np.arange(-3, 3).astype(np.float32) * LSB
    assert np.array_equal(own.weight[1], gain[1].astype(np.float32) * delivered)
    assert np.array_equal(common.weight[1], gain[0].astype(np.float32) * delivered)


def test_only_the_row_asked_for_changes():
    row = Row(9, bits=4, rows=3)
    row.write(2.5 * LSB, 0, row=1)
    expected = np.zeros((3, 9), int)
    expected[1] = 1
    assert np.array_equal(row.stored.code, 2 * expected)
    assert np.array_equal(row.stored.residue, 8 * expected)
    assert np.array_equal(row.weight, (0.5 * expected).astype(np.float32))


@pytest.mark.parametrize("pulse", [1e6, 1e30, np.inf])
def test_a_pulse_beyond_every_range_keeps_its_sign(pulse):
    row = Row(2, bits=14)
    row.write(np.array([pulse, -pulse]), 0)
    assert row.stored.code[0].tolist() == [7, -7]


def test_a_constant_current_scales_the_pulse():
    row = Row(1, bits=4)
    row.write(LSB, 0, amplitude=0.5)
    assert row.units()[0, 0] == 8
