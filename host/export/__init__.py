"""A chip's circuits for designers of silicon: RTL, vectors, a check that both agree, a neuron as a deck for ngspice.

Read, in this order:

    parameters   widths and constants of the circuits, with a hash that says what belongs together
    refusals     what of a chip is no circuit, each with the setting that would make it one
    rtl          SystemVerilog, registers, constraints, bench
    vectors      what the bench plays and expects: directed, and of a run
    folder       an export on disk: whole or absent, never over what is not ours
    bundle       a whole one; `run_vectors`: a run's vectors into it
    cosim        lint, simulation, mutants, netlist, proofs, with the tools that are installed
    spice        one neuron and its synapses as a deck for ngspice, and as SystemVerilog with a real membrane

README.md is the page for users, that of `spice` its own. May know: `chipsim`, `run`, `methods`, `trace`, settings,
files, errors of the host.
"""

from host.export.bundle import add_set, check_same_design, write_design
from host.export.folder import read_files, read_mark
from host.export.parameters import Circuit, Layer, Parameters, parameters_of
from host.export.refusals import check_exportable, refusals
from host.export.run_vectors import write_run_vectors
from host.export.spice import column_of, deck_files, simulate, write_deck

__all__ = [
    "Circuit",
    "Layer",
    "Parameters",
    "add_set",
    "check_exportable",
    "check_same_design",
    "column_of",
    "deck_files",
    "parameters_of",
    "read_files",
    "read_mark",
    "refusals",
    "simulate",
    "write_deck",
    "write_design",
    "write_run_vectors",
]
