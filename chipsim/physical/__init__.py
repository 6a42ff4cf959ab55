"""The chip in physical units, and what the model makes of it.

Read `spec`, `load`, `derive`, `settings`, in this order; `presets/` holds the chips that come along.
"""

from chipsim.physical.derive import QUANTITIES, derive
from chipsim.physical.spec import PhysicalSpec

__all__ = ["QUANTITIES", "PhysicalSpec", "derive"]
