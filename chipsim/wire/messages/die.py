"""What makes a die what it is: its design, its weights, its age, its whole state. Layouts as in PROTOCOL.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.limits import Limits
from chipsim.wire.messages.arrays import Piece, pieces_to_bytes, read_pieces
from chipsim.wire.messages.cursor import Cursor, packed, packed_name
from chipsim.wire.messages.network_layout import Circuit, Layer, NeuronFields, layer_to_bytes, part_to_bytes, read_layer
from chipsim.wire.messages.session import Empty, Parts
from chipsim.wire.packing import FEWEST_BITS, MOST_BITS
from nonideality import Plugin

_LONGEST_NAME = 128  # bytes of a plug-in's group, name, package or version


@dataclass(frozen=True)
class Configure:
    """Host: which die, and of which design."""

    KIND: ClassVar[int] = 16
    die_seed: int
    steps: int
    target_bits: int
    layers: tuple[Layer, ...]
    neuron: NeuronFields
    circuit: Circuit
    spec: bytes = b""  # of a simulated die: its ChipSpec as JSON
    plugins: tuple[Plugin, ...] = ()  # that the spec needs, as the host has them

    def to_bytes(self) -> Parts:
        return [
            packed("QHBB", self.die_seed, self.steps, self.target_bits, len(self.layers)),
            *(part for layer in self.layers for part in layer_to_bytes(layer)),
            part_to_bytes(self.neuron),
            part_to_bytes(self.circuit),
            packed("H", len(self.plugins)),
            *(packed_name(text, _LONGEST_NAME) for plugin in self.plugins for text in plugin),
            packed("I", len(self.spec)),
            self.spec,
        ]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Configure:
        die_seed, steps, target_bits, n_layers = cursor.read("QHBB")
        cursor.at_most(steps, limits.steps, "steps of a window")
        cursor.at_most(n_layers, limits.layers, "layers")
        if not (steps and n_layers and FEWEST_BITS <= target_bits <= MOST_BITS):
            raise cursor.error(f"{steps} steps, {n_layers} layers, target words of {target_bits} bits")
        layers = tuple(read_layer(cursor) for _ in range(n_layers))
        neuron, circuit = NeuronFields(*cursor.read(NeuronFields.FORM)), Circuit(*cursor.read(Circuit.FORM))
        n_plugins = cursor.at_most(cursor.number("H"), limits.plugins, "plug-ins")
        plugins = tuple(Plugin(*(cursor.name(_LONGEST_NAME) for _ in Plugin._fields)) for _ in range(n_plugins))
        length = cursor.at_most(cursor.number("I"), limits.recipe_bytes, "bytes of a spec")
        return cls(die_seed, steps, target_bits, layers, neuron, circuit, bytes(cursor.take(length)), plugins)


@dataclass(frozen=True, eq=False)
class Arrays:
    """A message of named arrays, or of some of their pieces."""

    KIND: ClassVar[int]
    pieces: tuple[Piece, ...]

    def to_bytes(self) -> Parts:
        return pieces_to_bytes(self.pieces)

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Self:
        return cls(read_pieces(cursor, limits))


class Program(Arrays):
    """Host: weights "layerN.weight" (n_in, n_out) and "layerN.bias" (n_out,) float32, N from 1, in thresholds."""

    KIND: ClassVar[int] = 17


@dataclass(frozen=True)
class Age:
    """Host: lets the die rest."""

    KIND: ClassVar[int] = 18
    seconds: float

    def to_bytes(self) -> Parts:
        if not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise WireError(
                ErrorCode.REFUSED,
                f"a die cannot rest for {self.seconds} seconds: give a finite number of at least 0",
            )
        return [packed("d", self.seconds)]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Age:
        seconds = cursor.number("d")
        if not (math.isfinite(seconds) and seconds >= 0):
            raise cursor.error(f"a rest of {seconds} seconds is not a finite number of at least 0")
        return cls(seconds)


class Snapshot(Empty):
    """Host: asks for all that changes in a die's life."""

    KIND: ClassVar[int] = 19


class State(Arrays):
    """Chip: the arrays of a snapshot, by their names in `chipsim.Chip.snapshot`."""

    KIND: ClassVar[int] = 20


class Restore(Arrays):
    """Host: puts a snapshot back."""

    KIND: ClassVar[int] = 21


class ReadWeights(Empty):
    """Host: asks what the crossbars deliver."""

    KIND: ClassVar[int] = 22


class Weights(Arrays):
    """Chip: as PROGRAM, gain included."""

    KIND: ClassVar[int] = 23
