"""Reads a feed-forward NIR graph onto the chip.

NIR is a graph of differential equations (Pedersen et al. 2024, Nature Communications 15, 8122). It says neither how
long a step is, nor how to integrate over one, nor whether a spike empties the membrane or takes a threshold off it, and
when, so the reader is told. The chip's unit of voltage is the threshold, so thresholds and gains become part of the
weights. Where layers differ, each with one threshold for all its neurons, these stay the layers' own, over that of the
first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from chipsim import ChipSpec, NeuronSpec
from chipsim.design import from_image
from host.errors import TeacherError
from host.teachers.assembly import Assembly
from host.teachers.fidelity import Fidelity
from host.teachers.network import Network
from host.teachers.nir.chain import chain, input_shape, whole_numbers
from host.teachers.nir.dynamics import Integration
from host.teachers.nir.file import graph_in
from host.teachers.nir.neurons import Neurons, neurons_of, threshold_of
from host.teachers.packages import optional

Reset = Literal["subtract", "subtract-before-leak", "zero"]
_USABLE = "Affine, Linear, Conv2d, AvgPool2d, SumPool2d, Scale, Flatten, IF, LIF, CubaLIF, at the end I, LI or CubaLI"
_INSTEAD = {
    "Delay": "chips here have no delays but the step between layers",
    "Conv1d": "chips here convolve in two dimensions: write a Conv2d of height 1",
}
_NO_RAIL = 1e6  # in thresholds: NIR's membranes have no limits
_NO_LEAK_STEPS = 1e9  # of an IF node beside leaky ones: e^(-1e-9) is 1 in float32


@dataclass(frozen=True)
class SpikingNetwork:
    """A network of spiking neurons: weights in thresholds per spike, and the neurons of all layers."""

    network: Network
    neuron: NeuronSpec
    fidelity: Fidelity = field(default_factory=Fidelity)

    def design(self, steps: int) -> ChipSpec:
        return ChipSpec(**self.network.design_settings(), steps=steps, neuron=self.neuron)


def read_nir(path: Path | str, *, step_s: float, reset: Reset, integration: Integration) -> SpikingNetwork:
    """The network in a NIR file as a chip runs it. Raises TeacherError, naming the node.

    step_s: length of a step in seconds; reset: what a spike does to its membrane; integration: see `dynamics`.
    """
    path = Path(path)
    nir = optional("nir", "reading a NIR file")
    if not (np.isfinite(step_s) and step_s > 0):
        raise TeacherError(f"a step of {step_s} s: give its length in seconds, above 0")
    reader = _Reader(nir, graph_in(path), str(path), step_s, reset, integration)
    with np.errstate(all="ignore"):  # what is not finite is refused, by the node's name
        return reader.network()


class _Reader:
    def __init__(
        self, nir: Any, graph: Any, source: str, step_s: float, reset: Reset, integration: Integration
    ) -> None:
        self._nir, self._source = nir, source
        self._step_s, self._reset, self._integration = step_s, reset, integration
        self._chain = chain(nir, graph, source)
        shape, self._leading = input_shape(nir, graph, self._chain, source)
        self._assembly = Assembly(shape, "an IF, LIF or CubaLIF node", "an Affine, Linear or Conv2d node")
        self._of_layers: list[Neurons] = []
        self._nominal = self._nominal_threshold()
        self._notes: list[str] = []
        self._conditions: list[str] = []
        if self._leading:
            self._notes.append(f"input axes {list(self._leading)} of batch or time are left out")

    def network(self) -> SpikingNetwork:
        nir = self._nir
        for key, node in self._chain:
            name = f"{self._source}: {type(node).__name__} {key!r}"
            if self._of_layers and not self._of_layers[-1].fires:
                raise TeacherError(f"{name}: follows {self._of_layers[-1].name}, which never fires and must be last")
            if isinstance(node, nir.Affine | nir.Linear):
                weights = _float32(node.weight, "weight", name)
                bias = np.zeros(len(weights) if weights.ndim else 0, np.float32)
                if isinstance(node, nir.Affine):
                    bias = _float32(node.bias, "bias", name).reshape(-1)
                self._assembly.dense(weights, bias, name, key)
            elif isinstance(node, nir.Conv2d):
                self._convolution(node, name, key)
            elif isinstance(node, nir.AvgPool2d | nir.SumPool2d):
                self._pool(node, name, key)
            elif isinstance(node, nir.Scale):
                self._scale(node, name, key)
            elif isinstance(node, nir.Flatten):
                self._flatten(node, name)
            elif isinstance(node, nir.IF | nir.LIF | nir.CubaLIF | nir.I | nir.LI | nir.CubaLI):
                self._neurons(node, name, key)
            else:
                instead = _INSTEAD.get(type(node).__name__, f"a network may consist of {_USABLE}")
                raise TeacherError(f"{name}: no chip here has it: {instead}")
        if not self._of_layers or self._assembly.is_open:
            raise TeacherError(f"{self._source}: does not end with neurons: put an IF, LIF or CubaLIF node last")
        network = self._assembly.finished(self._source)
        self._tell_of_several_spikes(network)
        fidelity = Fidelity((), tuple(self._conditions), (*self._assembly.notes, *self._notes))
        return SpikingNetwork(network, self._neuron(), fidelity)

    def _convolution(self, node: Any, name: str, key: str) -> None:
        kernels = _float32(node.weight, "weight", name)
        groups, dilation = (whole_numbers(getattr(node, what), what, name) for what in ("groups", "dilation"))
        if set(groups) != {1} or set(dilation) != {1}:
            raise TeacherError(f"{name}: chips here have plain convolutions: groups=1, dilation=1")
        sides = kernels.shape[2:]
        stride = _two(whole_numbers(node.stride, "stride", name))
        padding: tuple[int, ...]
        if not isinstance(node.padding, str):
            padding = _two(whole_numbers(node.padding, "padding", name))
        elif node.padding == "valid":
            padding = (0, 0)
        elif node.padding == "same" and stride == (1, 1) and len(sides) == 2:  # the odd one last, as torch has it
            padding = (*((side - 1) // 2 for side in sides), *(side // 2 for side in sides))
        else:
            raise TeacherError(f"{name}: padding={node.padding!r} with strides {stride}: give the padding in numbers")
        self._assembly.convolution(kernels, _float32(node.bias, "bias", name).reshape(-1), stride, padding, name, key)

    def _pool(self, node: Any, name: str, key: str) -> None:
        kernel = _two(whole_numbers(node.kernel_size, "kernel_size", name))
        stride = _two(whole_numbers(node.stride, "stride", name)) or kernel
        top, left = _two(whole_numbers(node.padding, "padding", name)) or (0, 0)
        if len(kernel) != 2 or len(stride) != 2:
            raise TeacherError(f"{name}: has a kernel {kernel} and strides {stride}; both are two sides")
        weight = 1.0
        if isinstance(node, self._nir.AvgPool2d):
            weight = 1 / (kernel[0] * kernel[1]) if min(kernel) > 0 else 0.0
            if top or left:
                self._notes.append(f"AvgPool2d {key!r}: its padding counts in the mean, as torch has it")
        self._assembly.linear_pool(kernel, stride, (top, left, top, left), weight, name, key)

    def _scale(self, node: Any, name: str, key: str) -> None:
        scale = _float32(node.scale, "scale", name).astype(np.float64)
        shape = self._assembly.shape
        scale = self._without_leading(scale, 3 if scale.ndim >= 3 and shape[1:] != (1, 1) else 1, name)
        if scale.ndim < 3:
            if scale.size not in (1, shape[0]):
                raise TeacherError(f"{name}: scales {scale.shape} after outputs {shape}")
            scale = scale.reshape(-1, 1, 1)
        self._assembly.affine(scale, 0.0, name, key)

    def _flatten(self, node: Any, name: str) -> None:
        shape, given = self._assembly.shape, node.input_type["input"]
        dims = 1 if shape[1:] == (1, 1) else 3
        if given is not None:
            dims = max(1, len(whole_numbers(given, "input_type", name)))
        leading = len(self._leading) if given is None else max(0, dims - (1 if shape[1:] == (1, 1) else 3))
        [start] = whole_numbers(node.start_dim, "start_dim", name) or (0,)
        [end] = whole_numbers(node.end_dim, "end_dim", name) or (-1,)
        begins = {0, -dims, leading, leading - dims} | ({1, 1 - dims} if shape[0] == 1 else set())
        if start not in begins or end not in (-1, dims - 1):
            raise TeacherError(
                f"{name}: flattens dimensions {start} to {end} only; flatten all: 0 to -1 (NIR counts no batch)"
            )
        self._assembly.flatten(name)

    def _neurons(self, node: Any, name: str, key: str) -> None:
        """Gains go into the weights before, and thresholds, unless they are the layer's own."""
        found = neurons_of(self._nir, node, name, self._step_s, self._integration, self._nominal)
        self._assembly.gain(self._per_column(found.gain, name), name, key)
        self._assembly.rectifier(name, key)
        self._of_layers.append(found)
        if found.synapse_tau_steps is not None and np.all(node.w_in == 1):
            self._conditions.append(
                f"{type(node).__name__} {key!r} means its w_in of 1, which norse and Rockpool write whatever the gain"
                " of their synapses"
            )
        if found.without_leak:
            self._notes.append(f"{type(node).__name__} {key!r}: an infinite time constant is no leak")

    def _per_column(self, gain: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        """(columns,) of a gain for each neuron; the positions of a convolution share their weights."""
        shape = self._assembly.shape
        gain = self._without_leading(gain, 3 if gain.ndim >= 3 and gain.shape[-3:] == shape else 1, name)
        sides = shape if gain.ndim == 3 else (shape[0], 1, 1)
        try:
            each = np.broadcast_to(gain.reshape(gain.shape if gain.ndim == 3 else (-1, 1, 1)), sides)
        except ValueError:
            raise TeacherError(f"{name}: has neurons {gain.shape} after outputs {shape}") from None
        per_position: NDArray[np.float64] = from_image(each[None]).reshape(-1, shape[0])
        if (per_position != per_position[0]).any():
            raise TeacherError(
                f"{name}: thresholds or gains differ between the positions of a channel, which share their weights:"
                " make them equal in each channel"
            )
        first: NDArray[np.float64] = per_position[0]
        return first

    def _without_leading(self, values: NDArray[np.float64], dims: int, name: str) -> NDArray[np.float64]:
        """Of each neuron, without axes of batch or time, along which all must be alike."""
        if values.ndim <= dims:
            return values
        rows = values.reshape(-1, *values.shape[values.ndim - dims :])
        if (rows != rows[:1]).any():
            raise TeacherError(f"{name}: has parameters of shape {values.shape}, which differ along a batch or time")
        first: NDArray[np.float64] = rows[0]
        return first

    def _nominal_threshold(self) -> float | None:
        """The first threshold, above rest, where layers differ in it; None: thresholds become weights."""
        kinds = self._nir.IF | self._nir.LIF | self._nir.CubaLIF
        found = [threshold_of(node) for _, node in self._chain if isinstance(node, kinds)]
        known = [threshold for threshold in found if threshold is not None]
        return known[0] if len(set(known)) > 1 else None

    def _tell_of_several_spikes(self, network: Network) -> None:
        """Some simulators fire as often in a step as the membrane holds thresholds; a chip's neuron fires once.

        After a subtractive reset that is the same as long as no step can bring more than a threshold.
        """
        most = 0.0
        for crossbar, layer in zip(network.weights, self._of_layers, strict=True):
            if crossbar is not None and layer.fires:
                charge = np.maximum(crossbar[0], 0).sum(0) + np.maximum(crossbar[1], 0)
                gone = 0.0 if layer.synapse_tau_steps is None else np.exp(-1 / layer.synapse_tau_steps)
                most = max(most, float(charge.max()) / layer.threshold_th / (1 - gone))  # currents add up
        if self._reset != "zero" and most > 1:
            self._conditions.append(
                f"the source fires once a step at most, as neurons here do, which NIR does not say (a step may bring"
                f" {most:.3g} thresholds; sinabs and Rockpool fire several times unless told otherwise, and count more)"
            )

    def _neuron(self) -> NeuronSpec:
        """Of all layers. Raises TeacherError if their synaptic currents are not alike, of which a chip has one kind."""
        first, *others = self._of_layers
        for layer in others:
            if not _alike([layer.synapse_tau_steps or 0, first.synapse_tau_steps or 0]):
                raise TeacherError(
                    f"{layer.name}: has other synaptic currents than {first.name}: leaks and thresholds may differ by"
                    " layer, a chip's synaptic time constant may not"
                )
        settings: dict[str, Any] = {"kind": "if"}
        if any(layer.tau_steps is not None for layer in self._of_layers):
            taus = [_NO_LEAK_STEPS if layer.tau_steps is None else layer.tau_steps for layer in self._of_layers]
            settings = {"kind": "lif", "tau_steps": taus[0] if _alike(taus) else tuple(taus)}
        if first.synapse_tau_steps is not None:
            settings["synapse_tau_steps"] = first.synapse_tau_steps
        if self._nominal is not None:
            settings["threshold_th"] = tuple(layer.threshold_th for layer in self._of_layers)
        if not self._of_layers[-1].fires:
            settings["readout"] = "integrating"
        try:
            return NeuronSpec(**settings, reset=self._reset, low_rail_th=-_NO_RAIL, high_rail_th=_NO_RAIL)
        except ValidationError as error:
            raise TeacherError(f"{self._source}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None


def _alike(taus: list[float]) -> bool:
    """Whether time constants differ by rounding at most."""
    return bool(np.allclose(taus, taus[0], rtol=1e-5, atol=0))


def _two(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Both ways, where only one is said."""
    return numbers * 2 if len(numbers) == 1 else numbers


def _float32(values: Any, what: str, name: str) -> NDArray[np.float32]:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TeacherError(f"{name}: {what} is of type {array.dtype}; weights are real numbers")
    return np.ascontiguousarray(array, np.float32)
