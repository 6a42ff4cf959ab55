"""The activation that a teacher for spiking chips trains with."""

import numpy as np
import pytest

from host.teachers.torch.spike_counts import CEILING, spike_count

torch = pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
STEPS = 5


def rounded(value, n=4000):
    """What `value` becomes as one of many neurons of one sample while training, in spikes."""
    torch.manual_seed(1)
    activation = spike_count(torch, STEPS).train()
    return activation(torch.full((1, n), value)).numpy()[0] * STEPS / CEILING


@pytest.mark.parametrize("value", [-1.0, 0.0, 0.3, 0.4, 1.1, 1.99, 2.0, 7.0])
def test_in_training_it_is_a_count_of_the_right_mean(value):
    counts = rounded(value)
    exact = np.clip(value, 0, CEILING) * STEPS / CEILING
    assert np.allclose(counts, np.round(counts), atol=1e-5)
    assert set(np.round(counts)) <= {np.floor(exact + 1e-6), np.ceil(exact - 1e-6)}
    up = exact % 1
    assert counts.mean() == pytest.approx(exact, abs=4 * np.sqrt(up * (1 - up) / len(counts)) + 1e-5)


def test_gradients_pass_between_floor_and_ceiling():
    x = torch.tensor([[-0.5, 0.3, 1.7, 2.5]], requires_grad=True)
    spike_count(torch, STEPS).train()(x).sum().backward()
    assert x.grad.tolist() == [[0, 1, 1, 0]]


def test_afterwards_it_is_a_clip():
    x = torch.linspace(-1, 3, 50)[None]
    assert torch.equal(spike_count(torch, STEPS).eval()(x), x.clamp(0, CEILING))
