"""What a chip's file says of learning circuits that are built of registers and adders, and how wide they are."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from learning_circuit import (
    Arithmetic,
    Comparison,
    Dither,
    ErrorScale,
    LfsrBits,
    RateFormat,
    UpdateUnit,
)


class DigitalCircuit(BaseModel):
    """Settings of `learning_circuit.LearningCircuitSpec`, by its names; what is left out is as it is there."""

    arithmetic: Arithmetic | None = None
    error_scale: ErrorScale | None = None
    error_shift: Annotated[int, Field(strict=True, ge=0, le=15)] | None = None
    rate_format: RateFormat | None = None
    step_word_bits: Annotated[int, Field(strict=True, ge=2, le=24)] | None = None
    step_word_fraction_bits: Annotated[int, Field(strict=True, ge=0, le=24)] | None = None
    dither: Dither | None = None
    dither_bits: Annotated[int, Field(strict=True, ge=0, le=24)] | None = None
    lfsr_bits: LfsrBits | None = None
    lfsr_seed: Annotated[int, Field(strict=True, ge=1)] | None = None
    increment_bits: Annotated[int, Field(strict=True, ge=2, le=24)] | None = None
    comparison: Comparison | None = None
    update_unit: UpdateUnit | None = None

    @property
    def digital(self) -> dict[str, Any]:
        """What is said of it, by the names that the model has for it."""
        return {name: value for name in DIGITAL if (value := getattr(self, name)) is not None}

    @model_serializer(mode="wrap")
    def _without_what_is_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Hashes of chips that say nothing of it are what they were."""
        written: dict[str, Any] = handler(self)
        return {name: value for name, value in written.items() if name not in DIGITAL or value is not None}


DIGITAL = tuple(DigitalCircuit.model_fields)
