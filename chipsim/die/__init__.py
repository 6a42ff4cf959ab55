"""One die: what the fab made of a design, what was written into it, how it ages, and its wires to the host.

Read, in this order:

    fabrication   from a spec and a die seed to tables: the only place that asks the effects of `nonideality`
    programming   weights written into crossbars, analog or rounded to the few levels that are stored
    ageing        drift between windows, at fixed ages only, so that neither chunks nor threads change a bit
    link          what arrives of addresses and target rates that travel as short words over bad wires

May know: `design`, `layout`, `random`, `simd`, `learning_circuit`, `nonideality`. Never `kernel`: tables are complete
before anybody computes with them.

To add a site where errors act:

1. an array on the sheet in `nonideality/errors.py`, ideal at first, and an effect that fills it;
2. its name among those of neurons, synapses or drivers in `fabrication`, which is what layers on images go by;
3. its table in `chipsim.layout` (see its page), filled in `fabrication`;
4. a stage of `chipsim.kernel` that reads it, and every loop in registers that does not left out where the table is not
   ideal (see that page);
5. the same line in the reference model, `tests/witness/`.

The test is a case with that effect in `tests/chipsim/kernel/test_equals_reference.py` and `test_image_layers.py`, and
one in `tests/chipsim/die/test_fabricate.py` that the sheet reaches the table. Something that changes with time goes
into `ageing`, with `test_drift.py`; something on the wires into `link`, restated in `tests/witness/reference_link.py`.
"""

from chipsim.die.ageing import AGEING_WINDOWS, DieAge, DriftTables, drift_block, drift_tables, set_gain
from chipsim.die.fabrication import FabricatedLayer, draw_errors, fabricate
from chipsim.die.link import HostLink
from chipsim.die.programming import LayerWeights, Weights, full_scale_of, in_crossbars, out_of_crossbars, program_layer

__all__ = [
    "AGEING_WINDOWS",
    "DieAge",
    "DriftTables",
    "FabricatedLayer",
    "HostLink",
    "LayerWeights",
    "Weights",
    "draw_errors",
    "drift_block",
    "drift_tables",
    "fabricate",
    "full_scale_of",
    "in_crossbars",
    "out_of_crossbars",
    "program_layer",
    "set_gain",
]
