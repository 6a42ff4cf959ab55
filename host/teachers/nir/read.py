"""Reads a feed-forward NIR graph onto the chip.

NIR is a graph of differential equations (Pedersen et al. 2024, Nature Communications 15, 8122). It says neither how
long a step is, nor how to integrate over one, nor whether a spike empties the membrane or takes a threshold off it, so
the reader is told. The chip's unit of voltage is the threshold, so thresholds and gains become part of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

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
        self._neuron: NeuronSpec | None = None
        self._first = ""  # the first node of neurons

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
        if self._neuron is None or not isinstance(last, nir.IF | nir.LIF | nir.CubaLIF):
            raise TeacherError(f"{self._source}: does not end with neurons: put an IF, LIF or CubaLIF node last")
        return SpikingNetwork(self._assembly.finished(self._source), self._neuron)

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
        """Gains and thresholds go into the weights before; time constants must be those of the whole chip."""
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
        gain = values["r"] / (values["v_threshold"] - rest)
        if isinstance(node, self._nir.IF):
            gain = gain * self._step_s
            taus: dict[str, float | None] = {"tau_steps": None, "synapse_tau_steps": None}
        elif isinstance(node, self._nir.LIF):
            a = self._decay(values["tau"], "tau", name)
            gain = gain * (1 - a)
            taus = {"tau_steps": tau_steps(a), "synapse_tau_steps": None}
        else:
            a, b = self._decay(values["tau_mem"], "tau_mem", name), self._decay(values["tau_syn"], "tau_syn", name)
            gain = gain * values["w_in"] * (1 - a) * (1 - b)
            taus = {"tau_steps": tau_steps(a), "synapse_tau_steps": tau_steps(b)}
        self._assembly.scale(self._per_column(gain, name), name, key)
        self._assembly.rectifier(key)
        self._same_everywhere(taus, name)

    def _decay(self, tau: NDArray[np.float64], what: str, name: str) -> float:
        """Of the membranes or currents of all of the node's neurons."""
        if not np.allclose(tau, tau.flat[0], rtol=1e-6, atol=0):
            raise TeacherError(
                f"{name}: {what} goes from {tau.min():g} to {tau.max():g} s; all neurons of a chip are designed alike"
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

    def _same_everywhere(self, taus: dict[str, float | None], name: str) -> None:
        kind: dict[str, Any] = {"kind": "if" if taus["tau_steps"] is None else "lif"}
        settings = kind | {what: tau for what, tau in taus.items() if tau is not None}
        neuron = NeuronSpec(**settings, reset=self._reset, low_rail_th=-_NO_RAIL, high_rail_th=_NO_RAIL)
        if self._neuron is None:
            self._neuron, self._first = neuron, name
        elif not _alike(self._neuron, neuron):
            raise TeacherError(
                f"{name}: has another kind or other time constants than {self._first}; a chip has one kind"
            )


_PARAMETERS = ("r", "v_leak", "v_threshold", "v_reset", "tau", "tau_mem", "tau_syn", "w_in")


def _alike(one: NeuronSpec, other: NeuronSpec) -> bool:
    mine, others = ([n.tau_steps, n.synapse_tau_steps or 0] for n in (one, other))
    return one.kind == other.kind and bool(np.allclose(mine, others, rtol=1e-5, atol=0))


def _float32(values: Any) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)
