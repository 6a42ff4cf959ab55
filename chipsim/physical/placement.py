"""Places a network on a chip's cores: rows are inputs, columns neurons; what does not fit is refused with what would.

A layer's weights are cut into tiles of at most a core. Row parts of one neuron stand in different cores, whose columns
chain; neurons beyond a core's columns go to the next. Each tile goes to the first core that holds all neurons still to
be placed, else to an unused one, else to the one with most room. In a plain crossbar a row belongs to one layer, so
tiles of two layers share a core along its diagonal only; where synapses listen to addresses, rows serve several layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from chipsim.design import ChipError, LayerShape
from chipsim.physical.derive import columns_per_neuron, rows_per_input
from chipsim.physical.spec import PhysicalSpec


@dataclass(frozen=True)
class Tile:
    """A rectangle of one core that holds a part of a layer. Layers and cores count from 1, the rest from 0."""

    layer: int
    core: int
    first_input: int  # of the layer; the bias counts as the last one
    inputs: int
    first_neuron: int
    neurons: int
    first_row: int
    rows: int
    first_column: int
    columns: int


@dataclass(frozen=True)
class Placement:
    """Where a network stands on a chip."""

    chip: str
    layer_sizes: tuple[int, ...]
    tiles: tuple[Tile, ...]
    cores: int  # of the chip
    core_rows: int
    core_columns: int
    visits: tuple[int, ...]  # positions that each layer's crossbars visit in turn within a step; 1 where it is dense

    @property
    def cores_used(self) -> int:
        return len({tile.core for tile in self.tiles})

    @property
    def column_use(self) -> float:
        """Columns taken, as a fraction of the whole chip's."""
        return sum(tile.columns for tile in self.tiles) / (self.cores * self.core_columns)

    @property
    def cell_use(self) -> float:
        """Synapse cells taken, as a fraction of those in the cores that are used."""
        cells = self.cores_used * self.core_rows * self.core_columns
        return sum(tile.rows * tile.columns for tile in self.tiles) / cells


@dataclass
class _Core:
    """A core in use that has columns and rows left."""

    number: int
    free_columns: int
    free_rows: int


class _Cores:
    """Which cores have room."""

    def __init__(self, spec: PhysicalSpec) -> None:
        self._array = spec.array
        self._columns_each = columns_per_neuron(spec)
        self._open: list[_Core] = []
        self._used = 0

    def choose(self, parts_rows: Sequence[int], neurons: int) -> list[_Core] | None:
        """A core for each row part of up to `neurons` neurons, all different; None if there are too few."""
        chosen: list[_Core] = []
        for rows in parts_rows:
            fit = [core for core in self._open if core not in chosen and core.free_rows >= rows]
            ample = [core for core in fit if core.free_columns >= neurons * self._columns_each]
            if ample:
                chosen.append(ample[0])
            elif self._used < self._array.cores:
                self._used += 1
                self._open.append(_Core(self._used, self._array.core_columns, self._array.core_rows))
                chosen.append(self._open[-1])
            elif fit:
                chosen.append(max(fit, key=lambda core: core.free_columns))
            else:
                return None
        return chosen

    def take(self, core: _Core, rows: int, columns: int) -> tuple[int, int]:
        """Give away a rectangle. Returns its first row and first column."""
        corner = self._array.core_rows - core.free_rows, self._array.core_columns - core.free_columns
        core.free_columns -= columns
        core.free_rows -= 0 if self._array.rows_shared else rows
        if core.free_columns < self._columns_each or core.free_rows == 0:
            self._open.remove(core)
        return corner


class _Crossbars(NamedTuple):
    """What a layer asks for: crossbars alike, of n_out columns of n_in inputs and a bias each."""

    n_in: int
    n_out: int
    copies: int = 1
    visits: int = 1  # of each, within a step


def place(spec: PhysicalSpec, layer_sizes: Sequence[int]) -> Placement:
    """A network of `layer_sizes` (inputs first) on the chip. Raises ChipError, saying what would fit."""
    if len(layer_sizes) < 2 or min(layer_sizes) < 1:
        raise ChipError(
            f"network {','.join(map(str, layer_sizes))}: give at least two widths from 1, inputs first, as 784,256,10"
        )
    return _place(spec, layer_sizes, [_Crossbars(*sizes) for sizes in pairwise(layer_sizes)])


