"""One die: what the fab made of a design, what was written into it, how it ages, and its wires to the host.

Read, in this order:

    fabrication   from a spec and a die seed to tables: the only place that asks the effects of `nonideality`
    trial         a neuron or rule of another package tried on one number, so that what is wrong is told at the start
    programming   weights written into crossbars, analog or rounded to the few levels that are stored
    ageing        drift between windows, at fixed ages only, so that neither chunks nor threads change a bit
    integers      of learning circuits in integers: what no error may do to them, step words, shift registers
    link          what arrives of addresses and target rates that travel as short words over bad wires

May know: `design`, `layout`, `neurons`, `random`, `simd`, `learning_circuit`, `nonideality`. Never `kernel`: tables are
complete before anybody computes with them.

To add a site where errors act:

1. an array on the sheet in `nonideality/errors.py`, ideal at first, and an effect that fills it;
2. its name among those of neurons, synapses or drivers in `fabrication`, which is what layers on images go by;
3. its field (see the page of `chipsim.layout`), filled in `fabrication` or by the neuron or rule that has it;
4. the stage of `chipsim.kernel`, the neuron or the rule that reads it;
5. the same line in the reference model, `tests/witness/`;
6. if there are chips on which nothing reads it: a line in `chipsim/design_rules/idle.py`.

The test is a case with that effect in `tests/chipsim/kernel/test_equals_reference.py` and `test_image_layers.py`, and
one in `tests/chipsim/die/test_fabricate.py` that the sheet reaches the table.
Something that changes with time goes into `ageing`, with `test_drift.py`; something on the wires into `link`, restated
in `tests/witness/reference_link.py`.
"""

from chipsim.die.ageing import AGEING_WINDOWS, DieAge, DriftTables, drift_block, drift_tables
from chipsim.die.fabrication import FabricatedLayer, draw_errors, fabricate, try_effects, try_plugins
from chipsim.die.integers import set_registers, with_step_words
from chipsim.die.link import HostLink, LostEvents
from chipsim.die.programming import (
    LayerWeights,
    Weights,
    full_scale_of,
    in_crossbars,
    out_of_crossbars,
    program_layer,
    program_unipolar_layer,
)

__all__ = [
    "AGEING_WINDOWS",
    "DieAge",
    "DriftTables",
    "FabricatedLayer",
    "HostLink",
    "LayerWeights",
    "LostEvents",
    "Weights",
    "draw_errors",
    "drift_block",
    "drift_tables",
    "fabricate",
    "full_scale_of",
    "in_crossbars",
    "out_of_crossbars",
    "program_layer",
    "program_unipolar_layer",
    "set_registers",
    "try_effects",
    "try_plugins",
    "with_step_words",
]
