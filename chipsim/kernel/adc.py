"""The converters that membranes are read through, a code per neuron and step (see `chipsim.design.adc`)."""

from __future__ import annotations

import numpy as np

from chipsim.simd import inlined

_HALF = np.float32(0.5)


@inlined
def convert(codes, membrane, adc):
    """codes (n,) uint8 of membrane (n,) float32."""
    low, top = adc.low, adc.top
    per_lsb = np.float32(1) / adc.lsb
    for i in range(len(membrane)):
        code = (membrane[i] - low) * per_lsb + _HALF
        code = np.float32(0) if code < np.float32(0) else (top if code > top else code)
        codes[i] = np.uint8(np.int32(code))
