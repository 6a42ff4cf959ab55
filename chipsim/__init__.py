"""The chip: its spec, the fabrication of a die, and what a die does cycle by cycle.

Read `spec`, `fabricate`, `tables`, `crossbar`, `neuron`, `cycle`, `chip`, in this order.
"""

from chipsim.chip import Chip
from chipsim.converter import ConverterSpec
from chipsim.interface import ChipInterface, Snapshot, Targets
from chipsim.probe import Probe
from chipsim.programming import Weights
from chipsim.result import ReadBack, Result
from chipsim.spec import ChipError, ChipSpec, NeuronSpec, SynapseSpec
from chipsim.tables import Events, Signals

__version__ = "0.1.0"
__all__ = [
    "Chip",
    "ChipError",
    "ChipInterface",
    "ChipSpec",
    "ConverterSpec",
    "Events",
    "NeuronSpec",
    "Probe",
    "ReadBack",
    "Result",
    "Signals",
    "Snapshot",
    "SynapseSpec",
    "Targets",
    "Weights",
    "__version__",
]
