"""What goes wrong in silicon: one effect per file, a registry, and nothing about the chip's insides.

Start with `catalogue()` to see the effects, `parse()` to read ``mismatch:0.2@threshold``, and `effect.Nonideality`
to write one's own.
"""

from nonideality.effect import NoiseError, Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.grammar import Noise, parse
from nonideality.registry import catalogue, effect_named

__all__ = ["LayerErrors", "Noise", "NoiseError", "Nonideality", "Site", "catalogue", "effect_named", "parse"]
