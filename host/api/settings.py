"""The settings of a run as arguments, by the command line's names: what each may be.

Made of the settings' own fields by tests/support/typed_settings.py --write, never by hand; a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Literal, TypedDict

from chipsim.physical import PhysicalSpec


class Settings(TypedDict, total=False):
    """What defines a run; what is left out, or None, is as the chip, the data set or the method says."""

    chip: str | PathLike[str] | Mapping[str, Any] | PhysicalSpec | None
    noise: str | Sequence[str] | None
    die: int | None
    weight_bits: int | None
    dataset: str | PathLike[str] | None
    data_dir: str | PathLike[str] | None
    scale: str | float | tuple[float, float] | None
    hidden: int | Sequence[int] | None
    teacher: str | PathLike[str] | None
    teacher_method: Literal["ann", "through-time"] | None
    dt: float | None
    integration: Literal["euler", "exponential"] | None
    steps: int | None
    encoding: str | None
    neuron: str | None
    tau: float | Sequence[float] | None
    threshold: float | Sequence[float] | None
    synapse_tau: float | None
    reset: Literal["subtract", "subtract-before-leak", "zero"] | None
    readout: Literal["spiking", "integrating", "integrating-max"] | None
    method: str | None
    start: Literal["teacher", "random"] | None
    seed: int | None
    epochs: int | None
    learning_rate: float | None
    error_gate: Literal["linear", "sign", "ternary"] | None
    arithmetic: Literal["float", "integer"] | None
    warm_up: int | None
    prune: str | Mapping[str, Any] | None
    round: str | Mapping[str, Any] | None
