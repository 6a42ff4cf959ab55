"""The chip in physical units, and what the model makes of it.

Read `spec`, `load`, `derive`, `settings`, in this order; `presets/` holds the chips that come along.
"""

from chipsim.physical.derive import QUANTITIES, derive
from chipsim.physical.load import PRESETS, load
from chipsim.physical.settings import noise_of, not_modelled, settings_of
from chipsim.physical.spec import PhysicalSpec

__all__ = ["PRESETS", "QUANTITIES", "PhysicalSpec", "derive", "load", "noise_of", "not_modelled", "settings_of"]
