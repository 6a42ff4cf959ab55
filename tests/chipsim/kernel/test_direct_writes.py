"""Direct writes of a crossbar in generated code: which synapses move, and by how much (Eq. 10)."""

import numba
import numpy as np
import pytest
from numba import types
from numba.extending import intrinsic

from chipsim import Events
from chipsim.kernel.crossbar import ActiveRows, Crossbar
from chipsim.simd import LANES, Sequence, as_index, index, members

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")

N_IN, VECTORS = 13, 3
N_OUT = LANES * VECTORS


def writing(constant_current):
    """Step t of window 1 of `events`. constant_current: with amplitudes, which may have to be asked for."""

    @intrinsic
    def code(context, weight, gain, events, pulse, t, asked):
        def generate(context, builder, signature, values):
            kinds = signature.args
            current = values[5] if constant_current == "either" else constant_current == "constant"
            seen = members(builder, kinds[2], values[2])
            active = ActiveRows(context, builder, seen, index(1), current)
            pulses = Sequence(context, builder, kinds[3], values[3])
            each = [pulses.load(index(LANES * v)) for v in range(VECTORS)]
            crossbar = Crossbar(context, builder, (kinds[0], values[0]), index(0), VECTORS)
            crossbar.write((kinds[1], values[1]), each, active, as_index(builder, values[4]))
            return context.get_dummy_value()

        return types.void(weight, gain, events, pulse, types.int64, types.boolean), generate

    @numba.njit
    def run(weight, gain, events, pulse, t, asked):
        code(weight, gain, events, pulse, t, asked)

    return run


WRITERS = {kind: writing(kind) for kind in ("spikes", "constant", "either")}


@pytest.fixture(params=[1, N_IN + 1], ids=["a gain per column", "a gain per synapse"])
def crossbar(request, rng):
    weight = rng.normal(0, 1, (N_IN + 1, N_OUT)).astype(np.float32)
    gain = rng.uniform(0.5, 1.5, (request.param, N_OUT)).astype(np.float32)
    return weight, gain


def gain_of(gain, row):
    return gain[row if len(gain) > 1 else 0]


def seen_at_step_1(rows, amplitudes):
    """Two steps of two windows, of which step 1 of window 1 is meant."""
    among_others = np.zeros((2, len(rows) + 2), np.uint16)
    among_others[1, 1:-1] = rows
    carried = np.zeros((2, len(rows) + 2) if amplitudes is not None else (0, 0), np.float32)
    if amplitudes is not None:
        carried[1, 1:-1] = amplitudes
    begin, end = np.array([[0, 0], [0, 1]], np.int32), np.array([[1, 1], [1, 1 + len(rows)]], np.int32)
    return Events(among_others, begin, end, carried)


def written(kind, crossbar, rows, amplitudes, pulse):
    weight, gain = crossbar
    found = weight.copy()
    WRITERS[kind](found, gain, seen_at_step_1(rows, amplitudes), pulse, 1, amplitudes is not None)
    return found


@pytest.mark.parametrize("kind", ["spikes", "either"])
@pytest.mark.parametrize("n_rows", range(10))
def test_rows_that_spiked_move_and_the_bias(crossbar, rng, n_rows, kind):
    weight, gain = crossbar
    rows = np.sort(rng.permutation(N_IN)[:n_rows])
    pulse = rng.normal(0, 1, N_OUT).astype(np.float32)
    expected = weight.copy()
    for row in (*rows, N_IN):
        expected[row] += gain_of(gain, row) * pulse
    assert np.array_equal(written(kind, crossbar, rows, None, pulse), expected)


@pytest.mark.parametrize("kind", ["constant", "either"])
@pytest.mark.parametrize("n_rows", [0, 1, 5])
def test_a_constant_current_moves_its_rows_by_its_amplitude(crossbar, rng, n_rows, kind):
    weight, gain = crossbar
    rows = np.sort(rng.permutation(N_IN)[:n_rows])
    amplitude = rng.random(n_rows).astype(np.float32)
    pulse = rng.normal(0, 1, N_OUT).astype(np.float32)
    expected = weight.copy()
    for row, x in zip(rows, amplitude, strict=True):
        expected[row] += gain_of(gain, row) * (pulse * x)
    expected[N_IN] += gain_of(gain, N_IN) * pulse
    assert np.array_equal(written(kind, crossbar, rows, amplitude, pulse), expected)


def test_a_column_without_a_pulse_stays(crossbar, rng):
    weight, _ = crossbar
    pulse = np.where(np.arange(N_OUT) % 3 == 0, rng.normal(0, 1, N_OUT), 0).astype(np.float32)
    found = written("spikes", crossbar, [2, 5], None, pulse)
    assert np.array_equal(found[:, pulse == 0], weight[:, pulse == 0])
    assert (found[[2, 5, N_IN]][:, pulse != 0] != weight[[2, 5, N_IN]][:, pulse != 0]).all()
