"""The chip: its spec, the fabrication of a die, and what a die does cycle by cycle.

Read `spec`, `fabricate`, `tables`, `crossbar`, `neuron`, `cycle`, `chip`, in this order.
"""

from chipsim.chip import Chip
from chipsim.design.adc import ConverterSpec
from chipsim.design.spec import ChipError, ChipSpec, NeuronSpec, SynapseSpec
from chipsim.die.programming import Weights
from chipsim.interface import ChipInterface, Snapshot, Targets
from chipsim.layout.tables import Events, Signals
from chipsim.run.probe import Probe
from chipsim.run.result import ReadBack, Result

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
