"""Bit errors on the link from the host to the chip."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


class Link(Nonideality):
    """Bits that arrive flipped, each by itself; see `chipsim.die.link` for the words that are sent."""

    name = "link"
    summary = "bit errors between host and chip"
    level_meaning = "bit error rate: probability that a bit arrives flipped"
    unit = "probability per bit (0 to 0.5)"
    level_range = (0.0, 0.5)
    persistence = "temporal"
    moment = "operate"
    sites: ClassVar = {
        "spikes": Site(
            "address bits of each event that enters the first layer; one beyond the array is dropped",
            "each bit flips with probability {level}, independently",
        ),
        "targets": Site(
            "each target rate, a word of 16 bits with 15 after the point",
            "each bit flips with probability {level}, independently",
        ),
    }
    source = "the binary symmetric channel (Shannon 1948), no error correction"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        if site == "spikes":
            errors.spike_bit_errors = self.level
        else:
            errors.target_bit_errors = self.level
