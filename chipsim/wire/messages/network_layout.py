"""What CONFIGURE says of a chip's design in fixed fields: layers, neurons, learning circuits. See PROTOCOL.md.

A choice that these fields have no number for travels as OTHER: only the SPEC section says what it is.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import ClassVar

from chipsim.wire.messages.cursor import Cursor, packed

OTHER = 255
NEURONS = ("if", "lif")
RESETS = ("subtract", "zero")
READOUTS = ("spiking", "integrating", "integrating-max")
ERROR_GATES = ("linear", "sign", "ternary")


def choice(names: tuple[str, ...], name: str) -> int:
    """The number of a choice, or OTHER."""
    return names.index(name) if name in names else OTHER


@dataclass(frozen=True)
class DenseFields:
    """Every input meets every neuron."""

    KIND: ClassVar[int] = 1
    FORM: ClassVar[str] = "II"
    n_in: int
    n_out: int


@dataclass(frozen=True)
class ConvolutionFields:
    """Every position's neurons see a window of the input; shared (1 crossbar) or unrolled (one per position)."""

    KIND: ClassVar[int] = 2
    FORM: ClassVar[str] = "IIIIHHHHHHHHBx"
    channels_in: int
    height_in: int
    width_in: int
    channels_out: int
    kernel_height: int
    kernel_width: int
    stride_down: int
    stride_right: int
    pad_top: int
    pad_left: int
    pad_bottom: int
    pad_right: int
    unrolled: int


@dataclass(frozen=True)
class AveragePoolFields:
    """Every channel's neurons see the mean of a window of that channel, through weights that never learn."""

    KIND: ClassVar[int] = 3
    FORM: ClassVar[str] = "IIIHHHH"
    channels: int
    height_in: int
    width_in: int
    kernel_height: int
    kernel_width: int
    stride_down: int
    stride_right: int


Layer = DenseFields | ConvolutionFields | AveragePoolFields
LAYERS: dict[int, type[Layer]] = {kind.KIND: kind for kind in (DenseFields, ConvolutionFields, AveragePoolFields)}


@dataclass(frozen=True)
class NeuronFields:
    """Neurons of every layer, as `chipsim.NeuronSpec`; where layers differ, kind is OTHER and tau_steps 0."""

    FORM: ClassVar[str] = "BBBxddd"
    kind: int  # in NEURONS
    reset: int  # in RESETS
    readout: int  # in READOUTS
    tau_steps: float
    low_rail_th: float
    high_rail_th: float


@dataclass(frozen=True)
class Circuit:
    """Learning circuits of every neuron, as `learning_circuit.LearningCircuitSpec`."""

    FORM: ClassVar[str] = "BBBxIdd"
    error_gate: int  # in ERROR_GATES
    accumulator_bits: int
    update_accumulator_bits: int
    warm_up_steps: int
    dead_zone_counts: float
    boxcar_width_th: float


def part_to_bytes(part: Layer | NeuronFields | Circuit) -> bytes:
    """The fields of a part, in order."""
    return packed(part.FORM, *astuple(part))


def read_layer(cursor: Cursor) -> Layer:
    """A layer from its kind, a reserved byte, the length of its fields, and these."""
    number, length = cursor.read("BxH")
    if number not in LAYERS:
        raise cursor.error(f"layers of kind {number} are unknown: {', '.join(map(str, LAYERS))} are known")
    kind = LAYERS[number]
    inside = Cursor(cursor.take(length), "CONFIGURE")
    layer = kind(*inside.read(kind.FORM))
    inside.end()
    return layer


def layer_to_bytes(layer: Layer) -> list[bytes | memoryview]:
    fields = part_to_bytes(layer)
    return [packed("BxH", layer.KIND, len(fields)), fields]
