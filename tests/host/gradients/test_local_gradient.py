"""Gradients through time: the witness against finite differences and autograd, the kernels against the witness."""

import numpy as np
import pytest
from reference_gradient import backward, backward_of_readout, forward, loss
from small_chips import current_events, programmed, random_targets, random_weights, spec_of, spike_events

from chipsim import Events
from chipsim.die import fabricate
from chipsim.layout import fields_of, new_masks, number_of_spikes, row_of, spikes_of, with_crossbars
from chipsim.neurons import formulas_of
from host.gradients.local.adam import adam_block, corrections
from host.gradients.local.gradient import gradient_kernel, new_window
from host.gradients.local.twin import Twin, programmed_blocks
from host.training import Chunk

STEPS, WIDTH = 10, 2.0


def dense(events, n_in):
    """Inputs (S, T, n_in) of events."""
    n_windows, steps = events.begin.shape
    inputs = np.zeros((n_windows, steps, n_in))
    for s in range(n_windows):
        for t in range(steps):
            part = slice(events.begin[s, t], events.end[s, t])
            inputs[s, t, events.rows[s, part]] = events.amplitude[s, part] if len(events.amplitude) else 1
    return inputs


def add_gradients(spec, made, block, gradient, events, spike_bits, windows, targets, width):
    """Of all windows of a layer's block; returns how many rows were active in it."""
    name = formulas_of(made.neuron)
    room = new_window(name, block.state.weight.shape[1], spec.shapes[0].rows, STEPS)
    return gradient_kernel(name)(
        *(with_crossbars(block), fields_of(spec.shapes[0]), gradient, events, spike_bits, windows, targets),
        *(np.float32(width), room, 0, len(windows)),
    )


def padded(targets, n):
    return np.pad(targets, ((0, 0), (0, n - targets.shape[1])))


@pytest.mark.parametrize("zero_reset", [0, 1])
@pytest.mark.parametrize("decay", [1.0, 0.8])
def test_the_witness_has_the_slope_of_the_smooth_neuron(rng, decay, zero_reset):
    inputs, target = (rng.random((STEPS, 5)) < 0.5).astype(float), rng.random(4)
    weight = rng.normal(0.1, 0.4, (6, 4))
    neuron = (decay, zero_reset, WIDTH)
    membranes, outputs = forward(inputs, weight, *neuron, smooth=True)
    kinks = np.abs(np.abs(membranes - 1) - WIDTH / 2)
    assert kinks.min() > 1e-4  # no difference below reaches over one
    gradient = backward(inputs, membranes, outputs, target, *neuron)
    step = 1e-6
    for place in np.ndindex(weight.shape):
        ends = []
        for sign in (-1, 1):
            moved = weight.copy()
            moved[place] += sign * step
            ends.append(loss(forward(inputs, moved, *neuron, smooth=True)[1], target))
        assert gradient[place] == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("zero_reset", [0, 1])
@pytest.mark.parametrize("decay", [1.0, 0.8])
def test_the_witness_agrees_with_autograd(rng, decay, zero_reset):
    torch = pytest.importorskip("torch", reason="needs the extra torch")

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(context, u):
            context.save_for_backward(u)
            return (u >= 1).double()

        @staticmethod
        def backward(context, gradient):
            (u,) = context.saved_tensors
            return gradient * ((u - 1).abs() < WIDTH / 2) / WIDTH

    inputs, target = (rng.random((STEPS, 5)) < 0.5).astype(float), rng.random(4)
    weight = rng.normal(0.1, 0.4, (6, 4))
    parameter = torch.tensor(weight, requires_grad=True)
    u, s, count = torch.zeros(4).double(), torch.zeros(4).double(), 0
    for x in torch.tensor(inputs):
        u = decay * u * (1 - zero_reset * s) + x @ parameter[:-1] + parameter[-1] - (1 - zero_reset) * s
        s = Spike.apply(u)
        count = count + s
    ((torch.tensor(target) - count / STEPS) ** 2).sum().backward()
    membranes, outputs = forward(inputs, weight, decay, zero_reset, WIDTH, smooth=False)
    gradient = backward(inputs, membranes, outputs, target, decay, zero_reset, WIDTH)
    assert np.allclose(parameter.grad.numpy(), gradient, rtol=1e-9, atol=1e-12)


