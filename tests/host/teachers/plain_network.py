"""Networks drawn at random, and what they compute: loops in the chip's order, in float64."""

import numpy as np

from chipsim.design import AveragePool, Convolution, Dense, Flatten
from host.teachers.network import Network


def random_network(input_shape, layers, seed=0):
    rng = np.random.default_rng(seed)
    empty = Network(input_shape, tuple(layers), [])
    weights = [
        (
            rng.normal(0.05, 1, shape.weight_shape).astype(np.float32) / np.float32(np.sqrt(shape.rows)),
            rng.normal(0, 0.2, shape.columns).astype(np.float32),
        )
        if shape.learns
        else None
        for shape in empty.shapes
    ]
    return Network(input_shape, tuple(layers), weights)


def small_network(seed=0):
    """One of everything: 2 channels of 7x6, uneven kernels, strides and padding."""
    return random_network(
        (2, 7, 6),
        [
            Convolution(channels=3, kernel=(3, 2), padding=(1, 0, 1, 1)),
            AveragePool(kernel=(2, 3), stride=(1, 1)),
            Convolution(channels=5, kernel=3, stride=(2, 1), padding=1),
            Flatten(),
            Dense(units=6),
            Dense(units=4),
        ],
        seed,
    )


def plain_activations(network, values):
    """Per layer of synapses (S, n_out); all but the last rectified, up to its ceiling where it has one."""
    outputs, x = [], values.astype(np.float64)
    ceilings = network.ceilings or [None] * len(network.shapes)
    for number, (shape, crossbar) in enumerate(zip(network.shapes, network.weights, strict=True), start=1):
        x = np.array([_layer(shape, crossbar, sample) for sample in x])
        if number < len(network.shapes):
            x = np.clip(x, 0, ceilings[number - 1])
        outputs.append(x)
    return outputs


def _layer(shape, crossbar, x):
    if shape.dense:
        return x @ crossbar[0].astype(np.float64) + crossbar[1]
    channels, height, width = shape.input
    layer, (_, rows, columns) = shape.layer, shape.output
    stride = layer.stride or layer.kernel
    top, left = (layer.padding if shape.learns else (0, 0, 0, 0))[:2]
    out = np.zeros((rows, columns, shape.columns))
    for y in range(rows):
        for z in range(columns):
            window = np.zeros((*layer.kernel, channels))
            for ky in range(layer.kernel[0]):
                for kx in range(layer.kernel[1]):
                    v, h = y * stride[0] + ky - top, z * stride[1] + kx - left
                    if 0 <= v < height and 0 <= h < width:
                        window[ky, kx] = x.reshape(height, width, channels)[v, h]
            if crossbar is None:
                out[y, z] = window.mean((0, 1))
            else:
                out[y, z] = window.ravel() @ crossbar[0].astype(np.float64) + crossbar[1]
    return out.ravel()
