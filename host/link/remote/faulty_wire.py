"""A wire that does to frames what wires do: to see how both of its ends take it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from threading import Event, Thread
from typing import Literal

import zmq

Direction = Literal["down", "up"]  # from host to chip, from chip to host
Fault = Callable[[bytes], list[bytes]]  # what goes on instead of a frame
_TICK_MS = 5


def lost(frame: bytes) -> list[bytes]:
    """Nothing goes on."""
    return []


def duplicated(frame: bytes) -> list[bytes]:
    return [frame, frame]


def truncated(frame: bytes) -> list[bytes]:
    """The first half goes on."""
    return [frame[: len(frame) // 2]]


def bit_flipped(frame: bytes) -> list[bytes]:
    """One bit is wrong, anywhere; which one depends on the frame."""
    bits = bytearray(frame)
    place = Random(frame).randrange(8 * len(bits))
    bits[place // 8] ^= 1 << place % 8
    return [bytes(bits)]


FRAME_FAULTS: dict[str, Fault] = {
    "lost": lost,
    "duplicated": duplicated,
    "truncated": truncated,
    "bit flipped": bit_flipped,
}


def intact(direction: Direction, number: int, frame: bytes) -> list[bytes]:
    """Every frame goes on."""
    return [frame]


class FaultyWire:
    """Hosts connect to `address` and reach the chip server through it."""

    def __init__(
        self, chip_address: str, carry: Callable[[Direction, int, bytes], list[bytes]] = intact, bind: str | None = None
    ) -> None:
        """carry: direction, number of the frame in its direction (from 0), frame -> what goes on; bind: else free."""
        self._chip_address = chip_address
        self._carry = carry
        self._numbers: dict[Direction, int] = {"down": 0, "up": 0}
        self._frozen = Event()
        self._over = Event()
        self._context = zmq.Context()
        self._front = self._context.socket(zmq.ROUTER)
        self._front.linger = 0
        self._front.bind(bind or "tcp://127.0.0.1:*")
        self.address = bytes(self._front.getsockopt(zmq.LAST_ENDPOINT)).decode().rstrip("\0")
        self._backs: dict[bytes, zmq.Socket[bytes]] = {}
        self._thread = Thread(target=self._run, name="faulty wire", daemon=True)
        self._thread.start()

    def freeze(self) -> None:
        """From now on carry nothing, and keep the line open."""
        self._frozen.set()

    def cut(self) -> None:
        """Close the line, on both sides."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> FaultyWire:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def _run(self) -> None:
        while not self._over.is_set():
            if self._frozen.is_set():
                self._over.wait(_TICK_MS / 1000)
                continue
            poller = zmq.Poller()
            for end in (self._front, *self._backs.values()):
                poller.register(end, zmq.POLLIN)
            ready = dict(poller.poll(_TICK_MS))
            if self._front in ready:
                peer, frame = self._front.recv_multipart()
                if peer not in self._backs:
                    self._backs[peer] = self._context.socket(zmq.DEALER)
                    self._backs[peer].linger = 0
                    self._backs[peer].connect(self._chip_address)
                for carried in self._carried("down", frame):
                    self._backs[peer].send(carried)
            for peer, back in self._backs.items():
                if back in ready:
                    for carried in self._carried("up", back.recv()):
                        self._front.send_multipart([peer, carried])
        for end in (self._front, *self._backs.values()):
            end.close(0)
        self._context.term()

    def _carried(self, direction: Direction, frame: bytes) -> list[bytes]:
        number = self._numbers[direction]
        self._numbers[direction] += 1
        return self._carry(direction, number, frame)
