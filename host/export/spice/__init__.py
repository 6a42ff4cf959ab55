"""One neuron and its synapses as a deck for ngspice, with the voltages that the model expects.

Read, in this order:

    schedule      when in a step reset, pulse and comparison are
    column        the neuron in volts, amperes and farads, from a trace of the run
    models        sources, switches and comparator: formulas, or transistors of level 1
    deck          the circuit, and what drives it
    compare       a deck's voltages against the model's: plain Python, a copy lies beside each deck
    real_neuron   the same column in SystemVerilog, its membrane a real number
    page, files   README and Makefile; all files, written as a whole
    simulate      ngspice, then the comparison

May know: `trace`, `run`, `settings`, the host's errors and files; of `chipsim` the design, its rules, `physical`. Never
a kernel: expected voltages are those of the run itself.

The model is told the deck's phases (`neuron.charge_window`, `neuron.reset_window`), so what leaks within a step leaks
in both. `tests/host/export/spice/` runs decks where ngspice and iverilog are installed.
"""

from host.export.spice.column import Column, column_of
from host.export.spice.files import FOLDER, check_place, deck_files, write_deck
from host.export.spice.models import Devices
from host.export.spice.schedule import Schedule, schedule_of
from host.export.spice.simulate import simulate

__all__ = [
    "FOLDER",
    "Column",
    "Devices",
    "Schedule",
    "check_place",
    "column_of",
    "deck_files",
    "schedule_of",
    "simulate",
    "write_deck",
]
