"""Reads a feed-forward NIR graph onto the chip.

NIR is a graph of differential equations (Pedersen et al. 2024, Nature Communications 15, 8122). It says neither how
long a step is, nor how to integrate over one, nor whether a spike empties the membrane or takes a threshold off it, so
the reader is told. The chip's unit of voltage is the threshold, so thresholds and gains become part of the weights.
Where layers differ, each with one threshold for all its neurons, these stay the layers' own, over that of the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from chipsim import ChipSpec, NeuronSpec
from chipsim.design import from_image
from host.errors import TeacherError
from host.teachers.assembly import Assembly
from host.teachers.network import Network
from host.teachers.nir.chain import chain, input_shape
from host.teachers.nir.dynamics import Integration, decay, tau_steps
from host.teachers.packages import optional

Reset = Literal["subtract", "zero"]
_USABLE = "Affine, Linear, Conv2d, Flatten, IF, LIF, CubaLIF"
_NO_RAIL = 1e6  # in thresholds: NIR's membranes have no limits
_NO_LEAK_STEPS = 1e9  # of an IF node beside leaky ones: e^(-1e-9) is 1 in float32


@dataclass(frozen=True)
class SpikingNetwork:
    """A network of spiking neurons: weights in thresholds per spike, and the neurons of all layers."""

    network: Network
    neuron: NeuronSpec

    def design(self, steps: int) -> ChipSpec:
        return ChipSpec(**self.network.design_settings(), steps=steps, neuron=self.neuron)


def read_nir(path: Path | str, *, step_s: float, reset: Reset, integration: Integration) -> SpikingNetwork:
    """The network in a NIR file as a chip runs it. Raises TeacherError, naming the node.

    step_s: length of a step in seconds; reset: what a spike does to its membrane; integration: see nir_dynamics.
    """
    path = Path(path)
    nir = optional("nir", "reading a NIR file")
    if not (np.isfinite(step_s) and step_s > 0):
        raise TeacherError(f"a step of {step_s} s: give its length in seconds, above 0")
    if not path.is_file():
        raise TeacherError(f"network {path} cannot be read: there is no such file; name a .nir file")
    try:
        graph = nir.read(path, type_check=False)
    except Exception as error:  # h5py and nir raise whatever they meet
        raise TeacherError(
            f"{path} cannot be read as NIR ({' '.join(str(error).split())}): it is damaged, or of another kind"
        ) from None
    reader = _Reader(nir, graph, str(path), step_s, reset, integration)
    with np.errstate(all="ignore"):  # what is not finite is refused, by the node's name
        return reader.network()


@dataclass(frozen=True)
class _Neurons:
    """What one node says of all its neurons."""

    name: str
    tau_steps: float | None  # None: no leak
    synapse_tau_steps: float | None  # None: no synaptic current
    threshold_th: float


class _Reader:
    def __init__(
        self, nir: Any, graph: Any, source: str, step_s: float, reset: Reset, integration: Integration
    ) -> None:
        self._nir, self._source = nir, source
        self._step_s, self._reset, self._integration = step_s, reset, integration
        self._chain = chain(nir, graph, source)
        self._assembly = Assembly(
            input_shape(nir, graph, source), "an IF, LIF or CubaLIF node", "an Affine, Linear or Conv2d node"
        )
        self._of_layers: list[_Neurons] = []
        self._nominal = self._nominal_threshold()

    def network(self) -> SpikingNetwork:
        nir = self._nir
        last = None
        for key, node in self._chain:
            name = f"{self._source}: {type(node).__name__} {key!r}"
            if isinstance(node, nir.Affine | nir.Linear):
                weights = _float32(node.weight)
                bias = _float32(node.bias) if isinstance(node, nir.Affine) else np.zeros(len(weights), np.float32)
                self._assembly.dense(weights, bias.reshape(-1), name, key)
            elif isinstance(node, nir.Conv2d):
                self._convolution(node, name, key)
            elif isinstance(node, nir.Flatten):
                self._flatten(node, name)
            elif isinstance(node, nir.IF | nir.LIF | nir.CubaLIF):
                self._neurons(node, name, key)
            else:
                raise TeacherError(f"{name}: no chip here has it; a network may consist of {_USABLE}")
            last = node
        if not self._of_layers or not isinstance(last, nir.IF | nir.LIF | nir.CubaLIF):
            raise TeacherError(f"{self._source}: does not end with neurons: put an IF, LIF or CubaLIF node last")
        return SpikingNetwork(self._assembly.finished(self._source), self._neuron())

    def _convolution(self, node: Any, name: str, key: str) -> None:
        kernels = _float32(node.weight)
        if node.groups != 1 or tuple(node.dilation) != (1, 1):
            raise TeacherError(f"{name}: chips here have plain convolutions: groups=1, dilation=1")
        sides = kernels.shape[2:]
        padding = node.padding
        if isinstance(padding, str):
            if padding == "same" and (tuple(node.stride) != (1, 1) or any(side % 2 == 0 for side in sides)):
                raise TeacherError(f"{name}: padding='same' with even kernels or strides: give the padding in numbers")
            padding = tuple(side // 2 for side in sides) if padding == "same" else (0, 0)
        stride, padding = (tuple(int(side) for side in np.ravel(each)) for each in (node.stride, padding))
        self._assembly.convolution(kernels, _float32(node.bias).reshape(-1), stride, padding, name, key)

    def _flatten(self, node: Any, name: str) -> None:
        dims = 1 if self._assembly.shape[1:] == (1, 1) else 3
        if node.start_dim not in (0, -dims) or node.end_dim not in (-1, dims - 1):
            raise TeacherError(
                f"{name}: flattens dimensions {node.start_dim} to {node.end_dim} only; flatten all: 0 to -1"
                " (NIR counts no batch)"
            )
        self._assembly.flatten(name)

    def _neurons(self, node: Any, name: str, key: str) -> None:
        """Gains go into the weights before, and thresholds, unless they are the layer's own."""
        values = {what: np.asarray(getattr(node, what), np.float64) for what in _PARAMETERS if hasattr(node, what)}
        for what, array in values.items():
            if np.isnan(array).any() or (what != "v_threshold" and np.isinf(array).any()):
                raise TeacherError(f"{name}: {what} holds NaN or infinity")
        rest = values.get("v_leak", np.zeros(()))
        if (values["v_reset"] != rest).any():
            raise TeacherError(
                f"{name}: v_reset differs from {'v_leak' if 'v_leak' in values else '0'}, but membranes here start,"
                " rest and are reset at one potential: make them equal"
            )
        if (values["v_threshold"] <= rest).any():
            raise TeacherError(f"{name}: a threshold is not above the resting potential; such neurons always fire")
        threshold, its_own = values["v_threshold"] - rest, _threshold_of(node)
        threshold_th = 1.0
        if self._nominal is not None and its_own is not None:
            threshold_th = its_own / self._nominal
            threshold = np.where(np.isfinite(threshold), self._nominal, threshold)
        gain = values["r"] / threshold
        tau: float | None = None
        synapse_tau: float | None = None
        if isinstance(node, self._nir.IF):
            gain = gain * self._step_s
        elif isinstance(node, self._nir.LIF):
            a = self._decay(values["tau"], "tau", name)
            gain = gain * (1 - a)
            tau = tau_steps(a)
        else:
            a, b = self._decay(values["tau_mem"], "tau_mem", name), self._decay(values["tau_syn"], "tau_syn", name)
            gain = gain * values["w_in"] * (1 - a) * (1 - b)
            tau, synapse_tau = tau_steps(a), tau_steps(b)
        self._assembly.scale(self._per_column(gain, name), name, key)
        self._assembly.rectifier(key)
        self._of_layers.append(_Neurons(name, tau, synapse_tau, threshold_th))

    def _decay(self, tau: NDArray[np.float64], what: str, name: str) -> float:
        """Of the membranes or currents of all of the node's neurons."""
        if not np.allclose(tau, tau.flat[0], rtol=1e-6, atol=0):
            raise TeacherError(
                f"{name}: {what} goes from {tau.min():g} to {tau.max():g} s; all neurons of a layer are designed alike"
            )
        a = float(decay(tau, self._step_s, self._integration).flat[0])
        if not (tau.flat[0] > 0 and 0 < a < 1):
            raise TeacherError(
                f"{name}: {what} is {tau.flat[0]:g} s, which steps of {self._step_s:g} s cannot follow: choose"
                " shorter steps"
            )
        return a

    def _per_column(self, gain: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        """(columns,) of a gain for each neuron; the positions of a convolution share their weights."""
        shape = self._assembly.shape
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

    def _nominal_threshold(self) -> float | None:
        """The first threshold, above rest, where layers differ in it; None: thresholds become weights."""
        kinds = self._nir.IF | self._nir.LIF | self._nir.CubaLIF
        found = [_threshold_of(node) for _, node in self._chain if isinstance(node, kinds)]
        known = [threshold for threshold in found if threshold is not None]
        return known[0] if len(set(known)) > 1 else None

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
        try:
            return NeuronSpec(**settings, reset=self._reset, low_rail_th=-_NO_RAIL, high_rail_th=_NO_RAIL)
        except ValidationError as error:
            raise TeacherError(f"{self._source}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None


_PARAMETERS = ("r", "v_leak", "v_threshold", "v_reset", "tau", "tau_mem", "tau_syn", "w_in")


def _alike(taus: list[float]) -> bool:
    """Whether time constants differ by rounding at most."""
    return bool(np.allclose(taus, taus[0], rtol=1e-5, atol=0))


def _threshold_of(node: Any) -> float | None:
    """What all of a node's neurons that can fire have as threshold above rest; None: they differ, or cannot be."""
    above = np.asarray(node.v_threshold, np.float64) - np.asarray(getattr(node, "v_leak", 0.0), np.float64)
    finite = above[np.isfinite(above)]
    return float(finite[0]) if finite.size and finite[0] > 0 and (finite == finite[0]).all() else None


def _float32(values: Any) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)
