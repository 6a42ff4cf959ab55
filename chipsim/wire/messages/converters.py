"""The section that says through which converters membranes are read back. Layout as in PROTOCOL.md."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pydantic import ValidationError

from chipsim.design import AdcSpec
from chipsim.wire.messages.cursor import Cursor, packed
from chipsim.wire.messages.session import Parts

_ENDS = ("low_th", "high_th", "readout_low_th", "readout_high_th")
_FEWEST_BITS, _MOST_BITS = 2, 8


@dataclass(frozen=True)
class Converters:
    """As `chipsim.AdcSpec`; an end of a range that is None is that of the neurons' rails."""

    bits: int
    ends: tuple[float | None, ...]  # of neurons that fire: lowest, highest; of a readout that does not: likewise

    @staticmethod
    def of(spec: AdcSpec) -> Converters:
        return Converters(spec.bits, tuple(getattr(spec, end) for end in _ENDS))

    def spec(self) -> AdcSpec:
        return AdcSpec(bits=self.bits, **dict(zip(_ENDS, self.ends, strict=True)))

    def to_bytes(self) -> Parts:
        given = sum(1 << i for i, end in enumerate(self.ends) if end is not None)
        return [packed("BBxx4d", self.bits, given, *(0.0 if end is None else end for end in self.ends))]

    @classmethod
    def read(cls, cursor: Cursor) -> Converters:
        bits, given, *ends = cursor.read("BBxx4d")
        if not (_FEWEST_BITS <= bits <= _MOST_BITS and given < 1 << len(_ENDS) and all(map(math.isfinite, ends))):
            raise cursor.error(f"codes of {bits} bits, {_FEWEST_BITS} to {_MOST_BITS} are allowed, over {ends}")
        if any(end != 0 or math.copysign(1, end) < 0 for i, end in enumerate(ends) if not given >> i & 1):
            raise cursor.error("an end of a range that is not given is not zero")
        converters = cls(bits, tuple(end if given >> i & 1 else None for i, end in enumerate(ends)))
        try:
            converters.spec()
        except ValidationError:
            raise cursor.error(f"ranges {converters.ends} of converters: each must end above where it begins") from None
        return converters
