"""The chip: its spec, the fabrication of a die, and what a die does cycle by cycle.

Read `spec`, `fabricate`, `tables`, `crossbar`, `neuron`, `cycle`, `chip`, in this order.
"""

from chipsim.chip import Chip, Snapshot
from chipsim.result import Probe, Result
from chipsim.spec import ChipError, ChipSpec, NeuronSpec
from chipsim.tables import Events

__version__ = "0.1.0"
__all__ = ["Chip", "ChipError", "ChipSpec", "Events", "NeuronSpec", "Probe", "Result", "Snapshot", "__version__"]
