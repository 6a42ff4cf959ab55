"""Small chips that see images, and their layers as dense ones."""

from itertools import product

import numpy as np
from small_chips import CIRCUIT, NEURON

from chipsim import ChipSpec, NeuronSpec
from chipsim.design import AveragePool, Convolution, Dense, Flatten
from learning_circuit import LearningCircuitSpec


def image_spec(layers, input_shape=(2, 4, 5), steps=5, noise=(), neuron=None, circuit=None):
    return ChipSpec(
        input_shape=input_shape,
        layers=layers,
        steps=steps,
        noise=noise,
        neuron=NeuronSpec(**(NEURON | (neuron or {}))),
        learning_circuit=LearningCircuitSpec(**(CIRCUIT | (circuit or {}))),
    )


def small_net(form):
    return (
        Convolution(channels=3, kernel=3, padding=1, form=form),
        AveragePool(kernel=2),
        Convolution(channels=4, kernel=(1, 2), form=form),
        Flatten(),
        Dense(units=3),
    )


def synapses_of(shape):
    """Input, neuron, row and column of each synapse of a layer, position by position."""
    (channels, height, width), (_, rows, columns) = shape.input, shape.output
    if shape.dense:
        yield from ((i, j, i, j) for i, j in product(range(shape.n_in), range(shape.n_out)))
        return
    for y, x, ky, kx in product(range(rows), range(columns), range(shape.kernel[0]), range(shape.kernel[1])):
        line, column = y * shape.stride[0] + ky - shape.padding[0], x * shape.stride[1] + kx - shape.padding[1]
        if 0 <= line < height and 0 <= column < width:
            for c, out in product(range(channels), range(shape.columns)):
                row = (ky * shape.kernel[1] + kx) * channels + c
                yield (line * width + column) * channels + c, (y * columns + x) * shape.columns + out, row, out


def unrolled(shape, weight, bias):
    """A convolution's weights and biases as those of a dense layer."""
    whole = np.zeros((shape.n_in, shape.n_out))
    for i, j, row, column in synapses_of(shape):
        whole[i, j] = weight[row, column]
    return whole, np.tile(bias, shape.positions)


def gathered(shape, weight, bias):
    """Of a dense layer's, the sums over all places that share a weight or a bias."""
    total = np.zeros((shape.rows, shape.columns))
    for i, j, row, column in synapses_of(shape):
        total[row, column] += weight[i, j]
    return total, bias.reshape(-1, shape.columns).sum(axis=0)
