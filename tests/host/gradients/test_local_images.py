"""Local Tandem Learning by PyTorch: what our kernels do on dense layers, and on a convolution made dense."""

import numpy as np
import pytest
from small_chips import current_events, random_targets, random_weights, spec_of, spike_events
from small_images import gathered, image_spec, small_net, unrolled

from chipsim.design import Convolution, Dense, Flatten
from chipsim.die import fabricate
from host.gradients.local import LocalImageTwin, Twin
from host.training import Chunk

WIDTH, N = 1.5, 20


@pytest.fixture(autouse=True)
def torch():
    return pytest.importorskip("torch", reason="needs PyTorch (extra torch): no convolution learns on the host without")


def piece_of(spec, rng, events):
    shown = {"spikes": spike_events, "currents": current_events}[events](spec, rng, N)
    return Chunk(shown, np.arange(N, dtype=np.int64), random_targets(spec, rng, N))


def by_our_kernels(spec, weights, piece):
    """Gradients, as Adam's first moments have them after a step."""
    twin = Twin(spec, fabricate(spec, 1), weights, WIDTH, 1)
    twin.learn(piece, [(0, N)], np.full(N, 1e-3, np.float32))
    moments = [twin.snapshot()[f"layer{layer}.first"] / np.float32(0.1) for layer in range(1, spec.n_layers + 1)]
    return [(each[:-1], each[-1]) for each in moments]


def by_torch(spec, weights, piece):
    arrays = iter(LocalImageTwin(spec, weights, WIDTH, 1).gradients(piece, 0, N))
    return list(zip(arrays, arrays, strict=True))


def assert_close(mine, theirs):
    for pair, expected in zip(mine, theirs, strict=True):
        for a, b in zip(pair, expected, strict=True):
            assert np.abs(b).max() > 0
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize("events", ["spikes", "currents"])
@pytest.mark.parametrize("readout", ["integrating", "spiking"])
@pytest.mark.parametrize(
    "neuron", [{"reset": "zero"}, {"kind": "lif", "tau_steps": 6.0, "threshold_th": (0.8, 1, 1.2)}]
)
def test_on_dense_layers_it_is_our_kernels(rng, neuron, readout, events):
    spec = spec_of(neuron=neuron | {"readout": readout})
    weights, piece = random_weights(spec, rng), piece_of(spec, rng, events)
    assert_close(by_torch(spec, weights, piece), by_our_kernels(spec, weights, piece))


def test_a_convolution_is_a_dense_layer_whose_positions_share_weights(rng):
    spec = image_spec((Convolution(channels=3, kernel=3, padding=1, stride=2), Flatten(), Dense(units=3)))
    weights, piece = random_weights(spec, rng), piece_of(spec, rng, "currents")
    dense = spec_of([shape.n_in for shape in spec.shapes] + [3], spec.steps)
    whole = [unrolled(shape, *layer) for shape, layer in zip(spec.shapes, weights, strict=True)]
    found = by_our_kernels(dense, [(w.astype(np.float32), b) for w, b in whole], piece)
    expected = [gathered(shape, *layer) for shape, layer in zip(spec.shapes, found, strict=True)]
    assert_close(by_torch(spec, weights, piece), expected)


def test_steps_bring_counts_to_their_targets_on_any_threads(rng):
    spec = image_spec(small_net("shared"))
    weights, piece = random_weights(spec, rng), piece_of(spec, rng, "currents")
    twins = [LocalImageTwin(spec, weights, WIDTH, threads) for threads in (1, 3)]
    for twin in twins:
        before = np.abs(np.concatenate([each.ravel() for each in twin.gradients(piece, 0, N)])).sum()
        assert twin.learn(piece, [(0, N)] * 30, np.full(N, 0.02, np.float32)) > 0
        after = np.abs(np.concatenate([each.ravel() for each in twin.gradients(piece, 0, N)])).sum()
        assert after < before
    for mine, theirs in zip(*(twin.snapshot().values() for twin in twins), strict=True):
        assert np.array_equal(mine, theirs)
