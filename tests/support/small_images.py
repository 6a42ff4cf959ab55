"""Small chips that see images."""

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
