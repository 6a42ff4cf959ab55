"""What a run costs: counts, link, time, energy and area per sample, from the activity that the accuracy came with.

Read, in this order:

    counts    what a chip did, per sample
    link      bytes between host and chip
    timing    how long a sample takes: the window, the pipeline of layers, the link if it is slower
    energy    part by part, each a range, since published figures differ by a factor of ten
    digital   flip-flops, gates and memory of learning circuits and synapses, from the widths of registers
    dacs      the converters that set leaks and thresholds
    area      of a network's share of the chip, and of all of it
    pruned    what is left of a layer, in a plain crossbar and in one whose synapses listen to addresses
    summary   all of these for one phase of a run

May know: `design`, `physical`, and of a learning rule which rows its updates write. Never a die or a kernel: a cost is
a count times a figure, and the counts are handed in.

To add a part of the energy: a figure in `chipsim/physical/figures.py` with its source in each preset, and a part in
`energy` with what it counts. The test is in `tests/chipsim/cost/test_cost.py`: the figure by hand, from counts that are
the reference model's own.
"""

from chipsim.cost.area import synapse_um2
from chipsim.cost.counts import Activity, EventCounts, counts_per_sample
from chipsim.cost.dacs import BiasDacs, bias_dacs
from chipsim.cost.energy import sample_energy, weight_write_pj
from chipsim.cost.link import LinkFormat, link_bytes
from chipsim.cost.pruned import ArrayCounts, PrunedLayer, pruned_layer
from chipsim.cost.summary import Cost, Phase, area_json, phase_cost
from chipsim.cost.timing import cycles_available, layer_cycles, rows_of_updates, rows_per_core, sample_time

__all__ = [
    "Activity",
    "ArrayCounts",
    "BiasDacs",
    "Cost",
    "EventCounts",
    "LinkFormat",
    "Phase",
    "PrunedLayer",
    "area_json",
    "bias_dacs",
    "counts_per_sample",
    "cycles_available",
    "layer_cycles",
    "link_bytes",
    "phase_cost",
    "pruned_layer",
    "rows_of_updates",
    "rows_per_core",
    "sample_energy",
    "sample_time",
    "synapse_um2",
    "weight_write_pj",
]
