"""The chip: its design, the fabrication of a die, and what a die does cycle by cycle.

    chip = Chip(ChipSpec(layer_sizes=(64, 128, 10), noise=("mismatch:0.2",)), die_seed=1)
    chip.program(weights)
    counts = chip.infer(events, numbers).counts

`Chip` is a die in this process, `ChipInterface` what a host may ask of one wherever it is. Names are looked up when
they are asked for, so that a command's help need not wait for the compiler: this is the only face that is lazy.

Its rooms from top to bottom; each may import those below it as far as its page says, and none above it:

    server         a process that holds dies for hosts that connect
    wire           the protocol between host and chip
    design_rules   what will sink a chip, said before it is built
    cost           what a run would cost in time, energy, area and bytes
    physical       a chip in volts and farads, and the model's numbers that follow
    chip.py        a die with all that it can be asked; interface.py: the same as a protocol, without a die
    execution      pieces of work, threads, results
    kernel         the equations, stage by stage, compiled
    die            fabrication, programming, ageing, and the wires to the host
    layout         how tables and state lie in memory
    random         random numbers that are functions of a counter
    design         what a chip is meant to be: layers, neurons, synapses, converters
    simd           generated code, the compiler, and the cache of what it made
    reading        files that a user names, read within bounds

Below all of them lie `learning_circuit` and `nonideality`. May never know: the host, data sets, teachers, files of a
run. To see a cycle, read `design`, `die`, `layout`, then `kernel`; `simd` and `random` can be believed at first.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chipsim.chip import Chip
    from chipsim.design import AdcSpec, ChipError, ChipSpec, NeuronSpec, SynapseSpec
    from chipsim.die import Weights
    from chipsim.execution import Probe, ProbeSignals, Readings, Result, SpikeProbe
    from chipsim.interface import ChipInterface
    from chipsim.layout import Events, Snapshot, Targets

__version__ = "0.1.0"

_ROOMS = {
    "chip": ("Chip",),
    "design": ("ChipError", "ChipSpec", "AdcSpec", "NeuronSpec", "SynapseSpec"),
    "die": ("Weights",),
    "interface": ("ChipInterface",),
    "layout": ("Events", "Snapshot", "Targets"),
    "execution": ("Probe", "ProbeSignals", "Readings", "Result", "SpikeProbe"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "AdcSpec",
    "Chip",
    "ChipError",
    "ChipInterface",
    "ChipSpec",
    "Events",
    "NeuronSpec",
    "Probe",
    "ProbeSignals",
    "Readings",
    "Result",
    "Snapshot",
    "SpikeProbe",
    "SynapseSpec",
    "Targets",
    "Weights",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
