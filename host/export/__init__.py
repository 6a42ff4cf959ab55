"""A chip's circuits for designers of silicon, with what the model expects of them.

- spice: one neuron and its synapses as a deck for ngspice, and as SystemVerilog with a real membrane

Each room has a page for users. May know: `chipsim`, `run`, `trace`, settings, files, errors of the host.
"""

from host.export.spice import column_of, deck_files, simulate, write_deck

__all__ = ["column_of", "deck_files", "simulate", "write_deck"]
