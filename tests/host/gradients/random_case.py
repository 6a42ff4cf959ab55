"""Random networks, inputs and read-backs for tests of gradients: membranes need not follow from the inputs."""

import numpy as np
from slow_gradients import Case

from chipsim.design import Adc
from host.gradients.all_layers import LayerModel

LOW, HIGH = -2.0, 4.0


def random_case(
    seed, sizes=(6, 20, 70, 3), steps=9, samples=5, readout="integrating-max", reset="subtract", synaptic_decay=0.6
):
    rng = np.random.default_rng(seed)
    lsb = (HIGH - LOW) / 255
    top = len(sizes) - 2
    fires = [layer < top or readout == "spiking" for layer in range(top + 1)]
    weights, codes, spikes, models, converters = [], [], [], [], []
    for layer, n_out in enumerate(sizes[1:]):
        n_in = sizes[layer]
        weights.append(
            (
                (rng.normal(0, 1, (n_in, n_out)) / np.sqrt(n_in)).astype(np.float32),
                rng.normal(0, 0.1, n_out).astype(np.float32),
            )
        )
        membrane = rng.normal(0.5, 1.2, (samples, steps, n_out))
        code = np.clip(np.rint((membrane - LOW) / lsb), 0, 255).astype(np.uint8)
        codes.append(code)
        spikes.append(LOW + code * lsb >= 1 if fires[layer] else None)
        limits = (LOW + lsb / 2, HIGH - lsb / 2) if fires[layer] else (-np.inf, np.inf)
        converters.append(Adc(np.float32(LOW), np.float32(lsb), np.float32(255)))
        surrogate = ("fast-sigmoid", 1.0, 5.0, False)
        models.append(LayerModel(0.8, synaptic_decay, reset, *surrogate, *limits))
    inputs = (rng.random((samples, steps, sizes[0])) < 0.4).astype(np.float32)
    labels = rng.integers(0, sizes[-1], samples)
    thresholds = [np.ones(n, np.float32) for n, fire in zip(sizes[1:], fires, strict=True) if fire]
    return Case(weights, inputs, codes, converters, spikes, models, labels, readout, thresholds)
