"""Where each field of a layer stands in the arrays that kernels see, and the fields that every layer has.

A block's tables are one array (P or 1, F, n): a row for each field, P positions of an image or one of a dense layer, n
columns in whole vectors. So is its state. What a new field needs follows from its declaration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.simd import aligned
from learning_circuit import Field

# What fails or disturbs, rarely all at once: an array of its own, so that tables are short where nothing does.
DISTURBANCES = (
    Field("noise", "sigma of the membrane noise per step, but the first of a window", "th"),
    Field("read_noise", "sigma of a synaptic event's charge, in full-scale weights"),
    Field("current_decay", "what is left of a column's exponential current after one step"),
    Field("miss_probability", "that a spike is not counted"),
    Field("missed_per_log", "1 / ln(1 - miss probability), see `chipsim.kernel.missed_counts`"),
    Field("drive_gain", "what a charge from shared synapses does to the neuron's membrane"),
    Field("first_noise", "sigma of the membrane noise at the first step of a window", "th"),
)
NOISE, READ_NOISE, CURRENT_DECAY, MISS_PROBABILITY, MISSED_PER_LOG, DRIVE_GAIN, FIRST_NOISE = range(len(DISTURBANCES))

# One for each layer, whatever its neurons.
CHIP_NUMBERS = (
    Field("low_rail", "of the membrane", "th", per="layer"),
    Field("high_rail", "of the membrane", "th", per="layer"),
    Field("accumulator_full", "the largest count of an accumulator", "counts", per="layer"),
)


class FieldPlaces(NamedTuple):
    """The fields of a layer in the order of a block's arrays."""

    tables: tuple[Field, ...]  # rows of `ColumnBlock.tables`
    numbers: tuple[Field, ...]  # of `ColumnBlock.numbers`
    lasting: tuple[Field, ...]  # rows of `ColumnBlock.lasting`
    passing: tuple[Field, ...]  # state of a window or a step: rows of what a kernel works in, if it needs them

    @property
    def state(self) -> tuple[Field, ...]:
        return (*self.lasting, *self.passing)


@lru_cache
def places_of(fields: tuple[Field, ...]) -> FieldPlaces:
    """fields: of a layer's neurons and its learning rule."""
    numbers = tuple(field for field in fields if field.per == "layer")
    return FieldPlaces(
        tables=tuple(field for field in fields if field.is_table),
        numbers=(*CHIP_NUMBERS, *numbers),
        lasting=tuple(field for field in fields if field.lasts == "life"),
        passing=tuple(field for field in fields if field.lasts in ("window", "step")),
    )


def row_of(fields: Iterable[Field], name: str) -> int:
    """Where a field stands among others."""
    return [field.name for field in fields].index(name)


def stacked(fields: tuple[Field, ...], values: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """(P or 1, F, n) of arrays (n,), or (P, n) of an image; kept once where all positions have the same."""
    rows = [np.atleast_2d(values[field.name]) for field in fields]
    once = [row[:1] if (row == row[0]).all() else row for row in rows]
    n_positions = max(len(row) for row in once)
    table: NDArray[np.float32] = aligned((n_positions, len(fields), rows[0].shape[-1]), np.float32)
    for number, row in enumerate(once):
        table[:, number] = row
    return table


def paddings(fields: tuple[Field, ...]) -> NDArray[np.float32]:
    """(F, 1), what stands in columns that are none."""
    return np.array([[field.padding] for field in fields], np.float32).reshape(len(fields), 1)


class Tables:
    """Values of a layer by the names of its fields, as arrays (n,) or numbers: what people look at."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"this layer has no {name}: choose from {', '.join(self._asdict())}")

    def _asdict(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def _replace(self, **values: Any) -> Tables:
        return Tables(**(self.__dict__ | values))
