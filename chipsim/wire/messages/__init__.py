"""The messages of the wire protocol. Layouts are those of PROTOCOL.md.

Read, in this order:

    cursor           reads a payload from front to back, never beyond its end
    session          what host and chip say about their session
    network_layout   layers, neurons and circuits in fixed fields; `recipe`: from a chip's spec to these and back
    die              design, weights, age and state of a die
    arrays           named arrays, whole or in pieces; nothing is unpickled
    chunk            the sections of a chunk of windows; `converters`: how membranes are read back
    run              what a chip does with a chunk, and what comes back
    probe_signals    what probes saw, as named arrays
    codec            all kinds in one list; from messages to frames and back
    requests         what a host sends for a call of the chip's interface; `replies`: what a chip answers

May know: `chipsim.wire.packing`, the errors, limits and frames of `chipsim.wire`, and what that room may know.

To add a message: its table in PROTOCOL.md; its class in `session`, `die` or `run`, and a line in `codec`; its making in
`requests` or `replies`; what the chip does in `chipsim/server/die.py`; how the host asks in
`host/link/remote/remote_chip.py`, and what it would cost in `host/link/traffic/counted_chip.py`. A call that is new
goes into `chipsim/interface.py` and `chipsim/chip.py` first. With it go a message in `tests/support/wire_messages.py`,
its golden frame (`tests/chipsim/wire/test_golden.py` writes it) and a case in `tests/chipsim/server/test_counted.py`.
Decoding raises `WireError` and nothing else.
"""

from chipsim.wire.messages import probe_signals, replies, requests
from chipsim.wire.messages.arrays import Assembler, Piece, assembled, in_pieces
from chipsim.wire.messages.chunk import Watch
from chipsim.wire.messages.codec import KINDS, Message, decode, encode, frame_bytes, name_of
from chipsim.wire.messages.converters import Converters
from chipsim.wire.messages.die import Age, Configure, Program, ReadWeights, Restore, Snapshot, State, Weights
from chipsim.wire.messages.network_layout import (
    AveragePoolFields,
    Circuit,
    ConvolutionFields,
    DenseFields,
    Layer,
    NeuronFields,
)
from chipsim.wire.messages.recipe import chip_spec, configure, synapses_kept
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

__all__ = [
    "KINDS",
    "Ack",
    "Age",
    "Assembler",
    "AveragePoolFields",
    "Circuit",
    "Configure",
    "Converters",
    "ConvolutionFields",
    "Counts",
    "DenseFields",
    "Error",
    "Goodbye",
    "Hello",
    "Infer",
    "Inferred",
    "Layer",
    "Learn",
    "Learned",
    "Message",
    "NeuronFields",
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
    "assembled",
    "chip_spec",
    "configure",
    "decode",
    "encode",
    "frame_bytes",
    "in_pieces",
    "name_of",
    "probe_signals",
    "replies",
    "requests",
    "synapses_kept",
]
