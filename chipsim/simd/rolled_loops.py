"""Loops in generated code that the compiler leaves as they are.

It would unroll a loop over the rows that are active, and put the rest of the division in a loop of its own. Nobody can
foresee how many rows there are, and the processor would guess both loops' ends wrong instead of one's.
"""

from __future__ import annotations

from typing import Any


def keep_rolled(module: Any, back: Any) -> None:
    """back: the branch of a loop that leads back to its beginning."""
    disable = module.add_metadata(["llvm.loop.unroll.disable"])
    loop = module.add_metadata([str(len(module.metadata))])  # a new one
    loop.operands = (loop, disable)  # a loop's own node names itself first
    back.set_metadata("llvm.loop", loop)
