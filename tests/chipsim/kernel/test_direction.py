"""Learning goes the right way and only where it should: up if there are too few spikes, down if too many.

Seen on a whole chip, so that no two stages can both be turned round.
"""

import numpy as np
import pytest
from small_chips import events_of, programmed, spec_of

N_IN, N_OUT, STEPS = 6, 4, 12
GATES = ["linear", "sign", "ternary"]
STORED = {"analog": (), "few bits": ("quantization:8",)}


def chip_of(gate="linear", noise=(), bias=0.0, readout="spiking", warm_up=0):
    """One layer, boxcar open for every membrane. Weights are 0.1 but for a row that no test uses.

    That row's large weights keep few-bit codes of the others away from the end of their range.
    """
    spec = spec_of(
        (N_IN + 1, N_OUT),
        STEPS,
        noise,
        {"readout": readout},
        {"error_gate": gate, "boxcar_width_th": 30.0, "warm_up_steps": warm_up},
    )
    weights = np.full((N_IN + 1, N_OUT), 0.1, np.float32)
    weights[N_IN] = 0.5
    return programmed(spec, [(weights, np.full(N_OUT, bias, np.float32))])


def change(chip, active_rows, targets, rate=0.02):
    """How weights (n_in, n_out) and biases (n_out,) change in one window with these inputs at every step."""
    masks = np.zeros((1, STEPS, N_IN + 1), bool)
    masks[:, :, active_rows] = True
    (before, bias_before) = chip.weights()[0]
    targets = [np.array([targets], np.float32)]
    result = chip.learn(events_of(masks), np.zeros(1, np.int64), targets, np.full(1, rate, np.float32))
    (after, bias_after) = chip.weights()[0]
    assert np.array_equal(after[N_IN], before[N_IN])
    return (after - before)[:N_IN], bias_after - bias_before, result


@pytest.mark.parametrize("noise", STORED.values(), ids=STORED)
@pytest.mark.parametrize("gate", GATES)
def test_too_few_spikes_raise_the_weights_of_active_rows(gate, noise):
    active = [1, 4]
    weights, biases, _ = change(chip_of(gate, noise), active, np.ones(N_OUT))
    assert (weights[active] > 0).all() and (biases > 0).all()
    idle = [row for row in range(N_IN) if row not in active]
    assert not weights[idle].any()


@pytest.mark.parametrize("noise", STORED.values(), ids=STORED)
@pytest.mark.parametrize("gate", GATES)
def test_too_many_spikes_lower_the_weights_of_active_rows(gate, noise):
    active = [0, 5]
    weights, biases, result = change(chip_of(gate, noise, bias=1.5), active, np.zeros(N_OUT))
    assert result.counts[0].all()
    assert (weights[active] < 0).all() and (biases < 0).all()
    idle = [row for row in range(N_IN) if row not in active]
    assert not weights[idle].any()


@pytest.mark.parametrize("noise", STORED.values(), ids=STORED)
@pytest.mark.parametrize("gate", GATES)
def test_each_neuron_follows_its_own_target(gate, noise):
    """Neuron 1 fires too little, neuron 2 too much, the others as they should: a column each, not a row."""
    chip = chip_of(gate, noise, bias=0.5)
    # Six active rows of 0.1 and a bias of 0.5 make 1.1 per step: a spike at each.
    weights, biases, result = change(chip, range(N_IN), [1, 1, 0, 1], rate=0.002)
    assert (result.counts[0][0, [0, 3]] == STEPS).all()
    assert not weights[:, [0, 1, 3]].any() and not biases[[0, 1, 3]].any()
    assert (weights[:, 2] < 0).all() and biases[2] < 0
    chip = chip_of(gate, noise)
    weights, biases, result = change(chip, range(N_IN), [0.5, 1, 0.5, 0.5], rate=0.002)
    assert (weights[:, 1] > 0).all() and biases[1] > 0
    assert (weights[:, 1] > np.abs(weights[:, [0, 2, 3]]).max()).all()


def test_a_met_target_leaves_everything_alone():
    weights, biases, result = change(chip_of(bias=0.5), range(N_IN), np.ones(N_OUT))
    assert (result.counts[0] == STEPS).all()
    assert not weights.any() and not biases.any()
    assert result.activity["weight_updates"].tolist() == [0]


@pytest.mark.parametrize("readout", ["spiking", "integrating"])
@pytest.mark.parametrize("gate", GATES)
def test_learning_brings_the_count_to_the_target(gate, readout):
    chip = chip_of(gate, readout=readout)
    targets = np.array([0.2, 0.4, 0.6, 0.9], np.float32)
    before = np.abs(change(chip, range(N_IN), targets, rate=0)[2].counts[0][0] - STEPS * targets)
    for window in range(200):
        change(chip, range(N_IN), targets, rate=0.02 * (1 - window / 200))
    after = np.abs(change(chip, range(N_IN), targets, rate=0)[2].counts[0][0] - STEPS * targets)
    assert before.max() > 4
    assert after.max() <= 1.5


def test_a_rate_of_zero_changes_nothing():
    weights, biases, result = change(chip_of(), range(N_IN), np.ones(N_OUT), rate=0)
    assert not weights.any() and not biases.any()
    assert result.activity["weight_updates"].tolist() == [0]


@pytest.mark.parametrize("gate", GATES)
def test_twice_the_rate_twice_the_first_update(gate):
    """Only the last step is past the warm-up, so there is exactly one update."""
    once, _, _ = change(chip_of(gate, warm_up=STEPS - 1), [2], np.ones(N_OUT), rate=0.01)
    twice, _, _ = change(chip_of(gate, warm_up=STEPS - 1), [2], np.ones(N_OUT), rate=0.02)
    assert (once[2] > 0).all()
    assert np.allclose(twice, 2 * once, rtol=1e-5, atol=1e-9)
    none, biases, _ = change(chip_of(gate, warm_up=STEPS), [2], np.ones(N_OUT))
    assert not none.any() and not biases.any()


def test_one_update_is_rate_times_error():
    """Silent through 12 steps with target 1: e = 1 at the last, so dw = eta (Eq. 10)."""
    weights, biases, result = change(chip_of(warm_up=STEPS - 1, bias=-1.0), [2, 3], np.ones(N_OUT), rate=0.125)
    assert not result.counts[0].any()
    assert np.allclose(weights[[2, 3]], 0.125, rtol=1e-6) and np.array_equal(biases, np.full(N_OUT, np.float32(0.125)))
    assert result.activity["weight_updates"].tolist() == [3 * N_OUT]


def test_rates_are_per_layer():
    spec = spec_of((3, 4, 2), STEPS, (), {}, {"boxcar_width_th": 30.0})
    weights = [(np.full((3, 4), 0.4, np.float32), np.zeros(4, np.float32))]
    weights.append((np.full((4, 2), 0.1, np.float32), np.zeros(2, np.float32)))
    targets = [np.zeros((1, 4), np.float32), np.ones((1, 2), np.float32)]
    events = events_of(np.ones((1, STEPS, 3), bool))
    for layer in (0, 1):
        chip = programmed(spec, weights)
        rates = np.zeros((1, 2), np.float32)
        rates[0, layer] = 0.01
        chip.learn(events, np.zeros(1, np.int64), targets, rates)
        moved = [not np.array_equal(now[0], then[0]) for now, then in zip(chip.weights(), weights, strict=True)]
        assert moved == [layer == 0, layer == 1]
