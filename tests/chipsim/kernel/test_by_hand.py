"""Windows short enough to be worked out on paper, against errors that kernels and witness might share.

Figures are sums of powers of two, so that they are exact, but for those compared approximately.
"""

import numpy as np
import pytest
from small_chips import events_of, programmed, spec_of

from chipsim import Probe


def window(weight, bias=0.0, inputs=1, steps=6, neuron=None, noise=(), targets=None, circuit=None):
    """One input, one neuron, one window. Returns (trace, spikes, result, chip)."""
    chip = programmed(
        spec_of((1, 1), steps, noise, neuron, circuit),
        [(np.full((1, 1), weight, np.float32), np.full(1, bias, np.float32))],
    )
    events = events_of(np.broadcast_to(np.array(inputs, bool).reshape(1, -1, 1), (1, steps, 1)))
    number = np.zeros(1, np.int64)
    if targets is None:
        result = chip.infer(events, number, [Probe(1, (0,))])
    else:
        rate = np.full(1, 0.25, np.float32)
        result = chip.learn(events, number, [np.full((1, 1), targets, np.float32)], rate, [Probe(1, (0,))])
    return result.probed_membranes[1][0, :, 0].tolist(), result.spikes[1][0, :, 0].tolist(), result, chip


def test_a_membrane_fires_at_its_threshold_and_loses_it():
    trace, spikes, result, _ = window(0.5)
    assert trace == [0.5, 1.0, 0.5, 1.0, 0.5, 1.0]  # as the comparator sees it, before the reset
    assert spikes == [0, 1, 0, 1, 0, 1]
    assert result.counts[0].tolist() == [[3]]
    assert result.membrane.tolist() == [[1.0]]


def test_a_subtractive_reset_keeps_the_excess_and_a_reset_to_zero_drops_it():
    assert window(0.75)[0] == [0.75, 1.5, 1.25, 1.0, 0.75, 1.5]
    assert window(0.75, neuron={"reset": "zero"})[0] == [0.75, 1.5, 0.75, 1.5, 0.75, 1.5]


def test_a_leak_forgets_before_the_current_is_added():
    tau = 1 / np.log(2)  # half of the membrane is left after one step
    trace, _, _, _ = window(0.5, inputs=[1, 0, 0, 1, 1, 0], neuron={"kind": "lif", "tau_steps": tau})
    assert trace == pytest.approx([0.5, 0.25, 0.125, 0.5625, 0.78125, 0.390625], rel=1e-6)


def test_a_leaky_neuron_leaks_what_a_spike_leaves():
    """Eq. 1: U[t] = a U[t-1] + I[t] - th S[t-1]; the charge of the reset is not leaked."""
    tau = 1 / np.log(2)
    trace, spikes, _, _ = window(1.5, inputs=[1, 0, 0, 0, 0, 0], neuron={"kind": "lif", "tau_steps": tau})
    assert trace == pytest.approx([1.5, -0.25, -0.125, -0.0625, -0.03125, -0.015625], rel=1e-6)
    assert spikes == [1, 0, 0, 0, 0, 0]


def test_the_bias_spikes_at_every_step():
    assert window(0.5, bias=0.25, inputs=[0, 1, 0, 0, 0, 1])[0] == [0.25, 1.0, 0.25, 0.5, 0.75, 1.5]


def test_an_exponential_current_goes_on_after_its_spike():
    """I <- e^(-1 / tau_syn) I + w s, and the membrane adds up I, not what is left of it."""
    tau = 1 / np.log(2)  # half of the current is left after one step
    trace, _, _, chip = window(0.25, inputs=[1, 0, 0, 0, 1, 0], neuron={"synapse_tau_steps": tau})
    current = [0.25, 0.125, 0.0625, 0.03125, 0.265625, 0.1328125]
    assert trace == pytest.approx(np.cumsum(current).tolist(), rel=1e-6)
    assert chip.spec.neuron.charge_per_step == pytest.approx(0.5)


def test_an_exponential_current_and_a_leak():
    tau = 1 / np.log(2)
    neuron = {"kind": "lif", "tau_steps": tau, "synapse_tau_steps": tau}
    trace, _, _, _ = window(0.25, inputs=[1, 0, 0, 0, 0, 0], neuron=neuron)
    # V[t] = V[t-1] / 2 + I[t], I halved in each step: t w / 2^(t-1)
    assert trace == pytest.approx([t * 0.25 / 2 ** (t - 1) for t in range(1, 7)], rel=1e-6)


@pytest.mark.parametrize(("weight", "score"), [(0.5, 0.78125), (-0.5, -0.125)])
def test_a_readout_scored_by_its_highest_membrane(weight, score):
    """Of the window's steps: a membrane that is negative throughout has a negative score."""
    neuron = {"kind": "lif", "tau_steps": 1 / np.log(2), "readout": "integrating-max"}
    trace, _, result, _ = window(weight, inputs=[1, 0, 0, 1, 1, 0], neuron=neuron)
    assert max(trace) == pytest.approx(score, rel=1e-6)
    assert result.counts[0].tolist() == [[max(trace)]]
    assert result.membrane.tolist() == [[trace[-1]]]
    _, _, last, _ = window(weight, inputs=[1, 0, 0, 1, 1, 0], neuron=neuron | {"readout": "integrating"})
    assert last.counts[0].tolist() == [[trace[-1]]]


