"""Coverage-guided fuzzing of the frame decoder: `python tests/chipsim/wire/fuzz_frames.py -runs=1000000`.

Needs atheris (`pip install -e .[fuzz]`); flags are libFuzzer's. The first byte of an input chooses how deep it starts:
as a frame, as the payload of a frame whose checksums are right, or as the windows of such a frame's spikes.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import atheris
import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (0, 3)]

# Compiled loops cannot be instrumented; they are reached through what is.
COMPILED = [f"chipsim.wire.packing.{name}" for name in ("event_kernels", "row_sets", "targets", "words")]
with atheris.instrument_imports(include=["chipsim.wire"], exclude=COMPILED):
    from hostile import LIMITS, sealed, take
    from wire_messages import frames

    from chipsim import wire

KINDS = sorted(wire.KINDS)
FRAME, PAYLOAD, SPIKES, CURRENTS = range(4)
_HEAD = 7  # bytes that shape a chunk of spikes
REPORT = 100_000  # frames between reports
STARTED = time.monotonic()
taken = [0, 0]  # frames that were refused, and not


def windows_frame(data, graded):
    """A frame whose spikes are these bytes; windows, steps, rows, capacity and groups come from the first few."""
    head, windows = data[:_HEAD].ljust(_HEAD, b"\1"), data[_HEAD:]
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


def one_input(data):
    depth = data[0] % 4 if data else FRAME
    if depth == FRAME:
        frame = data[1:]
    elif depth == PAYLOAD:
        frame = sealed(KINDS[data[1] % len(KINDS)] if len(data) > 1 else 0, data[2:])
    else:
        frame = windows_frame(data[1:], depth == CURRENTS)
    taken[take(frame) is not None] += 1
    if sum(taken) % REPORT == 0:
        report()


def write_seeds(folder):
    """Golden frames, at every depth that they have."""
    for number, frame in enumerate(frames().values()):
        envelope, message = wire.decode(frame, LIMITS)
        seeds = {FRAME: frame, PAYLOAD: bytes([KINDS.index(envelope.kind)]) + frame[wire.HEADER_BYTES :]}
        if isinstance(message, wire.Learn | wire.Infer):
            packed = message.events
            shape = [packed.n_windows - 1, packed.n_steps - 1, packed.n_rows - 1, 0, packed.amplitude_bits, 255, 0]
            depth = CURRENTS if packed.graded else SPIKES
            seeds[depth] = bytes(shape) + bytes(packed.data[:-8])
        for depth, seed in seeds.items():
            (folder / f"{number}-{depth}").write_bytes(bytes([depth]) + seed)


def report():
    """One line; libFuzzer ends the process without a word to Python."""
    refused, passed = taken
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(
        f"{refused + passed:,} frames in {time.monotonic() - STARTED:.0f} s: {refused:,} refused, {passed:,} read;"
        f" peak memory {peak} MiB",
        file=sys.stderr,
        flush=True,
    )


def main():
    with tempfile.TemporaryDirectory() as folder:
        write_seeds(Path(folder))
        defaults = ["-max_len=4096", "-rss_limit_mb=2048", "-timeout=10"]
        atheris.Setup([sys.argv[0], *defaults, *sys.argv[1:], folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
