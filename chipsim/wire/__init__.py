"""The wire protocol between host and chip: messages, the frames they travel in, and how chunks are packed.

PROTOCOL.md says what the bytes mean; read `codec`, `frame`, the messages, `chunk`, `events`, in this order.
"""

from chipsim.wire.arrays import Assembler, Piece, assembled, in_pieces
from chipsim.wire.chunk import Watch
from chipsim.wire.codec import KINDS, Message, decode, encode, frame_bytes, name_of
from chipsim.wire.design import AveragePool, Circuit, Convolution, Dense, Layer, Neuron
from chipsim.wire.die_messages import (
    Age,
    Configure,
    Program,
    ReadWeights,
    Restore,
    Snapshot,
    State,
    Weights,
)
from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.events import PackedEvents, new_events, pack_events, unpack_events, unpack_into
from chipsim.wire.frame import HEADER_BYTES, VERSION, Envelope, open_frame, open_header
from chipsim.wire.limits import Limits
from chipsim.wire.recipe import chip_spec, configure
from chipsim.wire.run_messages import (
    Counts,
    Infer,
    Inferred,
    Learn,
    Learned,
    ReadBack,
    ReadCounts,
    Signals,
    Times,
    Traces,
)
from chipsim.wire.session_messages import Ack, Error, Goodbye, Hello, Report, Status, Welcome
from chipsim.wire.targets import PackedTargets, pack_targets, unpack_targets

__all__ = [
    "HEADER_BYTES",
    "KINDS",
    "VERSION",
    "Ack",
    "Age",
    "Assembler",
    "AveragePool",
    "Circuit",
    "Configure",
    "Convolution",
    "Counts",
    "Dense",
    "Envelope",
    "Error",
    "ErrorCode",
    "Goodbye",
    "Hello",
    "Infer",
    "Inferred",
    "Layer",
    "Learn",
    "Learned",
    "Limits",
    "Message",
    "Neuron",
    "PackedEvents",
    "PackedTargets",
    "Piece",
    "Program",
    "ReadBack",
    "ReadCounts",
    "ReadWeights",
    "Report",
    "Restore",
    "Signals",
    "Snapshot",
    "State",
    "Status",
    "Times",
    "Traces",
    "Watch",
    "Weights",
    "Welcome",
    "WireError",
    "assembled",
    "chip_spec",
    "configure",
    "decode",
    "encode",
    "frame_bytes",
    "in_pieces",
    "name_of",
    "new_events",
    "open_frame",
    "open_header",
    "pack_events",
    "pack_targets",
    "unpack_events",
    "unpack_into",
    "unpack_targets",
]
