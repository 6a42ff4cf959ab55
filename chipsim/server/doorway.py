"""Who stands at the door: connections that have no session, and the frames that they send.

ZeroMQ takes any connection, reads a frame of it and keeps it for as long as the other end answers. Nothing is known of
whoever stands here, so all that they may have is bounded: so many connections of an address and in all, of which the
oldest is cut off when one more comes, and so many frames, by a bucket for each connection, each address and all.
A connection with a session is past the door: no stranger crowds it out.
"""

from __future__ import annotations

import socket
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

import zmq
from zmq.utils.monitor import parse_monitor_message

from chipsim.server.inbox import MessageRate
from chipsim.server.settings import ServerSettings

_REFUSED = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
_WATCHED = zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | _REFUSED
_ADDRESSES = 1024  # whose buckets are remembered
_HOME_BITS = 64  # of an IPv6 address: what one subscriber has


@dataclass(frozen=True)
class _Stranger:
    """A connection."""

    peer: object  # its other end, as the system names it
    address: str  # what it has in common with others of the same machine
    rate: MessageRate


class Doorway:
    """Connections are known by their file descriptors. All methods run in the server's loop."""

    def __init__(self, router: zmq.Socket[bytes], settings: ServerSettings) -> None:
        """router: not bound yet."""
        self._settings = settings
        self._router = router
        self._waiting: OrderedDict[int, _Stranger] = OrderedDict()  # the oldest first
        self._inside: dict[int, _Stranger] = {}
        self._addresses: OrderedDict[str, MessageRate] = OrderedDict()  # the one longest unheard of first
        self._everybody = MessageRate(settings.strangers_per_s)
        self.cut_off = 0  # connections, since there were too many
        self.refused = 0  # that did not come through the handshake
        where = f"inproc://doorway-{id(self)}"
        router.monitor(where, _WATCHED)
        self.events: zmq.Socket[bytes] = router.context.socket(zmq.PAIR)
        self.events.rcvhwm = 0  # ZeroMQ's own thread must never wait here
        self.events.connect(where)

    def close(self) -> None:
        self._router.disable_monitor()
        self.events.close(0)

    def look(self) -> None:
        """See who has come and gone."""
        while self.events.poll(0):
            event = parse_monitor_message(self.events.recv_multipart())
            if event["event"] == zmq.EVENT_ACCEPTED:
                self._comes(event["value"])
            elif event["event"] == zmq.EVENT_DISCONNECTED:
                self._waiting.pop(event["value"], None)
                self._inside.pop(event["value"], None)
            else:
                self.refused += 1

    def hears(self, connection: int) -> bool:
        """Whether a frame that belongs to no session is listened to; if not, it is as if it were lost."""
        self.look()
        stranger = self._waiting.get(connection) or self._inside.get(connection)
        if stranger is None:  # it was cut off, or is gone
            return False
        rates = (stranger.rate, self._rate_of(stranger.address), self._everybody)
        return all(rate.take(1) for rate in rates)

    def passes(self, connection: int) -> None:
        """It has a session from now on."""
        self.look()
        if (stranger := self._waiting.pop(connection, None)) is not None:
            self._inside[connection] = stranger

    def returns(self, connection: int) -> None:
        """Its session has ended."""
        if (stranger := self._inside.pop(connection, None)) is not None:
            self._waits(connection, stranger)

    def _comes(self, connection: int) -> None:
        self._inside.pop(connection, None)
        self._waiting.pop(connection, None)
        share = self._settings.strangers_per_s / self._settings.strangers
        peer = _peer_of(connection)
        if peer is not None:  # else it has gone again
            self._waits(connection, _Stranger(peer, _address_of(peer), MessageRate(share)))

    def _waits(self, connection: int, stranger: _Stranger) -> None:
        self._waiting[connection] = stranger
        same = [each for each, other in self._waiting.items() if other.address == stranger.address]
        if len(same) > self._settings.strangers_per_address:
            self._cut(same[0])
        elif len(self._waiting) > self._settings.strangers:
            self._cut(next(iter(self._waiting)))

    def _cut(self, connection: int) -> None:
        """End a connection. ZeroMQ has no call for that, but notices when its socket is shut down."""
        stranger = self._waiting.pop(connection)
        self.cut_off += 1
        with suppress(OSError), socket.socket(fileno=socket.dup(connection)) as end:
            if end.getpeername() == stranger.peer:  # else it has gone, and something else has its number
                end.shutdown(socket.SHUT_RDWR)

    def _rate_of(self, address: str) -> MessageRate:
        if address not in self._addresses:
            settings = self._settings
            share = settings.strangers_per_s * settings.strangers_per_address / settings.strangers
            self._addresses[address] = MessageRate(share)
            if len(self._addresses) > _ADDRESSES:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(address)
        return self._addresses[address]


def _peer_of(connection: int) -> object:
    """The other end of a connection; None if there is none."""
    try:
        with socket.socket(fileno=socket.dup(connection)) as end:
            return end.getpeername()
    except OSError:
        return None


def _address_of(peer: object) -> str:
    """What a machine cannot change at will: an IPv4 address, or the first half of an IPv6 one."""
    if not isinstance(peer, tuple):
        return "this machine"
    address = ip_address(str(peer[0]).partition("%")[0])
    if address.version == 6 and address.ipv4_mapped is None:
        return str(int(address) >> (address.max_prefixlen - _HOME_BITS))
    return str(getattr(address, "ipv4_mapped", None) or address)
