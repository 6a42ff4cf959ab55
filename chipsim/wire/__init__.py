"""The wire protocol between host and chip: messages, the frames they travel in, and how chunks are packed.

PROTOCOL.md says what the bytes mean, and is the truth: a test decodes frames by its tables alone. Then read:

    errors      what can be wrong with a frame, and how it is said
    limits      what a receiver is ready to hold; every count is held against it before anything is allocated
    sequence    numbers of requests, and which of two is the later one
    frame       the header and the checksums around every message
    packing/    a chunk's spikes, targets and traces as few bytes
    messages/   what is said in a frame

May know: `design`, `die` (the shape of weights), `layout`, `execution` (probes and results), `simd`. Never a socket, a
session or a chip that computes: both ends use this room, and neither is in it.

To add a message: see `chipsim.wire.messages`. After a change of the format:

    python tests/fuzz/run.py frame recipe --inputs 1000000
"""

from chipsim.wire.errors import ErrorCode, WireError, printable
from chipsim.wire.frame import HEADER_BYTES, VERSION, Envelope, open_frame, open_header, seal
from chipsim.wire.limits import Limits
from chipsim.wire.messages import (
    KINDS,
    Ack,
    Age,
    Assembler,
    AveragePoolFields,
    Circuit,
    Configure,
    ConvolutionFields,
    Counts,
    DenseFields,
    Error,
    Goodbye,
    Hello,
    Infer,
    Inferred,
    Layer,
    Learn,
    Learned,
    Message,
    NeuronFields,
    Piece,
    Program,
    ReadBack,
    ReadCounts,
    ReadWeights,
    Report,
    Restore,
    Signals,
    Snapshot,
    State,
    Status,
    Times,
    Traces,
    Watch,
    Weights,
    Welcome,
    assembled,
    chip_spec,
    configure,
    decode,
    encode,
    frame_bytes,
    in_pieces,
    name_of,
)
from chipsim.wire.packing import (
    PackedEvents,
    PackedTargets,
    new_events,
    pack_events,
    pack_targets,
    unpack_events,
    unpack_into,
    unpack_targets,
)
from chipsim.wire.sequence import ROUND, following, is_later, steps

__all__ = [
    "HEADER_BYTES",
    "KINDS",
    "ROUND",
    "VERSION",
    "Ack",
    "Age",
    "Assembler",
    "AveragePoolFields",
    "Circuit",
    "Configure",
    "ConvolutionFields",
    "Counts",
    "DenseFields",
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
    "NeuronFields",
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
    "following",
    "frame_bytes",
    "in_pieces",
    "is_later",
    "name_of",
    "new_events",
    "open_frame",
    "open_header",
    "pack_events",
    "pack_targets",
    "printable",
    "seal",
    "steps",
    "unpack_events",
    "unpack_into",
    "unpack_targets",
]
