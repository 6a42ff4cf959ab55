"""How a chip lies in memory: plain named tuples of arrays, which is all that kernels ever see.

Read, in this order:

    tables             what kernels read and write, with shape, type and unit of every array; begin here
    counters           what a run counts, by position: events of the chip, and the simulator's own work
    targets            what a host hands to a die besides spikes, and keeps of it
    column_blocks      a layer cut into blocks of columns whose state fits the first-level cache
    neuron_state       room that kernels write within a window
    neuron_slots       where a neuron stands in records: the neurons of a position fill whole vectors
    spike_bits         spikes as bits, and back to lists of rows; `spike_lists`: what a layer sends on
    eligibility        what learning sees of an input row: its spike, or a trace of its spikes
    receptive_fields   what each position of an image sees; `position_views`: what of an array belongs to a position

May know: `design`, for the shapes, and `simd`. Never how a value comes about: equations are in `kernel`, errors in
`die`.

To add a table: a field in `tables`, its columns in `column_blocks`, its axis of positions in `position_views`, its
values in `chipsim/die/fabrication.py`. Nothing refuses a field that is forgotten in the second or third: it is read at
the wrong columns. So cases of `tests/chipsim/kernel/test_equals_reference.py` and `test_image_layers.py` have to reach
it.

To add a counter: its name and its number in `counters`, a count in each kernel that can meet the event, the same count
in `tests/witness/reference_layer.py`. It is compared there, travels over the wire by its name, and comes to a run's
summary through `host/run/die_run.py` if it is something that saturates.
"""

from chipsim.layout.column_blocks import (
    COLUMNS_OF_A_BLOCK,
    column_ranges,
    joined,
    padded_part,
    padded_width,
    rewrite,
    split,
)
from chipsim.layout.counters import (
    ADDED,
    CHIP_EVENTS,
    CLIPPED,
    COUNTERS,
    EVENTS,
    FULL,
    HIGH,
    LOW,
    MISSED,
    SIMULATOR_WORK,
    UPDATES,
    WRITES,
    WRITTEN,
)
from chipsim.layout.eligibility import follow_spikes
from chipsim.layout.neuron_slots import from_slots, n_slots, slots_of, to_slots
from chipsim.layout.neuron_state import new_neuron_state
from chipsim.layout.position_views import block_at_position, deduplicated, neuron_state_at, new_neuron_states
from chipsim.layout.receptive_fields import (
    Fields,
    fields_of,
    find_pixels,
    kernel_lines,
    list_constant_current,
    list_events,
    list_learning_window,
    list_window,
    room_for_fields,
)
from chipsim.layout.spike_bits import (
    first_windows,
    gather_events,
    new_masks,
    number_of_spikes,
    read_windows,
    spike_bits_of,
    spikes_in_window,
    spikes_of,
    store_mask,
    windows_apart,
)
from chipsim.layout.spike_lists import NO_MASKS, SpikeLists, room_for_spikes
from chipsim.layout.tables import (
    NO_CODES,
    AdcCodes,
    CircuitTables,
    CodedSynapses,
    ColumnBlock,
    Events,
    NeuronTables,
    ProbeSignals,
    PulseTables,
    Record,
    SynapseState,
    SynapseTables,
    row_type,
)
from chipsim.layout.targets import Snapshot, Targets

__all__ = [
    "ADDED",
    "CHIP_EVENTS",
    "CLIPPED",
    "COLUMNS_OF_A_BLOCK",
    "COUNTERS",
    "EVENTS",
    "FULL",
    "HIGH",
    "LOW",
    "MISSED",
    "NO_CODES",
    "NO_MASKS",
    "SIMULATOR_WORK",
    "UPDATES",
    "WRITES",
    "WRITTEN",
    "AdcCodes",
    "CircuitTables",
    "CodedSynapses",
    "ColumnBlock",
    "Events",
    "Fields",
    "NeuronTables",
    "ProbeSignals",
    "PulseTables",
    "Record",
    "Snapshot",
    "SpikeLists",
    "SynapseState",
    "SynapseTables",
    "Targets",
    "block_at_position",
    "column_ranges",
    "deduplicated",
    "fields_of",
    "find_pixels",
    "first_windows",
    "follow_spikes",
    "from_slots",
    "gather_events",
    "joined",
    "kernel_lines",
    "list_constant_current",
    "list_events",
    "list_learning_window",
    "list_window",
    "n_slots",
    "neuron_state_at",
    "new_masks",
    "new_neuron_state",
    "new_neuron_states",
    "number_of_spikes",
    "padded_part",
    "padded_width",
    "read_windows",
    "rewrite",
    "room_for_fields",
    "room_for_spikes",
    "row_type",
    "slots_of",
    "spike_bits_of",
    "spikes_in_window",
    "spikes_of",
    "split",
    "store_mask",
    "to_slots",
    "windows_apart",
]
