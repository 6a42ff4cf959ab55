"""The chip's end of the wire: a process that holds one or several dies for hosts that connect.

Read, in this order:

    settings   what a server allows its hosts
    keys       who may talk to a chip, and is it the right chip
    doorway    connections that have no session, and how little they may have
    inbox      which requests are carried out: each once and in order, whatever the wire does
    die        carries out what messages ask, in the states that the protocol knows
    session    one host's die, its requests, and a thread that works on them
    loop       one thread that receives, sorts and sends

May know: `wire` with its two inner rooms, `chipsim/chip.py`, `design` and `execution`; of `simd` whether others
could change a place. Never the host, not even its errors.

To add a request: see `chipsim.wire.messages`; here it is a branch in `die`. A new limit is a field of `settings`, held
against what a host announces before anything is allocated. With either goes a test in `tests/chipsim/server/`: the same
bits as in process (`test_same_bits.py`), faults of the wire (`test_faults.py`), a host that lies (`test_security.py`),
or that nobody knows (`test_strangers.py`).
"""

from chipsim.server.keys import PUBLIC, SECRET, is_local, load_keys, load_public_key, make_keys
from chipsim.server.loop import Server
from chipsim.server.settings import MIB, ServerSettings

__all__ = [
    "MIB",
    "PUBLIC",
    "SECRET",
    "Server",
    "ServerSettings",
    "is_local",
    "load_keys",
    "load_public_key",
    "make_keys",
]
