"""Writing weights into synapses: exact where they are analog, nearest codes on a good scale where they are few-bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_chips import programmed, random_weights, spec_of

from chipsim import SynapseSpec
from chipsim.die.programming import full_scale_of, program_layer
from chipsim.layout import joined


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(0, 0.3, shape).astype(np.float32)


def mean_squared_error(values, full_scale, top):
    lsb = full_scale / top
    values = values.astype(np.float64)
    return np.mean((values - lsb * np.clip(np.rint(values / lsb), -top, top)) ** 2)


def test_ideal_analog_weights_are_exact():
    weights, biases = normal(1, 7, 5), normal(2, 5)
    tables, state = program_layer(weights, biases, np.ones((1, 5), np.float32), None, 8)
    assert not tables.coded
    assert np.array_equal(state.weight[:7], weights) and np.array_equal(state.weight[7], biases)
    assert state.coded.code.size == state.coded.residue.size == 0


@pytest.mark.parametrize("rows", [1, 8], ids=["a gain per column", "a gain per synapse"])
def test_the_crossbar_delivers_weight_times_gain(rows):
    weights, biases = normal(1, 7, 5), normal(2, 5)
    gain = np.random.default_rng(3).uniform(0.5, 1.5, (rows, 5)).astype(np.float32)
    _, state = program_layer(weights, biases, gain, None, 8)
    for j in range(8):
        for i in range(5):
            wanted = biases[i] if j == 7 else weights[j, i]
            assert state.weight[j, i] == gain[j if rows > 1 else 0, i] * wanted


def test_programming_takes_any_layout_and_leaves_it_alone():
    weights, biases = normal(1, 6, 4), normal(2, 4)
    gain = np.ones((1, 4), np.float32)
    _, state = program_layer(np.asfortranarray(weights, np.float64), biases.astype(np.float64), gain, None, 8)
    assert state.weight.dtype == np.float32 and state.weight.flags.c_contiguous
    assert np.array_equal(state.weight[:6], weights)
    state.weight[...] = 0
    assert weights.all()


@settings(max_examples=60)
@given(
    bits=st.integers(2, 15),
    n_in=st.integers(1, 12),
    n_out=st.integers(1, 12),
    seed=st.integers(0, 1000),
    scale=st.floats(1e-3, 1e3),
)
def test_codes_are_in_range_and_nearest(bits, n_in, n_out, seed, scale):
    weights, biases = (scale * normal(seed, n_in, n_out)).astype(np.float32), normal(seed + 1, n_out)
    gain = np.random.default_rng(seed).uniform(0.5, 1.5, (n_in + 1, n_out)).astype(np.float32)
    tables, state = program_layer(weights, biases, gain, bits, 6)
    code, top = state.coded.code, 2 ** (bits - 1) - 1
    assert code.dtype == np.int16 and code.shape == (n_in + 1, n_out)
    assert np.abs(code.astype(int)).max() <= top == state.coded.top_code
    assert not state.coded.residue.any() and state.coded.accumulator_bits == 6
    for j in range(n_in + 1):
        lsb = tables.bias_lsb if j == n_in else tables.lsb
        wanted = biases if j == n_in else weights[j]
        error = np.abs(code[j].astype(np.float64) * lsb - wanted)
        clipped = np.abs(wanted) > top * np.float64(lsb)
        assert (error[~clipped] <= 0.5001 * lsb).all()
        assert np.array_equal(code[j][clipped], np.sign(wanted[clipped]) * top)
        assert np.array_equal(state.weight[j], gain[j] * (code[j].astype(np.float32) * lsb))


def test_weights_and_biases_have_their_own_lsb():
    """Large biases must not cost the weights their resolution."""
    weights, biases = normal(1, 30, 20), 100 * normal(2, 20)
    tables, _ = program_layer(weights, biases, np.ones((1, 20), np.float32), 4, 8)
    alone, _ = program_layer(weights, 0 * biases, np.ones((1, 20), np.float32), 4, 8)
    assert tables.lsb == alone.lsb
    assert tables.bias_lsb > 10 * tables.lsb


@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_clipping_rare_large_weights_beats_the_largest_as_full_scale(bits, seed):
    weights, top = normal(seed, 64, 64), 2 ** (bits - 1) - 1
    chosen, naive = full_scale_of(weights, top), float(np.abs(weights).max())
    assert chosen < naive
    assert mean_squared_error(weights, chosen, top) < 0.9 * mean_squared_error(weights, naive, top)


@settings(max_examples=60)
@given(
    values=st.lists(st.floats(-100, 100, width=32).filter(lambda x: x == 0 or abs(x) > 1e-3), min_size=1, max_size=30),
    bits=st.integers(2, 15),
)
def test_full_scale_is_never_worse_than_the_largest(values, bits):
    weights, top = np.array(values, np.float32), 2 ** (bits - 1) - 1
    chosen = full_scale_of(weights, top)
    largest = float(np.abs(weights).max())
    if largest == 0:
        assert chosen == 1
        return
    assert 0 < chosen <= largest
    assert mean_squared_error(weights, chosen, top) <= mean_squared_error(weights, largest, top)


def test_full_scale_is_near_the_analytic_optimum():
    """Uniform quantizers of a Gaussian with an odd number 2 top + 1 of levels, optimal full scale by fine search."""
    values = np.random.default_rng(5).normal(0, 1, 40000).astype(np.float32)
    for top in (3, 7, 15):
        fine = np.linspace(1, 5, 401)
        best = fine[np.argmin([mean_squared_error(values, scale, top) for scale in fine])]
        grid_step = 0.025 * float(np.abs(values).max())
        assert full_scale_of(values, top) == pytest.approx(best, abs=1.5 * grid_step)


def test_no_weights_no_codes():
    tables, state = program_layer(np.zeros((3, 2), np.float32), np.zeros(2), np.ones((1, 2), np.float32), 4, 8)
    assert not state.coded.code.any() and not state.weight.any()
    assert tables.lsb > 0 and tables.bias_lsb > 0


def test_the_chip_reports_what_its_crossbars_deliver(rng):
    spec = spec_of(noise=("mismatch:0.2@weight", "quantization:5,layer=1"))
    weights = random_weights(spec, rng)
    chip = programmed(spec, weights)
    delivered = chip.weights()
    for n in (2, 3):
        gain = joined(chip._layers[n - 1])[0].gain
        assert np.array_equal(delivered[n - 1][0], gain[:-1] * weights[n - 1][0])
        assert np.array_equal(delivered[n - 1][1], gain[-1] * weights[n - 1][1])
    snapshot, gain = chip.snapshot(), joined(chip._layers[0])[0].gain
    code, lsb = snapshot["layer1.code"].astype(np.float32), snapshot["layer1.lsb"]
    assert np.array_equal(delivered[0][0], gain[:-1] * (code[:-1] * lsb[0]))
    assert np.array_equal(delivered[0][1], gain[-1] * (code[-1] * lsb[1]))
    delivered[0][0][...] = 0  # a copy: the chip keeps its own
    assert chip.weights()[0][0].any()


def test_programming_again_forgets_what_was_learned(small_lesson):
    task = small_lesson
    chip, fresh = programmed(task.spec, task.weights), programmed(task.spec, task.weights)
    chip.learn(task.events, task.windows, task.targets, task.rates)
    assert chip.snapshot()["layer1.residue"].any()
    chip.program(task.weights)
    mine, theirs = chip.snapshot(), fresh.snapshot()
    assert all(np.array_equal(mine[name], theirs[name]) for name in mine)


def test_a_full_scale_of_the_design_is_kept_and_what_exceeds_it_is_clipped():
    # 4 bits: codes to 7. A full scale of 0.7 is an LSB of 0.1; a bias full scale of 1.4 one of 0.2.
    synapse = SynapseSpec(full_scale_th=0.7, bias_full_scale_th=1.4)
    weights, biases = np.array([[0.31, -2.0]], np.float32), np.array([0.31, 5.0], np.float32)
    tables, state = program_layer(weights, biases, np.ones((1, 2), np.float32), 4, 8, synapse)
    assert (tables.lsb, tables.bias_lsb) == (pytest.approx(0.1), pytest.approx(0.2))
    assert state.coded.code.tolist() == [[3, -7], [2, 7]]
    assert state.weight == pytest.approx(np.array([[0.3, -0.7], [0.4, 1.4]]))


def test_a_full_scale_means_nothing_to_analog_weights():
    weights, biases, gain = normal(1, 7, 5), normal(2, 5), np.ones((1, 5), np.float32)
    _, state = program_layer(weights, biases, gain, None, 8, SynapseSpec(full_scale_th=0.01))
    assert np.array_equal(state.weight[:7], weights)
