"""What figures of a chip's file are made of: their kinds, and the table that holds them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer
from pydantic_core import PydanticCustomError

from learning_circuit import tell_settings

# Numbers only: a figure in quotes or a yes is a slip of the pen.
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
DacBits = Annotated[int, Field(strict=True, ge=1, le=16)]
PositivePerLayer = Annotated[tuple[Positive, ...], Field(min_length=1)]


def contradiction(field: str, message: str) -> PydanticCustomError:
    """What a check across fields raises; `field`, relative to the checked table, is where the user should look."""
    return PydanticCustomError("contradiction", "{message}", {"message": message, "field": field})


def _low_to_high(pair: tuple[float, float]) -> tuple[float, float]:
    low, high = pair
    if low > high:
        raise PydanticCustomError("range", "write [low, high], the smaller figure first")
    return pair


# Published energies differ by a factor of ten for the same thing: always a range.
LowHigh = Annotated[tuple[NotNegative, NotNegative], AfterValidator(_low_to_high)]


class Table(BaseModel):
    """A part of the chip, and a table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    younger: ClassVar[tuple[str, ...]] = ()  # figures that files and hashes did without, left out where they are absent

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        tell_settings(cls)

    @model_serializer(mode="wrap")
    def _without_what_is_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Files and hashes of chips that do not have them are what they were."""
        written: dict[str, Any] = handler(self)
        return {k: value for k, value in written.items() if k not in self.younger or getattr(self, k) is not None}