def test_a_trace_learns_after_its_spike():
    """One spike at the first step; the error is y = 1 throughout, and every pulse 0.25 finds half the trace before."""
    circuit = {"trace_tau_steps": 1 / np.log(2), "warm_up_steps": 0, "boxcar_width_th": 16.0, "dead_zone_counts": 0.0}
    spike_once = [1, 0, 0, 0, 0, 0]
    neuron = {"readout": "spiking", "low_rail_th": -8.0}
    *_, traced = window(-4.0, inputs=spike_once, neuron=neuron, targets=1.0, circuit=circuit)
    assert traced.weights()[0][0] == pytest.approx(-4 + 0.25 * (2 - 2**-5), rel=1e-6)
    *_, plain = window(-4.0, inputs=spike_once, neuron=neuron, targets=1.0, circuit=circuit | {"trace_tau_steps": None})
    assert plain.weights()[0][0] == -3.75
    assert traced.weights()[0][1] == plain.weights()[0][1] == 1.5  # the bias spikes at every step


def test_the_rails_stop_the_membrane():
    neuron = {"low_rail_th": -0.5, "high_rail_th": 2.0}
    trace, _, result, _ = window(-0.25, inputs=[1, 1, 1, 1, 0, 1], neuron=neuron)
    assert trace == [-0.25, -0.5, -0.5, -0.5, -0.5, -0.5]
    assert result.activity["membrane_low_rail"].tolist() == [3]
    trace, _, result, _ = window(1.75, neuron=neuron, steps=4)
    assert trace == [1.75, 2.0, 2.0, 2.0]
    assert result.activity["membrane_high_rail"].tolist() == [3]


def test_an_integrating_readout_never_fires_and_has_no_rails():
    trace, spikes, result, _ = window(4.0, steps=4, neuron={"readout": "integrating"})
    assert trace == [4, 8, 12, 16] and spikes == [0] * 4
    assert result.counts[0].tolist() == [[16]]


def test_accumulators_stop_at_full_scale():
    _, spikes, result, _ = window(1.0, circuit={"accumulator_bits": 2})
    assert spikes == [1] * 6
    assert result.counts[0].tolist() == [[3]]
    assert result.activity["accumulator_full"].tolist() == [3]


def test_a_layer_answers_within_its_own_step():
    """The delay of Eq. 2 shifts a layer's whole window, so spikes of step t reach the next layer's step t."""
    chip = programmed(spec_of((1, 1, 1), 4), 2 * [(np.ones((1, 1), np.float32), np.zeros(1, np.float32))])
    masks = np.array([0, 1, 0, 1], bool).reshape(1, 4, 1)
    result = chip.infer(events_of(masks), np.zeros(1, np.int64), [Probe(1, (0,)), Probe(2, (0,))])
    assert result.spikes[1].ravel().tolist() == result.spikes[2].ravel().tolist() == [0, 1, 0, 1]


def test_a_constant_current_is_its_amplitude_at_every_step():
    chip = programmed(spec_of((2, 1), 4), [(np.array([[0.5], [1.0]], np.float32), np.zeros(1, np.float32))])
    events = events_of(np.zeros((1, 4, 2), bool))
    rows = np.array([[0, 1]], np.uint16)
    events = events._replace(
        rows=rows, end=np.full((1, 4), 2, np.int32), amplitude=np.array([[0.5, 0.125]], np.float32)
    )
    trace = chip.infer(events, np.zeros(1, np.int64), [Probe(1, (0,))]).probed_membranes[1]
    assert trace.ravel().tolist() == [0.375, 0.75, 1.125, 0.5]


def test_learning_step_by_step():
    """Target 1, rate 1/4, linear gate, boxcar (0, 2), warm-up 2. Bias and weight work alike, so both learn.

    t       w      b      U      C   e = (t - C) / t   pulse
    1, 2    0.125  0      0.25   0   1                 none: warm-up
    3       0.125  0      0.375  0   1                 0.25
    4       0.375  0.25   1      1   3/4               0.1875
    5       0.5625 0.4375 1      2   3/5               0.15
    6       0.7125 0.5875 1.3    3   1/2               0.125
    """
    trace, spikes, result, chip = window(0.125, targets=1.0)
    assert trace == pytest.approx([0.125, 0.25, 0.375, 1.0, 1.0, 1.3], rel=1e-6)
    assert spikes == [0, 0, 0, 1, 1, 1]
    ((weight, bias),) = chip.weights()
    assert weight.item() == pytest.approx(0.8375, rel=1e-6) and bias.item() == pytest.approx(0.7125, rel=1e-6)
    assert result.activity["weight_updates"].tolist() == [8]


def test_a_code_at_the_end_of_its_range_stays_there():
    """Three-bit weights up to 0.75, no update accumulator.

    The weight 0.75 is code 3, the end of its range, so no pulse can raise it; what is held back is counted.
    """
    noise, circuit = ("quantization:3",), {"update_accumulator_bits": 0, "error_gate": "sign"}
    _, _, result, chip = window(0.75, noise=noise, circuit=circuit, targets=1.0)
    snapshot = chip.snapshot()
    assert snapshot["layer1.code"][0].tolist() == [3] and snapshot["layer1.lsb"][0] == 0.25
    assert chip.weights()[0][0].tolist() == [[0.75]]
    assert result.activity["weight_full_scale"].tolist()[0] > 0
