"""The chip: its spec, the fabrication of a die, and what a die does cycle by cycle.

Read `spec`, `fabricate`, `tables`, `crossbar`, `neuron`, `cycle`, `chip`, in this order.
"""

from chipsim.chip import Chip
from chipsim.interface import ChipInterface, Snapshot, Weights
from chipsim.probe import Probe
from chipsim.result import Result
from chipsim.spec import ChipError, ChipSpec, NeuronSpec, SynapseSpec
from chipsim.tables import Events, Signals

__version__ = "0.1.0"
__all__ = [
    "Chip",
    "ChipError",
    "ChipInterface",
    "ChipSpec",
    "Events",
    "NeuronSpec",
    "Probe",
    "Result",
    "Signals",
    "Snapshot",
    "SynapseSpec",
    "Weights",
    "__version__",
]
