"""Training through time by PyTorch: what our kernels do on dense layers, what a dense witness says of convolutions."""

import sys

import numpy as np
import pytest
from reference_through_time import Net, gradients
from small_chips import programmed, random_weights
from small_images import gathered, image_spec, small_net, unrolled
from test_through_time import PENALTY, SCALE, SHAPES, STEPS, assert_close, net_of, shown, slopes_of, twin_of

from chipsim import Events
from chipsim.design import Convolution, Dense, Flatten
from host.data import Encoder
from host.errors import TeacherError
from host.gradients.all_layers import Batch
from host.gradients.through_time import ImageTwin
from host.settings import ThroughTimeSpec

needs_torch = pytest.mark.usefixtures("torch")


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="needs PyTorch (extra torch): no convolution learns without it")


def by_torch(twin, threads=1):
    """A twin of the same network, whose gradients PyTorch computes."""
    return ImageTwin(twin.design, twin.weights, twin.spec, threads)


def batch_of(values, labels, steps=STEPS):
    """values: (S, n_in) in the chip's order."""
    n = len(values)
    encoder = Encoder("current", values.shape[1], steps, n, 0)
    windows = np.arange(n, dtype=np.int64)
    return Batch(Events(*(np.array(each) for each in encoder.encode(values, windows))), windows, labels)


@needs_torch
@pytest.mark.parametrize("readout", ["integrating", "spiking"])
@pytest.mark.parametrize("reset", ["subtract", "subtract-before-leak", "zero"])
@pytest.mark.parametrize("surrogate", SHAPES)
def test_on_dense_layers_it_is_our_kernels(rng, surrogate, reset, readout):
    net = net_of(rng, surrogate, reset=reset, readout=readout)
    inputs, labels = shown(rng, 20)
    mine = by_torch(twin_of(net)).gradients(batch_of(inputs, labels))
    assert_close(mine, slopes_of(net, inputs, labels))


def image_net(rng, layers=None, neuron=None):
    layers = layers or (Convolution(channels=3, kernel=3, padding=1, stride=2), Flatten(), Dense(units=3))
    neuron = {"kind": "lif", "tau_steps": 9.0, "threshold_th": 0.9, "readout": "integrating"} | (neuron or {})
    spec = image_spec(layers, steps=STEPS, neuron=neuron | {"low_rail_th": -100.0, "high_rail_th": 100.0})
    settings = ThroughTimeSpec(scale=SCALE * STEPS, activity_penalty=PENALTY)
    values = rng.random((6, 40)).astype(np.float32)
    return ImageTwin(spec, random_weights(spec, rng), settings, 1), batch_of(values, rng.integers(0, 3, 6)), values


@needs_torch
def test_a_convolution_is_a_dense_layer_whose_positions_share_weights(rng):
    twin, batch, values = image_net(rng)
    shapes = twin.design.shapes
    dense = [unrolled(shape, *layer) for shape, layer in zip(shapes, twin.weights, strict=True)]
    decay = np.full(2, np.exp(-1 / 9.0))
    found = twin.gradients(batch)
    net = Net(dense, decay, np.full(2, 0.9))
    layers, by_decay, by_threshold = gradients(net, values, batch.labels, STEPS, SCALE, PENALTY)
    folded = [gathered(shape, *layer) for shape, layer in zip(shapes, layers, strict=True)]
    assert_close(found, (folded, by_decay, by_threshold))


@needs_torch
@pytest.mark.parametrize("readout", ["integrating", "spiking"])
def test_it_shows_what_a_chip_with_pools_does(rng, readout):
    """In exact arithmetic; here no membrane is so near its threshold that the order of a sum decides."""
    twin, batch, _ = image_net(rng, small_net("shared"), {"readout": readout})
    twin.gradients(batch)
    result = programmed(twin.design, twin.weights).infer(batch.events, batch.windows)
    for layer, (mine, theirs) in enumerate(zip(twin.counts(6), result.counts, strict=True), start=1):
        np.testing.assert_allclose(mine, theirs, atol=1e-5 * (layer == twin.design.n_layers))
        assert theirs.max() > 0


@needs_torch
def test_threads_change_no_bit_and_steps_make_the_loss_small(rng):
    seed = int(rng.integers(1000))
    twins = []
    for threads in (1, 3):
        generator = np.random.default_rng(seed)
        twin, _, _ = image_net(generator, small_net("shared"))
        values = generator.random((40, 40)).astype(np.float32)
        batch = batch_of(values, (values[:, 0] > 0.5).astype(np.int64))
        twins.append(ImageTwin(twin.design, twin.weights, twin.spec, threads))
        losses = [twins[-1].step(batch, 0.02, 1.0).loss for _ in range(12)]
        assert losses[-1] < 0.7 * losses[0]
    for mine, theirs in zip(*(twin.snapshot().values() for twin in twins), strict=True):
        assert np.array_equal(mine, theirs)


def test_without_pytorch_a_line_says_how_to_get_it(rng, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(TeacherError, match=r"^training convolutions through time needs .*\[torch\]'$"):
        image_net(rng)
