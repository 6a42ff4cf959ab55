"""A chip that learns, and what its imperfections do to it.

    import chipsim

    outcome = chipsim.run(chip="cmos-180nm", noise="mismatch:0.2", hidden=(128, 64))
    outcome                       # ideal, this die before, this die after: ten lines, in a notebook as HTML
    outcome.table()               # the same for pandas
    outcome.plot.accuracy()       # a matplotlib figure

`run`, `sweep`, `limit`, `compare`, `trace` and `check` are the commands of these names, with their flags as arguments
(``--error-gate sign`` is ``error_gate="sign"``); `load_run` brings a run's folder back. What they refuse is a
`UserError` of one line. See host/api/API.md. They stand in `host.api`, and nothing in this package knows it.

The chip itself: its design, the fabrication of a die, and what a die does cycle by cycle.

    chip = Chip(ChipSpec(layer_sizes=(64, 128, 10), noise=("mismatch:0.2",)), die_seed=1)
    chip.program(weights)
    counts = chip.infer(events, numbers).counts

With ``ChipSpec(windows=L)`` a presentation is a sequence of L windows: membranes, currents and the rows' traces go on
until it ends, with its last window that has an event, while counters, targets and the warm-up begin anew in each.
Events have L T steps, targets are (S, L, n), and a result has `window_counts` (S, L, n) beside what is answered.

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

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chipsim.chip import Chip
    from chipsim.design import AdcSpec, ChipError, ChipSpec, NeuronSpec, SynapseSpec
    from chipsim.die import Weights
    from chipsim.execution import Probe, ProbeSignals, Readings, Result, SpikeProbe
    from chipsim.interface import ChipInterface
    from chipsim.layout import Events, Snapshot, Targets
    from chipsim.user_error import UserError
    from host.api import check, compare, limit, load_run, run, sweep, trace

__version__ = "0.1.0"

_MODULES = {
    "chipsim.chip": ("Chip",),
    "chipsim.design": ("ChipError", "ChipSpec", "AdcSpec", "NeuronSpec", "SynapseSpec"),
    "chipsim.die": ("Weights",),
    "chipsim.interface": ("ChipInterface",),
    "chipsim.layout": ("Events", "Snapshot", "Targets"),
    "chipsim.execution": ("Probe", "ProbeSignals", "Readings", "Result", "SpikeProbe"),
    "chipsim.user_error": ("UserError",),
    "host.api": ("check", "compare", "limit", "load_run", "run", "sweep", "trace"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

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
    "UserError",
    "Weights",
    "__version__",
    "check",
    "compare",
    "limit",
    "load_run",
    "run",
    "sweep",
    "trace",
]


if not TYPE_CHECKING:  # or a type checker would take any name for one that is there

    def __getattr__(name: str) -> Any:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _check_that_nothing_stands_in_front() -> None:
    """Raises ImportError, in one line, if another module would be taken for a package of ours beside this one.

    A script's own folder comes first where Python looks, and may hold a host.py.
    """
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for name in ("host", "learning_circuit", "nonideality"):
        own = os.path.join(here, name, "__init__.py")
        taken = _place_of(name)
        if taken is not None and os.path.exists(own) and os.path.realpath(taken) != os.path.realpath(own):
            raise ImportError(
                f"{taken} stands in front of chipsim's own package {name!r}, which it needs: rename it, or start"
                " Python where it is not found",
                name=name,
                path=taken,
            )


def _place_of(name: str) -> str | None:
    """The file, or the folder, that ``import name`` gives."""
    if name in sys.modules:
        module = sys.modules[name]
        return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "a module of that name")
    spec = find_spec(name)
    if spec is None:
        return None
    return spec.origin or next(iter(spec.submodule_search_locations or ()), None)


_check_that_nothing_stands_in_front()
