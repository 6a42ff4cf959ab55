"""A teacher from a NIR file: the network itself on an ideal chip, whose firing rates a die's neurons are to reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip
from host.data import Encoder, Samples
from host.settings import RunSpec
from host.teachers.fidelity import Fidelity
from host.teachers.network import Network
from host.teachers.nir.read import SpikingNetwork
from host.teachers.teacher import Teacher

_CHUNK = 64
_SCALE_SAMPLES = 1000
# What a file says of neurons, setting by setting.
FROM_FILE = ("kind", "tau_steps", "synapse_tau_steps", "threshold_th", "low_rail_th", "high_rail_th", "readout")


class IdealChip:
    """Computes the rates of every layer's neurons, in spikes per step."""

    def __init__(self, spec: RunSpec, read: SpikingNetwork) -> None:
        """The chip is as `spec` says, without any nonideality, weights and all as in the file."""
        network = read.network
        self._chip = Chip(spec.design_of(network.design_settings()).ideal(), die_seed=0)
        self._chip.program(network.weights)
        self._encoder = Encoder(spec.encoding, network.sizes[0], spec.steps, _CHUNK, spec.seed)
        self._steps = np.float32(spec.steps)

    def __call__(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Every sample is shown in window 0, so that it is encoded alike whatever chunk it is in.

        Of outputs that do not fire, the membrane over the number of steps stands in for the rate.
        """
        parts = []
        for start in range(0, len(values), _CHUNK):
            shown = values[start : start + _CHUNK]
            windows = np.zeros(len(shown), np.int64)
            parts.append(self._chip.infer(self._encoder.encode(shown, windows), windows).counts)
        return [np.concatenate(each).astype(np.float32) / self._steps for each in zip(*parts, strict=True)]


def nir_teacher(spec: RunSpec, read: SpikingNetwork, samples: Samples) -> Teacher:
    """Rates need no scale: one spike per step is one spike per step.

    samples: what membranes of outputs that do not fire are scaled by, so that targets reach from 0 to 1.
    """
    # What dies' weights are multiplied by, see Setup.start_weights.
    neuron, n_layers = spec.neuron, len(read.network.weights)
    charges = [np.float32(neuron.charge_per_step * neuron.threshold_th_of(layer)) for layer in range(n_layers)]
    weights = [
        crossbar and (crossbar[0] / charge, crossbar[1] / charge)
        for crossbar, charge in zip(read.network.weights, charges, strict=True)
    ]
    network = Network(read.network.input_shape, read.network.layers, weights)
    activation_scales = [np.ones(shape.columns, np.float32) for shape in network.shapes]
    forward = IdealChip(spec, read)
    if spec.neuron.readout != "spiking":
        largest = forward(samples.values(slice(0, _SCALE_SAMPLES)))[-1].max(axis=1)
        high = float(np.percentile(largest, spec.teacher.norm_percentile))
        activation_scales[-1] *= np.float32(high if high > 0 else 1.0)
    return Teacher(network, forward, activation_scales, fidelity=_fidelity(spec, read))


def _fidelity(spec: RunSpec, read: SpikingNetwork) -> Fidelity:
    """What the run's own settings change of the file's neurons."""
    approximations = [
        f"neuron.{name} is {_shown(getattr(spec.neuron, name))} and the file says {_shown(getattr(read.neuron, name))}"
        for name in FROM_FILE
        if getattr(spec.neuron, name) != getattr(read.neuron, name)
        and not (name == "readout" and read.neuron.readout == "integrating")  # how LI is read, the file does not say
    ]
    if spec.neuron.leak_dac.bits is not None or spec.neuron.threshold_dac.bits is not None:
        approximations.append("converters of a few bits set leaks or thresholds")
    return replace(read.fidelity, approximations=tuple(approximations))


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_shown, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
