"""The wire protocol between host and chip: messages, the frames they travel in, and how chunks are packed.

PROTOCOL.md says what the bytes mean; read `codec`, `frame`, the messages, `chunk`, `events`, in this order.
"""

from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.frame import HEADER_BYTES, VERSION, Envelope, open_frame, open_header
from chipsim.wire.limits import Limits
from chipsim.wire.messages.arrays import Assembler, Piece, assembled, in_pieces
from chipsim.wire.messages.chunk import Watch
from chipsim.wire.messages.codec import KINDS, Message, decode, encode, frame_bytes, name_of
from chipsim.wire.messages.die import Age, Configure, Program, ReadWeights, Restore, Snapshot, State, Weights
from chipsim.wire.messages.network_layout import AveragePool, Circuit, Convolution, Dense, Layer, Neuron
from chipsim.wire.messages.recipe import chip_spec, configure
from chipsim.wire.messages.run import (
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
from chipsim.wire.messages.session import Ack, Error, Goodbye, Hello, Report, Status, Welcome
from chipsim.wire.packing.events import PackedEvents, new_events, pack_events, unpack_events, unpack_into
from chipsim.wire.packing.targets import PackedTargets, pack_targets, unpack_targets

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
