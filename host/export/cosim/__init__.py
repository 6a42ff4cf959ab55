"""An export held against its vectors, with the tools that are installed: lint, simulation, mutants, netlist, proofs.

Read, in this order:

    tools       which programs there are, what to install, how one is run
    workplace   a copy of an export, and the bench compiled and played in it
    mutants     circuits with a fault each, with a name or drawn
    checks      one function each; `run`: one after the other

May know: parameters and folders of `host.export`, names of sources of `host.export.rtl`. What tools say is shown, and
nothing else is done with it.

To add a check: a function of `checks` that yields a `Checked` for each thing that it tried, its name in CHECKS, and in
those of `host/cli/cosim.py`. To add a mutant: a row of `_NAMED`; `make test-long` says whether directed
vectors find it.
"""

from host.export.cosim.checks import CHECKS, Asked, Checked
from host.export.cosim.run import cosim
from host.export.cosim.tools import CELLS

__all__ = ["CELLS", "CHECKS", "Asked", "Checked", "cosim"]
