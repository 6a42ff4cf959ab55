"""A chip that is not in this process.

    from host.link.remote import RemoteChip, connect

    with connect("tcp://127.0.0.1:5555") as connection:      # chipsim serve --bind tcp://127.0.0.1:5555
        chip = RemoteChip(connection, ChipSpec(layer_sizes=(64, 10)), die_seed=1)
        chip.program(weights)
        result = chip.learn(events, windows, targets, rates)   # returns at once; looking at result waits

The chip takes the same calls as `chipsim.Chip` and gives the same bits. `chip_process` starts a server of its own and
stops it at the end.

Read `answers` (what has to come back), `request`, `connection` (requests in order, each carried out once),
`remote_chip`, `remote_result`, then `child` (a server of one's own), `chip_clock` and `wire_speed` (when the chip did
what, and a slower wire than there is), `remote_source` (dies for a run), `faulty_wire` (a wire that does to frames what
wires do). `child` starts the server by its command, ``chipsim serve``, in a process: a tie to the command line that no
import shows.

May know: `chipsim` with its wire, `chipsim.die` and `chipsim.execution` for what they check, `chipsim.server` for keys
alone, `host.link.traffic`, `host/link/timeline.py`.

To add a call: see `chipsim.wire.messages`; here it is a method of `remote_chip`.
`tests/chipsim/server/test_interface.py` sees that chips are called alike, `test_same_bits.py` that they answer alike,
`test_faults.py` what a fault costs, `tests/host/link/test_hostile_chip.py` that a chip that lies is told in one line.
"""

from host.errors import LinkError
from host.link.remote.child import ChipProcess, chip_process
from host.link.remote.connection import Connection, connect
from host.link.remote.faulty_wire import FRAME_FAULTS, FaultyWire
from host.link.remote.remote_chip import RemoteChip
from host.link.remote.remote_source import RemoteSource
from host.link.remote.wire_speed import WireSpeed

__all__ = [
    "FRAME_FAULTS",
    "ChipProcess",
    "Connection",
    "FaultyWire",
    "LinkError",
    "RemoteChip",
    "RemoteSource",
    "WireSpeed",
    "chip_process",
    "connect",
]