def place_layers(spec: PhysicalSpec, layers: Sequence[LayerShape]) -> Placement:
    """As `place`, layers on an image included: their crossbars' columns, each with the neurons of all its positions."""
    crossbars = [
        _Crossbars(layer.rows, layer.columns, layer.crossbars, layer.positions // layer.crossbars) for layer in layers
    ]
    return _place(spec, [layers[0].n_in, *(layer.n_out for layer in layers)], crossbars)


def _place(spec: PhysicalSpec, layer_sizes: Sequence[int], layers: Sequence[_Crossbars]) -> Placement:
    array, rows_each, columns_each = spec.array, rows_per_input(spec), columns_per_neuron(spec)
    _check_size(spec, layer_sizes, layers)
    cores, tiles = _Cores(spec), list[Tile]()
    all_crossbars = [(layer, each, k) for layer, each in enumerate(layers, 1) for k in range(each.copies)]
    for layer, (n_in, n_out, _, _), number in all_crossbars:
        parts = _row_parts(spec, n_in)
        placed = 0
        while placed < n_out:
            chosen = cores.choose([inputs * rows_each for _, inputs in parts], n_out - placed)
            if chosen is None:
                raise _too_few_cores(spec, layer_sizes, layers)
            neurons = min(n_out - placed, *(core.free_columns // columns_each for core in chosen))
            for (first_input, inputs), core in zip(parts, chosen, strict=True):
                rows, columns = inputs * rows_each, neurons * columns_each
                first_row, first_column = cores.take(core, rows, columns)
                tiles.append(
                    Tile(
                        layer=layer,
                        core=core.number,
                        first_input=first_input,
                        inputs=inputs,
                        first_neuron=number * n_out + placed,
                        neurons=neurons,
                        first_row=first_row,
                        rows=rows,
                        first_column=first_column,
                        columns=columns,
                    )
                )
            placed += neurons
    return Placement(
        spec.name,
        tuple(layer_sizes),
        tuple(tiles),
        array.cores,
        array.core_rows,
        array.core_columns,
        tuple(each.visits for each in layers),
    )


def _row_parts(spec: PhysicalSpec, n_in: int) -> list[tuple[int, int]]:
    """(first input, inputs) of each part of a layer's inputs, bias included, that a core's rows hold."""
    all_inputs, most = n_in + _bias_rows(spec), _most_inputs(spec)
    return [(first, min(most, all_inputs - first)) for first in range(0, all_inputs, most)]


def _bias_rows(spec: PhysicalSpec) -> int:
    return int(spec.array.bias == "row")


def _most_inputs(spec: PhysicalSpec) -> int:
    """Of one core, bias included."""
    return spec.array.core_rows // rows_per_input(spec)


def _most_neurons(spec: PhysicalSpec) -> int:
    return spec.array.core_columns // columns_per_neuron(spec)


def _check_size(spec: PhysicalSpec, layer_sizes: Sequence[int], layers: Sequence[_Crossbars]) -> None:
    """Refuse what cannot fit however it is placed. Raises ChipError."""
    array = spec.array
    if _most_inputs(spec) <= _bias_rows(spec) or _most_neurons(spec) == 0:
        raise ChipError(
            f"a core of {array.core_rows} rows and {array.core_columns} columns holds no input beside a bias: a"
            f" {spec.synapse.weight_sign} synapse takes {rows_per_input(spec)} rows and {columns_per_neuron(spec)}"
            " columns; enlarge the core"
        )
    columns = 0
    for layer, (n_in, n_out, count, _) in enumerate(layers, 1):
        parts = -(-(n_in + _bias_rows(spec)) // _most_inputs(spec))
        if parts > 1 and not array.columns_chain:
            raise ChipError(
                f"network {_name(layer_sizes)} does not fit {spec.name}: layer {layer} has a fan-in of {n_in}, a core's"
                f" {array.core_rows} rows take at most {_most_inputs(spec) - _bias_rows(spec)}"
                f"{' and the bias' if _bias_rows(spec) else ''}, and columns do not chain: narrow the layer below to"
                f" that, enlarge core_rows to {(n_in + _bias_rows(spec)) * rows_per_input(spec)}, or set columns_chain"
                " = true"
            )
        columns += count * parts * n_out * columns_per_neuron(spec)
    if columns > array.cores * array.core_columns:
        raise _too_few_cores(spec, layer_sizes, layers)


def _too_few_cores(spec: PhysicalSpec, layer_sizes: Sequence[int], layers: Sequence[_Crossbars]) -> ChipError:
    """Says how many cores do: those that the layers take when no two share one."""
    array, most_neurons = spec.array, _most_neurons(spec)
    each = [
        count * -(-(n_in + _bias_rows(spec)) // _most_inputs(spec)) * -(-n_out // most_neurons)
        for n_in, n_out, count, _ in layers
    ]
    return ChipError(
        f"network {_name(layer_sizes)} does not fit {spec.name}: it has {array.cores} cores of {array.core_rows} rows x"
        f" {array.core_columns} columns, for {_most_inputs(spec) - _bias_rows(spec)} inputs"
        f"{' and a bias' if _bias_rows(spec) else ''} and {most_neurons} neurons each; cores = {sum(each)} would do"
        f" ({' + '.join(map(str, each))}, layer by layer), or narrower layers"
    )


def _name(layer_sizes: Sequence[int]) -> str:
    return "-".join(map(str, layer_sizes))
