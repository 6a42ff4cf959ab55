"""Chunks as few bytes: sets of rows, spikes, target rates, traces. Layouts are those of PROTOCOL.md.

Read, in this order:

    words           words of up to 16 bits without gaps; `byte_views`: a tool for them
    row_sets        which rows are active, in the shortest of four codes
    event_kernels   one window after another to bytes and back, compiled
    events          a chunk's spikes or currents; the room that the kernels are given
    sequences       currents of several windows, side by side
    targets         target rates as fixed-point words
    traces          codes of membranes and spikes of every neuron, as they are read back
    bound           how few bits a chunk could take: what all this is measured against

May know: `design`, `layout`, `execution` and `simd`, and the errors and limits of `chipsim.wire`; never a message.

To add an encoding of a window: its number and layout in PROTOCOL.md, its code in `event_kernels`, whose unpacking
trusts nothing and checks what is announced against the bytes left. With it go cases in
`tests/chipsim/wire/test_events.py`, a golden frame, and the decoder of the tests,
`tests/support/decoder_from_document.py`, which reads the document alone.
"""

from chipsim.wire.packing.bound import learning_bound
from chipsim.wire.packing.byte_views import bytes_view
from chipsim.wire.packing.event_kernels import EXACT_BITS, GROUP
from chipsim.wire.packing.events import (
    PackedEvents,
    measured_events,
    most_event_bytes,
    new_events,
    pack_events,
    unpack_events,
    unpack_into,
)
from chipsim.wire.packing.sequences import event_shape, one_after_another, side_by_side
from chipsim.wire.packing.targets import (
    FEWEST_BITS,
    MOST_BITS,
    PackedTargets,
    measured_targets,
    pack_targets,
    unpack_targets,
)
from chipsim.wire.packing.traces import measured_traces, packed_traces, unpacked_traces
from chipsim.wire.packing.words import SLACK

__all__ = [
    "EXACT_BITS",
    "FEWEST_BITS",
    "GROUP",
    "MOST_BITS",
    "SLACK",
    "PackedEvents",
    "PackedTargets",
    "bytes_view",
    "event_shape",
    "learning_bound",
    "measured_events",
    "measured_targets",
    "measured_traces",
    "most_event_bytes",
    "new_events",
    "one_after_another",
    "pack_events",
    "pack_targets",
    "packed_traces",
    "side_by_side",
    "unpack_events",
    "unpack_into",
    "unpack_targets",
    "unpacked_traces",
]
