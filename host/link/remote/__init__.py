"""A chip that is not in this process.

    from host.link.remote import connect

    with connect("tcp://127.0.0.1:5555") as connection:      # chipsim serve --bind tcp://127.0.0.1:5555
        chip = connection.chip(ChipSpec(layer_sizes=(64, 10)), die_seed=1)
        chip.program(weights)
        result = chip.learn(events, windows, targets, rates)   # returns at once; looking at result waits

The chip takes the same calls as `chipsim.Chip` and gives the same bits. `host.link.remote.child.chip_process` starts a
server of its own and stops it at the end.
"""

from host.errors import LinkError
from host.link.remote.connection import Connection, connect
from host.link.remote.remote_chip import RemoteChip

__all__ = ["Connection", "LinkError", "RemoteChip", "connect"]
