"""Does to a frame all that a receiver does: what fuzzers call."""

from chipsim import wire

# Small enough that work and memory per frame stay small, too.
LIMITS = wire.Limits(
    payload_bytes=1 << 16,
    windows=256,
    steps=64,
    rows=2048,
    neurons=2048,
    layers=16,
    event_bytes=1 << 20,
    target_bytes=1 << 20,
    array_bytes=1 << 20,
    arrays=64,
    recipe_bytes=4096,
    probed=256,
    noises=8,
    plugins=4,
    synapses=1 << 16,
)


def unpack(frame):
    """Decode a frame and unpack what is inside; the kind. Raises WireError."""
    envelope, message = wire.decode(frame, LIMITS)
    if isinstance(message, wire.Learn | wire.Infer):
        wire.unpack_events(message.events, LIMITS)
    if isinstance(message, wire.Learn):
        wire.unpack_targets(message.targets)
    if isinstance(message, wire.Configure):
        wire.chip_spec(message, LIMITS)
    if hasattr(message, "pieces"):
        wire.assembled(message.pieces, LIMITS)
    return envelope.kind


def take(frame):
    """The kind of a frame, or None if it is refused, in one line."""
    try:
        return unpack(frame)
    except wire.WireError as error:
        assert "\n" not in str(error) and len(str(error)) < 1024
        return None


def sealed(kind, payload):
    """A frame whose checksums are right, so that what is wrong inside is reached."""
    return wire.frame.seal(wire.Envelope(kind), [payload])
