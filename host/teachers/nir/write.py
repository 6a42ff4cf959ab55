"""Writes a chip as a NIR graph: what its crossbars deliver, and its neurons as they were fabricated.

That is what stays of a die's errors once it is programmed or calibrated: gains, stuck synapses and stored codes in the
weights, thresholds, time constants. Temporal noise, rails, the learning circuit and the windows of sequences have no
place in NIR: membranes go on there until somebody resets them.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip
from chipsim.design import Convolution, Flatten, LayerShape, to_image
from chipsim.die import FabricatedLayer, fabricate
from host.errors import TeacherError
from host.files import replacing
from host.teachers.network import Crossbar, Network, dense_network
from host.teachers.nir.dynamics import Integration, tau_s
from host.teachers.packages import optional

_ADAPTING = ("adaptive", "winner_take_all")


def write_nir(chip: Chip, path: Path | str, *, step_s: float, integration: Integration) -> None:
    """Write a programmed chip; reading it with the chip's own reset and these two gives the same spikes.

    step_s: length of a step in seconds; integration: see nir_dynamics. Raises TeacherError for what NIR cannot hold,
    OSError.
    """
    nir = optional("nir", "writing a NIR file")
    network = _network(chip)
    fabricated = fabricate(chip.spec, chip.die_seed)
    nodes: dict[str, Any] = {"input": nir.Input(np.array(_sides(network.input_shape)))}
    synapses = zip(network.shapes, network.channels_first(), fabricated, strict=True)
    before = network.input_shape
    for number, layer in enumerate(network.layers, start=1):
        if isinstance(layer, Flatten):
            nodes[f"{number}_flatten"] = nir.Flatten(np.array(before), 0, -1)
            continue
        shape, crossbar, made = next(synapses)
        nodes[f"{number}_weights"] = _weights(nir, shape, crossbar)
        nodes[f"{number}_neurons"] = _neurons(nir, chip, shape, made, step_s, integration, number)
        before = shape.output
    nodes["output"] = nir.Output(np.array(_sides(network.shapes[-1].output)))
    keys = list(nodes)
    graph = nir.NIRGraph(nodes, list(itertools.pairwise(keys)))
    with replacing(Path(path)) as beside:
        nir.write(beside, graph)


def _network(chip: Chip) -> Network:
    spec = chip.spec
    if spec.neuron.kind in _ADAPTING:
        raise TeacherError(f"neuron {spec.neuron.kind}: thresholds that adapt cannot be written as NIR")
    if spec.neuron.readout != "spiking":
        raise TeacherError(f"readout {spec.neuron.readout}: only spiking outputs can be written as NIR")
    for number, shape in enumerate(spec.shapes, start=1):
        if not shape.learns:
            raise TeacherError(f"layer {number} averages with neurons of its own, which NIR has no node for")
        if shape.crossbars > 1:
            raise TeacherError(
                f"layer {number} is unrolled: every position has weights of its own, which no NIR node has"
            )
    if spec.layers:
        assert spec.input_shape is not None, "layers have an input"
        return Network(spec.input_shape, spec.layers, chip.weights())
    return dense_network(chip.weights())


def _weights(nir: Any, shape: LayerShape, crossbar: Crossbar | None) -> Any:
    assert crossbar is not None, "pools were refused"
    weights, bias = crossbar
    if not isinstance(shape.layer, Convolution):
        return nir.Affine(weights, bias)
    top, left, bottom, right = shape.layer.padding
    if (top, left) != (bottom, right):
        raise TeacherError(f"a convolution is padded unevenly, {shape.layer.padding}, which NIR cannot say")
    return nir.Conv2d(shape.input[1:], weights, shape.layer.stride, (top, left), (1, 1), 1, bias)


def _neurons(
    nir: Any,
    chip: Chip,
    shape: LayerShape,
    made: FabricatedLayer,
    step_s: float,
    integration: Integration,
    number: int,
) -> Any:
    def each(values: NDArray[np.float32]) -> NDArray[np.float64]:
        image = to_image(np.asarray(values, np.float64).reshape(1, -1), shape.output)
        sides: NDArray[np.float64] = image.reshape(_sides(shape.output))
        return sides

    neurons = made.tables
    threshold = each(neurons.threshold)
    zero = np.zeros_like(threshold)
    fires = np.isfinite(neurons.threshold)
    if chip.spec.neuron.reset_window is not None:
        raise TeacherError(
            f"layer {number}: neuron.reset_window, a reset that leaks within its step, which NIR cannot say: leave it"
            " out (of a chip: reset_width_ns)"
        )
    left = neurons.decay if chip.spec.neuron.reset == "subtract-before-leak" else np.float32(1)
    if chip.spec.neuron.reset != "zero" and not np.allclose(
        neurons.reset_charge[fires], (left * neurons.threshold)[fires], rtol=1e-6, atol=0
    ):
        raise TeacherError(
            f"layer {number}: on die {chip.die_seed} a spike takes off another charge than the threshold, which NIR"
            " cannot say; leave out mismatch of membrane capacitances"
        )
    a = each(neurons.decay)
    if (a == 1).any() and (made.circuit.exponential or not (a == 1).all()):
        what = "synaptic currents that decay" if made.circuit.exponential else "leaks in some of its neurons only"
        raise TeacherError(
            f"layer {number}: its membranes do not leak, and it has {what}, which NIR has no node for: give all of its"
            " neurons a leak"
        )
    if (a == 1).all():
        return nir.IF(np.full_like(threshold, 1 / step_s), threshold, zero)
    tau, r = tau_s(a, step_s, integration), 1 / (1 - a)
    if not made.circuit.exponential:
        return nir.LIF(tau, r, zero, threshold, zero)
    b = each(neurons.current_decay)
    return nir.CubaLIF(tau_s(b, step_s, integration), tau, r, zero, threshold, zero, 1 / (1 - b))


def _sides(shape: tuple[int, int, int]) -> tuple[int, ...]:
    return shape[:1] if shape[1:] == (1, 1) else shape
