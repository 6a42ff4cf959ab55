"""From messages to frames and back."""

from __future__ import annotations

from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.frame import HEADER_BYTES, Envelope, open_frame, seal
from chipsim.wire.limits import Limits
from chipsim.wire.messages import die as die_messages
from chipsim.wire.messages import run as run_messages
from chipsim.wire.messages import session as session_messages
from chipsim.wire.messages.cursor import Cursor
from chipsim.wire.messages.session import Parts

Message = (
    session_messages.Hello
    | session_messages.Welcome
    | session_messages.Goodbye
    | session_messages.Ack
    | session_messages.Error
    | session_messages.Status
    | session_messages.Report
    | die_messages.Configure
    | die_messages.Program
    | die_messages.Age
    | die_messages.Snapshot
    | die_messages.State
    | die_messages.Restore
    | die_messages.ReadWeights
    | die_messages.Weights
    | run_messages.Learn
    | run_messages.Infer
    | run_messages.Learned
    | run_messages.Inferred
    | run_messages.Signals
    | run_messages.ReadCounts
    | run_messages.Counts
    | run_messages.ReadBack
    | run_messages.Traces
)
KINDS: dict[int, type[Message]] = {kind.KIND: kind for kind in Message.__args__}


def name_of(kind: int) -> str:
    """READ_COUNTS for a kind 37: how the document and reports call it."""
    if kind not in KINDS:
        return f"kind {kind}"
    name = KINDS[kind].__name__
    return "".join(f"_{letter}" if letter.isupper() and i else letter for i, letter in enumerate(name)).upper()


def encode(
    message: Message, *, session: int = 0, sequence: int = 0, reply: bool = False, part: int = 0, parts: int = 1
) -> bytes:
    """A frame. Raises WireError if the message holds what cannot be sent."""
    payload: Parts = message.to_bytes()
    return seal(Envelope(message.KIND, session, sequence, part, parts, reply), payload)


def frame_bytes(message: Message) -> int:
    """How long the message's frame is; nothing is copied. Raises WireError as `encode` does."""
    return HEADER_BYTES + sum(len(part) for part in message.to_bytes())


def decode(frame: bytes | memoryview, limits: Limits | None = None) -> tuple[Envelope, Message]:
    """What a frame says; arrays are views of it. Raises WireError, and nothing else, if it says nothing."""
    limits = limits or Limits()
    envelope, payload = open_frame(frame, limits)
    if envelope.kind not in KINDS:
        raise WireError(ErrorCode.MALFORMED, f"a frame of kind {envelope.kind}, which this version does not know")
    cursor = Cursor(payload, name_of(envelope.kind))
    message = KINDS[envelope.kind].read(cursor, limits)
    cursor.end()
    return envelope, message
