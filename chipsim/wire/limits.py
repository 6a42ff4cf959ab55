"""What a receiver is ready to hold. Every count of a frame is held against these before anything is allocated."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Upper bounds; a receiver states those that a sender must know in WELCOME."""

    payload_bytes: int = 2 * MIB  # what anybody may make a server hold before it is known who that is
    windows: int = 1 << 16  # of a chunk
    steps: int = 1 << 12  # of a window
    rows: int = 1 << 20  # inputs of the chip
    neurons: int = 1 << 20  # of a layer
    layers: int = 255
    event_bytes: int = 256 * MIB  # that a chunk's spikes take once they are unpacked
    target_bytes: int = 256 * MIB  # likewise its targets, as float32
    array_bytes: int = 1 << 30  # of all arrays of a command
    arrays: int = 4096
    text_bytes: int = 1024
    recipe_bytes: int = MIB  # of a simulated die's spec
    probed: int = 1 << 16  # neurons and rows that a chunk's probes name
    noises: int = 1024  # of a simulated die
    plugins: int = 64  # that a simulated die needs
    synapses: int = 1 << 28  # of a simulated die
    kernel_lines: int = 1 << 22  # of a simulated die: lines of kernels, each at every position
