"""RTL of a chip's learning circuits: fixed SystemVerilog, and what is written from the parameters.

Read, in this order:

    templates/rtl   neuron, update, column, sequencer, array: the circuit itself, widths as parameters
    params          the chip's widths as macros; `chip`: the top of all layers, `chip_bench`: of its wiring
    registers       the register map, once, for people and programs; `constraints`: the clock
    sources         all files of an export but its vectors

May know: the parameters of `host.export`. Nothing here depends on the day, the place or the machine.

To add a register: a row of `registers`, its place in `ltl_array.sv` or `ltl_column.sv`, in `VectorProgram.register` of
`host/export/vectors/program.py`, and a directed case. The tests are in `tests/host/export/`.
"""

from host.export.rtl.registers import registers
from host.export.rtl.sources import SOURCES, rtl_files

__all__ = ["SOURCES", "registers", "rtl_files"]