NEURONS = [
    {},
    {"kind": "lif", "tau_steps": 4.0},
    {"reset": "zero"},
    {"kind": "lif", "tau_steps": 4.0, "reset": "zero"},
    {"readout": "integrating", "kind": "lif", "tau_steps": 4.0},
]


@pytest.mark.parametrize("constant_current", [False, True])
@pytest.mark.parametrize("neuron", NEURONS)
def test_the_kernel_agrees_with_the_witness_and_with_the_chip(rng, neuron, constant_current):
    """Two blocks of columns, the second one padded; the rails are far away."""
    far = {"low_rail_th": -1000.0, "high_rail_th": 1000.0}
    spec = spec_of((7, 70), STEPS, neuron=far | neuron, circuit={"accumulator_bits": 24})
    weights = random_weights(spec, rng)
    events = (current_events if constant_current else spike_events)(spec, rng, 4)
    [targets] = random_targets(spec, rng, 4)
    windows = np.arange(4)
    result = programmed(spec, weights).infer(events, windows)
    spike_bits = new_masks(4, STEPS, 70)
    [made] = fabricate(spec, 3)
    [blocks] = programmed_blocks([made], weights, [spec.synapse])
    found = []
    for block in blocks:
        width = block.state.weight.shape[1]
        gradient = np.zeros((8, width), np.float32)
        wide = padded(targets, 80)
        active = add_gradients(spec, made, block, gradient, events, spike_bits, windows, wide, WIDTH)
        found.append(gradient[:, : block.n_columns])
    inputs = dense(events, 7)
    assert active == np.count_nonzero(inputs)
    integrating = spec.neuron.readout == "integrating"
    if not integrating:
        assert np.array_equal(spikes_of(spike_bits, tuple(range(70))).sum(axis=1), result.counts[0])
    decay = np.exp(-1 / 4.0) if spec.neuron.kind == "lif" else 1.0
    whole = np.concatenate([weights[0][0], weights[0][1][None]]).astype(float)
    expected = np.zeros((8, 70))
    for s in range(4):
        if integrating:
            expected += backward_of_readout(inputs[s], result.membrane[s], targets[s], decay)
            continue
        zero_reset = float(spec.neuron.reset == "zero")
        membranes, outputs = forward(inputs[s], whole, decay, zero_reset, WIDTH, smooth=False)
        assert np.array_equal(outputs.sum(axis=0), result.counts[0][s])  # float64 rounds no spike away
        expected += backward(inputs[s], membranes, outputs, targets[s], decay, zero_reset, WIDTH)
    assert np.allclose(np.concatenate(found, axis=1), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("readout", ["spiking", "integrating"])
def test_a_layers_own_threshold_only_scales_its_gradient(rng, reset, readout):
    """Twice the threshold, weights and boxcar: the same spikes, and half the slope, bit for bit."""
    found = []
    for factor in (1, 2):
        neuron = {"low_rail_th": -1000.0, "high_rail_th": 1000.0, "kind": "lif", "reset": reset, "readout": readout}
        spec = spec_of((7, 30), STEPS, neuron=neuron | {"tau_steps": (4.0,), "threshold_th": (float(factor),)})
        task = np.random.default_rng(5)
        [(weight, bias)] = random_weights(spec, task)
        events, [targets] = spike_events(spec, task, 4), random_targets(spec, task, 4)
        weights = [(weight * np.float32(factor), bias * np.float32(factor))]
        [made] = fabricate(spec, 3)
        [[block]] = programmed_blocks([made], weights, [spec.synapse])
        assert set(block.tables[0, row_of(made.places.tables, "decay"), :30]) == {np.float32(np.exp(-1 / 4))}
        width = block.state.weight.shape[1]
        gradient = np.zeros((8, width), np.float32)
        wide, spike_bits = padded(targets, width), new_masks(4, STEPS, 30)
        add_gradients(spec, made, block, gradient, events, spike_bits, np.arange(4), wide, factor * WIDTH)
        found.append(gradient[:, :30])
    assert np.abs(found[0]).max() > 0
    assert np.array_equal(found[1], found[0] / 2)


def test_membrane_noise_is_the_dies_own(rng):
    """A window of a noisy die fires as often here as on the chip."""
    spec = spec_of((7, 70), STEPS, noise=("thermal:0.3", "mismatch:0.2", "silencing:0.2@output"))
    weights, events = random_weights(spec, rng), spike_events(spec, rng, 4)
    windows = rng.integers(0, 2**40, 4)
    counts = programmed(spec, weights).infer(events, windows).counts[0]
    spike_bits = new_masks(4, STEPS, 70)
    [made] = fabricate(spec, 3)
    for block in programmed_blocks([made], weights, [spec.synapse])[0]:
        gradient = np.zeros((8, block.state.weight.shape[1]), np.float32)
        wide = np.zeros((4, 80), np.float32)
        add_gradients(spec, made, block, gradient, events, spike_bits, windows, wide, WIDTH)
    assert np.array_equal(spikes_of(spike_bits, tuple(range(70))).sum(axis=1), counts)
    assert 0 < number_of_spikes(spike_bits) < 4 * STEPS * 70


def test_adam_is_adam(rng):
    weight, gain = rng.normal(size=(5, 16)), rng.uniform(0.5, 2, (5, 16))
    mine = weight.astype(np.float32)
    moments = np.zeros((2, 5, 16), np.float32)
    first, second = np.zeros((5, 16)), np.zeros((5, 16))
    for step in (1, 2, 3):
        gradient = rng.normal(size=(5, 16))
        room = gradient.astype(np.float32)
        scales = np.float32(0.01), np.float32(0.25), *corrections(step)
        adam_block(mine, room, gain.astype(np.float32), moments[0], moments[1], *scales)
        assert not room.any()
        slope = gain * gradient / 4
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        weight -= 0.01 * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        assert np.allclose(mine, weight, atol=1e-5)


def learned(spec, weights, piece, batches, threads):
    twin = Twin(spec, fabricate(spec, 1), weights, WIDTH, threads)
    rates = np.full(len(piece.windows), 0.01, np.float32)
    macs = [twin.learn(piece, part, rates, twin.blocks) for part in batches]
    return twin, sum(macs)


def test_imperfect_writes_are_none_of_the_twins(rng):
    """It computes its weights anew; pulses and devices that write imperfectly change no bit of them."""
    specs = [spec_of((7, 20), STEPS, noise=("mismatch:0.3@weight", *writes)) for writes in ((), ("write:0.1",))]
    weights, events = random_weights(specs[0], rng), spike_events(specs[0], rng, 4)
    piece = Chunk(events, np.arange(4), random_targets(specs[0], rng, 4))
    plain, imperfect = (learned(spec, weights, piece, [[(0, 2), (2, 4)]], 1)[0].snapshot() for spec in specs)
    for name, array in plain.items():
        assert np.array_equal(imperfect[name], array), name


def test_threads_and_parts_change_no_bit_and_a_snapshot_goes_on(rng):
    spec = spec_of((7, 70, 5), STEPS)
    weights, events = random_weights(spec, rng), spike_events(spec, rng, 12)
    piece = Chunk(events, np.arange(12), random_targets(spec, rng, 12))
    batches = [(0, 3), (3, 6), (6, 9), (9, 12)]
    whole, macs = learned(spec, weights, piece, [batches], 1)
    for parts, threads in (([batches], 2), ([batches[:1], batches[1:]], 2)):
        other, others_macs = learned(spec, weights, piece, parts, threads)
        assert others_macs == macs
        for name, array in other.snapshot().items():
            assert np.array_equal(array, whole.snapshot()[name]), name
    half, _ = learned(spec, weights, piece, [batches[:2]], 1)
    fresh = Twin(spec, fabricate(spec, 1), weights, WIDTH, 1)
    fresh.restore(half.snapshot())
    fresh.learn(piece, batches[2:], np.full(12, 0.01, np.float32), fresh.blocks)
    for name, array in fresh.snapshot().items():
        assert np.array_equal(array, whole.snapshot()[name]), name


def test_learning_lowers_every_layers_loss(rng):
    spec = spec_of((7, 70, 5), STEPS)
    weights, events = random_weights(spec, rng), spike_events(spec, rng, 12)
    targets = random_targets(spec, rng, 12)

    def losses(layers):
        counts = programmed(spec.ideal(), layers).infer(events, np.arange(12)).counts
        return [np.mean((t - c / STEPS) ** 2) for t, c in zip(targets, counts, strict=True)]

    twin = Twin(spec, fabricate(spec, 1), weights, WIDTH, 1)
    for _ in range(60):
        twin.learn(
            Chunk(Events(*events), np.arange(12), targets), [(0, 12)], np.full(12, 0.01, np.float32), twin.blocks
        )
    for before, after in zip(losses(weights), losses(twin.layers()), strict=True):
        assert after < 0.7 * before
