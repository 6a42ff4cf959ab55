"""How a chip lies in memory: plain named tuples of arrays, which is all that kernels ever see.

Read, in this order:

    tables             what kernels read and write, with shape, type and unit of every array; begin here
    fields             where each declared field of a layer stands in those arrays, and the fields that all layers have
    counters           what a run counts, by position: events of the chip, and the simulator's own work
    targets            what a host hands to a die besides spikes, and keeps of it
    column_blocks      a layer cut into blocks of columns whose state fits the first-level cache
    neuron_state       room that kernels write within a window
    snapshots          what of a layer changes in a die's life, as named arrays, and back
    neuron_slots       where a neuron stands in records: the neurons of a position fill whole vectors
    spike_bits         spikes as bits, and back to lists of rows; `spike_lists`: what a layer sends on
    eligibility        what learning sees of an input row: its spike, or a trace of its spikes
    receptive_fields   what each position of an image sees; `position_views`: what belongs to a crossbar

May know: `design`, for the shapes, `learning_circuit`, for `Field`, and `simd`. Never how a value comes about:
equations are in `kernel`, errors in `die`.

To add a figure per neuron: a `learning_circuit.Field` where it is used, in a neuron or a rule, or in `fields` if all
layers have it, its values in `chipsim/die/fabrication.py`. Tables, padding, positions, room, probes, snapshots and
waveforms follow. A figure of crossbars or their drivers is a field in `tables`, cut in `column_blocks`, found for a
crossbar in `position_views`.

To add a counter: its name and its number in `counters`, a count in the loop or stage that meets the event, the same
count in `tests/witness/reference_layer.py`. It is compared there, travels over the wire by its name, and comes to a
run's summary through `host/run/die_run.py` if it is something that saturates.
"""

from chipsim.layout.column_blocks import (
    COLUMNS_OF_A_BLOCK,
    column_ranges,
    joined,
    padded,
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
    OF_INTEGERS,
    SATURATED,
    SIMULATOR_WORK,
    UPDATES,
    WRITES,
    WRITTEN,
    chip_events,
)
from chipsim.layout.eligibility import follow_spikes, take_offset
from chipsim.layout.fields import (
    CHIP_NUMBERS,
    CURRENT_DECAY,
    DISTURBANCES,
    DRIVE_GAIN,
    FIRST_NOISE,
    MISS_PROBABILITY,
    MISSED_PER_LOG,
    NOISE,
    READ_NOISE,
    FieldPlaces,
    Tables,
    places_of,
    row_of,
    stacked,
)
from chipsim.layout.neuron_slots import from_slots, n_slots, slots_of, to_slots
from chipsim.layout.neuron_state import NeuronState, new_neuron_state
from chipsim.layout.position_views import CrossbarView, crossbar_at, row_at, with_crossbars
from chipsim.layout.receptive_fields import (
    FieldEvents,
    ReceptiveFields,
    fields_of,
    find_pixels,
    kernel_lines,
    list_constant_current,
    list_events,
    list_window,
    look_at_window,
    room_for_fields,
)
from chipsim.layout.snapshots import layer_from_arrays, layer_to_arrays, prune_block
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
    ProbeTables,
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
    "CHIP_NUMBERS",
    "CLIPPED",
    "COLUMNS_OF_A_BLOCK",
    "COUNTERS",
    "CURRENT_DECAY",
    "DISTURBANCES",
    "DRIVE_GAIN",
    "EVENTS",
    "FIRST_NOISE",
    "FULL",
    "HIGH",
    "LOW",
    "MISSED",
    "MISSED_PER_LOG",
    "MISS_PROBABILITY",
    "NOISE",
    "NO_CODES",
    "NO_MASKS",
    "OF_INTEGERS",
    "READ_NOISE",
    "SATURATED",
    "SIMULATOR_WORK",
    "UPDATES",
    "WRITES",
    "WRITTEN",
    "AdcCodes",
    "CircuitTables",
    "CodedSynapses",
    "ColumnBlock",
    "CrossbarView",
    "Events",
    "FieldEvents",
    "FieldPlaces",
    "NeuronState",
    "ProbeTables",
    "PulseTables",
    "ReceptiveFields",
    "Record",
    "Snapshot",
    "SpikeLists",
    "SynapseState",
    "SynapseTables",
    "Tables",
    "Targets",
    "chip_events",
    "column_ranges",
    "crossbar_at",
    "fields_of",
    "find_pixels",
    "first_windows",
    "follow_spikes",
    "from_slots",
    "gather_events",
    "joined",
    "kernel_lines",
    "layer_from_arrays",
    "layer_to_arrays",
    "list_constant_current",
    "list_events",
    "list_window",
    "look_at_window",
    "n_slots",
    "new_masks",
    "new_neuron_state",
    "number_of_spikes",
    "padded",
    "padded_part",
    "padded_width",
    "places_of",
    "prune_block",
    "read_windows",
    "rewrite",
    "room_for_fields",
    "room_for_spikes",
    "row_at",
    "row_of",
    "row_type",
    "slots_of",
    "spike_bits_of",
    "spikes_in_window",
    "spikes_of",
    "split",
    "stacked",
    "store_mask",
    "take_offset",
    "to_slots",
    "windows_apart",
    "with_crossbars",
]
