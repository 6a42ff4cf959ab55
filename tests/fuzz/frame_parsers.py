"""Harnesses of the wire: frames, and the chip's settings that CONFIGURE carries."""

from dataclasses import replace
from random import Random

import numpy as np
from harness import Harness
from hostile import LIMITS, sealed, unpack
from mutations import Inputs, raw, words
from wire_messages import frames, one_of_every_kind

from chipsim import wire

_KINDS = sorted(wire.KINDS)
_HEAD = 7  # bytes that shape a chunk of spikes


def _mutation(data: bytes, others: Inputs, rng: Random) -> bytes:
    """Damaged on the way; or, with checksums that are right, what only a broken or hostile peer sends."""
    match rng.randrange(10):
        case 0:
            return raw(data, others, rng)
        case 1:
            return sealed(rng.choice(_KINDS), rng.randbytes(rng.randrange(300)))
        case 2 | 3:
            return windows_frame(rng.randbytes(_HEAD), _spikes(data, rng), rng.random() < 0.4)
        case 4:
            return sealed(rng.choice(_KINDS), data[wire.HEADER_BYTES :])
        case _:
            payload = raw(data[wire.HEADER_BYTES :], [each[wire.HEADER_BYTES :] for each in others], rng)
            return sealed(_kind(data), payload)


def _kind(data: bytes) -> int:
    try:
        return wire.decode(data, LIMITS)[0].kind
    except wire.WireError:
        return _KINDS[0]


def _spikes(data: bytes, rng: Random) -> bytes:
    """The packed windows of a frame, damaged; of others, chance."""
    try:
        _, message = wire.decode(data, LIMITS)
    except wire.WireError:
        message = None
    if isinstance(message, wire.Learn | wire.Infer):
        packed = bytes(message.events.data[:-8])
        return raw(packed, [packed], rng)
    return rng.randbytes(rng.randrange(60))


def windows_frame(head: bytes, windows: bytes, graded: bool) -> bytes:
    """A frame whose spikes are these bytes; windows, steps, rows, capacity and groups come from the head."""
    n_windows, steps, rows = 1 + head[0] % 130, 1 + head[1] % 64, 1 + head[2] + (head[3] % 4) * 256
    bits = (1 + head[4] % 16 if head[4] < 192 else 32) if graded else 0
    capacity = rows * (1 if graded else steps) * (head[5] + 1) // 256
    ends = np.sort(np.frombuffer(head[6:7] * -(-n_windows // 64), np.uint8).astype(np.uint32) * len(windows) // 255)
    ends[-1] = len(windows)
    unit = 0.25 if graded and bits < 32 else 0.0
    packed = wire.PackedEvents(
        n_windows, steps, rows, graded, bits, unit, capacity, ends, memoryview(windows + bytes(8))
    )
    return wire.encode(wire.Infer(np.arange(n_windows), packed))


_CONFIGURES = [
    message for message in one_of_every_kind().values() if isinstance(message, wire.Configure) and message.spec
]


def _recipe(data: bytes) -> None:
    """The settings of one CONFIGURE or another, whose fields say the same again."""
    for number, message in enumerate(_CONFIGURES, start=1):
        try:
            wire.chip_spec(replace(message, spec=data), LIMITS)
        except wire.WireError:
            if number == len(_CONFIGURES):
                raise
        else:
            return


HARNESSES = (
    Harness(
        "frame",
        unpack,
        (wire.WireError,),
        (
            "chipsim/wire/frame.py",
            *(
                f"chipsim/wire/messages/{name}.py"
                for name in ("codec", "cursor", "arrays", "chunk", "converters", "die")
            ),
            *(
                f"chipsim/wire/messages/{name}.py"
                for name in ("network_layout", "replies", "requests", "run", "session")
            ),
            *(f"chipsim/wire/messages/{name}.py" for name in ("recipe", "probe_signals")),
            *(f"chipsim/wire/packing/{name}.py" for name in ("bound", "events", "traces", "byte_views")),
        ),
        _mutation,
        lambda: list(frames().values()),
    ),
    Harness(
        "recipe",
        _recipe,
        (wire.WireError,),
        ("chipsim/wire/messages/recipe.py",),
        words(
            "layer_sizes", "neuron", "kind", "convolution", "noise", "mismatch:0.2", "steps", "pulse_curve_csv", "1e999"
        ),
        lambda: [bytes(message.spec) for message in _CONFIGURES],
    ),
)
